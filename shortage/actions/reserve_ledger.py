"""The reserve's own ledger: lots go in and out as rows that are only added; what is kept is their sum.

Reserve lots stand apart from the institution's pharmacy: its HIS stock does not hold them, and no forecast counts them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from formulary.models import Institution, Person
from shortage.models import ReserveMove, Transfer
from shortage.queries.reserve_lots import promised_out, reserve_lots
from shortage.rules import transfers as rules
from shortage.rules.transfers import Lot

Goods = Mapping[int, Sequence[Lot]]


def chosen(keeper: Institution, wanted: Mapping[int, int], on: dt.date) -> Iterator[tuple[int, Lot]]:
    """Lots of the reserve for a release, the first to expire first, less what is promised already. Raises NotEnough."""
    lock(keeper)
    kept = reserve_lots([keeper.pk], list(wanted))
    promised = promised_out([keeper.pk], list(wanted))
    for presentation, units in wanted.items():
        lots = rules.without(kept.get((keeper.pk, presentation), []), promised.get((keeper.pk, presentation), []))
        try:
            found = rules.draw(lots, units, on=on)
        except rules.NotEnough:
            free = sum(lot.quantity for lot in lots if lot.expiry is None or lot.expiry > on)
            raise rules.NotEnough(f"{keeper.short_name or keeper.name}储备可动用 {free:,}，不足 {units:,}") from None
        for lot in found:
            yield presentation, lot


def take(
    keeper: Institution,
    goods: Goods,
    *,
    kind: str,
    by: Person | None,
    now: dt.datetime,
    transfer: Transfer | None = None,
    note: str = "",
) -> None:
    """The lots by presentation leave the reserve. Raises NotEnough; inside the caller's transaction."""
    lock(keeper)
    kept = reserve_lots([keeper.pk], list(goods))
    for presentation, lots in goods.items():
        rules.less(kept.get((keeper.pk, presentation), []), lots)
    _write(keeper, goods, -1, kind=kind, by=by, now=now, transfer=transfer, note=note)


def put(
    keeper: Institution,
    goods: Goods,
    *,
    kind: str,
    by: Person | None,
    now: dt.datetime,
    transfer: Transfer | None = None,
    note: str = "",
) -> None:
    """The lots by presentation go into the reserve; inside the caller's transaction."""
    lock(keeper)
    _write(keeper, goods, 1, kind=kind, by=by, now=now, transfer=transfer, note=note)


def lock(keeper: Institution) -> None:
    """One ledger of an institution is written by one at a time."""
    Institution.objects.select_for_update().get(pk=keeper.pk)


def _write(
    keeper: Institution,
    goods: Goods,
    sign: int,
    *,
    kind: str,
    by: Person | None,
    now: dt.datetime,
    transfer: Transfer | None,
    note: str,
) -> None:
    ReserveMove.objects.bulk_create(
        ReserveMove(
            institution=keeper,
            presentation_id=presentation,
            product_id=lot.product or None,
            batch=lot.batch,
            expiry=lot.expiry,
            units=sign * lot.quantity,
            kind=kind,
            transfer=transfer,
            by=by,
            at=now,
            note=note[:200],
        )
        for presentation, lots in goods.items()
        for lot in _moving(lots)
    )


def _moving(lots: Iterable[Lot]) -> Iterator[Lot]:
    return (lot for lot in lots if lot.quantity)
