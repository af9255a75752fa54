"""What the other rooms know of a drug, in the shapes the committee reads. Sources are named in settings.EVIDENCE.

`formulary` knows no stock, use or price; shortage and procurement answer these questions through callables that settings
name by dotted path, each `(alliance, presentation_ids, on) -> iterable of rows` of one shape below. presentation_ids None
asks for every drug. Rows are tuples with names: `pandas.DataFrame(rows, columns=UseRow._fields)` makes a frame of them.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple


class UseRow(NamedTuple):
    """source "use": what an institution used of a presentation in one calendar month, in minimal units."""

    institution: int
    presentation: int
    month: dt.date
    quantity: int


class UsedRow(NamedTuple):
    """source "used": a presentation that an institution used at all in the months asked for."""

    institution: int
    presentation: int


class StockRow(NamedTuple):
    """source "stock": usable units as last counted (as_of), without what has expired since; soonest: expiry of the first
    lot that is still usable, None when no lot names one."""

    institution: int
    presentation: int
    quantity: int
    soonest: dt.date | None
    as_of: dt.date


class PriceRow(NamedTuple):
    """source "price": one product on offer. price in yuan per pack; label 绿 黄 红1 红2 红3; vbp 中选 备供 非中选 非集采."""

    presentation: int
    product: int
    price: Decimal
    pack_size: int
    label: str
    vbp: str
    supplier: str
    maker: str


class PurchaseRow(NamedTuple):
    """source "purchase": bought (received) by an institution in one month: minimal units and yuan. unpriced: units among
    them that no known price fits, so `amount` leaves them out."""

    institution: int
    presentation: int
    month: dt.date
    quantity: int
    amount: Decimal
    unpriced: int = 0


class CommitmentRow(NamedTuple):
    """source "commitment": agreed volume (约定量) of a presentation in a running tender and what was bought of it;
    institution None: alliance-wide."""

    institution: int | None
    presentation: int
    tender: str
    agreed: int
    bought: int
    ends: dt.date


SHAPES = {
    "use": UseRow,
    "used": UsedRow,
    "stock": StockRow,
    "price": PriceRow,
    "purchase": PurchaseRow,
    "commitment": CommitmentRow,
}
