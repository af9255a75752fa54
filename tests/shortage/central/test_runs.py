"""From the central store to the township: proposal, changes, two signatures, the van, receipt; stock moves exactly once."""

import datetime as dt
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulary.models import Event
from shortage.actions import central, runs, transfers, trips
from shortage.models import CURRENT, Consumption, ExpectedReceipt, StockLot, StockPosition
from shortage.queries.central import central_stock, free_lots, store_of
from shortage.queries.runs import allocations, waiting_run_count
from shortage.queries.runs import runs as shown
from shortage.rules.runs import RunRefused
from shortage.rules.transfers import NotEnough, NotYourSide, QuantityWrong, SamePerson, WordsMissing
from shortage.series import lead_samples, open_orders
from tests.conftest import NOW, TODAY

LATER = NOW + dt.timedelta(hours=3)


def scope_of(person):
    from config.access import Permission
    from formulary.queries import scope_of as asked

    return asked(person, Permission.SEE_TRANSFERS)


def opened(store, **more):
    return runs.open_run(TODAY, "北线", **({"by": store.officer, "now": NOW} | more))


def confirmed(store):
    return runs.confirm(opened(store), by=store.keeper, now=NOW)


def loaded(store):
    run = confirmed(store)
    for leg in run.legs.all():
        transfers.sign(leg, by=store.asking if leg.receiver == store.t1 else store.hengxi, now=NOW)
    return runs.load(run, by=store.keeper, now=NOW)


def held(store, place):
    row = StockPosition.objects.filter(institution=place, presentation=store.drugs["M1"]).first()
    return row.quantity if row else 0


def given_to(run):
    return {row.institution.code: row.quantity for row in run.allocations.select_related("institution")}


def test_only_the_purchaser_marks_the_store_and_not_while_a_run_is_open(store):
    with pytest.raises(RunRefused, match="采购员"):
        central.mark(store.h1, by=store.keeper, now=NOW)
    opened(store)
    with pytest.raises(RunRefused, match="未完成的配送单"):
        central.mark(store.h1, by=store.officer, now=NOW)
    assert store_of(store.alliance).institution == store.c


def test_who_runs_out_is_proposed_whole_packs_within_what_is_there(store):
    run = opened(store)
    given_out = given_to(run)
    assert set(given_out) == {"T1"}
    assert given_out["T1"] % 28 == 0
    assert 0 < given_out["T1"] <= 700
    row = run.allocations.get()
    assert (row.stock, row.coming, row.proposed) == (20, 0, row.quantity)
    assert row.days_before == pytest.approx(20 / row.per_day)
    assert run.number == f"PS{TODAY:%Y%m%d}-01"


def test_what_others_need_more_urgently_is_left_for_their_run(store):
    """A run to T2 alone: T1, with two days left, keeps its share of what lies in the store."""
    StockPosition.objects.filter(institution=store.t2).update(quantity=60)
    assert given_to(opened(store, institutions={store.t2.pk}))["T2"] < given_to(opened(store))["T1"]


def test_two_drafts_never_give_the_same_pack(store):
    first, second = opened(store), opened(store)
    units = sum(given_to(first).values()) + sum(given_to(second).values())
    assert units <= 700
    assert given_to(second) == {} or sum(given_to(second).values()) < 700


def test_a_change_needs_a_reason_whole_packs_and_what_is_free(store):
    run, product = opened(store), store.products["M1-P1"]
    with pytest.raises(WordsMissing):
        runs.change(run, store.t2, product, 2, " ", by=store.officer, now=NOW)
    with pytest.raises(QuantityWrong):
        runs.change(run, store.t2, product, -1, "义诊", by=store.officer, now=NOW)
    free = 25 - given_to(run)["T1"] // 28
    with pytest.raises(NotEnough, match=f"可分配 {free} 包"):
        runs.change(run, store.t2, product, free + 1, "义诊", by=store.officer, now=NOW)
    row = runs.change(run, store.t1, product, 1, "路远先少发", by=store.officer, now=NOW)
    assert (row.quantity, row.proposed % 28, row.reason) == (28, 0, "路远先少发")
    runs.change(run, store.t2, product, 2, "下周义诊", by=store.officer, now=NOW)
    runs.propose(run, by=store.officer, now=NOW)
    assert given_to(run) == {"T1": 28, "T2": 56}
    assert Event.objects.filter(verb="调整配送分配").count() == 2


def test_only_the_store_confirms_and_loads_and_the_receiver_signs_before(store):
    run = opened(store)
    with pytest.raises(NotYourSide, match="中心药房"):
        runs.confirm(run, by=store.officer, now=NOW)
    with pytest.raises(NotYourSide):
        runs.open_run(TODAY, "南线", by=store.asking, now=NOW)
    assert waiting_run_count(store.keeper) == 1
    run = runs.confirm(run, by=store.keeper, now=NOW)
    leg = run.legs.get()
    assert (run.state, leg.state, leg.donor_by, leg.receiver_by) == ("signing", "planned", store.keeper, None)
    with pytest.raises(RunRefused, match="湖熟 尚未签字"):
        runs.load(run, by=store.keeper, now=NOW)
    with pytest.raises(SamePerson):
        _both_sides(store, leg)
    with pytest.raises(RunRefused, match="不能调整分配"):
        runs.change(run, store.t1, store.products["M1-P1"], 1, "改", by=store.officer, now=NOW)


def _both_sides(store, leg):
    from formulary.models import Membership

    Membership.objects.create(
        person=store.keeper, role="pharmacist", alliance=store.alliance, institution=store.t1, valid_from=TODAY
    )
    store.keeper.__dict__.pop("active_memberships", None)
    transfers.sign(leg, by=store.keeper, now=NOW)


