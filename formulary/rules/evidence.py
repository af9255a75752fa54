"""What the other rooms know of a drug, in the shapes the committee reads. Sources are named in settings.EVIDENCE.

`formulary` knows no stock, use or price; shortage and procurement answer these questions through callables that settings
name by dotted path, each `(alliance, presentation_ids, on) -> list of rows` of one shape below.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class UseRow:
    """source "use": what an institution used of a presentation in one calendar month, in minimal units."""

    institution: int
    presentation: int
    month: dt.date
    quantity: int


@dataclass(frozen=True)
class StockRow:
    """source "stock": usable units now, units expired or blocked left out; soonest: expiry of the first lot."""

    institution: int
    presentation: int
    quantity: int
    soonest: dt.date | None
    as_of: dt.date


@dataclass(frozen=True)
class PriceRow:
    """source "price": one product on offer. price in yuan per pack; label 绿 黄 红1 红2 红3; vbp 中选 备供 非中选 非集采."""

    presentation: int
    product: int
    price: Decimal
    pack_size: int
    label: str
    vbp: str
    supplier: str
    maker: str


@dataclass(frozen=True)
class PurchaseRow:
    """source "purchase": bought (received) by an institution in one month: minimal units and yuan."""

    institution: int
    presentation: int
    month: dt.date
    quantity: int
    amount: Decimal


@dataclass(frozen=True)
class CommitmentRow:
    """source "commitment": agreed volume (约定量) still to be bought of a presentation; institution None: alliance-wide."""

    institution: int | None
    presentation: int
    tender: str
    agreed: int
    bought: int
    ends: dt.date


SHAPES = {"use": UseRow, "stock": StockRow, "price": PriceRow, "purchase": PurchaseRow, "commitment": CommitmentRow}
