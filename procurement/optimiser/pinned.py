"""Solves a case around its 固定. What is pinned is bought first; the rest of the case is an ordinary case without pins
(`rest_of`), so every way of solving sees bounds only and knows nothing of pins. Then the whole is put right on the
true model, where the pins are rows like any rule.

Up to `EXACT` offers the true model goes through the nine goals and proves them. Beyond, the bounds of the rest hold
for the whole: `rest_of` never takes away what a plan may do, but for 起送金额 (which the bounds of large cases leave
out) and the products of a 品规组 that has no place left (then nothing is claimed).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from procurement.optimiser.audit import broken_rows, is_clean
from procurement.optimiser.bridge import Bridge
from procurement.optimiser.construct import construct
from procurement.optimiser.goals import NAMES, all_goals, goal_values
from procurement.optimiser.groups import choose_products
from procurement.optimiser.large.mending import hold
from procurement.optimiser.large.search import solve_large
from procurement.optimiser.lexico import WORK, Clock, OrderedSolve, Progress, gap_of
from procurement.optimiser.model import Model, build_model
from procurement.optimiser.pins import PinsClash, clashes
from procurement.optimiser.plan import GoalResult, Seconds
from procurement.optimiser.rules import Layout, complete, products_by_group
from procurement.optimiser.world import Agreed, World, ceil_div

SPEND = 7  # number of the goal
MODELLED_OFFERS = 40_000  # beyond, the true model is too slow to build
FOR_THE_REST = 0.7  # of the time, in large cases
FINDING = 20.0  # seconds spent at most on finding any plan that holds the pins
GAP = 1e-4


@dataclass(slots=True)
class Rest:
    """The world without what is pinned. `offers` are the positions of its offers in the whole world; `narrowed` true
    when a full 品规组 took products away, so that its bounds do not speak for the whole."""

    world: World
    offers: list[int]
    narrowed: bool

    def whole(self, base: Sequence[int], packs: Sequence[int]) -> list[int]:
        """Packs by offer of the whole world: what is pinned and what the rest buys."""
        found = list(base)
        for o, count in zip(self.offers, packs, strict=True):
            found[o] += count
        return found


def solve_pinned(
    world: World,
    clock: Clock,
    seconds: Seconds,
    on_progress: Progress | None,
    *,
    exact: int,
    gap: float,
    seed: int,
) -> tuple[list[int], list[GoalResult]]:
    """Packs by offer and what each goal reached. Raises PinsClash when no plan holds the pins."""
    found = clashes(world)
    if found:
        raise PinsClash(found)
    base = floors_of(world)
    rest = rest_of(world, base)
    start = construct(rest.world, Layout(rest.world))
    if len(world.offers) <= exact:
        model = build_model(world)
        bridge = Bridge(model.problem, model.variables, seed=seed)
        packs = settled(model, bridge, rest.whole(base, start), base, clock)
        search = OrderedSolve(model, bridge, packs, clock, gap=gap, nodes=WORK // max(1, bridge.size))
        return search.run(on_progress), search.results
    limit = Clock(clock.left() * FOR_THE_REST, clock.should_stop)
    bought, goals = solve_large(rest.world, start, limit, seconds, on_progress, seed=seed, gap=gap)
    packs = rest.whole(base, bought)
    if len(world.offers) <= MODELLED_OFFERS:
        model = build_model(world)
        packs = finished(model, Bridge(model.problem, model.variables, seed=seed), packs, base, clock)
    elif not is_clean(world, Layout(world), packs):
        packs = given_up(world, packs, base)
    return packs, results(world, packs, rest, base, goals)


def floors_of(world: World) -> list[int]:
    """Packs by offer that the pins ask for; what the alliance must buy together goes where most is needed."""
    base = [world.floors.get(o, 0) for o in range(len(world.offers))]
    at = {row.code: p for p, row in enumerate(world.case.products)}
    for pin in world.case.pins:
        if pin.institution is None and pin.low:
            mine = [o for o, offer in enumerate(world.offers) if offer.product == at[pin.product]]
            missing = pin.low - sum(base[o] * world.offers[o].pack for o in mine)
            for o in sorted(mine, key=lambda o: (-world.lines[world.offers[o].line].need, o)):
                offer = world.offers[o]
                room = min(offer.most, world.lines[offer.line].most // offer.pack) - base[o]
                packs = min(room, max(ceil_div(missing, offer.pack), offer.least - base[o]))
                if missing > 0 and packs > 0:
                    base[o] += packs
                    missing -= packs * offer.pack
    return base


def rest_of(world: World, base: Sequence[int]) -> Rest:
    """What remains to be decided once `base` is bought: needs, maxima, supply, money, cold store and agreed volume are
    less by it. Shares of a floor and of 非中选 cannot be told of a part and are left out where something is pinned."""
    case = world.case
    units = [count * offer.pack for count, offer in zip(base, world.offers, strict=True)]
    spend: dict[int, int] = defaultdict(int)
    cold: dict[int, int] = defaultdict(int)
    supplied: dict[int, int] = defaultdict(int)
    taken: dict[int, int] = defaultdict(int)
    for o, offer in enumerate(world.offers):
        spend[offer.institution] += base[o] * offer.price
        cold[offer.institution] += units[o] if case.drugs[offer.drug].cold else 0
        supplied[offer.product] += units[o]
        taken[offer.line] += units[o]
    supply = _supply(world)
    budgets = [None if b is None else max(0, b - spend[i]) for i, b in enumerate(world.budgets)]
    total = None if world.total_budget is None else max(0, world.total_budget - sum(spend.values()))
    rest_case = replace(
        case,
        institutions=tuple(
            replace(
                row,
                budget=None if (money := budgets[i]) is None else world.yuan(money),
                cold_capacity=None if row.cold_capacity is None else max(0, row.cold_capacity - cold[i]),
                essential_floor=None if spend[i] else row.essential_floor,
                insurance_floor=None if spend[i] else row.insurance_floor,
            )
            for i, row in enumerate(case.institutions)
        ),
        products=tuple(
            row if supply[p] is None else replace(row, supply=max(0, (supply[p] or 0) - supplied[p]))
            for p, row in enumerate(case.products)
        ),
        total_budget=None if total is None else world.yuan(total),
        pins=(),
    )
    shut = _shut(world, base)
    kept, offers = [], []
    for o, offer in enumerate(world.offers):
        least = 1 if base[o] else offer.least
        left = [offer.most - base[o], (world.lines[offer.line].most - taken[offer.line]) // offer.pack]
        limited = rest_case.products[offer.product].supply
        if limited is not None:
            left.append(limited // offer.pack)
        if min(left) >= least and offer.product not in shut:
            kept.append(o)
            offers.append(replace(offer, least=least, most=min(left)))
    place = {o: at for at, o in enumerate(kept)}
    lines = [
        replace(
            line,
            need=max(0, line.need - taken[k]),
            most=line.most - taken[k],
            offers=[place[o] for o in line.offers if o in place],
            ratio_holds=line.ratio_holds and not taken[k],
        )
        for k, line in enumerate(world.lines)
    ]
    agreed = [
        Agreed(row.product, row.institution, max(0, row.remaining - sum(units[o] for o in row.offers)),
               [place[o] for o in row.offers if o in place])
        for row in world.agreed
    ]  # fmt: skip
    rest = replace(
        world,
        case=rest_case,
        lines=lines,
        offers=offers,
        agreed=agreed,
        offer_at={(offer.institution, offer.product): at for at, offer in enumerate(offers)},
        budgets=budgets,
        total_budget=total,
        floors={},
        caps={},
    )
    return Rest(rest, kept, bool(shut) or _shared(world))


def _supply(world: World) -> list[int | None]:
    """供应上限 of each product, or the alliance-wide 至多 where that is less."""
    supply = [row.supply for row in world.case.products]
    at = {row.code: p for p, row in enumerate(world.case.products)}
    for pin in world.case.pins:
        if pin.institution is None and pin.high is not None:
            p = at[pin.product]
            supply[p] = min(pin.high, pin.high if (known := supply[p]) is None else known)
    return supply


def _shut(world: World, base: Sequence[int]) -> set[int]:
    """Products for which a 品规组 over its limit has no place left beside the pinned ones."""
    limit, pinned = world.case.group_limit, {world.offers[o].product for o, count in enumerate(base) if count}
    shut: set[int] = set()
    if limit is None or not pinned:
        return shut
    preferred = choose_products(world)
    for members in products_by_group(world).values():
        held = [p for p in members if p in pinned]
        if held and len(members) > limit:
            others = sorted((p for p in members if p not in pinned), key=lambda p: (p not in preferred, p))
            shut |= set(others[max(0, limit - len(held)) :])
    return shut


def _shared(world: World) -> bool:
    """Whether the alliance must buy something together: where, is our choice and no proof."""
    return any(pin.institution is None and pin.low for pin in world.case.pins)


def settled(model: Model, bridge: Bridge, packs: list[int], base: list[int], clock: Clock) -> list[int]:
    """A plan that keeps every rule: the one at hand, what is left of it, or any that the solver finds."""
    world, layout = model.world, model.layout
    for plan in (packs, given_up(world, packs, base)):
        if is_clean(world, layout, plan):
            return plan
    bridge.set_costs(np.zeros(bridge.size))
    outcome = bridge.run(seconds=max(1.0, min(FINDING, clock.left())), stop=clock.should_stop)
    if outcome.values is not None:
        found = [round(value) for value in outcome.values[: len(world.offers)]]
        if is_clean(world, layout, found):
            return found
    names = sorted({row.rule for row in broken_rows(world, layout, packs)} - {"固定"})
    words = "、".join(names) or "其他规则"
    if outcome.infeasible:
        raise PinsClash([f"固定与{words}不能同时满足，请放宽数量或撤回其中一条"])
    raise PinsClash([f"时限内没有找到既守住固定又符合{words}的计划，请放宽固定或延长求解时限"])


def given_up(world: World, packs: Sequence[int], base: Sequence[int]) -> list[int]:
    """The plan without what stands in a broken rule, down to what is pinned."""
    layout, packs = Layout(world), list(packs)
    for _ in range(50):
        loose = {
            at
            for row in broken_rows(world, layout, packs)
            for at, weight in row.terms
            if at < len(packs) and packs[at] > base[at] and (row.sense == ">=" or weight > 0)
        }
        if not loose:
            break
        for o in loose:
            packs[o] = base[o]
    return packs


def finished(model: Model, bridge: Bridge, packs: list[int], base: list[int], clock: Clock) -> list[int]:
    """The plan brought within every rule and bettered where something is pinned: each such institution by itself on the
    true model, all others as they are."""
    world, layout = model.world, model.layout
    touched = {world.offers[o].institution for o, count in enumerate(base) if count}
    if not is_clean(world, layout, packs):
        broken = {
            world.offers[at].institution
            for row in broken_rows(world, layout, packs)
            for at, _ in row.terms
            if at < len(packs) and packs[at]
        }
        within = touched | broken
        hold(bridge, packs, {o for o, offer in enumerate(world.offers) if offer.institution in within})
        try:
            packs = settled(model, bridge, packs, base, clock)
        except PinsClash:
            bridge.reset()
            packs = settled(model, bridge, packs, base, clock)
        bridge.reset()
    for left, i in zip(range(len(touched), 0, -1), sorted(touched), strict=True):
        if clock.over():
            break
        hold(bridge, packs, {o for o, offer in enumerate(world.offers) if offer.institution == i})
        mine = Clock(clock.left() / left, clock.should_stop)
        packs = OrderedSolve(model, bridge, packs, mine, gap=GAP, nodes=WORK // bridge.size + 1).run()
        bridge.reset()
    return packs


def results(
    world: World, packs: list[int], rest: Rest, base: Sequence[int], goals: Sequence[GoalResult]
) -> list[GoalResult]:
    """Values of the whole, with the bounds of the rest as long as the goals above reached what the rest reached."""
    pinned = sum((Fraction(world.offers[o].price, world.tick) * count for o, count in enumerate(base)), Fraction(0))
    found, proven = [], not rest.narrowed
    for number, (name, exact, goal) in enumerate(zip(NAMES, _values(world, packs), goals, strict=True)):
        more, value = float(pinned) if number == SPEND else 0.0, float(exact)
        bound = min(value, goal.bound + more) if proven else 0.0
        found.append(GoalResult(name, value, bound, gap_of(value, bound), goal.seconds))
        proven = proven and abs(value - goal.value - more) <= 1e-6 * max(1.0, abs(value))
    return found


def _values(world: World, packs: list[int]) -> list[Fraction]:
    layout = Layout(world)
    return goal_values(world, layout, packs, complete(world, layout, packs), all_goals(world, layout))
