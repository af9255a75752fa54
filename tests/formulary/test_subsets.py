"""机构目录: inside the unified list, proposed by the pharmacist, decided by the head, taken from a file."""

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from config.access import Role
from formulary.actions.subsets import SubsetRefused, change, decide, propose, replace
from formulary.models import Event, FormularyEntry, Membership, Person, SubsetEntry, SubsetProposal
from formulary.queries.allowed import allowed
from formulary.queries.subsets import open_proposal_count, outside_lines, subset_lines
from formulary.rules.tables import read_tables
from tests.conftest import NOW, TODAY
from tests.formulary.test_suggestions import publish

TOMORROW = TODAY + dt.timedelta(days=1)
LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def listed(world):
    """M1 and M2 open to everyone, M3 to 二级; 蒋院长 is head of T1."""
    publish(world, {"M1": "基层", "M2": "基层", "M3": "二级"})
    world.head = Person.objects.create(username="jiang", name="蒋院长")
    Membership.objects.create(
        person=world.head, role=Role.HEAD, alliance=world.alliance, institution=world.t1, valid_from=dt.date(2025, 1, 1)
    )
    return world


def ids(world, *codes):
    return [world.drugs[code].pk for code in codes]


def open_to(world, site, day=TODAY):
    found = allowed(world.alliance, day).open_to(site)
    return {code for code, drug in world.drugs.items() if drug.pk in found}


def test_an_institution_without_its_own_list_may_use_all_of_its_level(listed):
    assert open_to(listed, listed.t1) == {"M1", "M2"}


def test_the_own_list_narrows_what_may_be_ordered(listed):
    done = change(listed.t1, add=ids(listed, "M1"), by=listed.head, now=NOW)
    assert (len(done.add), open_to(listed, listed.t1), open_to(listed, listed.h1)) == (1, {"M1"}, {"M1", "M2", "M3"})
    assert allowed(listed.alliance, TODAY).why(listed.t1, listed.drugs["M2"].pk) == ""
    assert allowed(listed.alliance, TODAY - dt.timedelta(days=1)).why(listed.t1, listed.drugs["M2"].pk) == "统一目录"


def test_nothing_outside_the_unified_list_comes_in(listed):
    with pytest.raises(SubsetRefused, match="基层机构开放的范围内：M3 肾上腺素注射液"):
        change(listed.t1, add=ids(listed, "M1", "M3"), by=listed.head, now=NOW)
    assert not SubsetEntry.objects.exists()
    assert not Event.objects.exists()


def test_what_leaves_the_unified_list_is_shown_and_cannot_be_ordered(listed):
    change(listed.t1, add=ids(listed, "M1", "M2"), by=listed.head, now=NOW)
    publish(listed, {"M1": "基层", "M2": "二级"}, number=2, since=TOMORROW)
    assert open_to(listed, listed.t1, TOMORROW) == {"M1"}
    assert [row.presentation.code for row in outside_lines(listed.t1, TOMORROW)] == ["M2"]


def test_taken_out_tomorrow_it_was_in_until_today(listed):
    change(listed.t1, add=ids(listed, "M1", "M2"), by=listed.head, now=NOW)
    change(listed.t1, drop=ids(listed, "M2"), by=listed.head, now=LATER)
    assert (open_to(listed, listed.t1), open_to(listed, listed.t1, TOMORROW)) == ({"M1", "M2"}, {"M1"})
    change(listed.t1, add=ids(listed, "M2"), by=listed.head, now=LATER)
    assert open_to(listed, listed.t1, TOMORROW) == {"M1", "M2"}
    assert SubsetEntry.objects.count() == 3


def test_pharmacist_proposes_and_head_decides(listed):
    pharmacist = listed.people[Role.PHARMACIST]
    with pytest.raises(SubsetRefused, match="理由"):
        propose(listed.t1, ids(listed, "M1"), verb="add", reason=" ", by=pharmacist, now=NOW)
    assert propose(listed.t1, ids(listed, "M1", "M2"), verb="add", reason="慢病需要", by=pharmacist, now=NOW) == 2
    assert propose(listed.t1, ids(listed, "M1"), verb="add", reason="再提", by=pharmacist, now=NOW) == 0
    assert open_proposal_count(listed.head) == 2
    decide(listed.t1, ids(listed, "M1"), accept=True, by=listed.head, now=NOW)
    decide(listed.t1, ids(listed, "M2"), accept=False, by=listed.head, now=NOW)
    states = dict(SubsetProposal.objects.values_list("presentation__code", "state"))
    assert states == {"M1": "accepted", "M2": "refused"}
    assert open_to(listed, listed.t1) == {"M1"}
    with pytest.raises(SubsetRefused, match="没有待审核的建议"):
        decide(listed.t1, ids(listed, "M1"), accept=True, by=listed.head, now=NOW)


def test_lines_say_what_is_kept_and_what_is_wished(listed):
    change(listed.t1, add=ids(listed, "M1"), by=listed.head, now=NOW)
    propose(listed.t1, ids(listed, "M2"), verb="add", reason="夏季", by=listed.people[Role.PHARMACIST], now=NOW)
    told = {line.presentation.code: (line.kept, line.wish, line.why) for line in subset_lines(listed.t1, TODAY)}
    assert told == {"M1": (True, "", None), "M2": (False, "add", "夏季")}
    assert [line.presentation.code for line in subset_lines(listed.t1, TODAY, state="asked")] == ["M2"]


