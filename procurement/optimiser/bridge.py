"""From PuLP to HiGHS in one call: the model as arrays, a solver object that is kept for re-solves, bounds and duals.

Only this and `large/relaxation.py` (which grows its model by columns) name the solver. PuLP's own HiGHS class adds row by row
and reads statuses loosely; here the arrays are passed at once and only what the solver itself proves is believed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import highspy
import numpy as np
import pulp

SOLVER = "HiGHS"
INFINITY = highspy.kHighsInf
TOLERANCE = 1e-9
MANY = 2**31 - 1
FROM_LP = 2  # iis_strategy: search the LP for an irreducible clash, not only the trivial ones


def solver_version() -> str:
    return version("highspy")


@dataclass(slots=True)
class Outcome:
    """One run. `values` is None without a feasible point; `bound` is proven (−inf when nothing is)."""

    values: np.ndarray | None
    objective: float
    bound: float
    optimal: bool
    infeasible: bool = False


class Bridge:
    """A HiGHS object holding a PuLP model. Columns stand in the order of `variables`."""

    def __init__(
        self,
        problem: pulp.LpProblem,
        variables: Sequence[pulp.LpVariable],
        *,
        seed: int = 0,
        whole: bool | Collection[int] = True,
    ) -> None:
        """`whole`: whether integer variables stay so, or the positions of those that do."""
        self.size = len(variables)
        self.highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", seed)):
            self.highs.setOptionValue(name, value)
        self.highs.setOptionValue("mip_feasibility_tolerance", TOLERANCE)
        self.highs.setOptionValue("primal_feasibility_tolerance", TOLERANCE)
        self.whole = np.array([_stays(whole, at) and v.cat == pulp.LpInteger for at, v in enumerate(variables)])
        lp = _as_lp(problem, variables, self.whole)
        self.lower, self.upper = np.array(lp.col_lower_), np.array(lp.col_upper_)
        self.rows = lp.num_row_
        self.highs.passModel(lp)

    def set_costs(self, costs: np.ndarray) -> None:
        """Minimise costs·x from now on."""
        self.highs.changeColsCost(self.size, np.arange(self.size, dtype=np.int32), costs)

    def set_bounds(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        self.highs.changeColsBounds(len(columns), columns.astype(np.int32), lower.astype(float), upper.astype(float))

    def reset(self) -> None:
        """The model as it was handed over: original bounds, no ceilings."""
        extra = self.highs.getNumRow() - self.rows
        if extra:
            self.highs.deleteRows(extra, np.arange(self.rows, self.rows + extra, dtype=np.int32))
        self.set_bounds(np.arange(self.size), self.lower, self.upper)

    def prefer_interior_point(self) -> None:
        """For large LPs of which only the value is wanted: no vertex, hence no crossover."""
        for name, value in (("solver", "ipm"), ("run_crossover", "off"), ("primal_feasibility_tolerance", 1e-7)):
            self.highs.setOptionValue(name, value)

    def add_ceiling(self, costs: np.ndarray, most: float) -> None:
        """Adds the row costs·x ≤ most."""
        columns = np.flatnonzero(costs).astype(np.int32)
        self.highs.addRow(-INFINITY, most, len(columns), columns, costs[columns])

    def freeze(self, costs: np.ndarray, value: float, slack: float) -> None:
        """From now on costs·x may not exceed `value` (by more than `slack`, relative). Goals are never negative, so
        one that reached nothing fixes its columns to nothing."""
        columns = np.flatnonzero(costs)
        if not len(columns):
            return
        if value == 0:
            self.set_bounds(columns, np.zeros(len(columns)), np.zeros(len(columns)))
        else:
            self.add_ceiling(costs, value + slack * max(1.0, value))

    def run(
        self,
        *,
        seconds: float = math.inf,
        gap: float = 0.0,
        start: np.ndarray | None = None,
        stop: Callable[[], bool] | None = None,
        nodes: int | None = None,
    ) -> Outcome:
        """Solves. `gap` is relative; `nodes` the most that a MIP may branch on; `stop()` true ends
        it early with what it has."""
        highs = self.highs
        # A MIP's limit counts from its own start, an LP's from the first run of the object.
        used = 0.0 if self.whole.any() else highs.getRunTime()
        highs.setOptionValue("time_limit", used + max(0.05, seconds))
        highs.setOptionValue("mip_rel_gap", gap)
        highs.setOptionValue("mip_max_nodes", MANY if nodes is None else nodes)
        highs.setOptionValue("mip_abs_gap", 1e-7)
        if start is not None and self.whole.any():
            solution = highspy.HighsSolution()
            solution.col_value = list(map(float, start))
            highs.setSolution(solution)
        listener = _listen(highs, stop) if stop is not None and self.whole.any() else None
        highs.run()
        if listener is not None:
            highs.cbMipInterrupt.unsubscribe(listener)
        return self._outcome()

    def _outcome(self) -> Outcome:
        status, info = self.highs.getModelStatus(), self.highs.getInfo()
        optimal = status == highspy.HighsModelStatus.kOptimal
        found = info.primal_solution_status == 2
        values = np.array(self.highs.getSolution().col_value) if found else None
        mip = bool(self.whole.any())
        bound = info.mip_dual_bound if mip else (info.objective_function_value if optimal else -math.inf)
        objective = info.objective_function_value if found else math.inf
        infeasible = status == highspy.HighsModelStatus.kInfeasible
        return Outcome(values, objective, bound if math.isfinite(bound) else -math.inf, optimal, infeasible)

    def clashing_columns(self) -> list[int]:
        """After an infeasible LP: the columns whose bounds are part of an irreducible clash. Not valid for a MIP."""
        self.highs.setOptionValue("iis_strategy", FROM_LP)
        _, iis = self.highs.getIis()
        return [int(column) for column in iis.col_index_] if iis.valid_ else []

    def row_duals(self) -> np.ndarray:
        """Dual of every row after an LP; zeros when there are none (a MIP)."""
        return np.array(self.highs.getSolution().row_dual)


def costs_of(goal: pulp.LpAffineExpression, size: int) -> np.ndarray:
    """The coefficients of an expression by column; variables are named by their position."""
    costs = np.zeros(size)
    for variable, weight in goal.items():
        costs[int(variable.name[1:])] = weight
    return costs


def _stays(whole: bool | Collection[int], at: int) -> bool:
    return whole if isinstance(whole, bool) else at in whole


def _listen(highs: highspy.Highs, stop: Callable[[], bool]) -> Callable:
    def listener(event: highspy.highs.HighsCallbackEvent) -> None:
        if stop():
            event.interrupt()

    highs.cbMipInterrupt.subscribe(listener)
    return listener


def _as_lp(problem: pulp.LpProblem, variables: Sequence[pulp.LpVariable], whole: np.ndarray) -> highspy.HighsLp:
    column = {id(variable): at for at, variable in enumerate(variables)}
    constraints = problem.constraints()
    starts = np.zeros(len(constraints) + 1, dtype=np.int32)
    index: list[int] = []
    value: list[float] = []
    lower = np.full(len(constraints), -INFINITY)
    upper = np.full(len(constraints), INFINITY)
    for number, constraint in enumerate(constraints):
        index.extend([column[id(variable)] for variable in constraint.expr])
        value.extend(constraint.expr.values())
        starts[number + 1] = len(index)
        if constraint.sense != pulp.LpConstraintLE:
            lower[number] = -constraint.constant
        if constraint.sense != pulp.LpConstraintGE:
            upper[number] = -constraint.constant
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(variables), len(constraints)
    lp.col_cost_ = np.zeros(len(variables))
    lp.col_lower_ = np.array([-INFINITY if v.lowBound is None else v.lowBound for v in variables], dtype=float)
    lp.col_upper_ = np.array([INFINITY if v.upBound is None else v.upBound for v in variables], dtype=float)
    lp.row_lower_, lp.row_upper_ = lower, upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = starts
    lp.a_matrix_.index_ = np.array(index, dtype=np.int32)
    lp.a_matrix_.value_ = np.array(value, dtype=float)
    if whole.any():
        kinds = highspy.HighsVarType
        lp.integrality_ = [kinds.kInteger if flag else kinds.kContinuous for flag in whole]
    return lp
