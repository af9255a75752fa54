"""The sums a reader looks at first: coverage by class, spend and shares by institution, agreed volume, transfers."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from procurement.optimiser.case import Need
from procurement.optimiser.plan import CommitmentResult, Coverage, SiteSummary, Transfer, Unmet
from procurement.optimiser.world import CLASSES, World


def coverage(world: World, quantities: dict[int, int]) -> list[Coverage]:
    """Patient-days needed and covered, by class. `quantities` are minimal units bought by line."""
    needed, covered = [0.0] * len(CLASSES), [0.0] * len(CLASSES)
    lines, open_lines = [0] * len(CLASSES), [0] * len(CLASSES)
    for k, line in enumerate(world.lines):
        if line.need:
            kind, daily = world.classes[line.drug], float(world.case.drugs[line.drug].daily)
            met = min(line.need, quantities.get(k, 0))
            needed[kind] += line.need / daily
            covered[kind] += met / daily
            lines[kind] += 1
            open_lines[kind] += met < line.need
    return [Coverage(name, needed[k], covered[k], lines[k], open_lines[k]) for k, name in enumerate(CLASSES)]


def sites(world: World, packs: list[int], quantities: dict[int, int]) -> list[SiteSummary]:
    """Spend, shares and coverage of every institution."""
    total: dict[int, int] = defaultdict(int)
    essential: dict[int, int] = defaultdict(int)
    insured: dict[int, int] = defaultdict(int)
    for o, count in enumerate(packs):
        if count:
            offer = world.offers[o]
            drug, money = world.case.drugs[offer.drug], count * offer.price
            total[offer.institution] += money
            essential[offer.institution] += money if drug.essential else 0
            insured[offer.institution] += money if drug.insurance != "无" else 0
    days: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for k, line in enumerate(world.lines):
        daily = float(world.case.drugs[line.drug].daily)
        days[line.institution][0] += line.need / daily
        days[line.institution][1] += min(line.need, quantities.get(k, 0)) / daily
    return [
        SiteSummary(
            row.code,
            row.name,
            world.yuan(total[i]).quantize(Decimal("0.01")),
            row.budget,
            essential[i] / total[i] if total[i] else None,
            None if row.essential_floor is None else float(row.essential_floor),
            insured[i] / total[i] if total[i] else None,
            None if row.insurance_floor is None else float(row.insurance_floor),
            days[i][1] / days[i][0] if days[i][0] else 1.0,
        )
        for i, row in enumerate(world.case.institutions)
    ]


def commitments(world: World, packs: list[int]) -> list[CommitmentResult]:
    """What of each 约定量 the plan buys."""
    found = []
    for agreed in world.agreed:
        bought = sum(world.offers[o].pack * packs[o] for o in agreed.offers)
        site = None if agreed.institution is None else world.case.institutions[agreed.institution].code
        code = world.case.products[agreed.product].code
        found.append(CommitmentResult(code, site, agreed.remaining, bought, max(0, agreed.remaining - bought)))
    return found


def transfers(world: World, unmet: list[Unmet]) -> list[Transfer]:
    """Stock above an institution's own 需求 + 安全库存 offered to those who stay short of the same drug.

    Only stock on the shelf counts (not 在途), nearest to exhaustion first on the receiving side: the largest gap.
    """
    spare: dict[str, list[list]] = defaultdict(list)
    for need in world.case.needs:
        surplus = need.stock - need.demand - need.safety
        if surplus > 0:
            spare[need.drug].append([surplus, need])
    found = []
    for row in sorted(unmet, key=lambda row: (row.drug, -row.quantity, row.institution)):
        short = row.quantity
        for entry in sorted(spare.get(row.drug, []), key=lambda entry: (-entry[0], entry[1].institution)):
            amount = min(short, entry[0])
            if amount > 0:
                entry[0] -= amount
                short -= amount
                found.append(Transfer(row.drug, entry[1].institution, row.institution, amount, _why(entry[1], row)))
    return found


def _why(need: Need, row: Unmet) -> str:
    return (
        f"{need.institution} 库存 {need.stock} 高于需求与安全库存 {need.demand + need.safety}；"
        f"{row.institution} 仍缺 {row.quantity}"
    )
