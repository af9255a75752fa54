"""How a transfer's way and the moves open to a person are shown."""

from django.utils import timezone

from config.access import Permission
from formulary.queries import scope_of
from shortage.actions.transfers import sides_of
from shortage.models import Transfer, TransferState
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
    may_sign = sides_of(order, person)
    open_side = any(getattr(order, f"{side}_by_id") is None for side in may_sign)
    stops = bool(sides & signs) or bool(may_sign)
    may = {
        Step.SIGN: open_side and person.pk not in signed,
        Step.DISPATCH: order.donor_id in moves,
        Step.RECEIVE: order.receiver_id in moves,
        Step.SETTLE: order.receiver_id in moves,
        Step.REFUSE: stops and order.planned_by_id != person.pk,
        Step.CANCEL: stops and order.planned_by_id == person.pk,
    }
    return [step for step, allowed in may.items() if allowed and order.state in MOVES[step].before]


def steps_of(order):
    """The way of a transfer for components/steps.html."""
    released = order.kind == Transfer.Kind.RELEASE
    stopped = order.state in (TransferState.REFUSED, TransferState.CANCELLED)
    way = [
        ("拟定", order.planned_at, order.planned_by),
        ("批准" if released else f"{order.donor.short_name or order.donor.name}签字", order.donor_at, order.donor_by),
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
