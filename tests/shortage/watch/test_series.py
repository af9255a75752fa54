"""Facts → arrays."""

import datetime as dt

import numpy as np
import pytest

from shortage import queries, series
from shortage.models import Forecast, Intake, WatchRun
from shortage.series.reading import NEVER
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import Facts, ago


@pytest.fixture
def facts(world):
    return Facts(world)


def row(panel, institution, drug):
    found = np.flatnonzero((panel.institution == institution.pk) & (panel.presentation == drug.pk))
    return int(found[0]) if found.size else None


def test_series_are_what_is_in_force_at_the_level_or_moves(world, facts):
    facts.version(lowest="二级", codes=["M1"])
    facts.feeds()
    facts.use(world.t1, "M2", 3)
    facts.level(world.t1, "M3", 0)
    panel = series.load(world.alliance, TODAY)
    keys = set(zip(panel.institution.tolist(), panel.presentation.tolist(), strict=True))
    assert keys == {(world.h1.pk, world.drugs["M1"].pk), (world.t1.pk, world.drugs["M2"].pk)}


def test_day_without_row_is_zero_use_and_days_after_the_feed_are_missing(world, facts):
    facts.feeds(world.t1, last=2)
    facts.use(world.t1, "M1", 5, first=10, last=4, every=3)
    panel = series.load(world.alliance, TODAY, days=12)
    use = panel.use[row(panel, world.t1, world.drugs["M1"])]
    expected = [np.nan, 5, 0, 0, 5, 0, 0, 5, 0, 0, np.nan, np.nan]
    np.testing.assert_array_equal(use, expected)


def test_institution_without_feed_has_no_known_day(world, facts):
    facts.use(world.t1, "M1", 5)
    panel = series.load(world.alliance, TODAY)
    assert np.isnan(panel.use).all()


def test_stock_holds_until_its_next_row_and_the_sold_out_day_counts_half(world, facts):
    facts.feeds()
    facts.use(world.t1, "M1", 5, first=20, last=6)
    facts.level(world.t1, "M1", 40, days=30)
    facts.level(world.t1, "M1", 0, days=6)
    facts.level(world.t1, "M1", 90, days=2)
    panel = series.load(world.alliance, TODAY, days=10)
    np.testing.assert_array_equal(panel.exposure[0], [1, 1, 1, 0.5, 0, 0, 0, 1, 1, 1])
    assert not np.isnan(panel.use[0]).any()


def test_superseded_facts_are_not_read(world, facts):
    facts.feeds()
    facts.use(world.t1, "M1", 5)
    newer = Intake.objects.create(alliance=world.alliance, source="file", name="新", received_at=NOW)
    from shortage.models import Consumption

    Consumption.objects.filter(date=TODAY).update(superseded_by=newer)
    panel = series.load(world.alliance, TODAY, days=5)
    np.testing.assert_array_equal(panel.use[0], [5, 5, 5, 5, 0])


def test_one_series_alone_equals_its_row_of_the_whole(world, facts):
    facts.version()
    facts.feeds()
    facts.use(world.t1, "M1", 5)
    facts.level(world.t1, "M1", 9, days=3)
    whole = series.load(world.alliance, TODAY)
    alone = series.load(world.alliance, TODAY, only=(world.t1.pk, world.drugs["M1"].pk))
    at = row(whole, world.t1, world.drugs["M1"])
    assert alone.size == 1
    np.testing.assert_array_equal(alone.use[0], whole.use[at])
    np.testing.assert_array_equal(alone.exposure[0], whole.exposure[at])


def lots(held, institution, drug):
    mine = held.lots[(held.lots.institution == institution.pk) & (held.lots.presentation == drug.pk)]
    return list(zip(mine.expiry, mine.quantity, strict=True))


def stock(held, institution, drug):
    mine = held.stock[(held.stock.institution == institution.pk) & (held.stock.presentation == drug.pk)]
    return (int(mine.quantity.iloc[0]), int(mine.expired.iloc[0]))


def test_batches_are_used_up_first_expired_first_to_a_newer_closing_stock(world, facts):
    day0 = (TODAY - dt.date(1970, 1, 1)).days
    facts.lot(world.t1, "M1", 100, expires_in=10, days=5, batch="old")
    facts.lot(world.t1, "M1", 100, expires_in=300, days=5, batch="new")
    facts.level(world.t1, "M1", 130, days=1)
    held = series.holdings(world.alliance, TODAY)
    assert lots(held, world.t1, world.drugs["M1"]) == [(day0 + 10, 30), (day0 + 300, 100)]
    assert stock(held, world.t1, world.drugs["M1"]) == (130, 0)


