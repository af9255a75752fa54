"""Drugs, the version in force and the history, as people see them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.access import Role
from formulary import queries
from formulary.actions.history import record
from formulary.models import ChainHead, FormularyEntry, FormularyVersion, Medicine, Presentation
from tests.conftest import NOW
from tests.formulary.lists import bring_in_all


def publish(world, number, effective_from, drugs):
    """A published version that holds these drugs (code → lowest level)."""
    version = FormularyVersion.objects.create(
        alliance=world.alliance, number=number, title="统一用药目录", effective_from=effective_from,
        published_at=NOW, published_by=world.people[Role.SECRETARY],
    )  # fmt: skip
    for code, level in drugs.items():
        FormularyEntry.objects.create(version=version, presentation=world.drugs[code], lowest_level=level)
    return version


@pytest.fixture
def reader(world, client):
    bring_in_all()
    Presentation.objects.filter(code="M1").update(pinyin="aldpp")
    publish(world, 1, dt.date(2026, 1, 1), {"M1": "村", "M3": "二级"})
    client.force_login(world.people[Role.COMMITTEE])
    return client


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_drug_list_shows_what_each_list_says(reader):
    page = text(reader.get(reverse("drug_list")))
    assert page.count("医保甲") >= 3
    assert "短缺关注（非官方）" in page
    assert "目录外" in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"q": "氨氯"}, {"M1"}), ({"q": "ALD"}, {"M1"}), ({"q": "m2"}, {"M2"}), ({"q": "胶囊 0.25"}, {"M2"}),
        ({"mark": "emergency"}, {"M3"}), ({"mark": "chronic"}, {"M1"}), ({"place": "out"}, {"M2"}),
        ({"place": "in"}, {"M1", "M3"}), ({"q": "没有此药"}, set()), ({"mark": "nonsense"}, {"M1", "M2", "M3"}),
    ],
)  # fmt: skip
def test_drug_list_finds_by_name_initials_code_and_marks(reader, asked, found):
    page = text(reader.get(reverse("drug_list"), asked))
    assert {code for code in ("M1", "M2", "M3") if reverse("drug_detail", args=[code]) in page} == found


def test_drug_page_names_the_row_behind_every_word(reader):
    page = text(reader.get(reverse("drug_detail", args=["M1"])))
    for words in ("是，剂型与规格均在目录", "甲药业有限公司", "neml.csv 第 2 行", "第 1 版"):
        assert words in page


def test_drug_outside_the_formulary_says_so(reader):
    assert "不在在用目录内" in text(reader.get(reverse("drug_detail", args=["M2"])))


def test_unknown_drug_is_not_found(reader):
    assert reader.get(reverse("drug_detail", args=["M9"])).status_code == 404


def test_version_page_shows_what_a_level_may_use(reader):
    page = text(reader.get(reverse("version_current"), {"level": "基层"}))
    assert "氨氯地平片" in page
    assert "肾上腺素注射液" not in page


def test_version_page_without_a_version_explains_what_is_missing(world, client):
    client.force_login(world.people[Role.COMMITTEE])
    assert "还没有生效的用药目录" in text(client.get(reverse("version_current")))


def test_version_in_force_is_the_latest_that_has_begun(world):
    publish(world, 1, dt.date(2026, 1, 1), {})
    publish(world, 2, dt.date(2026, 7, 1), {})
    FormularyVersion.objects.create(alliance=world.alliance, number=3, title="草稿")
    days = {dt.date(2025, 12, 31): None, dt.date(2026, 6, 30): 1, dt.date(2026, 7, 1): 2, dt.date(2030, 1, 1): 2}
    for day, number in days.items():
        version = queries.version_in_force(world.alliance, day)
        assert (version and version.number) == number


def test_filter_answers_only_the_rows_to_the_live_search(reader):
    page = text(reader.get(reverse("drug_list"), {"q": "氨氯"}, headers={"HX-Request": "true"}))
    assert "<html" not in page
    assert "氨氯地平片" in page


@pytest.mark.parametrize("name", ["drug_list", "version_current"])
def test_more_drugs_ask_no_more_queries(reader, world, name):
    def count():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            reader.get(reverse(name))
        return len(captured)

    few = count()
    medicine = Medicine.objects.first()
    more = [
        Presentation(medicine=medicine, code=f"X{n}", name=f"药{n}", form="片剂", strength="1mg", unit="片")
        for n in range(40)
    ]
    Presentation.objects.bulk_create(more)
    version = queries.version_in_force(world.alliance, dt.date(2026, 11, 21))
    entries = [
        FormularyEntry(version=version, presentation=p, lowest_level="村")
        for p in Presentation.objects.filter(code__startswith="X")
    ]
    FormularyEntry.objects.bulk_create(entries)
    assert count() == few


def test_history_is_found_by_person_deed_and_day(world, client):
    for verb, role in (("登记", Role.SECRETARY), ("修改", Role.PROCUREMENT)):
        record(verb, world.t1, alliance=world.alliance, by=world.people[role], now=NOW, data={"数量": 3})
    client.force_login(world.people[Role.AUDITOR])
    page = text(client.get(reverse("history_list"), {"q": "周敏"}))
    assert "登记</td>" in page
    assert "修改</td>" not in page
    assert "没有符合条件的记录" in text(client.get(reverse("history_list"), {"since": "2026-11-22"}))


def test_history_of_another_alliance_is_not_shown(world, client):
    record("秘密", world.t1, alliance=None, by=None, now=NOW)
    client.force_login(world.people[Role.AUDITOR])
    assert "秘密" not in text(client.get(reverse("history_list")))


def test_chain_can_be_verified_from_the_page(world, client):
    record("登记", world.t1, alliance=world.alliance, by=None, now=NOW)
    client.force_login(world.people[Role.AUDITOR])
    assert "操作链完整" in text(client.get(reverse("history_verify")))
    ChainHead.objects.filter(chain="JN").update(number=5)
    assert "操作链不完整" in text(client.get(reverse("history_verify")))


def test_first_page_opens_for_every_role(world, client):
    for person in world.people.values():
        client.force_login(person)
        assert "我的工作台" in text(client.get(reverse("home")))
