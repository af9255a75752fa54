"""暴发期 from declaration to the numbers of the night, the need, and back."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from config.access import Role
from formulary.models import Event
from shortage.actions import outbreaks
from shortage.models import Forecast, Outbreak
from shortage.queries import need
from tests.conftest import NOW, TODAY


@pytest.fixture
def surge(world, facts):
    """18 a day at T1 and H1 for 200 days, 60 a day in the last five."""
    facts.version()
    facts.feeds()
    for institution in (world.t1, world.h1):
        facts.use(institution, "M1", 18, last=5)
        facts.use(institution, "M1", 60, first=4)
        facts.level(institution, "M1", 30000, days=200)
    return world


def declare(world, days=20, window=5, places=(), codes=("M1",), **more):
    given = {"name": "冬季流感", "reason": "疾控通报", "by": world.people[Role.SECRETARY], "now": NOW} | more
    return outbreaks.declare(
        world.alliance,
        presentations=[world.drugs[code] for code in codes],
        institutions=list(places),
        ends_on=TODAY + dt.timedelta(days=days),
        window_days=window,
        **given,
    )


def rate(institution):
    return Forecast.objects.get(institution=institution, as_of=Forecast.objects.latest("as_of").as_of)


def test_declared_outbreak_moves_the_rate_only_where_it_was_declared(surge, night):
    declare(surge, places=[surge.t1])
    night()
    here, there = rate(surge.t1), rate(surge.h1)
    assert here.working["outbreak_days"] == 5
    assert here.working["usual_rate"] == pytest.approx(there.daily_rate, rel=0.05)
    weight = 5 / 7
    assert here.daily_rate == pytest.approx(weight * 60 + (1 - weight) * here.working["usual_rate"], rel=0.08)
    assert there.working["outbreak_days"] == 0
    assert here.reorder_point > there.reorder_point


def test_need_counts_the_outbreak_only_until_its_end(surge, night):
    declare(surge, days=20)
    night()
    found = rate(surge.t1)
    short = need(surge.alliance, TODAY, 10).set_index("institution").demand[surge.t1.pk]
    long = need(surge.alliance, TODAY, 100).set_index("institution").demand[surge.t1.pk]
    assert short == pytest.approx(found.mean_30 / 3, abs=1)
    usual = found.mean_30 * found.working["usual_rate"] / found.daily_rate
    assert long == pytest.approx((found.mean_30 * 20 + usual * 80) / 30, abs=1)


def test_after_its_end_the_forecast_falls_back_to_the_usual(surge, facts, night):
    made = declare(surge, days=1)
    Outbreak.objects.filter(pk=made.pk).update(starts_on=TODAY - dt.timedelta(days=4), ends_on=TODAY)
    night(1)
    assert rate(surge.t1).working["outbreak_days"] == 0
    assert rate(surge.t1).daily_rate == pytest.approx(18, rel=0.08)


def test_ending_and_prolonging_leave_their_trace_and_cannot_be_done_twice(world, facts):
    made = declare(world)
    person = world.people[Role.PROCUREMENT]
    outbreaks.prolong(made, TODAY + dt.timedelta(days=40), by=person, now=NOW)
    later = NOW + dt.timedelta(days=3)
    with pytest.raises(outbreaks.OutbreakRefused, match="原因"):
        outbreaks.end(made, " ", by=person, now=later)
    outbreaks.end(made, "疫情平息", by=person, now=later)
    made.refresh_from_db()
    assert (made.ends_on, made.ended_by, made.on(later.date())) == (TODAY + dt.timedelta(days=2), person, False)
    for again in (
        lambda: outbreaks.end(made, "再次", by=person, now=later),
        lambda: outbreaks.prolong(made, TODAY + dt.timedelta(days=50), by=person, now=later),
    ):
        with pytest.raises(outbreaks.OutbreakRefused, match="已于"):
            again()
    verbs = list(Event.objects.filter(subject=f"shortage.Outbreak:{made.pk}").values_list("verb", flat=True))
    assert sorted(verbs) == sorted(["启动暴发期", "调整暴发期", "结束暴发期"])


@pytest.mark.parametrize("days", [-1, 91])
def test_end_must_lie_within_the_allowed_span(world, days):
    with pytest.raises(outbreaks.OutbreakRefused, match="结束日期"):
        declare(world, days=days)
    assert not Outbreak.objects.exists()


def test_page_shows_the_items_before_it_declares_and_names_what_it_does_not_know(surge, client, night):
    client.force_login(surge.people[Role.SECRETARY])
    given = {
        "name": "流感",
        "words": "氨氯地平\n阿莫西林",
        "ends_on": timezone.localdate() + dt.timedelta(days=9),
        "window_days": 5,
        "reason": "通报",
    }
    wrong = client.post(reverse("outbreak_new"), given | {"words": "氨氯地平\n奥司他韦"})
    assert (wrong.status_code, "现行目录中没有：奥司他韦" in wrong.content.decode()) == (422, True)
    preview = client.post(reverse("outbreak_new"), given)
    assert ("共 2 个品规" in preview.content.decode(), Outbreak.objects.count()) == (True, 0)
    page = client.post(reverse("outbreak_new"), given | {"sure": "1"}, follow=True)
    made = Outbreak.objects.get()
    assert (made.presentations.count(), "还没有按暴发期算过" in page.content.decode()) == (2, True)
    Outbreak.objects.update(starts_on=TODAY)
    night()
    shown = client.get(reverse("outbreak_detail", args=[made.pk])).content.decode()
    assert "湖熟" in shown
    assert "共 <b>2</b> 项" in shown
    assert "进行中" in client.get(reverse("outbreak_list")).content.decode()
