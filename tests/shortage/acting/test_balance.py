"""调剂建议 from the alliance's alerts, accepted into drafts; the board of lots that expire soon."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from config.access import Role
from formulary.actions import jobs
from formulary.models import Job, RuleValue
from formulary.queries import Scope
from shortage.actions import balancing, positions
from shortage.models import BalanceLine, Transfer
from shortage.queries import expiry
from shortage.rules import transfers as rules
from tests.conftest import NOW, TODAY


@pytest.fixture
def everything(county):
    return Scope(county.alliance, frozenset({county.h1.pk, county.t1.pk}), True)


def test_plan_covers_the_alert_and_keeps_the_donor_above_its_line(county):
    run = balancing.plan_alliance(county.alliance, by=None, now=NOW, seconds=5)
    line = run.lines.get()
    assert (line.donor, line.receiver) == (county.h1, county.t1)
    assert line.after < 0.1 < line.before
    assert run.counts["trips"] == 1
    assert line.expiry == TODAY + dt.timedelta(days=90)


def test_accepting_drafts_one_transfer_per_pair_and_only_once(county):
    run = balancing.plan_alliance(county.alliance, by=None, now=NOW, seconds=5)
    lines = list(run.lines.all())
    (order,) = balancing.accept(lines, by=county.asking, now=NOW)
    assert (order.state, order.receiver_by, order.alert) == ("planned", county.asking, county.alert)
    assert balancing.accept(lines, by=county.asking, now=NOW) == []
    again = balancing.plan_alliance(county.alliance, by=None, now=NOW, seconds=5)
    assert again.counts["covered"] == 0, "what is promised is not planned twice"


def test_a_stale_line_is_refused_by_the_guard_and_nothing_is_drafted(county):
    run = balancing.plan_alliance(county.alliance, by=None, now=NOW, seconds=5)
    RuleValue.objects.create(key="act.donor_keep_days", value=400, valid_from=TODAY, document="某号文")
    with pytest.raises(rules.NotEnough):
        balancing.accept(list(run.lines.all()), by=county.asking, now=NOW)
    assert not Transfer.objects.exists()
    assert BalanceLine.objects.get().state == "open"


def test_pages_start_the_job_show_the_plan_and_accept(county, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    client.force_login(county.people[Role.PROCUREMENT])
    started = client.post(reverse("balance_start"))
    jobs.perform(Job.objects.get(kind="balance").pk)
    assert Job.objects.get(kind="balance").state == "done"
    page = client.get(started.url)
    assert "县医院 → 湖熟" in page.content.decode()
    none = client.post(reverse("balance_accept"), follow=True)
    assert "请先勾选" in none.content.decode()
    line = BalanceLine.objects.get()
    done = client.post(reverse("balance_accept"), {"pick": [line.pk]}, follow=True)
    assert "已拟定 1 张调剂单" in done.content.decode()
    client.force_login(county.people[Role.BUREAU])
    assert client.post(reverse("balance_accept"), {"pick": [line.pk]}).status_code == 403
    assert "拟定所选" not in client.get(reverse("balance_list")).content.decode()


def test_lines_can_be_set_aside(county, client):
    run = balancing.plan_alliance(county.alliance, by=None, now=NOW, seconds=5)
    client.force_login(county.asking)
    client.post(reverse("balance_accept"), {"pick": [run.lines.get().pk], "leave": "1"})
    assert run.lines.get().state == "left"
    assert not Transfer.objects.exists()


def test_expiring_lots_show_what_will_be_left_and_who_can_use_it(county, everything):
    county.facts.lot(county.h1, "M2", 900, expires_in=60, batch="near")
    county.facts.level(county.h1, "M2", 900)
    for place, daily in ((county.h1, 3), (county.t1, 10)):
        county.facts.use(place, "M2", daily)
    positions.refresh({county.h1.pk}, {county.drugs["M2"].pk})
    from shortage.actions.watch import watch

    watch(county.alliance, TODAY, by=None, now=NOW)
    rows = [row for row in expiry.positions(everything, TODAY, "red") if row.presentation == county.drugs["M2"]]
    (one,) = expiry.with_takers(everything, rows, TODAY, "red")
    assert one.excess == pytest.approx(900 - 3 * 60, abs=40)
    place, units, _ = one.takers[0]
    assert place == county.t1
    assert units == pytest.approx(600, abs=60)


def test_thresholds_of_expiry_are_settings(county, everything):
    found = [row.presentation.code for row in expiry.positions(everything, TODAY, "red")]
    assert found == ["M1"]
    RuleValue.objects.create(key="expiry.red_days", value=30, valid_from=TODAY, document="某号文")
    assert list(expiry.positions(everything, TODAY, "red")) == []
    assert [row.presentation.code for row in expiry.positions(everything, TODAY, "warn")] == ["M1"]


def test_board_links_to_a_prefilled_transfer(county, client):
    client.force_login(county.people[Role.PROCUREMENT])
    page = client.get(reverse("expiry_list"), {"band": "warn"})
    assert page.status_code == 200
    assert "近效期" in page.content.decode()


def test_outcome_of_a_trip_for_two_drugs_returns_to_both_alerts(county):
    from shortage.actions import transfers, trips
    from shortage.actions.watch import watch
    from shortage.models import Alert, Disposition

    facts = county.facts
    for place, stock in ((county.t1, 30), (county.h1, 5000)):
        facts.use(place, "M2", 15)
        facts.level(place, "M2", 3000, days=200)
        facts.lot(place, "M2", stock, expires_in=500, batch=f"{place.code}-2")
        facts.level(place, "M2", stock)
    positions.refresh({county.h1.pk, county.t1.pk}, {county.drugs["M2"].pk})
    watch(county.alliance, TODAY, by=None, now=NOW)
    run = balancing.plan_alliance(county.alliance, by=None, now=NOW, seconds=5)
    buyer = county.people[Role.PROCUREMENT]
    (order,) = balancing.accept(list(run.lines.all()), by=buyer, now=NOW)
    measures = Disposition.objects.filter(transfer=order)
    assert {one.alert.presentation.code for one in measures} == {"M1", "M2"}
    assert set(Alert.objects.values_list("state", flat=True)) == {"open"}, "the place itself has not taken it on"
    transfers.sign(order, by=county.asking, now=NOW)
    transfers.sign(order, by=county.lending, now=NOW)
    trips.dispatch(order, by=county.lending, now=NOW)
    trips.receive(order, by=county.asking, now=NOW)
    assert set(Alert.objects.values_list("state", "outcome")) == {("closed", f"已调剂补足：{order.number}")}
    assert set(measures.values_list("state", flat=True)) == {"done"}
