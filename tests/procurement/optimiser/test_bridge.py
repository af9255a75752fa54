"""The bridge on a classic with known optima: AMPL's multi-commodity shipping, 3 products × 3 mills × 7 plants."""

import csv
from pathlib import Path

import pulp
import pytest

from procurement.optimiser.bridge import Bridge, costs_of, solver_version

DATA = Path(__file__).resolve().parents[4] / "shared" / "series" / "ampl-multmip"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="公开数据 ../shared/series/ampl-multmip 不在旁边")


def rows(name):
    with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def shipping(*, fixed, least=0, most_served=None):
    problem = pulp.LpProblem("multmip", pulp.LpMinimize)
    cells = []

    def variable(most, kind):
        cells.append(problem.add_variable(f"v{len(cells):07d}", 0.0, most, kind))
        return cells[-1]

    ship = {(r["origin"], r["destination"], r["product"]): variable(None, "Continuous") for r in rows("unit_cost")}
    use = {(r["origin"], r["destination"]): variable(1.0, "Integer") for r in rows("fixed_cost")}
    for r in rows("supply"):
        problem += pulp.lpSum(x for k, x in ship.items() if (k[0], k[2]) == (r["origin"], r["product"])) == float(
            r["supply"]
        )
    for r in rows("demand"):
        problem += pulp.lpSum(x for k, x in ship.items() if k[1:] == (r["destination"], r["product"])) == float(
            r["demand"]
        )
    for r in rows("fixed_cost"):
        route = (r["origin"], r["destination"])
        total = pulp.lpSum(x for k, x in ship.items() if k[:2] == route)
        problem += total <= float(r["route_limit"]) * use[route]
        problem += total >= least * use[route]
    for origin in {k[0] for k in use}:
        if most_served is not None:
            problem += pulp.lpSum(y for k, y in use.items() if k[0] == origin) <= most_served
    price = {(r["origin"], r["destination"], r["product"]): float(r["unit_cost"]) for r in rows("unit_cost")}
    terms = [(x, price[k]) for k, x in ship.items()]
    if fixed:
        fees = {(r["origin"], r["destination"]): float(r["fixed_cost"]) for r in rows("fixed_cost")}
        terms += [(y, fees[k]) for k, y in use.items()]
    return problem, cells, pulp.LpAffineExpression(terms)


@needs_data
@pytest.mark.shared
@pytest.mark.parametrize(
    ("kind", "optimum"),
    [
        ({"fixed": False}, 199_500),
        ({"fixed": True}, 229_850),
        ({"fixed": True, "least": 375}, 233_150),
        ({"fixed": True, "least": 375, "most_served": 5}, 235_625),
    ],
)
def test_the_known_optima_are_reached(kind, optimum):
    problem, cells, goal = shipping(**kind)
    bridge = Bridge(problem, cells, whole=kind["fixed"])
    bridge.set_costs(costs_of(goal, bridge.size))
    outcome = bridge.run()
    assert outcome.optimal
    assert outcome.objective == pytest.approx(optimum)
    assert outcome.bound == pytest.approx(optimum)


def knapsack():
    problem = pulp.LpProblem("two", pulp.LpMinimize)
    x = problem.add_variable("v0000000", 0.0, 9.0, "Integer")
    y = problem.add_variable("v0000001", 0.0, 9.0)
    problem += 2 * x + y >= 5
    return problem, [x, y], pulp.LpAffineExpression([(x, 3.0), (y, 1.0)])


def test_a_ceiling_holds_until_the_model_is_reset():
    problem, cells, goal = knapsack()
    bridge = Bridge(problem, cells)
    costs = costs_of(goal, 2)
    bridge.set_costs(costs)
    assert bridge.run().objective == pytest.approx(5)
    bridge.add_ceiling(costs, 4.0)
    stuck = bridge.run()
    assert (stuck.values, stuck.infeasible) == (None, True)
    bridge.reset()
    assert bridge.run().objective == pytest.approx(5)


def test_duals_of_an_lp_price_its_rows():
    problem, cells, goal = knapsack()
    bridge = Bridge(problem, cells, whole=False)
    bridge.set_costs(costs_of(goal, 2))
    bridge.run()
    assert bridge.row_duals() == pytest.approx([1.0])


def test_the_solver_names_its_version():
    assert solver_version()[0].isdigit()