def test_order_in_which_batches_were_written_does_not_matter(world, facts):
    for code, batches in (("M2", ((300, "new"), (10, "old"))), ("M1", ((300, "new"), (-3, "gone"), (10, "old")))):
        for expires_in, batch in batches:
            facts.lot(world.t1, code, 100, expires_in=expires_in, days=1, batch=batch)
        facts.level(world.t1, code, 130, days=1)
    held = series.holdings(world.alliance, TODAY)
    for code in ("M1", "M2"):
        assert [quantity for _, quantity in lots(held, world.t1, world.drugs[code])] == [30, 100]


def test_closing_stock_above_the_batches_has_a_rest_without_known_expiry(world, facts):
    day0 = (TODAY - dt.date(1970, 1, 1)).days
    facts.lot(world.t1, "M1", 100, expires_in=10, days=5)
    facts.level(world.t1, "M1", 130, days=1)
    held = series.holdings(world.alliance, TODAY)
    assert lots(held, world.t1, world.drugs["M1"]) == [(day0 + 10, 100), (NEVER, 30)]


def test_batch_that_expired_since_is_no_stock(world, facts):
    facts.lot(world.t1, "M1", 100, expires_in=0, days=5, batch="gone")
    facts.lot(world.t1, "M1", 40, expires_in=1, days=5, batch="tomorrow")
    facts.level(world.t1, "M1", 140, days=5)
    held = series.holdings(world.alliance, TODAY)
    assert stock(held, world.t1, world.drugs["M1"]) == (40, 100)


def test_batch_that_had_expired_before_the_closing_stock_is_not_in_it(world, facts):
    facts.lot(world.t1, "M1", 100, expires_in=-9, days=5, batch="gone")
    facts.lot(world.t1, "M1", 40, expires_in=90, days=5, batch="good")
    facts.level(world.t1, "M1", 40, days=5)
    held = series.holdings(world.alliance, TODAY)
    assert stock(held, world.t1, world.drugs["M1"]) == (40, 100)


def test_batches_newer_than_closing_stock_count_as_they_are(world, facts):
    facts.level(world.t1, "M1", 999, days=9)
    facts.lot(world.t1, "M1", 40, expires_in=90, days=2)
    assert stock(series.holdings(world.alliance, TODAY), world.t1, world.drugs["M1"]) == (40, 0)


def test_order_partly_arrived_is_open_for_the_rest(world, facts):
    facts.order(world.t1, "M1", 100, ordered=6, due=1)
    facts.order(world.t1, "M1", 50, ordered=9, reference="PO2")
    facts.order(world.t1, "M1", 70, ordered=9, reference="PO3", state="arrived", arrived_on=ago(2))
    facts.receipt(world.t1, "M1", 40, days=1)
    facts.receipt(world.t1, "M1", 50, days=1, reference="PO2")
    frame = series.open_orders(world.alliance, TODAY)
    assert frame[["reference", "quantity", "age"]].to_numpy().tolist() == [["PO1", 60, 6]]
    assert sorted(series.lead_samples(world.alliance, TODAY).days) == [5, 7, 8]
    before = series.open_orders(world.alliance, ago(3))
    assert sorted(before.quantity) == [50, 70, 100]


def test_need_is_forecast_over_the_period_beside_what_is_there_and_coming(world, facts):
    drug = world.drugs["M1"]
    with pytest.raises(queries.NoForecast, match="还没有需求预测"):
        queries.need(world.alliance, TODAY, 60)
    WatchRun.objects.create(alliance=world.alliance, as_of=ago(1), finished_at=NOW)
    Forecast.objects.create(
        institution=world.t1,
        presentation=drug,
        as_of=ago(1),
        daily_rate=2,
        mean_30=60,
        q10_30=40,
        q90_30=80,
        safety_stock=15,
    )
    facts.level(world.t1, "M1", 33)
    facts.order(world.t1, "M1", 100)
    frame = queries.need(world.alliance, TODAY, 60)
    assert frame.to_dict("records") == [
        {
            "institution": world.t1.pk,
            "presentation": drug.pk,
            "demand": 120,
            "safety_stock": 15,
            "usable_stock": 33,
            "on_order": 100,
            "ordered": 100,
            "daily_rate": 2.0,
            "forecast_on": ago(1),
        }
    ]
