"""From suppliers' quotes to the 产品 rows of a case.

A row of the case has one 供应商编码, but a product may be offered by several distributors. The decision taken here:

1. A quote that another quote of the same product beats or equals on every count (price, reach, 起订, 起送金额, supply,
   price label) is left out: choosing it could never help the plan.
2. What is left is one row per quote. A product with one quote keeps its own code as row code; with several quotes each
   row is `产品编码@供应商编码`, so the code stays the same from case to case.
3. The agreed volume of such a product is split over its rows (`share_out`), because it is agreed with the maker, not
   with a distributor.

The rows of one product count as several products under 品规数上限: the limit can only be kept more strictly than asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

STEPS = {"绿": 0, "黄": 1, "红1": 2, "红2": 3, "红3": 4}


@dataclass(frozen=True, slots=True)
class Quote:
    """One supplier's terms for one product on the day. `reach`: codes of the institutions it delivers to."""

    product: str
    supplier: str
    price: Decimal
    reach: frozenset[str]
    minimum_packs: int = 1
    minimum_order: Decimal = Decimal(0)
    supply: int | None = None
    status: str = "非集采"
    label: str = "绿"

    @property
    def blocked(self) -> bool:
        """红3 is not bought (苏医保发〔2021〕64号)."""
        return self.label == "红3"


def beats(a: Quote, b: Quote) -> bool:
    """True when `a` is at least as good as `b` for every institution and amount; equal terms: the lower code."""
    enough = a.supply is None or (b.supply is not None and a.supply >= b.supply)
    good = (
        a.price <= b.price
        and a.reach >= b.reach
        and a.minimum_packs <= b.minimum_packs
        and a.minimum_order <= b.minimum_order
        and a.status == b.status
        and enough
        and not a.blocked
    )
    same = good and _terms(a) == _terms(b)
    return good and (not same or a.supplier < b.supplier)


def choose(quotes: Iterable[Quote]) -> dict[str, Quote]:
    """Row code → quote for every quote that no other quote of its product beats, ordered by row code."""
    by_product: dict[str, list[Quote]] = defaultdict(list)
    for quote in quotes:
        by_product[quote.product].append(quote)
    rows = {}
    for product, offered in by_product.items():
        kept = [q for q in offered if not any(beats(other, q) for other in offered if other is not q)]
        for quote in kept:
            rows[product if len(kept) == 1 else f"{product}@{quote.supplier}"] = quote
    return dict(sorted(rows.items()))


def product_of(row_code: str, supplier: str) -> str:
    """The product's own code of a row: the inverse of the naming in `choose`."""
    return row_code.removesuffix(f"@{supplier}")


def best_for(rows: dict[str, Quote], institution: str) -> str | None:
    """Among the rows of one product, the one an institution would take: delivered to it, cheapest, lowest code."""
    usable = [(q.price, code) for code, q in rows.items() if institution in q.reach and not q.blocked]
    return min(usable)[1] if usable else None


def share_out(quantity: int, weights: Sequence[int]) -> list[int]:
    """Splits a whole quantity in proportion to the weights, losing nothing (largest remainders; equal: the first).

    With all weights 0 everything goes to the first.
    """
    total = sum(weights)
    if not weights:
        return []
    if not total:
        return [quantity, *[0] * (len(weights) - 1)]
    exact = [Fraction(quantity * weight, total) for weight in weights]
    parts = [int(part) for part in exact]
    order = sorted(range(len(parts)), key=lambda k: (parts[k] - exact[k], k))
    for k in order[: quantity - sum(parts)]:
        parts[k] += 1
    return parts


def _terms(q: Quote) -> tuple[object, ...]:
    return (q.price, q.reach, q.minimum_packs, q.minimum_order, q.supply)
