"""What lies in the reserves by lot, and what of it is promised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Min, Sum

from shortage.models import ReserveMove, Transfer, TransferLine
from shortage.queries.shelves import Item
from shortage.rules.transfers import Lot


def reserve_lots(institutions: Collection[int], presentations: Collection[int] | None = None) -> dict[Item, list[Lot]]:
    """Lots (quantity > 0, expired ones included) by (institution, presentation). One query."""
    rows = ReserveMove.objects.filter(institution__in=list(institutions))
    if presentations is not None:
        rows = rows.filter(presentation__in=list(presentations))
    summed = (
        rows.order_by()
        .values_list("institution", "presentation", "product", "batch")
        .annotate(first=Min("expiry"), kept=Sum("units"))
        .filter(kept__gt=0)
        .order_by("first", "batch")
    )
    found: dict[Item, list[Lot]] = defaultdict(list)
    for institution, presentation, product, batch, expiry, units in summed:
        found[institution, presentation].append(Lot(product or 0, batch, expiry, units))
    return dict(found)


def promised_out(institutions: Collection[int], presentations: Collection[int] | None = None) -> dict[Item, list[Lot]]:
    """Lots in releases that are drawn up or approved and not yet sent, by (keeper, presentation)."""
    lines = TransferLine.objects.filter(
        transfer__kind=Transfer.Kind.RELEASE,
        transfer__state__in=["planned", "approved"],
        transfer__donor__in=list(institutions),
    )
    if presentations is not None:
        lines = lines.filter(presentation__in=list(presentations))
    found: dict[Item, list[Lot]] = defaultdict(list)
    fields = ("transfer__donor", "presentation", "product", "batch", "expiry", "quantity")
    for donor, presentation, product, batch, expiry, units in lines.values_list(*fields):
        found[donor, presentation].append(Lot(product or 0, batch, expiry, units))
    return dict(found)
