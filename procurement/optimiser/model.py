"""The PuLP model of a case: variables and constraints in one go, from the rows of `rules.py` and `goals.py`.

What makes PuLP quick: each expression is built once from prepared (variable, coefficient) pairs, coefficients are
plain floats, names are numbered (PuLP cleans names, and Chinese ones may collide).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pulp

from procurement.optimiser.goals import Weights, all_goals, floor_rows
from procurement.optimiser.rules import Layout, Row, all_rows, indicator_rows
from procurement.optimiser.world import World

LEFT_OUT = ("起订包数", "起送金额")
SENSES = {"<=": pulp.LpConstraintLE, ">=": pulp.LpConstraintGE}


@dataclass(slots=True)
class Model:
    """The problem, its variables by position, and the objective of each goal as a PuLP expression."""

    world: World
    layout: Layout
    weights: list[Weights]
    problem: pulp.LpProblem
    variables: list[pulp.LpVariable]
    goals: list[pulp.LpAffineExpression]


def build_model(world: World, *, lean: bool = False) -> Model:
    """All variables, then all rules, then the goals.

    `lean` builds the relaxation that bounds large cases: 起订包数 and 起送金额 are left out (they only take away) and
    each product's indicator is tied to its purchases by one row.
    """
    layout = Layout(world)
    problem = pulp.LpProblem("plan", pulp.LpMinimize)
    variables = add_variables(problem, world, layout)
    rows = [row for row in all_rows(world, layout) if not (lean and row.rule in LEFT_OUT)]
    rows += [*floor_rows(world, layout), *choice_rows(world, layout)]
    if lean:
        rows += product_rows(world, layout)
    else:
        add_links(problem, variables, indicator_rows(world, layout))
    add_rows(problem, variables, (row for row in rows if not _idle(row, variables)))
    weights = all_goals(world, layout)
    goals = [pulp.LpAffineExpression([(variables[at], float(w)) for at, w in goal]) for goal in weights]
    return Model(world, layout, weights, problem, variables, goals)


def add_variables(problem: pulp.LpProblem, world: World, v: Layout) -> list[pulp.LpVariable]:
    """Every variable with its tightest bounds."""
    bounds: list[tuple[float | None, bool]] = [(None, False)] * v.size
    for o in v.x:
        bounds[o] = (float(world.offers[o].most), True)
    for k, at in v.u.items():
        bounds[at] = (float(world.lines[k].need), False)
    for c, at in enumerate(v.r):
        bounds[at] = (float(world.agreed[c].remaining), False)
    for at in (*v.y.values(), *v.w.values(), *v.z.values()):
        bounds[at] = (1.0, True)
    return [
        problem.add_variable(f"v{at:07d}", 0.0, most, pulp.LpInteger if whole else pulp.LpContinuous)
        for at, (most, whole) in enumerate(bounds)
    ]


def add_rows(problem: pulp.LpProblem, variables: list[pulp.LpVariable], rows: Iterable[Row]) -> None:
    """One constraint a row, in readable units (yuan rather than ticks)."""
    for number, row in enumerate(rows):
        terms = [(variables[at], weight / row.scale) for at, weight in row.terms]
        expression = pulp.LpAffineExpression(terms)
        problem.addConstraint(pulp.LpConstraint(expression, SENSES[row.sense], f"c{number:07d}", row.bound / row.scale))


def add_links(problem: pulp.LpProblem, variables: list[pulp.LpVariable], links: Iterable[tuple[int, int, int]]) -> None:
    """x ≤ most·indicator for every link."""
    for number, (at, indicator, most) in enumerate(links):
        expression = pulp.LpAffineExpression([(variables[at], 1.0), (variables[indicator], float(-most))])
        problem.addConstraint(pulp.LpConstraint(expression, pulp.LpConstraintLE, f"k{number:07d}", 0.0))


def product_rows(world: World, v: Layout) -> Iterator[Row]:
    """Σ_i k_p·x[i,p] ≤ (Σ_i most·k_p)·z[p]: one row a product instead of one an offer."""
    offers: dict[int, list[int]] = defaultdict(list)
    for o, offer in enumerate(world.offers):
        if offer.product in v.z:
            offers[offer.product].append(o)
    for p, found in offers.items():
        most = sum(world.offers[o].most for o in found)
        yield Row("产品启用", (world.case.products[p].code,), [*((o, 1) for o in found), (v.z[p], -most)], "<=", 0)


def choice_rows(world: World, v: Layout) -> Iterator[Row]:
    """What follows from choosing products in a 品规组; true of every plan, and it makes the relaxation tight.

    r[c] ≥ 剩余约定量·(1 − z[p]);  Σ u ≥ Σ N·(1 − Σ z[p]) over the lines of a drug that the same products can serve
    (非中选 alone serves nobody where a winner is offered).
    """
    for c, agreed in enumerate(world.agreed):
        if agreed.product in v.z:
            yield Row("产品启用", (), [(v.r[c], 1), (v.z[agreed.product], agreed.remaining)], ">=", agreed.remaining)
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for k in v.u:
        line = world.lines[k]
        serving = {world.offers[o].product for o in line.offers if not line.ratio_holds or not _lost(world, o)}
        if serving and serving <= v.z.keys():
            alike[tuple(sorted(serving))].append(k)
    for products, lines in alike.items():
        total = sum(world.lines[k].need for k in lines)
        terms = [(v.u[k], 1) for k in lines] + [(v.z[p], total) for p in products]
        yield Row("产品启用", (), terms, ">=", total)


def _lost(world: World, o: int) -> bool:
    return world.case.products[world.offers[o].product].status == "非中选"


def _idle(row: Row, variables: list[pulp.LpVariable]) -> bool:
    """True for a row that the bounds of its variables already imply."""
    if row.sense == ">=" or any(weight < 0 for _, weight in row.terms):
        return False
    return sum(weight * (variables[at].upBound or 0.0) for at, weight in row.terms) <= row.bound
