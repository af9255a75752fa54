"""The one door through which an application changes its state: guard → conditional update → step → history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from formulary.actions.history import record
from formulary.models import Adjustment, AdjustmentStep, Person
from formulary.rules import adjustment_life
from formulary.rules.adjustment_life import MoveRefused, Verb


def move(
    adjustment: Adjustment,
    verb: Verb,
    *,
    by: Person | None,
    now: dt.datetime,
    note: str = "",
    on_behalf_of: Person | None = None,
    findings: Sequence[dict[str, Any]] = (),
    **fields: Any,
) -> Adjustment:
    """Moves the application and writes `fields` with it. Who may is asked by the caller.

    Raises MoveRefused when its state does not allow the verb, or when somebody else was quicker.
    """
    with transaction.atomic():
        row = Adjustment.objects.select_related("alliance", "presentation").get(pk=adjustment.pk)
        after = adjustment_life.check(verb, row.state, row.kind)
        if Adjustment.objects.filter(pk=row.pk, state=row.state).update(state=after, **fields) != 1:
            raise MoveRefused("申请刚被他人处理，请刷新后再试")
        AdjustmentStep.objects.create(
            adjustment=row,
            at=now,
            verb=verb,
            state=after,
            by=by,
            on_behalf_of=on_behalf_of,
            note=note,
            findings=list(findings),
        )
        data = {"before": row.state, "after": after, "note": note, **{key: str(value) for key, value in fields.items()}}
        record(f"{verb.label}调整申请", row, alliance=row.alliance, by=by, now=now, data=data)
    adjustment.refresh_from_db()
    return adjustment