def test_goods_on_the_way_stand_among_the_townships_orders_and_say_nothing_of_suppliers(store):
    run = loaded(store)
    units = given_to(run)["T1"]
    assert (run.state, run.loaded_by) == ("moving", store.keeper)
    assert (held(store, store.c), held(store, store.t1)) == (700 - units, 20)
    expected = ExpectedReceipt.objects.get(institution=store.t1)
    assert (expected.quantity, expected.internal, expected.supplier_name) == (units, True, "中心药房（中心药房配送）")
    coming = open_orders(store.alliance, TODAY)
    assert coming[coming.institution == store.t1.pk].quantity.tolist() == [units]
    assert lead_samples(store.alliance, TODAY).empty


def test_received_with_a_difference_then_settled_closes_the_run_and_use_is_untouched(store):
    used = Consumption.objects.count()
    run = loaded(store)
    leg = run.legs.get()
    line = leg.lines.first()
    trips.receive(leg, received={line.pk: line.sent - 3}, note="破损 3 片", by=store.asking, now=LATER)
    run.refresh_from_db()
    assert run.state == "moving"
    leg.refresh_from_db()
    trips.settle(leg, "lost", "途中破损", by=store.asking, now=LATER)
    run.refresh_from_db()
    assert (run.state, run.closed_at) == ("closed", LATER)
    units = given_to(run)["T1"]
    rest = sum(one.lost for one in leg.lines.all())
    assert held(store, store.t1) == 20 + units - rest
    assert held(store, store.c) == 700 - units
    assert Consumption.objects.count() == used


def test_cancelling_gives_the_packs_free_again_and_nothing_moves(store):
    run = confirmed(store)
    before = sum(lot.quantity for lot in free_lots(store_of(store.alliance), TODAY)[store.drugs["M1"].pk])
    with pytest.raises(WordsMissing):
        runs.cancel(run, "", by=store.keeper, now=NOW)
    run = runs.cancel(run, "车坏了", by=store.keeper, now=NOW)
    after = sum(lot.quantity for lot in free_lots(store_of(store.alliance), TODAY)[store.drugs["M1"].pk])
    assert (run.state, run.legs.get().state) == ("cancelled", "refused")
    assert (before, after) == (700 - given_to(run)["T1"], 700)
    assert held(store, store.c) == 700


def test_a_store_with_patients_of_its_own_keeps_what_it_needs(store):
    """As a hospital that is the store: free is what it holds beyond its own order-up-to level."""
    from shortage.models import Forecast

    Forecast.objects.filter(institution=store.c).update(daily_rate=1, order_up_to=100)
    lots = free_lots(store_of(store.alliance), TODAY)[store.drugs["M1"].pk]
    assert [(lot.batch, lot.quantity) for lot in lots] == [("early", 84), ("late", 516)]
    row = central_stock(store_of(store.alliance), TODAY)[0]
    assert (row.stock, row.kept, row.free, row.places) == (700, 100, 600, 1)


def test_a_township_sees_its_own_legs_only_and_no_drafts(store):
    draft = opened(store)
    assert list(shown(scope_of(store.asking))) == []
    run = runs.confirm(draft, by=store.keeper, now=NOW)
    assert list(shown(scope_of(store.asking))) == [run]
    assert list(shown(scope_of(store.hengxi))) == []
    assert allocations(run, scope_of(store.hengxi)).count() == 0
    assert allocations(run, scope_of(store.keeper)).count() == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_people_do_not_a_unit_is_made_or_lost_but_by_a_written_word(store, data):
    from django.db import transaction

    class Undo(Exception):
        pass

    def total():
        rows = StockLot.objects.filter(CURRENT, presentation=store.drugs["M1"])
        return sum(held(store, place) for place in (store.c, store.t1, store.t2)), rows.count()

    try:
        with transaction.atomic():
            before, _ = total()
            run = opened(store)
            packs = data.draw(st.integers(0, 4))
            product = store.products["M1-P1"]
            with suppress(NotEnough):
                runs.change(run, store.t2, product, packs, "抽样", by=store.officer, now=NOW)
            run = runs.confirm(run, by=store.keeper, now=NOW)
            for leg in run.legs.select_related("receiver"):
                signer = store.asking if leg.receiver == store.t1 else store.hengxi
                if data.draw(st.booleans()):
                    transfers.sign(leg, by=signer, now=NOW)
                else:
                    transfers.refuse(leg, "暂不需要", by=signer, now=NOW)
            run.refresh_from_db()
            if run.state == "signing":
                run = runs.load(run, by=store.keeper, now=NOW)
            for leg in run.legs.filter(state="dispatched").select_related("receiver"):
                signer = store.asking if leg.receiver == store.t1 else store.hengxi
                came = {line.pk: data.draw(st.integers(0, line.sent)) for line in leg.lines.all()}
                if any(came.values()):
                    leg = trips.receive(leg, received=came, by=signer, now=LATER)
                    if leg.state == "partly" and data.draw(st.booleans()):
                        trips.settle(leg, data.draw(st.sampled_from(["back", "lost"])), "差额", by=signer, now=LATER)
            lines = [line for leg in run.legs.all() for line in leg.lines.all()]
            on_the_way = sum(line.missing for line in lines if line.transfer.state in ("dispatched", "partly"))
            lost = sum(line.lost for line in lines)
            assert total()[0] + on_the_way + lost == before
            run.refresh_from_db()
            live = run.legs.filter(state__in=["planned", "approved", "dispatched", "partly"]).exists()
            assert (run.state in ("closed", "cancelled")) is not live
            raise Undo
    except Undo:
        pass
