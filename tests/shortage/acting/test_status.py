"""每周短缺状态: filled in from alerts, confirmed, zero report, late ones reminded, answered, taken away as a workbook."""

import datetime as dt
import io

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from config.access import Role
from formulary.models import Event, RuleValue
from shortage.actions import reminding, status
from shortage.models import Delivery, Notice, NoticeChannel, StatusLine, StatusRound
from shortage.queries.status import status_duty_count
from shortage.rules.status_round import StatusRefused
from tests.conftest import NOW, TODAY

LATER = NOW + dt.timedelta(hours=2)
AFTER = NOW + dt.timedelta(hours=30)


@pytest.fixture
def week(county):
    """county, with this week's round opened by the buyer; T1's report has one line, H1's none."""
    county.buyer = county.people[Role.PROCUREMENT]
    county.round = status.open_round(county.alliance, by=county.buyer, now=NOW)
    county.report = county.round.reports.get(institution=county.t1)
    county.zero = county.round.reports.get(institution=county.h1)
    return county


def test_round_is_filled_in_from_the_alerts_of_every_institution(week):
    line = StatusLine.objects.get()
    assert (line.report, line.alert, line.supply, line.computed) == (week.report, week.alert, 4, 4)
    assert (line.stock, line.week_use) == (week.alert.stock, 18 * 7)
    assert week.round.due_at == NOW + dt.timedelta(hours=24)
    assert week.round.answer_due == dt.date(2026, 11, 25), "three working days after Sunday the 22nd"
    with pytest.raises(StatusRefused, match="已经发起"):
        status.open_round(week.alliance, by=week.buyer, now=LATER)
    with pytest.raises(StatusRefused):
        status.open_round(week.alliance, by=week.asking, now=LATER)


def test_terms_are_rule_values(county):
    for key, value in (("act.verify_hours", 6), ("act.answer_days", 1), ("status.of_alert", {"red": 3})):
        RuleValue.objects.create(key=key, value=value, valid_from=TODAY, document="某号文")
    row = status.open_round(county.alliance, by=None, now=NOW)
    assert (row.due_at, row.answer_due) == (NOW + dt.timedelta(hours=6), dt.date(2026, 11, 23))
    assert StatusLine.objects.get().supply == 3


def test_zero_report_and_a_change_that_needs_words(week):
    status.confirm(week.zero, {}, "", by=week.lending, now=LATER)
    assert Event.objects.filter(verb="零报告").count() == 1
    line = week.report.lines.get()
    with pytest.raises(StatusRefused, match="请写明理由"):
        status.confirm(week.report, {line.pk: (2, " ")}, "", by=week.asking, now=LATER)
    done = status.confirm(week.report, {line.pk: (2, "已借到一周用量")}, "", by=week.asking, now=LATER)
    assert done.confirmed_by == week.asking
    with pytest.raises(StatusRefused, match="本机构"):
        status.confirm(week.report, {}, "", by=week.lending, now=LATER)
    with pytest.raises(StatusRefused, match="截止"):
        status.confirm(week.report, {}, "", by=week.asking, now=AFTER)


def test_a_drug_without_an_alert_is_added_once(week):
    status.add_line(week.zero, week.drugs["M3"], 3, "厂家停产", by=week.lending, now=LATER)
    with pytest.raises(StatusRefused, match="已在本周清单"):
        status.add_line(week.zero, week.drugs["M3"], 4, "", by=week.lending, now=LATER)


def test_what_is_short_is_answered_after_it_was_confirmed(week):
    drug = week.drugs["M1"]
    with pytest.raises(StatusRefused, match="没有待答复"):
        status.answer(week.round, drug, "安排调剂", by=week.buyer, now=LATER)
    status.confirm(week.report, {}, "", by=week.asking, now=LATER)
    assert status_duty_count(week.buyer) == 1
    with pytest.raises(StatusRefused):
        status.answer(week.round, drug, "我来", by=week.asking, now=LATER)
    assert status.answer(week.round, drug, "安排调剂", by=week.buyer, now=LATER) == 1
    line = week.report.lines.get()
    assert (line.answer, line.answered_by) == ("安排调剂", week.buyer)
    assert status_duty_count(week.buyer) == 0


def test_late_ones_are_reminded_once_a_day_until_they_confirm(week):
    NoticeChannel.objects.create(
        alliance=week.alliance, name="信箱", kind="mail", address="a@b.cn", person=week.asking, active=True
    )
    assert reminding.remind_status(week.alliance, now=LATER) == 0
    assert status_duty_count(week.asking) == 1
    status.confirm(week.zero, {}, "", by=week.lending, now=LATER)
    assert reminding.remind_status(week.alliance, now=AFTER) == 1
    assert reminding.remind_status(week.alliance, now=AFTER + dt.timedelta(minutes=1)) == 0
    told = Notice.objects.get(kind="status")
    assert told.person == week.asking
    assert "零报告" in told.text
    assert "/status/" in Delivery.objects.get(kind="status").body
    assert reminding.remind_status(week.alliance, now=AFTER + dt.timedelta(days=1)) == 1
    status.confirm(week.report, {}, "", by=week.asking, now=AFTER)
    assert reminding.remind_status(week.alliance, now=AFTER + dt.timedelta(days=2)) == 0


def test_worker_opens_the_week_once(county):
    friday_morning = NOW - dt.timedelta(days=1, hours=8)
    assert not status.open_due(county.alliance, now=friday_morning)
    assert status.open_due(county.alliance, now=NOW)
    assert not status.open_due(county.alliance, now=LATER)
    assert StatusRound.objects.get().opened_by is None


def test_pages_from_the_report_to_the_answer_and_the_workbook(week, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    client.force_login(week.asking)
    assert "请确认本周短缺状态" in client.get(reverse("status_list")).content.decode()
    url, line = reverse("status_report", args=[week.report.pk]), week.report.lines.get()
    assert client.get(reverse("status_report", args=[week.zero.pk])).status_code == 404, "another place's report"
    refused = client.post(url, {f"s{line.pk}": 1, f"n{line.pk}": ""})
    assert refused.status_code == 422
    assert "请写明理由" in refused.content.decode()
    added = client.post(reverse("status_add", args=[week.report.pk]), {"drug": "M3", "supply": 3, "note": "停产"})
    assert added.status_code == 302
    rows = {f"s{one.pk}": one.supply for one in week.report.lines.all()}
    assert "已确认" in client.post(url, rows, follow=True).content.decode()
    client.force_login(week.buyer)
    page = client.get(reverse("status_detail", args=[week.round.pk])).content.decode()
    assert "肾上腺素" in page
    assert "待确认" in page
    client.post(reverse("status_answer", args=[week.round.pk, week.drugs["M1"].pk]), {"text": "动用储备"})
    book = load_workbook(io.BytesIO(client.get(reverse("status_export", args=[week.round.pk])).content))
    rows = list(book["短缺状态"].values)[1:]
    assert {(row[0], row[2], row[5], row[11]) for row in rows} == {("T1", "M1", 4, "动用储备"), ("T1", "M3", 3, None)}
    assert [row[2] for row in list(book["机构"].values)[1:]] == ["未确认", "已确认"]
    assert "已经发起" in client.post(reverse("status_start"), follow=True).content.decode()
