"""复评: what was said of a drug when it came, against what came of it."""

import datetime as dt

import pandas as pd
import pytest
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, Role
from formulary.actions.reviews import ReviewRefused, review
from formulary.models import Adjustment, EntryReview, FormularyEntry, VersionChange
from formulary.queries import scope_of
from formulary.queries.reviews import due_review, due_review_count, due_reviews
from formulary.rules.reviews import full_months, months_later
from shortage.actions import facts
from shortage.models import Intake
from tests.conftest import NOW, TODAY
from tests.formulary.test_suggestions import publish

MAY = dt.date(2026, 5, 15)


@pytest.fixture
def tried(world):
    """M1 came with version 2 on 15 May, said to need 100 a month; used 30 in June, 60 in July, none after. M2 has a day of
    its own, 1 December; M3 none."""
    publish(world, {"M2": "基层", "M3": "二级"})
    version = publish(world, {"M1": "基层", "M2": "基层", "M3": "二级"}, number=2, since=MAY)
    FormularyEntry.objects.filter(version=version, presentation__code="M2").update(review_on=dt.date(2026, 12, 1))
    asked = Adjustment.objects.create(
        alliance=world.alliance, number="2026-001", kind="add", state="effective", presentation=world.drugs["M1"],
        institution=world.t1, applicant=world.people[Role.PHARMACIST], monthly_use=100, created_at=NOW,
    )  # fmt: skip
    VersionChange.objects.create(
        version=version, presentation=world.drugs["M1"], kind="added", reason="慢病", adjustment=asked
    )
    intake = Intake.objects.create(alliance=world.alliance, source="file", name="用量.xlsx", received_at=NOW)
    frame = pd.DataFrame(
        {"date": [dt.date(2026, 5, 20), dt.date(2026, 6, 5), dt.date(2026, 7, 5)], "quantity": [9, 30, 60]}
    )
    facts.put_consumption(
        frame.assign(institution_id=world.t1.pk, presentation_id=world.drugs["M1"].pk), intake=intake, now=NOW
    )
    return world


def scope(world):
    return scope_of(world.people[Role.SECRETARY], Permission.SEE_GOVERNANCE)


def test_trial_ends_and_review_days_are_listed_with_forecast_and_real_use(tried):
    first, second = due_reviews(scope(tried), TODAY)
    assert (first.presentation.code, first.due_on, first.why) == ("M1", dt.date(2026, 11, 15), "试用期满")
    assert (first.forecast, first.actual, first.months, first.places) == (100, 18, 5, 1)
    assert first.ratio == 0.18
    assert (second.presentation.code, second.why, second.forecast) == ("M2", "附条件复评", None)


def test_nothing_is_due_earlier_than_thirty_days_ahead(tried):
    assert due_reviews(scope(tried), dt.date(2026, 10, 15)) == []
    assert [one.presentation.code for one in due_reviews(scope(tried), dt.date(2026, 10, 16))] == ["M1"]


def write(world, verdict="keep", **given):
    due = due_review(scope(world), "M1", TODAY)
    given = {"harm": "无"} | given
    return review(due, alliance=world.alliance, verdict=verdict, by=world.people[Role.SECRETARY], now=NOW, **given)


def test_keeping_ends_it_or_sets_another_day(tried):
    write(tried, next_on=dt.date(2027, 5, 15))
    assert [one.presentation.code for one in due_reviews(scope(tried), TODAY)] == ["M2"]
    again = due_reviews(scope(tried), dt.date(2027, 5, 1))
    assert ("M1", "再次复评") in [(one.presentation.code, one.why) for one in again]


@pytest.mark.parametrize(("verdict", "kind"), [("adjust", "level"), ("remove", "remove")])
def test_asking_for_a_change_drafts_it_with_figures(tried, verdict, kind):
    row = write(tried, verdict, harm="皮疹 2 例", note="用量远低于预计")
    assert (row.adjustment.kind, row.adjustment.state, row.adjustment.presentation.code) == (kind, "draft", "M1")
    for told in ("预计每月 100 片", "实际月均 18 片", "皮疹 2 例", "用量远低于预计"):
        assert told in row.adjustment.reason
    assert (row.forecast, row.actual, row.months) == (100, 18, 5)


def test_refusals_have_words(tried):
    with pytest.raises(ReviewRefused, match="没有也请写"):
        write(tried, harm=" ")
    with pytest.raises(ReviewRefused, match="保留"):
        write(tried, "remove", next_on=dt.date(2027, 1, 1))
    with pytest.raises(ReviewRefused, match="应晚于"):
        write(tried, next_on=TODAY)
    due = due_review(scope(tried), "M1", TODAY)
    write(tried)
    with pytest.raises(ReviewRefused, match="已由他人完成"):
        review(due, alliance=tried.alliance, verdict="keep", harm="无", by=tried.people[Role.SECRETARY], now=NOW)
    assert EntryReview.objects.count() == 1


def test_secretary_reviews_on_the_page(client, tried, monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *_: TODAY)
    secretary = tried.people[Role.SECRETARY]
    assert due_review_count(secretary) == 2
    client.force_login(secretary)
    assert "氨氯地平片" in client.get(reverse("review_list")).content.decode()
    url = reverse("review_detail", args=["M1"])
    refused = client.post(url, {"verdict": "remove", "harm": ""})
    assert refused.status_code == 422
    assert "没有也请写“无”" in refused.content.decode()
    answer = client.post(url, {"verdict": "remove", "harm": "无"}, follow=True)
    assert f"起草申请 {EntryReview.objects.get().adjustment.number}" in answer.content.decode()
    assert client.get(url).status_code == 404


def test_others_see_but_do_not_review(client, tried, monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *_: TODAY)
    client.force_login(tried.people[Role.BUREAU])
    url = reverse("review_detail", args=["M1"])
    assert "由委员会秘书记录复评" in client.get(url).content.decode()
    assert client.post(url, {"verdict": "keep", "harm": "无"}).status_code == 403


def test_months():
    assert months_later(dt.date(2026, 8, 31), 6) == dt.date(2027, 2, 28)
    assert full_months(dt.date(2026, 8, 1), dt.date(2026, 11, 3)) == [dt.date(2026, m, 1) for m in (8, 9, 10)]
    assert full_months(dt.date(2026, 8, 2), dt.date(2026, 9, 30)) == []
    assert len(full_months(dt.date(2020, 1, 1), TODAY)) == 12
