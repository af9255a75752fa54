"""短缺专案: one open file per drug, its timeline from alerts and measures, revisions of the date, the paper, the agenda."""

import datetime as dt
import io

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from docx import Document

from config.access import Role
from formulary.models import Event, RuleValue
from formulary.queries import Scope
from procurement.queries.consultations import topics_of
from shortage.actions import cases, measures
from shortage.models import Alert, ShortageCase
from shortage.queries.cases import CaseFile, asking, case_of
from shortage.rules.case_life import CaseOver, CaseRefused, CaseStands, Resupply, revisions
from shortage.rules.classing import DEFAULT_MATRIX
from tests.conftest import NOW, TODAY

LATER = NOW + dt.timedelta(hours=2)
DAY = dt.timedelta(days=1)


@pytest.fixture
def buyer(county):
    return county.people[Role.PROCUREMENT]


@pytest.fixture
def scope(county):
    return Scope(county.alliance, frozenset({county.h1.pk, county.t1.pk}), True)


def opened(county, buyer, **more):
    given = {"source": "alerts", "reason": "多家机构断货", "by": buyer, "now": NOW} | more
    return cases.open_case(county.alliance, county.drugs["M1"], **given)


def test_file_begins_with_the_first_live_alert_and_stands_alone(county, buyer, scope):
    Alert.objects.update(opened_on=TODAY - 5 * DAY)
    case = opened(county, buyer)
    assert (case.number, case.since, case.owner) == ("DQ20261121-01", TODAY - 5 * DAY, buyer)
    assert case_of(scope, county.drugs["M1"]) == case
    with pytest.raises(CaseStands, match="DQ20261121-01"):
        opened(county, buyer)
    with pytest.raises(CaseStands):
        cases.open_case(
            county.alliance, county.drugs["M1"].medicine, source="hand", reason="整个品种", by=buyer, now=NOW
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        ShortageCase.objects.create(
            alliance=county.alliance, number="X", medicine=case.medicine, presentation=case.presentation, source="hand",
            reason="x", since=TODAY, owner=buyer, opened_by=buyer, opened_at=NOW,
        )  # fmt: skip
    with pytest.raises(CaseRefused):
        opened(county, county.asking)


def test_whole_medicine_speaks_for_its_strengths(county, buyer, scope):
    case = cases.open_case(
        county.alliance, county.drugs["M2"].medicine, source="list", reason="清单", by=buyer, now=NOW
    )
    assert case_of(scope, county.drugs["M2"]) == case
    assert str(case) == "DQ20261121-01 阿莫西林（全部规格）"
    with pytest.raises(CaseStands):
        cases.open_case(county.alliance, county.drugs["M2"], source="hand", reason="再来", by=buyer, now=NOW)


def test_red_at_several_institutions_asks_for_a_file(county, buyer, scope):
    assert asking(scope, TODAY) == []
    Alert.objects.create(
        institution=county.h1, presentation=county.drugs["M1"], level="red", cause="x", reason="断货", risk=0.9,
        opened_on=TODAY, updated_on=TODAY,
    )  # fmt: skip
    Alert.objects.update(level="red")
    (one,) = asking(scope, TODAY)
    assert (one.presentation, one.source, one.places) == (county.drugs["M1"], "alerts", 2)
    opened(county, buyer)
    assert asking(scope, TODAY) == []


def test_resupply_keeps_every_statement_and_says_how_it_moved(county, buyer, scope):
    case = opened(county, buyer)
    with pytest.raises(CaseRefused, match="消息来源"):
        cases.expect(case, TODAY, " ", "", by=buyer, now=NOW)
    cases.expect(case, TODAY + 10 * DAY, "甲药厂来函", "", by=buyer, now=NOW)
    case = cases.expect(case, TODAY + 25 * DAY, "甲药厂电话", "原料未到", by=buyer, now=LATER)
    file = CaseFile(case, scope)
    assert case.expected_on == TODAY + 25 * DAY
    assert [one.source for one in file.said] == ["甲药厂来函", "甲药厂电话"]
    assert revisions(file.said) == "第 2 次说明，较上次推迟 15 天"
    assert revisions([Resupply(None, "a", TODAY), Resupply(TODAY, "b", TODAY)]) == "第 2 次说明"
    assert revisions(file.said[:1]) == ""


def test_timeline_tells_alert_measure_transfer_and_people(county, buyer, scope):
    case = opened(county, buyer)
    measures.ask_neighbour(county.alert, county.h1.pk, by=county.asking, now=LATER, way="loan")
    cases.note(case, "已电话联系配送企业", by=buyer, now=LATER + dt.timedelta(minutes=1))
    told = CaseFile(case, scope).timeline
    assert {one.kind for one in told} >= {"专案", "预警", "处置", "调剂"}
    assert [one.at for one in told] == sorted((one.at for one in told), reverse=True)
    assert told[0].text == "记录：已电话联系配送企业"


def test_closing_needs_an_outcome_and_a_closed_file_is_quiet(county, buyer):
    case = opened(county, buyer)
    with pytest.raises(CaseRefused, match="结案结果"):
        cases.close(case, "whatever", "好了", by=buyer, now=LATER)
    case = cases.close(case, "supplied", "企业恢复发货", by=buyer, now=LATER)
    with pytest.raises(CaseOver):
        cases.note(case, "还有一事", by=buyer, now=LATER)
    again = cases.reopen(case, "又断货", by=buyer, now=LATER + DAY)
    assert (again.closed_at, again.outcome) == (None, "")
    cases.close(again, "replaced", "改用", by=buyer, now=LATER + DAY)
    opened(county, buyer, now=LATER + DAY)
    with pytest.raises(CaseStands):
        cases.reopen(again, "再开", by=buyer, now=LATER + DAY)
    assert Event.objects.filter(verb="结短缺专案").count() == 2


def test_open_file_is_on_the_agenda_of_the_consultation(county, buyer, scope):
    case = cases.expect(opened(county, buyer), TODAY + 10 * DAY, "来函", "", by=buyer, now=NOW)
    topics = [topic for topic in topics_of(scope, today=TODAY) if case.number in topic.facts]
    assert len(topics) == 1
    assert topics[0].path == reverse("case_detail", args=[case.pk])


def test_pages_open_keep_and_close_a_file(county, buyer, client):
    client.force_login(buyer)
    assert client.get(reverse("case_list")).status_code == 200
    page = client.post(reverse("case_new"), {"drug": "M1", "source": "hand", "reason": "多家断货"}, follow=True)
    case = ShortageCase.objects.get()
    assert "涉及机构" in page.content.decode()
    url = [reverse("case_act", args=[case.pk, verb]) for verb in ("expect", "hand_over", "classify", "note", "close")]
    client.post(url[0], {"expected_on": "2026-12-05", "source": "来函"})
    client.post(url[1], {"owner": county.asking.pk})
    client.post(url[2], {"grade": "Ⅰ", "why": "不可替代"})
    wrong = client.post(url[3], {"text": ""})
    assert wrong.status_code == 422
    case.refresh_from_db()
    assert (case.expected_on, case.owner, case.grade) == (dt.date(2026, 12, 5), county.asking, "Ⅰ")
    alert = client.get(reverse("alert_detail", args=[county.alert.pk])).content.decode()
    assert case.number in alert
    assert "2026-12-05" in alert
    paper = Document(io.BytesIO(client.get(reverse("case_paper", args=[case.pk])).content))
    words = "\n".join(line.text for line in paper.paragraphs)
    assert "氨氯地平片 5mg" in words
    assert "预计 2026-12-05 恢复供应（来函" in words
    client.post(url[4], {"outcome": "supplied", "text": "恢复"})
    assert "恢复供应" in client.get(reverse("case_list") + "?state=closed").content.decode()
    client.force_login(county.asking)
    assert client.get(reverse("case_detail", args=[case.pk])).status_code == 200
    assert client.post(url[3], {"text": "x"}).status_code == 403


def test_grading_table_is_changed_as_a_whole_from_today(county, buyer, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    client.force_login(buyer)
    url = reverse("case_matrix")
    page = client.get(url)
    rows = page.context["rows"]
    given = {f"form-{k}-{name}": value for k, one in enumerate(rows.initial) for name, value in one.items() if value}
    given |= {"form-TOTAL_FORMS": str(rows.total_form_count()), "form-INITIAL_FORMS": str(len(rows.initial))}
    assert "请写明文号" in client.post(url, given | {"document": " "}).content.decode()
    wrong = client.post(url, given | {"document": "某文", "form-0-days": "-2"})
    assert wrong.status_code == 422
    assert not RuleValue.objects.filter(key="shortage.grade_matrix").exists()
    assert client.post(url, given | {"document": "某文", "form-0-days": "9"}).status_code == 302
    kept = RuleValue.objects.get(key="shortage.grade_matrix")
    assert kept.value == [DEFAULT_MATRIX[0] | {"库存天数低于": 9}, *DEFAULT_MATRIX[1:]]
    assert kept.document == "某文"
    assert "今天已改过" in client.post(url, given | {"document": "某文"}).content.decode()
    client.force_login(county.asking)
    assert client.get(url).status_code == 200
    assert client.post(url, given).status_code == 403
