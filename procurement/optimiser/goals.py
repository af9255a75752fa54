"""The nine goals, in their strict order. Like the rules they serve twice: as the objective of the model and as the
value of a plan in exact arithmetic.

Each goal is a list of (variable, weight) with exact weights; the least possible value is wanted. Goal 7 uses e[i] and
m[i], the yuan short of the floors: e[i] ≥ floor_i·spend_i − spend_i on 基药, and m[i] the same for 医保.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from procurement.optimiser.rules import Layout, Row
from procurement.optimiser.world import World

Weights = list[tuple[int, Fraction]]


def unmet_days(world: World, v: Layout, kind: int) -> Weights:
    """Σ u[i,d] / 日用量_d over the drugs of one class: patient-days of need unmet."""
    mine = [(at, world.lines[k].drug) for k, at in v.u.items() if world.classes[world.lines[k].drug] == kind]
    weight = {drug: 1 / Fraction(world.case.drugs[drug].daily) for _, drug in mine}
    return [(at, weight[drug]) for at, drug in mine]


def agreed_volume_missed(world: World, v: Layout) -> Weights:
    """Σ r[c]·c_p/k_p: yuan of agreed volume not bought."""
    products = world.case.products
    return [
        (v.r[c], Fraction(products[a.product].price) / products[a.product].pack) for c, a in enumerate(world.agreed)
    ]


def short_of_floors(_: World, v: Layout) -> Weights:
    """Σ_i e[i] + m[i]: yuan short of 基药金额占比下限 and 医保金额占比下限."""
    return [(at, Fraction(1)) for at in (*v.e.values(), *v.m.values())]


def spend(world: World, _: Layout) -> Weights:
    """Σ c_p·x[i,p]: yuan."""
    return [(o, Fraction(offer.price, world.tick)) for o, offer in enumerate(world.offers)]


def pairs_and_new_products(world: World, v: Layout) -> Weights:
    """Number of (institution, supplier) pairs used + number of products bought with 上期在用 = 否."""
    new = [at for p, at in v.z.items() if not world.case.products[p].in_use]
    return [(at, Fraction(1)) for at in (*v.w.values(), *new)]


Goal = Callable[[World, Layout], Weights]
GOALS: tuple[tuple[str, Goal], ...] = (
    ("短缺急救未满足（患者日）", lambda world, v: unmet_days(world, v, 0)),
    ("约定量未完成（元）", agreed_volume_missed),
    ("基药未满足（患者日）", lambda world, v: unmet_days(world, v, 1)),
    ("医保甲类未满足（患者日）", lambda world, v: unmet_days(world, v, 2)),
    ("医保乙类与国谈未满足（患者日）", lambda world, v: unmet_days(world, v, 3)),
    ("其他药品未满足（患者日）", lambda world, v: unmet_days(world, v, 4)),
    ("金额占比缺口（元）", short_of_floors),
    ("采购金额（元）", spend),
    ("供应关系数与新增产品数", pairs_and_new_products),
)
NAMES = tuple(name for name, _ in GOALS)


def all_goals(world: World, v: Layout) -> list[Weights]:
    return [goal(world, v) for _, goal in GOALS]


def floor_rows(world: World, v: Layout) -> Iterator[Row]:
    """e[i] + spend_i on 基药 − floor_i·spend_i ≥ 0 with floor = a/b, times b and in ticks (model only)."""
    shares: dict[int, list[int]] = defaultdict(list)
    for o, offer in enumerate(world.offers):
        shares[offer.institution].append(o)
    for at, floor_of, counts in _floors(world, v):
        for i, var in at.items():
            floor = Fraction(floor_of[i])
            a, b = floor.numerator, floor.denominator
            terms = [(o, world.offers[o].price * ((b if counts[world.offers[o].drug] else 0) - a)) for o in shares[i]]
            kept = [(o, weight) for o, weight in terms if weight]
            yield Row(
                "金额占比", (world.case.institutions[i].code,), [*kept, (var, b * world.tick)], ">=", 0, b * world.tick
            )


def floor_shortfalls(world: World, v: Layout, packs: list[int]) -> dict[int, Fraction]:
    """The value of every e[i] and m[i] for a plan: max(0, floor·spend − spend that counts), in yuan, exact."""
    total: dict[int, int] = defaultdict(int)
    parts: list[tuple[dict[int, int], list[Any], list[bool], dict[int, int]]] = [
        (at, floor_of, counts, defaultdict(int)) for at, floor_of, counts in _floors(world, v)
    ]
    for o, count in enumerate(packs):
        if count:
            offer = world.offers[o]
            money = count * offer.price
            total[offer.institution] += money
            for _, _, counts, part in parts:
                part[offer.institution] += money if counts[offer.drug] else 0
    return {
        var: max(Fraction(0), (Fraction(floor_of[i]) * total[i] - part[i]) / world.tick)
        for at, floor_of, _, part in parts
        for i, var in at.items()
    }


def _floors(world: World, v: Layout) -> list[tuple[dict[int, int], list[Any], list[bool]]]:
    sites, drugs = world.case.institutions, world.case.drugs
    return [
        (v.e, [row.essential_floor for row in sites], [drug.essential for drug in drugs]),
        (v.m, [row.insurance_floor for row in sites], [drug.insurance != "无" for drug in drugs]),
    ]


def goal_values(world: World, v: Layout, packs: list[int], values: list[int], goals: list[Weights]) -> list[Fraction]:
    """The nine values of a plan, exact. `values` is `rules.complete(world, v, packs)`."""
    short = floor_shortfalls(world, v, packs)
    found = []
    for weights in goals:
        sums: dict[Fraction, int] = defaultdict(int)
        extra = Fraction(0)
        for at, weight in weights:
            if at in short:
                extra += weight * short[at]
            elif values[at]:
                sums[weight] += values[at]
        found.append(sum((weight * amount for weight, amount in sums.items()), extra))
    return found
