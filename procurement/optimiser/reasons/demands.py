"""What is demanded before all else, 短缺急救 need and agreed volume: what the plan leaves open of it, and who asks for what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from procurement.optimiser.reasons.corner import Atlas, place
from procurement.optimiser.reasons.nook import AGREED, URGENT, Fact

FILLERS = 60


@dataclass(slots=True)
class Short:
    """A demand that the plan leaves open."""

    fact: Fact
    site: int | None
    drug: int
    size: float


def shortfalls(atlas: Atlas, rule: str) -> list[Short]:
    """Demands that the plan leaves open, in patient-days (短缺急救) or yuan (约定量)."""
    world, case, found = atlas.world, atlas.case, []
    if rule == URGENT:
        for k, line in enumerate(world.lines):
            short = line.need - atlas.quantity.get(k, 0)
            drug = case.drugs[line.drug]
            if drug.emergency and short > 0:
                fact = Fact(URGENT, (case.institutions[line.institution].code, drug.code))
                found.append(Short(fact, line.institution, line.drug, short / float(drug.daily)))
        return found
    for agreed in world.agreed:
        product = case.products[agreed.product]
        key = (product.code, place(case, agreed.institution))
        short = agreed.remaining - atlas.agreed[key]
        if short > 0:
            size = short * float(product.price) / product.pack
            found.append(Short(Fact(AGREED, key), agreed.institution, atlas.drugs[product.drug], size))
    return found


def demanded_drugs(atlas: Atlas, *, urgent_only: bool) -> list[set[int]]:
    """By institution, the drugs with a 短缺急救 need or, unless `urgent_only`, an agreed volume."""
    case = atlas.case
    found: list[set[int]] = [set() for _ in case.institutions]
    for line in atlas.world.lines:
        if line.need and case.drugs[line.drug].emergency:
            found[line.institution].add(line.drug)
    for agreed in atlas.world.agreed if not urgent_only else ():
        drug = atlas.drugs[case.products[agreed.product].drug]
        for i in range(len(case.institutions)) if agreed.institution is None else (agreed.institution,):
            found[i].add(drug)
    return found


def fillers_of(atlas: Atlas, site: int, drugs: Collection[int]) -> list[tuple[int, int]]:
    """Other lines that could bring an order up to its minimum, at suppliers from whom the plan buys nothing there yet;
    dearest first, as many as are needed or there are."""
    world = atlas.world
    floors = {s: floor for s, floor in enumerate(world.minimum_orders) if floor and s not in atlas.suppliers[site]}
    if not floors:
        return []
    reach: dict[int, int] = {}
    for offer in world.offers:
        if offer.institution == site and offer.supplier in floors and offer.drug in drugs:
            reach[offer.supplier] = reach.get(offer.supplier, 0) + offer.most * offer.price
    found: list[tuple[int, int]] = []
    others = [x for x in world.offers if x.institution == site and x.supplier in floors and x.drug not in drugs]
    for offer in sorted(others, key=lambda x: -x.most * x.price):
        if len(found) < FILLERS and reach.get(offer.supplier, 0) < floors[offer.supplier]:
            reach[offer.supplier] = reach.get(offer.supplier, 0) + offer.most * offer.price
            found.append((site, offer.drug))
    return found
