"""How a transfer's way and the moves open to a person are shown."""

from django.utils import timezone

from config.access import Permission
from formulary.queries import scope_of
from shortage.models import TransferState
from shortage.rules.transfers import MOVES, Step


def reach(person, permission):
    """Institutions the person works in under this permission; none for roles of the whole alliance."""
    scope = scope_of(person, permission)
    return frozenset() if scope is None or scope.whole_alliance else scope.institution_ids


def moves_for(person, order):
    """The steps this person can take now, in the order they are offered."""
    signs, moves = reach(person, Permission.SIGN_TRANSFERS), reach(person, Permission.MOVE_TRANSFERS)
    sides = {order.donor_id, order.receiver_id}
    signed = {order.donor_by_id, order.receiver_by_id}
    open_side = (order.donor_by_id is None and order.donor_id in signs) or (
        order.receiver_by_id is None and order.receiver_id in signs
    )
    may = {
        Step.SIGN: open_side and person.pk not in signed,
        Step.DISPATCH: order.donor_id in moves,
        Step.RECEIVE: order.receiver_id in moves,
        Step.SETTLE: order.receiver_id in moves,
        Step.REFUSE: bool(sides & signs) and order.planned_by_id != person.pk,
        Step.CANCEL: bool(sides & signs) and order.planned_by_id == person.pk,
    }
    return [step for step, allowed in may.items() if allowed and order.state in MOVES[step].before]


def steps_of(order):
    """The way of a transfer for components/steps.html."""
    stopped = order.state in (TransferState.REFUSED, TransferState.CANCELLED)
    way = [
        ("拟定", order.planned_at, order.planned_by),
        (f"{order.donor.short_name or order.donor.name}签字", order.donor_at, order.donor_by),
        (f"{order.receiver.short_name or order.receiver.name}签字", order.receiver_at, order.receiver_by),
        ("发出", order.dispatched_at, order.dispatched_by),
        ("收货", order.closed_at if order.state == TransferState.CLOSED else None, order.received_by),
    ]
    rows, current = [], not stopped
    for label, at, who in way:
        state = "done" if at else "current" if current else "todo"
        current = current and bool(at)
        rows.append({"label": label, "note": str(who) if at and who else "", "when": at_words(at), "state": state})
    if stopped:
        rows = [row for row in rows if row["state"] == "done"]
        rows.append(
            {
                "label": order.get_state_display(),
                "note": order.outcome,
                "when": at_words(order.closed_at),
                "state": "refused",
            }
        )
    return rows


def at_words(moment):
    return f"{timezone.localtime(moment):%m-%d %H:%M}" if moment else ""
