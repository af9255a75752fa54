"""Synthetic alliances: about three products per drug, budgets at 80–105 % of need, every rule of the case present."""

from __future__ import annotations

import random
from decimal import Decimal

from procurement.optimiser.case import Case, Commitment, Drug, Institution, Need, Product, Supplier

PACKS = (1, 6, 7, 10, 12, 14, 20, 24, 28, 30, 60, 100)


def alliance(sites: int, drugs: int, *, seed: int = 1) -> Case:
    """One county hospital to every nine township centres; needs follow the size of the place."""
    r = random.Random(seed)
    some = tuple(_drug(r, d) for d in range(drugs))
    products = tuple(product for d in range(drugs) for product in _products(r, d, max(6, drugs // 50)))
    needs = tuple(need for i in range(sites) for d in range(drugs) if (need := _need(r, i, some[d])) is not None)
    cheapest = {}
    for p in products:
        unit = p.price / p.pack
        cheapest[p.drug] = min(unit, cheapest.get(p.drug, unit))
    cost = [Decimal(0)] * sites
    volume: dict[str, int] = {}
    for need in needs:
        cost[int(need.institution[1:])] += need.net * cheapest[need.drug]
        volume[need.drug] = volume.get(need.drug, 0) + need.net
    institutions = tuple(
        Institution(
            f"I{i:03d}", f"机构{i}", "二级" if i % 10 == 0 else "基层",
            (cost[i] * Decimal(r.uniform(0.8, 1.05))).quantize(Decimal("0.01")),
            Decimal("0.6") if i % 10 else Decimal("0.4"), Decimal("0.85"),
            None if i % 3 else r.randint(20_000, 60_000),
        )
        for i in range(sites)
    )  # fmt: skip
    suppliers = tuple(
        Supplier(f"S{s:02d}", f"配送企业{s}", Decimal(r.choice([0, 200, 500, 1000])))
        for s in range(max(6, drugs // 50))
    )
    commitments = tuple(
        Commitment(p.code, max(1, int(volume.get(p.drug, 0) * r.uniform(0.3, 0.8))))
        for p in products
        if p.status == "中选" and r.random() < 0.6 and volume.get(p.drug)
    )
    products = tuple(_capped(r, p, volume.get(p.drug, 0)) for p in products)
    return Case(institutions, some, products, suppliers, _deliveries(r, sites, suppliers), needs, commitments,
                None, Decimal(1), 2)  # fmt: skip


def _drug(r: random.Random, d: int) -> Drug:
    essential = r.random() < 0.45
    insurance = r.choices(("甲", "乙", "国谈", "无"), (40, 40, 8, 12))[0]
    return Drug(
        f"D{d:05d}", f"药品{d}", "片剂", "10mg", "片", essential, insurance, r.random() < 0.03,
        Decimal(r.choice(["1", "2", "3", "1.5"])), r.random() < 0.06, f"G{d * 3 // 4:05d}",
    )  # fmt: skip


def _products(r: random.Random, d: int, suppliers: int) -> list[Product]:
    unit = 10 ** r.uniform(-1.3, 1.5)
    listed = r.random() < 0.5
    kinds = ["中选", "备供", "非中选", "非中选"] if listed else ["非集采"] * 4
    found = []
    for q in range(r.choice((2, 3, 3, 4))):
        pack = r.choice(PACKS)
        factor = r.uniform(0.7, 1.0) if kinds[q] == "中选" else r.uniform(0.9, 1.8)
        price = max(Decimal("0.10"), Decimal(unit * pack * factor).quantize(Decimal("0.01")))
        label = r.choices(("绿", "黄", "红1", "红2", "红3"), (80, 10, 5, 3, 2))[0]
        found.append(
            Product(f"P{d:05d}{q}", f"D{d:05d}", f"S{r.randrange(suppliers):02d}", pack, price, f"药厂{r.randrange(200)}",
                    r.choice((1, 1, 1, 1, 2, 5)), None, kinds[q], label, r.random() < 0.85)
        )  # fmt: skip
    return found


def _capped(r: random.Random, product: Product, volume: int) -> Product:
    if r.random() > 0.1:
        return product
    fields = {name: getattr(product, name) for name in product.__dataclass_fields__}
    return Product(**{**fields, "supply": int(volume * r.uniform(0.2, 0.9))})


def _need(r: random.Random, i: int, drug: Drug) -> Need | None:
    if r.random() > (0.98 if i % 10 == 0 else 0.9):
        return None
    demand = int(10 ** r.uniform(2.5, 4.5) if i % 10 == 0 else 10 ** r.uniform(1.5, 3.5))
    return Need(f"I{i:03d}", drug.code, demand, int(demand * r.uniform(0, 0.4)), 0, int(demand * 0.1))


def _deliveries(r: random.Random, sites: int, suppliers: tuple[Supplier, ...]) -> tuple[tuple[str, str], ...]:
    """One supplier in four leaves out some of the places."""
    return tuple(
        (supplier.code, f"I{i:03d}")
        for number, supplier in enumerate(suppliers)
        if number % 4 == 3
        for i in range(sites)
        if r.random() < 0.8
    )
