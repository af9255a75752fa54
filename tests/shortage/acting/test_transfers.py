"""From the alert to the shelf: signatures, stock of both sides, use untouched, outcome on the alert."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from config.access import Role
from formulary.models import Event
from formulary.queries import Scope
from shortage.actions import intake, loans, measures, transfers, trips
from shortage.actions.watch import watch
from shortage.models import (
    CURRENT,
    Consumption,
    Disposition,
    ExpectedReceipt,
    Feed,
    Intake,
    StockLevel,
    StockLot,
    StockPosition,
    Transfer,
    TransferLine,
)
from shortage.queries import debts, purchase_suggestions, waiting_transfer_count
from shortage.queries.shelves import shelves
from shortage.rules import transfers as rules
from shortage.series import lead_samples, open_orders
from tests.conftest import NOW, TODAY
from tests.shortage.acting.conftest import join

LATER = NOW + dt.timedelta(hours=2)


def planned(county, units=200, **more):
    given = {"reason": "缺药", "by": county.asking, "now": NOW} | more
    return transfers.plan(county.h1, county.t1, {county.drugs["M1"].pk: units}, **given)


def sent(county, units=200, **more):
    order = planned(county, units, **more)
    transfers.sign(order, by=county.lending, now=NOW)
    return trips.dispatch(order, by=county.lending, now=NOW)


def on_shelf(county, place):
    _, lots = shelves([place.pk], [county.drugs["M1"].pk])[place.pk, county.drugs["M1"].pk]
    return {lot.batch: lot.quantity for lot in lots}


def test_planner_signs_for_his_side_and_the_other_side_approves(county):
    order = planned(county)
    assert (order.state, order.receiver_by, order.donor_by) == ("planned", county.asking, None)
    assert waiting_transfer_count(county.lending) == 1
    assert waiting_transfer_count(county.asking) == 0
    order = transfers.sign(order, by=county.lending, now=LATER)
    assert (order.state, order.donor_by) == ("approved", county.lending)
    assert [event.verb for event in Event.objects.filter(subject=f"shortage.Transfer:{order.pk}").order_by("number")] == [
        "拟定调剂", "调入方签字", "调出方签字",
    ]  # fmt: skip


def test_one_person_never_signs_for_both_sides(county):
    from formulary.models import Membership

    Membership.objects.create(
        person=county.asking, role="pharmacist", alliance=county.alliance, institution=county.h1, valid_from=TODAY
    )
    county.asking.__dict__.pop("active_memberships", None)
    order = planned(county)
    with pytest.raises(rules.SamePerson):
        transfers.sign(order, by=county.asking, now=LATER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.filter(pk=order.pk).update(donor_by=county.asking, donor_at=NOW)


def test_nothing_moves_before_both_have_signed_even_past_the_action(county):
    order = planned(county)
    with pytest.raises(rules.WrongState, match="待签字，不能发出"):
        trips.dispatch(order, by=county.lending, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.filter(pk=order.pk).update(state="approved")


@pytest.mark.parametrize("role", [Role.PROCUREMENT, Role.COMMITTEE, Role.AUDITOR])
def test_roles_of_the_whole_alliance_do_not_sign_or_move(county, role):
    with pytest.raises(rules.NotYourSide):
        transfers.sign(planned(county), by=county.people[role], now=NOW)


def test_purchaser_may_plan_for_others_and_nobody_has_signed_then(county):
    order = planned(county, by=county.people[Role.PROCUREMENT])
    assert (order.donor_by, order.receiver_by) == (None, None)
    with pytest.raises(rules.NotYourSide):
        planned(county, by=county.people[Role.COMMITTEE])


def test_first_expiring_lots_are_picked_and_leave_the_donor_when_sent(county):
    order = sent(county, 600)
    assert [(line.batch, line.quantity) for line in order.lines.all()] == [("H-early", 500), ("H-late", 100)]
    assert on_shelf(county, county.h1) == {"H-late": 3900}
    assert on_shelf(county, county.t1) == {"T": 40}
    expected = ExpectedReceipt.objects.get(institution=county.t1)
    assert (expected.quantity, expected.internal, expected.state) == (600, True, "open")


def test_receiving_all_closes_it_and_stands_on_the_receivers_shelf(county):
    order = trips.receive(sent(county, 600), by=county.asking, now=LATER)
    assert order.state == "closed"
    assert on_shelf(county, county.t1) == {"T": 40, "H-early": 500, "H-late": 100}
    assert StockPosition.objects.get(institution=county.t1, presentation=county.drugs["M1"]).quantity == 640
    assert ExpectedReceipt.objects.get(institution=county.t1).state == "arrived"


def test_a_transfer_is_not_use_and_does_not_make_the_feed_look_fresh(county):
    Feed.objects.update(last_date=TODAY - dt.timedelta(days=1))
    used = Consumption.objects.count()
    trips.receive(sent(county), by=county.asking, now=LATER)
    assert Consumption.objects.count() == used
    assert {feed.last_date for feed in Feed.objects.all()} == {TODAY - dt.timedelta(days=1)}
    assert StockLevel.objects.filter(CURRENT, date=TODAY).count() >= 2


def test_a_transfer_says_nothing_of_suppliers(county):
    order = sent(county)
    open_ = open_orders(county.alliance, TODAY + dt.timedelta(days=3), only=(county.t1.pk, county.drugs["M1"].pk))
    assert open_.age.tolist() == [0]
    trips.receive(order, by=county.asking, now=LATER)
    assert lead_samples(county.alliance, TODAY + dt.timedelta(days=3)).empty


def test_part_then_the_rest_and_every_unit_is_accounted_for(county):
    before = sum(on_shelf(county, county.h1).values()) + sum(on_shelf(county, county.t1).values())
    order = sent(county, 300)
    line = order.lines.get()
    order = trips.receive(order, received={line.pk: 120}, by=county.asking, now=LATER)
    assert order.state == "partly"
    assert ExpectedReceipt.objects.get(institution=county.t1).quantity == 180
    with pytest.raises(rules.QuantityWrong, match="0 到 180"):
        trips.receive(order, received={line.pk: 181}, by=county.asking, now=LATER)
    order = trips.receive(order, received={line.pk: 60}, by=county.asking, now=LATER)
    order = trips.settle(order, "back", "破损退回", by=county.asking, now=LATER)
    line.refresh_from_db()
    assert (order.state, line.received, line.back) == ("closed", 180, 120)
    after = sum(on_shelf(county, county.h1).values()) + sum(on_shelf(county, county.t1).values())
    assert after == before


def test_what_is_written_off_is_lost_to_both(county):
    before = sum(on_shelf(county, county.h1).values()) + sum(on_shelf(county, county.t1).values())
    order = sent(county, 100)
    line = order.lines.get()
    order = trips.receive(order, received={line.pk: 90}, by=county.asking, now=LATER)
    order = trips.settle(order, "lost", "途中破损", by=county.asking, now=LATER)
    after = sum(on_shelf(county, county.h1).values()) + sum(on_shelf(county, county.t1).values())
    assert (before - after, order.outcome) == (10, "报损 10：途中破损")


def test_the_database_refuses_more_received_than_sent(county):
    line = sent(county).lines.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        TransferLine.objects.filter(pk=line.pk).update(received=201)


def test_donor_keeps_its_line_unless_it_signs_knowing(county):
    with pytest.raises(rules.NotEnough, match="保住自己的补货点后最多可调出"):
        planned(county, 4400)
    assert planned(county, 4400, knowingly=True).state == "planned"


def test_what_is_promised_elsewhere_is_not_spare(county):
    first = planned(county, 3000)
    with pytest.raises(rules.NotEnough):
        planned(county, 3000)
    transfers.cancel(first, "不需要了", by=county.asking, now=NOW)
    assert planned(county, 3000).number.endswith("-002")


def test_goods_that_are_gone_when_the_van_leaves_are_refused_whole(county):
    order = planned(county, 600)
    transfers.sign(order, by=county.lending, now=NOW)
    StockLot.objects.filter(batch="H-early").update(quantity=10)
    with pytest.raises(rules.NotEnough, match="H-early 现有 10，不足 500"):
        trips.dispatch(order, by=county.lending, now=NOW)
    order.refresh_from_db()
    assert (order.state, Intake.objects.filter(source="transfer").count()) == ("approved", 0)


def test_refusal_asks_for_a_reason_and_ends_it(county):
    order = planned(county)
    with pytest.raises(rules.WordsMissing):
        transfers.refuse(order, " ", by=county.lending, now=NOW)
    order = transfers.refuse(order, "本院也紧张", by=county.lending, now=NOW)
    assert (order.state, order.outcome) == ("refused", "本院也紧张")
    with pytest.raises(rules.WrongState):
        transfers.sign(order, by=county.lending, now=NOW)


def test_an_import_the_move_was_counted_upon_cannot_be_taken_back_before_it(county):
    counted = StockLevel.objects.filter(CURRENT, institution=county.h1, date=TODAY).get().intake
    Intake.objects.filter(pk=counted.pk).update(source="file")
    sent(county)
    with pytest.raises(intake.UndoRefused, match="调剂"):
        intake.undo(Intake.objects.get(pk=counted.pk), by=county.lending, now=LATER)
    with pytest.raises(intake.UndoRefused, match="调剂"):
        intake.undo(Intake.objects.get(source="transfer"), by=county.lending, now=LATER)


def test_a_loan_is_owed_until_given_back_or_given_up(county):
    loan = trips.receive(sent(county, 100, kind="loan"), by=county.asking, now=LATER)
    scope = Scope(county.alliance, frozenset({county.t1.pk, county.h1.pk}), True)
    assert [debt.account.owed for debt in debts(scope, TODAY)] == [100]
    back = loans.give_back(loan, {county.drugs["M1"].pk: 40}, by=county.asking, now=LATER)
    with pytest.raises(rules.QuantityWrong, match="超过尚欠的 100"):
        loans.give_back(loan, {county.drugs["M1"].pk: 101}, by=county.asking, now=LATER)
    transfers.sign(back, by=county.lending, now=LATER)
    trips.dispatch(back, by=county.asking, now=LATER)
    trips.receive(back, by=county.lending, now=LATER)
    assert [debt.account.owed for debt in debts(scope, loan.due_on + dt.timedelta(days=2))] == [60]
    assert debts(scope, loan.due_on + dt.timedelta(days=2))[0].overdue == 2
    with pytest.raises(rules.NotYourSide):
        loans.convert(loan, by=county.asking, now=LATER)
    loans.convert(loan, by=county.lending, now=LATER)
    assert debts(scope, TODAY) == []


def test_one_click_asks_the_neighbour_and_arrival_ends_the_alert(county):
    measure = measures.ask_neighbour(county.alert, county.h1.pk, by=county.asking, now=NOW)
    county.alert.refresh_from_db()
    assert (county.alert.state, county.alert.handler) == ("acting", county.asking)
    order = measure.transfer
    transfers.sign(order, by=county.lending, now=NOW)
    trips.dispatch(order, by=county.lending, now=NOW)
    trips.receive(order, by=county.asking, now=LATER)
    county.alert.refresh_from_db()
    measure.refresh_from_db()
    assert (county.alert.state, measure.state) == ("closed", "done")
    assert order.number in county.alert.outcome
    assert [step.verb for step in county.alert.steps.all()] == ["raise", "start", "outcome", "close"]
    watch(county.alliance, TODAY, by=None, now=LATER)
    county.alert.refresh_from_db()
    assert county.alert.state == "closed"


def test_a_refused_transfer_is_an_outcome_and_the_alert_stays(county):
    measure = measures.ask_neighbour(county.alert, county.h1.pk, by=county.asking, now=NOW)
    transfers.refuse(measure.transfer, "本院也紧张", by=county.lending, now=NOW)
    measure.refresh_from_db()
    county.alert.refresh_from_db()
    assert (measure.state, county.alert.state) == ("failed", "acting")
    assert "本院也紧张" in measure.outcome


def test_a_purchase_suggestion_is_there_for_the_purchasers(county):
    county.facts.order(county.t1, "M1", 500, ordered=40, state="arrived", arrived_on=TODAY - dt.timedelta(days=35))
    made = measures.suggest_order(county.alert, "B", by=county.asking, now=NOW)
    scope = Scope(county.alliance, frozenset({county.t1.pk, county.h1.pk}), True)
    assert [row.pk for row in purchase_suggestions(scope)] == [made.pk]
    assert made.detail["supplier"] == "B"
    from shortage.actions import relief

    with pytest.raises(relief.MeasureRefused, match="已在进行中"):
        measures.suggest_order(county.alert, "B", by=county.asking, now=NOW)
    relief.finish(made, "已下单", worked=True, by=county.asking, now=LATER)
    assert not purchase_suggestions(scope).exists()
    with pytest.raises(relief.MeasureRefused, match="已有结果"):
        relief.finish(made, "再来一次", worked=True, by=county.asking, now=LATER)


def test_strangers_start_nothing(county):
    from shortage.rules.lifecycle import NotInReach

    stranger = join(county, "x", "外人", "pharmacist", county.h1)
    with pytest.raises(NotInReach):
        measures.call_meeting(county.alert, by=stranger, now=NOW)
    made = measures.call_meeting(county.alert, by=county.asking, now=NOW)
    assert (made.kind, made.due_on) == (Disposition.Kind.MEETING, TODAY + dt.timedelta(days=3))
