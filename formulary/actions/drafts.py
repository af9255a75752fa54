"""Drafts of applications that the system writes from what it found; a person completes and submits them."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from formulary.models import Adjustment, AdjustmentStep, Alliance, Institution, Level, Person, Presentation
from formulary.queries.numbers import next_in_year
from formulary.rules.adjustment_life import Kind, State, Verb


def draft(
    *,
    alliance: Alliance,
    kind: str,
    presentation: Presentation | None,
    reason: str,
    by: Person,
    now: dt.datetime,
    drops: Presentation | None = None,
    lowest_level: str = "",
    institution: Institution | None = None,
) -> Adjustment:
    """An application in 草稿 in the name of `by`, for the lead institution unless another is given."""
    with transaction.atomic():
        owner = Alliance.objects.select_for_update(no_key=True).get(pk=alliance.pk)
        row = Adjustment.objects.create(
            alliance=owner,
            number=next_in_year(Adjustment.objects.filter(alliance=owner), timezone.localdate(now).year, 3),
            kind=Kind(kind),
            state=State.DRAFT,
            presentation=presentation,
            drops=drops,
            lowest_level=lowest_level or (Level.PRIMARY if kind in (Kind.ADD, Kind.REPLACE) else ""),
            institution=institution or Institution.objects.filter(alliance=owner).order_by("-is_lead", "pk")[0],
            applicant=by,
            reason=reason,
            created_at=now,
        )
        AdjustmentStep.objects.create(
            adjustment=row, at=now, verb=Verb.CREATE, state=row.state, by=by, note="由系统线索起草"
        )
        record("建立调整申请", row, alliance=owner, by=by, now=now, data={"编号": row.number, "理由": reason})
    return row
