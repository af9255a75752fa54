"""Release from a reserve as a measure on an alert, with its effect."""

from __future__ import annotations

from shortage.models import Alert, ReserveItem
from shortage.queries.option import Option, days_left, km_between
from shortage.queries.reserve_lots import promised_out, reserve_lots
from shortage.queries.whatif import Bench, Place
from shortage.rules import whatif
from shortage.rules.transfers import NotEnough, draw, without


def releases(alert: Alert, seen: Bench, place: Place, before: whatif.Outlook, needed: int) -> list[Option]:
    """One option per reserve that is kept for this institution and holds some; it gives what is needed or all it has."""
    items = _open_to(alert)
    if needed <= 0 or not items:
        return []
    drug, unit = alert.presentation_id, alert.presentation.unit
    kept, promised = reserve_lots(list(items), [drug]), promised_out(list(items), [drug])
    given = []
    for pk, item in items.items():
        free = without(kept.get((pk, drug), []), promised.get((pk, drug), []))
        units = sum(lot.quantity for lot in free if lot.expiry is None or lot.expiry > seen.on)
        if not units:
            continue
        try:
            given.append((item.institution, units, tuple(draw(free, min(units, needed), on=seen.on))))
        except NotEnough:
            continue
    tried = [
        place.shelf.with_lots(*((days_left(lot, seen.as_of), float(lot.quantity)) for lot in lots))
        for _, _, lots in given
    ]
    found = []
    for (keeper, units, lots), after in zip(given, whatif.outlooks(tried, seen.night), strict=True):
        km = km_between(alert.institution, keeper) if keeper.pk != alert.institution_id else None
        facts = [f"储备可动用 {units:,} {unit}", "须采购中心或储备机构负责人批准"]
        if km is not None:
            facts.append(f"直线 {km:.0f} 公里")
        if lots[0].expiry:
            facts.append(f"先出有效期 {lots[0].expiry:%Y-%m-%d}")
        found.append(
            Option(
                "release", f"动用{keeper.short_name or keeper.name}储备", before, after,
                sum(lot.quantity for lot in lots), keeper, None, km=km, lots=lots, facts=tuple(facts),
                enough=not seen.needs_alert(after),
            )
        )  # fmt: skip
    return found


def _open_to(alert: Alert) -> dict[int, ReserveItem]:
    """By keeper: the institution's own reserve, and those kept for the whole alliance."""
    rows = ReserveItem.objects.filter(
        alliance=alert.institution.alliance_id, presentation=alert.presentation_id, ended_at__isnull=True
    ).select_related("institution")
    whole = ReserveItem.Covers.ALLIANCE
    return {
        row.institution_id: row for row in rows if row.covers == whole or row.institution_id == alert.institution_id
    }