def test_replacing_is_all_or_nothing(listed):
    change(listed.t1, add=ids(listed, "M1"), by=listed.head, now=NOW)
    with pytest.raises(SubsetRefused):
        replace([(listed.h1, ids(listed, "M3")), (listed.t1, ids(listed, "M3"))], by=listed.head, now=NOW)
    assert not SubsetEntry.objects.filter(institution=listed.h1).exists()
    assert replace([(listed.t1, ids(listed, "M2"))], by=listed.head, now=NOW) == (1, 1)


@pytest.fixture
def sign_in(client, listed):
    def _sign_in(person):
        client.force_login(person)
        return client

    return _sign_in


def words(answer):
    return answer.content.decode()


def test_pages_offer_proposing_or_deciding(sign_in, listed):
    url = reverse("subset_detail", args=["T1"])
    assert "建议纳入" in words(sign_in(listed.people[Role.PHARMACIST]).get(url))
    assert "建议纳入" not in words(sign_in(listed.head).get(url))
    answer = sign_in(listed.people[Role.PHARMACIST]).post(
        reverse("subset_change", args=["T1"]), {"do": "add", "pick": ids(listed, "M1"), "reason": "常用"}, follow=True
    )
    assert "已提出 1 条建议" in words(answer)
    answer = sign_in(listed.head).post(
        reverse("subset_change", args=["T1"]), {"do": "accept", "pick": ids(listed, "M1")}, follow=True
    )
    assert "已同意 1 条建议" in words(answer)
    assert "1" in words(sign_in(listed.head).get(reverse("subset_list")))


def test_pharmacist_cannot_decide_nor_touch_another_institution(sign_in, listed):
    client = sign_in(listed.people[Role.PHARMACIST])
    answer = client.post(
        reverse("subset_change", args=["T1"]), {"do": "accept", "pick": ids(listed, "M1")}, follow=True
    )
    assert "只有机构负责人或委员会秘书" in words(answer)
    assert (
        client.post(reverse("subset_change", args=["H1"]), {"do": "add", "pick": ids(listed, "M1")}).status_code == 404
    )
    assert client.get(reverse("subset_import", args=["T1"])).status_code == 403
    nothing = client.post(reverse("subset_change", args=["T1"]), {"do": "add"}, follow=True)
    assert "请先勾选品规" in words(nothing)


def send(client, text, site="T1"):
    file = SimpleUploadedFile("目录.csv", text.encode("gb18030"))
    return client.post(reverse("subset_import", args=[site]), {"file": file})


def test_a_file_is_previewed_then_confirmed(sign_in, listed):
    client = sign_in(listed.head)
    change(listed.t1, add=ids(listed, "M1"), by=listed.head, now=NOW)
    page = words(send(client, "药品编码\nM2\n"))
    assert "纳入 1 个，移出 1 个，不变 0 个" in page
    assert SubsetEntry.objects.filter(ended_at=None).get().presentation.code == "M1"
    kept = f"{listed.t1.pk}:{listed.drugs['M2'].pk}"
    answer = client.post(reverse("subset_import", args=["T1"]), {"confirm": "1", "list": kept}, follow=True)
    assert "纳入 1 个、移出 1 个" in words(answer)
    broken = client.post(reverse("subset_import", args=["T1"]), {"confirm": "1", "list": "1:甲"}, follow=True)
    assert "请重新上传文件" in words(broken)


def test_a_file_with_faults_tells_all_of_them(sign_in, listed):
    page = send(sign_in(listed.head), "机构编码,药品编码\nT1,M3\nH1,M1\nX,M1\nT1,M9\nT1,M1\nT1,M1\n")
    assert page.status_code == 422
    for told in (
        "不在统一目录对此机构级别开放的范围内",
        "您不能维护此机构的目录",
        "应为本医共体成员机构的编码",
        "药品库中没有此编码",
        "同一机构内重复",
    ):
        assert told in words(page)
    assert not SubsetEntry.objects.exists()


def test_export_comes_back_as_import(sign_in, listed):
    client = sign_in(listed.head)
    change(listed.t1, add=ids(listed, "M1", "M2"), by=listed.head, now=NOW)
    content = client.get(reverse("subset_export", args=["T1"])).content
    table = next(iter(read_tables(content, name="目录.xlsx", headers={"药品编码"}).values()))
    assert set(table.columns["药品编码"]) == {"M1", "M2"}
    file = SimpleUploadedFile("目录.xlsx", content)
    page = words(client.post(reverse("subset_import", args=["T1"]), {"file": file}))
    assert "纳入 0 个，移出 0 个，不变 2 个" in page


def test_without_a_version_there_is_nothing_to_choose_from(client, world):
    client.force_login(world.people[Role.SECRETARY])
    assert "还没有生效的用药目录" in words(client.get(reverse("subset_detail", args=["T1"])))
    assert not FormularyEntry.objects.exists()
