"""Where money is enough a case falls apart: lines are tied only by what they share (a scarce product, a 品规组 over its
limit, an alliance-wide 约定量, a cold store that cannot take everything). Each part is then solved exactly.

Budgets and 起送金额 are left out, and floors and spend are not looked at, so the sum over the parts bounds goals 1 to 6
of the whole from below in their strict order; when the parts together keep those rules too, it is reached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from procurement.optimiser.bridge import Bridge
from procurement.optimiser.case import Case
from procurement.optimiser.goals import NAMES, all_goals, goal_values
from procurement.optimiser.lexico import WORK, Clock, OrderedSolve
from procurement.optimiser.model import build_model
from procurement.optimiser.rules import Layout, Row, all_rows, complete, indicator_rows
from procurement.optimiser.world import Agreed, World

SERVING = range(6)  # goals 1 to 6
LARGEST = 1200  # offers of a part that is still solved exactly
LEFT_OUT = ("机构预算", "总预算", "起送金额")


@dataclass(slots=True)
class Parts:
    """The plan made of the parts and what it proves: the least value of goals 1 to 6; of the first goal that some part
    left unproven the sum of the parts' bounds; None behind it."""

    packs: list[int]
    bounds: list[Fraction | None]


def solve_parts(
    world: World, layout: Layout, packs: list[int], clock: Clock, *, seed: int, goals: range = SERVING
) -> Parts:
    """Solves every part in which the given plan misses something; elsewhere nothing is better than the plan."""
    packs = list(packs)
    case = _without_money(world.case)
    totals = [Fraction(0)] * len(NAMES)
    proven, behind = len(goals), Fraction(0)
    lacking = _lacking(world, packs, goals)
    for lines in parts_of(world, layout):
        if lacking.isdisjoint(lines):
            continue
        part, offers = part_world(world, case, lines)
        mine, values, exact, bound = _solve_part(part, [packs[o] for o in offers], clock, seed, goals)
        if exact < proven:
            proven, behind = exact, totals[exact]
        if proven < len(goals):
            behind += bound if exact == proven else values[proven]
        totals = [total + value for total, value in zip(totals, values, strict=True)]
        for o, count in zip(offers, mine, strict=True):
            packs[o] = count
    for row in world.agreed:
        if not row.offers:
            product = world.case.products[row.product]
            worth = row.remaining * Fraction(product.price) / product.pack
            totals[1] += worth
            behind += worth if proven == 1 else 0
    known = [totals[k] if k < proven else None for k in range(len(NAMES))]
    if proven < len(goals):
        known[proven] = behind
    return Parts(packs, known)


def _solve_part(
    part: World, packs: list[int], clock: Clock, seed: int, goals: range
) -> tuple[list[int], list[Fraction], int, Fraction]:
    """Packs, the values of all goals, the number of goals that are proven, and the bound of the first that is not."""
    layout = Layout(part)
    values = goal_values(part, layout, packs, complete(part, layout, packs), all_goals(part, layout))
    if not packs:
        return packs, values, len(goals), Fraction(0)
    if len(packs) > LARGEST or clock.over():
        return packs, values, next((k for k in goals if values[k]), len(goals)), Fraction(0)
    model = build_model(part)
    bridge = Bridge(model.problem, model.variables, seed=seed)
    search = OrderedSolve(model, bridge, packs, clock, gap=0.0, nodes=WORK // (10 * bridge.size) + 1)
    packs = search.run(goals=SERVING)  # all of them: a part solved for one goal alone is careless about the next
    exact = min([len(goals), *(k for k in goals if search.results[k].gap > 0)])
    bound = Fraction(search.results[exact].bound) if exact < len(goals) else Fraction(0)
    return packs, search.values, exact, bound


def _lacking(world: World, packs: list[int], goals: range) -> set[int]:
    """Lines that miss something which one of the goals counts."""
    units = [sum(packs[o] * world.offers[o].pack for o in line.offers) for line in world.lines]
    found = set()
    for k, line in enumerate(world.lines):
        kind = world.classes[line.drug]
        if line.need > units[k] and kind + (kind > 0) in goals:
            found.add(k)
    for row in world.agreed:
        if 1 in goals and row.remaining > sum(packs[o] * world.offers[o].pack for o in row.offers):
            found.update(world.offers[o].line for o in row.offers)
    return found


def _without_money(case: Case) -> Case:
    sites = (replace(row, budget=None, essential_floor=None, insurance_floor=None) for row in case.institutions)
    return replace(case, institutions=tuple(sites), total_budget=None)


def parts_of(world: World, layout: Layout) -> list[list[int]]:
    """Lines by part, in a fixed order."""
    parent = list(range(len(world.lines)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for tied in _ties(world, layout):
        first, *others = tied
        for other in others:
            a, b = sorted((root(first), root(other)))
            parent[b] = a
    parts: dict[int, list[int]] = defaultdict(list)
    for k in range(len(world.lines)):
        parts[root(k)].append(k)
    return list(parts.values())


def _ties(world: World, layout: Layout) -> Iterable[list[int]]:
    """Lines that share a rule which can bind."""
    sellers: dict[int, list[int]] = defaultdict(list)
    for o, at, _ in indicator_rows(world, layout):
        if o < len(world.offers):
            sellers[at].append(world.offers[o].line)
    owner = {at: o for o, at in layout.y.items()}
    for o in layout.y:
        product = world.offers[o].product
        if product in layout.z:
            sellers[layout.z[product]].append(world.offers[o].line)
    for row in all_rows(world, layout):
        if row.rule in LEFT_OUT or _slack(world, row):
            continue
        lines: set[int] = set()
        for at, _ in row.terms:
            if at < len(world.offers):
                lines.add(world.offers[at].line)
            elif at in owner:
                lines.add(world.offers[owner[at]].line)
            elif row.rule == "品规数上限":
                lines.update(sellers[at])
        if len(lines) > 1:
            yield sorted(lines)


def _slack(world: World, row: Row) -> bool:
    """True for a limit on packs that holds even when every line buys all that makes sense."""
    if row.rule not in ("供应上限", "冷藏容量"):
        return False
    most: dict[int, int] = defaultdict(int)
    for o, weight in row.terms:
        offer = world.offers[o]
        most[offer.line] += weight * offer.most
    return sum(min(units, world.lines[k].most) for k, units in most.items()) <= row.bound


def part_world(world: World, case: Case, lines: list[int]) -> tuple[World, list[int]]:
    """The world of these lines alone, and the positions of its offers in the whole."""
    offers = [o for k in lines for o in world.lines[k].offers]
    place = {o: at for at, o in enumerate(offers)}
    line_place = {k: at for at, k in enumerate(lines)}
    agreed = [
        Agreed(row.product, row.institution, row.remaining, [place[o] for o in row.offers])
        for row in world.agreed
        if row.offers and row.offers[0] in place
    ]
    part = replace(
        world,
        case=case,
        lines=[replace(world.lines[k], offers=[place[o] for o in world.lines[k].offers]) for k in lines],
        offers=[replace(world.offers[o], line=line_place[world.offers[o].line]) for o in offers],
        agreed=agreed,
        budgets=[None] * len(world.budgets),
        total_budget=None,
        minimum_orders=[0] * len(world.minimum_orders),
    )
    return part, offers
