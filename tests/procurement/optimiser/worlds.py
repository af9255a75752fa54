"""Test worlds.

SMALL is solvable by hand: two institutions, three drugs.

            甲院 (budget 100)      乙院 (no budget)
    急救针   needs 10               needs 0             one product, pack 10, 20 yuan
    降压片   needs 28               needs 14            winner pack 14, 7 yuan · non-winner pack 7, 5 yuan
    维生素   needs 30               –                   one product, pack 30, 90 yuan

甲院: 20 + 2×7 = 34, which leaves 66 of 100: the vitamin (90) stays unmet. 乙院: one pack of 7 yuan.
"""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from procurement.optimiser.case import (
    INSURANCE,
    LEVELS,
    STATUSES,
    Case,
    Commitment,
    Drug,
    Institution,
    Need,
    Product,
    Supplier,
)

SMALL = Case(
    institutions=(Institution("A", "甲院", "二级", Decimal(100)), Institution("B", "乙院")),
    drugs=(
        Drug("D1", "急救针", emergency=True),
        Drug("D2", "降压片", essential=True, insurance="甲", group="降压片·口服"),
        Drug("D3", "维生素", insurance="无"),
    ),
    products=(
        Product("P1", "D1", "S1", 10, Decimal(20)),
        Product("P2", "D2", "S1", 14, Decimal(7), status="中选"),
        Product("P3", "D2", "S2", 7, Decimal(5), status="非中选"),
        Product("P4", "D3", "S2", 30, Decimal(90)),
    ),
    suppliers=(Supplier("S1", "国药"), Supplier("S2", "华润")),
    needs=(Need("A", "D1", 10), Need("A", "D2", 28), Need("A", "D3", 30), Need("B", "D1", 5, 5), Need("B", "D2", 14)),
)


def random_case(seed: int, *, sites: int = 2, drugs: int = 4, suppliers: int = 2) -> Case:
    """A small case in which every rule can bind."""
    r = random.Random(seed)
    some = [
        Drug(
            f"D{d}",
            f"药{d}",
            essential=r.random() < 0.5,
            insurance=r.choice(INSURANCE),
            emergency=r.random() < 0.2,
            daily=Decimal(r.choice(["1", "2", "3", "1.5"])),
            cold=r.random() < 0.3,
            group=r.choice(["", f"G{d // 2}"]),
        )
        for d in range(drugs)
    ]
    products = [
        Product(
            f"P{d}{q}",
            f"D{d}",
            f"S{r.randrange(suppliers)}",
            r.choice([1, 5, 7, 10, 12, 30]),
            Decimal(r.randint(100, 6000)) / 100,
            minimum_packs=r.choice([1, 1, 1, 3]),
            supply=r.choice([None, None, r.randint(0, 150)]),
            status=r.choice(STATUSES),
            label=r.choice(["绿"] * 6 + ["红3"]),
            in_use=r.random() < 0.7,
        )
        for d in range(drugs)
        for q in range(r.randint(0, 3))
    ]
    needs = tuple(
        Need(f"I{i}", f"D{d}", r.randint(0, 60), r.randint(0, 15), r.choice([0, 5]), r.randint(0, 8), limit)
        for i in range(sites)
        for d in range(drugs)
        for limit in [r.choice([None, None, None, r.randint(0, 70)])]
        if r.random() < 0.85
    )
    price = {p.drug: float(p.price) / p.pack for p in products}
    total = sum(need.net * price.get(need.drug, 0) for need in needs)
    agreed = [p for p in products if p.status == "中选" and r.random() < 0.7]
    return Case(
        institutions=tuple(
            Institution(
                f"I{i}",
                f"机构{i}",
                r.choice(LEVELS),
                _money(total / sites * r.uniform(0.4, 1.3)) if r.random() < 0.7 else None,
                Decimal(r.choice(["0.3", "0.5", "0.6"])) if r.random() < 0.5 else None,
                Decimal("0.7") if r.random() < 0.5 else None,
                r.choice([None, r.randint(20, 100)]),
            )
            for i in range(sites)
        ),
        drugs=tuple(some),
        products=tuple(products),
        suppliers=tuple(Supplier(f"S{s}", f"商{s}", Decimal(r.choice([0, 0, 50, 200]))) for s in range(suppliers)),
        deliveries=tuple(("S0", f"I{i}") for i in range(sites) if r.random() < 0.7),
        needs=needs,
        commitments=tuple(
            Commitment(p.code, r.randint(1, 60), r.choice([None, f"I{r.randrange(sites)}"])) for p in agreed
        ),
        total_budget=_money(total * 0.9) if r.random() < 0.3 else None,
        nonwinning_ratio=Decimal(r.choice(["1", "0.5", "0.3", "0"])),
        group_limit=r.choice([None, 1, 2]),
    )


def with_needs(case: Case, **limits: object) -> Case:
    """SMALL with one thing changed."""
    return replace(case, **limits)


def _money(value: float) -> Decimal:
    return Decimal(round(value * 100)) / 100
