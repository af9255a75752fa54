"""A transfer that belongs to a delivery run takes the run along: loaded when all legs are under way, closed with the last."""

from __future__ import annotations

import datetime as dt

from formulary.actions.history import record
from formulary.models import Person
from shortage.models import DeliveryRun, Transfer
from shortage.rules import runs as rules


def follow(leg: Transfer, *, by: Person, now: dt.datetime) -> None:
    """Brings the run of this leg to where its legs stand; inside the caller's transaction."""
    if leg.run_id is None:
        return
    run = DeliveryRun.objects.select_for_update(of=("self",)).select_related("alliance").get(pk=leg.run_id)
    state = rules.state_of(list(run.legs.values_list("state", flat=True)))
    if state == run.state:
        return
    run.state = state
    if state not in rules.OPEN:
        run.closed_at = now
    elif run.loaded_at is None and state == rules.MOVING:
        run.loaded_at, run.loaded_by = now, by
    run.save(update_fields=["state", "closed_at", "loaded_at", "loaded_by"])
    record(f"配送单{rules.STATE_NAMES[state]}", run, alliance=run.alliance, by=by, now=now, data={"leg": leg.number})
