"""What may go into the draft."""

from __future__ import annotations

from formulary.models import Adjustment, Alliance, FormularyVersion
from formulary.rules.adjustment_life import State


def cleared_for(draft: FormularyVersion | None, alliance: Alliance | None = None) -> list[Adjustment]:
    """Cleared applications by number, each with `inside`: whether the draft holds it."""
    owner = draft.alliance if draft is not None else alliance
    rows = Adjustment.objects.filter(alliance=owner, state=State.CLEARED)
    found = list(rows.select_related("presentation", "drops", "institution").order_by("number"))
    taken: set[int | None] = set(draft.changes.values_list("adjustment", flat=True)) if draft is not None else set()
    for row in found:
        row.inside = row.pk in taken  # type: ignore[attr-defined]
    return found
