"""The queue: what is found once, what it does to the numbers, and what a person's word changes."""

import datetime as dt

import pytest

from config.access import Role
from formulary.models import Event, Presentation
from shortage.actions import intake, quality
from shortage.actions.quality import DecisionRefused
from shortage.models import Consumption, DataFinding, Feed, Intake, MonthlyUse, Risk, StockLevel, StockPosition
from shortage.queries.stock_list import StockOverview
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import ago


@pytest.fixture
def person(world):
    return world.people[Role.PHARMACIST]


@pytest.fixture
def jumped(world, facts):
    """T1 uses 6 a day; its count went from 60 to 1680 without a receipt: boxes were entered as tablets."""
    facts.version()
    facts.feeds()
    facts.use(world.t1, "M1", 6)
    facts.level(world.t1, "M1", 3000, days=200)
    facts.level(world.t1, "M1", 60, days=1)
    facts.level(world.t1, "M1", 1680)
    return facts


def look(world):
    quality.check(world.alliance, TODAY, now=NOW)
    return DataFinding.objects.get()


def test_stock_in_doubt_gives_no_risk_and_is_not_called_enough(world, jumped, night):
    StockPosition.objects.create(institution=world.t1, presentation=world.drugs["M1"], date=TODAY, quantity=1680)
    night()
    assert DataFinding.objects.get().kind == "stock_jump"
    assert not Risk.objects.filter(institution=world.t1).exists()
    from formulary.queries import scope_of

    overview = StockOverview(scope_of(world.people[Role.PHARMACIST], "see_stock"), TODAY)
    assert overview.rows().get().state == "doubt"


def test_looking_again_changes_nothing(world, jumped):
    before = look(world)
    again = look(world)
    assert (again.pk, again.state, again.found_at) == (before.pk, "open", before.found_at)


def test_accepted_stays_accepted_and_the_number_comes(world, jumped, person, night):
    row = quality.accept(look(world), note="中心药房集中配送", by=person, now=NOW)
    night()
    assert DataFinding.objects.get().state == "accepted"
    assert Risk.objects.get(institution=world.t1).stock == 1680
    with pytest.raises(DecisionRefused, match="此项已属实"):
        quality.correct(row, quantity=60, by=person, now=NOW)
    assert Event.objects.filter(verb="确认数据属实").count() == 1


def test_accepting_asks_why(world, jumped, person):
    with pytest.raises(DecisionRefused, match="请写明为什么属实"):
        quality.accept(look(world), note=" ", by=person, now=NOW)


def test_corrected_count_replaces_the_fact_and_undoing_it_opens_the_doubt_again(world, jumped, person, night):
    quality.correct(look(world), quantity=54, by=person, now=NOW)
    night()
    assert Risk.objects.get(institution=world.t1).stock == 54
    made = Intake.objects.get(source="hand")
    assert StockLevel.objects.filter(superseded_by__isnull=True, date=TODAY).get().intake == made
    intake.undo(made, by=person, now=NOW)
    assert look(world).state == "open"


def test_withdrawn_count_leaves_the_one_before(world, jumped, person):
    quality.withdraw(look(world), by=person, now=NOW)
    assert DataFinding.objects.get().state == "withdrawn"
    assert StockPosition.objects.get().quantity == 60
    intake.undo(Intake.objects.get(source="hand"), by=person, now=NOW)
    assert StockPosition.objects.get().quantity == 1680


def test_use_in_doubt_does_not_raise_the_forecast_until_it_is_accepted(world, facts, person, night):
    from shortage.models import Forecast

    facts.version()
    facts.feeds()
    facts.use(world.t1, "M1", 6, last=2)
    facts.use(world.t1, "M1", 900, first=1, last=1)
    facts.level(world.t1, "M1", 3000, days=200)
    night()
    quiet = Forecast.objects.get(institution=world.t1).daily_rate
    row = DataFinding.objects.get()
    assert (row.kind, row.value) == ("use_jump", 900)
    quality.accept(row, note="义诊", by=person, now=NOW)
    night()
    assert quiet == pytest.approx(6, rel=0.1)
    assert Forecast.objects.get(institution=world.t1).daily_rate > 1.3 * quiet


def test_corrected_use_is_the_days_use_and_the_months(world, facts, person):
    facts.feeds()
    facts.use(world.t1, "M1", 6, last=2)
    facts.use(world.t1, "M1", 900, first=1, last=1)
    quality.correct(look(world), quantity=9, by=person, now=NOW)
    assert Consumption.objects.get(date=ago(1), superseded_by__isnull=True).quantity == 9
    assert MonthlyUse.objects.get(month=dt.date(2026, 11, 1)).quantity == 6 * 19 + 9


def test_doubled_month_is_unknown_and_can_be_withdrawn_as_a_whole(world, facts, person):
    drugs = Presentation.objects.bulk_create(
        Presentation(
            medicine=world.drugs["M1"].medicine, code=f"X{k}", name=f"药{k}", form="片", strength="1mg", unit="片"
        )
        for k in range(35)
    )
    facts.feeds(last=21)
    for month in (9, 10):
        Consumption.objects.bulk_create(
            Consumption(
                institution=world.t1,
                presentation=drug,
                intake=facts.intake,
                date=dt.date(2026, month, 12),
                quantity=k + 1,
            )
            for k, drug in enumerate(drugs)
        )
        MonthlyUse.objects.bulk_create(
            MonthlyUse(institution=world.t1, presentation=drug, month=dt.date(2026, month, 1), quantity=k + 1)
            for k, drug in enumerate(drugs)
        )
    quality.check(world.alliance, TODAY, now=NOW)
    row = DataFinding.objects.get(kind="doubled_month")
    assert (row.date, row.until, row.value) == (dt.date(2026, 10, 1), dt.date(2026, 10, 31), 35)
    with pytest.raises(DecisionRefused, match="不能在这里更正"):
        quality.correct(row, quantity=3, by=person, now=NOW)
    quality.withdraw(row, by=person, now=NOW)
    assert not Consumption.objects.filter(date__month=10, superseded_by__isnull=True).exists()
    assert set(MonthlyUse.objects.values_list("month", flat=True)) == {dt.date(2026, 9, 1)}
    from shortage import series

    use = series.load(world.alliance, TODAY).use
    from shortage.series.doubts import without_doubts

    masked, _ = without_doubts(series.load(world.alliance, TODAY), world.alliance)
    assert (masked.use != masked.use).sum() > (use != use).sum()


def test_file_dated_a_year_back_is_withdrawn_whole(world, facts, person):
    facts.feeds()
    facts.use(world.t1, "M1", 6, first=40, last=8)
    wrong = Intake.objects.create(
        alliance=world.alliance, source="file", name="11月.csv", received_at=NOW, by=person, counts={"rows": {}}
    )
    wrong.institutions.add(world.t1)
    Consumption.objects.create(
        institution=world.t1, presentation=world.drugs["M1"], intake=wrong, date=ago(367), quantity=8
    )
    row = look(world)
    assert (row.kind, row.intake, row.date) == ("wrong_year", wrong, ago(367))
    quality.withdraw(row, by=person, now=NOW)
    wrong.refresh_from_db()
    assert wrong.undone_by == person
    assert look(world).state == "withdrawn"


def test_missing_day_goes_when_its_use_is_told(world, facts):
    drugs = Presentation.objects.bulk_create(
        Presentation(
            medicine=world.drugs["M1"].medicine, code=f"X{k}", name=f"药{k}", form="片", strength="1mg", unit="片"
        )
        for k in range(12)
    )
    world.drugs |= {drug.code: drug for drug in drugs}
    facts.feeds()
    for drug in drugs:
        facts.use(world.t1, drug.code, 3, first=80, last=5)
        facts.use(world.t1, drug.code, 3, first=3)
    row = look(world)
    assert (row.kind, row.date, row.presentation) == ("missing_day", ago(4), None)
    with pytest.raises(DecisionRefused, match="没有可撤回的数据"):
        quality.withdraw(row, by=world.people[Role.PHARMACIST], now=NOW)
    for drug in drugs:
        facts.use(world.t1, drug.code, 3, first=4, last=4)
    assert look(world).state == "gone"


def test_doubt_outside_ones_reach_is_not_there(world, jumped, client):
    row = look(world)
    client.force_login(world.people[Role.HEAD])
    assert client.get(f"/stock/findings/{row.pk}/").status_code == 404
    client.force_login(world.people[Role.BUREAU])
    assert client.get(f"/stock/findings/{row.pk}/").status_code == 200
    assert client.post(f"/stock/findings/{row.pk}/accept/", {"note": "x"}).status_code == 403
    assert Feed.objects.count() == 4
