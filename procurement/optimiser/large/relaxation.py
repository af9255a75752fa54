"""The relaxation of `shared.py` as a linear program that grows: picks and ways enter when the prices call for them.

Of the some twenty ways of a line two or three are ever built. What is left out needs no trust: at the prices of the
program the Lagrangian (`lagrange.py`) looks at everything, and only its bound is believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from procurement.optimiser.large.lagrange import Lagrangian, Look, Prices
from procurement.optimiser.large.shared import AGREED, FLOORS, SPEND
from procurement.optimiser.large.ways import Numbers
from procurement.optimiser.lexico import Clock

WAY, PICK, SHORT, FLOOR = range(4)  # kinds of columns
GOAL, ROW, GROUP, LINE, TIED = range(5)  # kinds of rows
ROUNDS = 40
NOISE = 1e-3
INFINITY = highspy.kHighsInf
ENDED = tuple(getattr(highspy.HighsModelStatus, name) for name in ("kOptimal", "kTimeLimit", "kInterrupt"))
NOTHING = np.array([], dtype=np.int32)
Entries = list[tuple[Numbers, Numbers, Numbers]]  # column, row, value


@dataclass(slots=True)
class Answer:
    """One solved objective: its least value over what is built, the point reached, its prices and the duals of all
    rows; and the proven bound over everything with the prices that prove it."""

    value: float
    point: Numbers
    prices: Prices
    bound: float
    proof: Prices
    duals: Numbers


class Relaxation:
    """A HiGHS object. Columns are known by `kind` and `ref` (flat way, opened pick, its agreed volume, shared row), rows
    by `row_at`: where those of each kind stand, in the order of their owner."""

    def __init__(self, lagrangian: Lagrangian, *, seed: int = 0) -> None:
        self.lagrangian, self.shared, self.opened = lagrangian, lagrangian.shared, lagrangian.opened
        s = self.shared
        self.highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", seed)):
            self.highs.setOptionValue(name, value)
        self.kind = np.zeros(0, dtype=np.int8)
        self.ref = self.goal = np.zeros(0, dtype=np.int64)
        self.amount = self.spend = np.zeros(0)  # what a column adds to its goal, and in yuan
        self.rows = 0
        self.row_at = [np.zeros(0, dtype=np.int64) for _ in range(5)]
        self.built = np.zeros(0, dtype=bool)  # by flat way
        self.column = np.zeros(0, dtype=np.int64)  # by opened pick
        self.most = np.full(SPEND, np.inf)
        self.fixed: Numbers | None = None  # prices of the shared rows that are given, not found
        self.use: Entries = []  # of the shared rows
        one = np.ones(len(lagrangian.picks.of_group))
        self._add_rows(GOAL, np.full(SPEND, -INFINITY), np.full(SPEND, INFINITY))
        self._add_rows(ROW, np.where(s.upper, -INFINITY, s.bounds), np.where(s.upper, s.bounds, INFINITY))
        self._add_rows(GROUP, one, one)
        floors = np.array(s.floors, dtype=np.int64)
        entries = (np.arange(len(floors)), self.row_at[ROW][floors], np.ones(len(floors)))
        self._add(FLOOR, floors, FLOORS, np.ones(len(floors)), np.full(len(floors), INFINITY), [entries])

    # --- building

    def open(self, picks: Iterable[int], prices: Sequence[Prices]) -> bool:
        """Lets the groups choose these picks too, each line served as is cheapest at each of these prices; False when
        they may already."""
        o, s = self.opened, self.shared
        self.opened.open(picks)
        first, line, tied = len(self.column), len(self.row_at[LINE]), len(self.row_at[TIED])
        short = int((self.kind == SHORT).sum())
        fresh = np.arange(first, len(o.picks))
        if not len(fresh):
            return False
        zero = np.zeros(len(o.row_pick) - line)
        self._add_rows(LINE, zero, zero)
        limits = o.tied_supply[tied:] >= 0
        self._add_rows(TIED, np.where(limits, -INFINITY, 0.0), np.where(limits, 0.0, INFINITY))
        self.built = np.append(self.built, np.zeros(len(o.way) - len(self.built), dtype=bool))
        self.column = np.append(self.column, len(self.kind) + np.arange(len(fresh)))
        groups = np.array([o.all.all[k].group for k in o.picks[first:]], dtype=np.int64)
        entries = [
            (np.arange(len(fresh)), self.row_at[GROUP][groups], np.ones(len(fresh))),
            (o.row_pick[line:] - first, self.row_at[LINE][line:], -np.ones(len(zero))),
            (o.tied_pick[tied:] - first, self.row_at[TIED][tied:], -o.tied_bound[tied:]),
        ]
        self._add(PICK, fresh, AGREED, o.missed[first:], np.ones(len(fresh)), entries)
        ref, agreed = np.arange(short, len(o.short_pick)), o.short_agreed[short:]
        q = np.flatnonzero(o.tied_demand[tied:] >= 0) + tied
        place = o.short_of(q) - short
        entries = [(place, self.row_at[TIED][q], s.demand_short[o.tied_demand[q]])]
        self._add(SHORT, ref, AGREED, s.agreed_cost[agreed], s.remaining[agreed], entries)
        mine = np.flatnonzero(o.flat_row >= line)
        self._serve(o.start[line:])  # nothing at all, so that there is always an answer
        for some in prices:
            look = self.lagrangian.look(self.lagrangian.valid(some))
            self._serve(mine[look.flat[mine] <= look.rows[o.flat_row[mine]]])
        return True

    def _serve(self, flat: Numbers) -> int:
        """Builds these flat ways where they are not yet; answers how many."""
        flat = flat[~self.built[flat]]
        if not len(flat):
            return 0
        self.built[flat] = True
        s, o, ways = self.shared, self.opened, self.lagrangian.picks.ways
        way, place = o.way[flat], np.full(len(o.way), -1)
        place[flat] = np.arange(len(flat))
        line, count = ways.line[way], np.arange(len(way))
        slots = np.vstack([s.slot, np.zeros((1, s.slot.shape[1]))])
        shared = slots[ways.first[way]] * ways.packs[way, None] + slots[ways.second[way]] * ways.more[way, None]
        at, slot = np.nonzero(shared)
        used = np.flatnonzero(place[o.use_flat] >= 0)
        entries = [
            (count, self.row_at[LINE][o.flat_row[flat]], np.ones(len(way))),
            (at, self.row_at[ROW][s.slot_row[line[at], slot]], shared[at, slot]),
            (place[o.use_flat[used]], self.row_at[TIED][o.use_row[used]], o.use_units[used]),
        ]
        days, yuan = s.unmet(line, ways.cover[way]), ways.of_offers(s.yuan)[way]
        self.use.append((len(self.kind) + at, s.slot_row[line[at], slot], shared[at, slot]))
        self._add(WAY, flat, s.goal[line], days, np.full(len(way), INFINITY), entries, yuan)
        return len(flat)

    def _add(
        self,
        kind: int,
        ref: Numbers,
        goal: Numbers | int,
        amount: Numbers,
        upper: Numbers,
        entries: Entries,
        spend: Numbers | None = None,
    ) -> None:
        """Columns with these entries, and the one in the ceiling of their goal."""
        count = len(ref)
        if not count:
            return
        goals = np.broadcast_to(np.asarray(goal, dtype=np.int64), (count,))
        counted = np.flatnonzero(amount)
        entries = [*entries, (counted, goals[counted], amount[counted])]
        column, row, value = (np.concatenate(part) for part in zip(*entries, strict=True))
        order = np.lexsort((row, column))
        starts = np.searchsorted(column[order], np.arange(count)).astype(np.int32)
        rows = row[order].astype(np.int32)
        self.highs.addCols(count, np.zeros(count), np.zeros(count), upper, len(rows), starts, rows, value[order])
        self.kind = np.append(self.kind, np.full(count, kind, dtype=np.int8))
        self.ref = np.append(self.ref, ref)
        self.goal = np.append(self.goal, goals)
        self.amount = np.append(self.amount, amount)
        self.spend = np.append(self.spend, np.zeros(count) if spend is None else spend)

    def _add_rows(self, kind: int, lower: Numbers, upper: Numbers) -> None:
        count = len(lower)
        if count:
            self.highs.addRows(count, lower, upper, 0, np.zeros(count, dtype=np.int32), NOTHING, np.array([]))
            self.row_at[kind] = np.append(self.row_at[kind], self.rows + np.arange(count))
            self.rows += count

    # --- solving

    def limit_goals(self, most: Numbers) -> None:
        """From now on the first goals may not exceed these values (and the others may)."""
        self.most = np.full(SPEND, np.inf)
        self.most[: len(most)] = most
        for goal, value in enumerate(self.most - self.shared.constant[:SPEND]):
            self.highs.changeRowBounds(goal, -INFINITY, float(value))

    def fix_rows(self, prices: Numbers | None) -> None:
        """From now on the shared rows cost these prices and limit nothing, or (None) limit again."""
        s, rows = self.shared, self.row_at[ROW]
        none = np.full(len(rows), INFINITY)
        self.fixed = prices
        lower = np.where(s.upper, -INFINITY, s.bounds) if prices is None else -none
        upper = np.where(s.upper, s.bounds, INFINITY) if prices is None else none
        for row, low, high in zip(rows.tolist(), lower.tolist(), upper.tolist(), strict=True):
            self.highs.changeRowBounds(row, low, high)

    def used(self, point: Numbers) -> Numbers:
        """What a point uses of the shared rows, the floors' own columns aside."""
        column, row, value = (np.concatenate(part) for part in zip(*self.use, strict=True))
        inside = column < len(point)
        found: Numbers = np.bincount(row[inside], point[column[inside]] * value[inside], len(self.shared.bounds))
        return found

    def minimise(
        self, weights: Numbers, clock: Clock, *, close: float, rounds: int = ROUNDS, enough: float = np.inf
    ) -> Answer | None:
        """Least Σ weights·goals: a run, then what its prices call for, until the proven bound is that `close`, or
        `enough`."""
        best: Answer | None = None
        for _ in range(rounds):
            answer = None if clock.over() else self.run(weights, clock)
            if answer is None:
                break
            look = self.lagrangian.look(answer.prices)
            answer.bound = look.bound - self._above(weights, answer.prices)
            if best is not None and best.bound > answer.bound:
                answer.bound, answer.proof = best.bound, best.proof
            best = answer
            if (
                answer.value - answer.bound <= close
                or answer.bound >= enough - close
                or not self._call(look, answer, NOISE * close)
            ):
                break
        return best

    def run(self, weights: Numbers, clock: Clock) -> Answer | None:
        """One run of the solver; None without an answer."""
        highs, size = self.highs, len(self.kind)
        costs = weights[self.goal] * self.amount + weights[SPEND] * self.spend
        if self.fixed is not None:
            column, row, value = (np.concatenate(part) for part in zip(*self.use, strict=True))
            costs = costs - np.bincount(column, value * self.fixed[row], size)
        highs.changeColsCost(size, np.arange(size, dtype=np.int32), costs)
        highs.setOptionValue("time_limit", highs.getRunTime() + max(0.05, clock.left()))
        listener = listening(highs, clock)
        highs.run()
        if highs.getModelStatus() not in ENDED:  # lost its way: once more from the beginning
            highs.clearSolver()
            highs.setOptionValue("time_limit", highs.getRunTime() + max(0.05, clock.left()))
            highs.run()
        if listener is not None:
            highs.cbSimplexInterrupt.unsubscribe(listener)
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found = highs.getSolution()
        duals, point = np.array(found.row_dual), np.array(found.col_value)
        goals = weights.copy()
        goals[:SPEND] -= duals[self.row_at[GOAL]]
        supply, demands = self._prices_of_products(point, duals)
        rows = duals[self.row_at[ROW]] if self.fixed is None else self.fixed
        prices = Prices(goals, rows, supply, demands, duals[self.row_at[TIED]])
        prices = self.lagrangian.valid(prices)
        value = highs.getInfo().objective_function_value + float(weights @ self.shared.constant)
        value += 0.0 if self.fixed is None else float(prices.rows @ self.shared.bounds)
        return Answer(value, point, prices, -np.inf, prices, duals)

    def _prices_of_products(self, point: Numbers, duals: Numbers) -> tuple[Numbers, Numbers]:
        """For the picks that are not opened: the tied prices of the pick that the group uses most."""
        s, o = self.shared, self.opened
        order = np.argsort(point[self.column][o.tied_pick], kind="stable")
        price = duals[self.row_at[TIED]][order]
        supply, demands = np.zeros(len(s.supply) + 1), np.zeros(len(s.demands) + 1)
        supply[o.tied_supply[order]] = price
        demands[o.tied_demand[order]] = price
        return supply[:-1], demands[:-1]

    def mixture(self, answer: Answer) -> tuple[Numbers, Numbers, Numbers]:
        """The pick that each group uses most, and the ways by which that pick serves its lines, each to its share."""
        o, all_picks = self.opened, self.lagrangian.picks.all
        part = np.append(answer.point, np.zeros(len(self.kind) - len(answer.point)))[self.column]
        chosen = np.zeros(len(self.lagrangian.picks.of_group), dtype=np.int64)
        for j in np.argsort(part, kind="stable").tolist():
            chosen[all_picks[o.picks[j]].group] = o.picks[j]
        main = np.zeros(len(o.picks), dtype=bool)
        main[[o.place[k] for k in chosen.tolist()]] = True
        columns = np.flatnonzero((self.kind[: len(answer.point)] == WAY) & (answer.point > 1e-9))
        flat = self.ref[columns]
        pick = o.row_pick[o.flat_row[flat]]
        mine = main[pick]
        return chosen, o.way[flat[mine]], answer.point[columns[mine]] / part[pick[mine]]

    def value_of(self, answer: Answer, goal: int) -> float:
        """What a goal comes to at the point of an answer."""
        mine = self.goal[: len(answer.point)] == goal
        return float(self.amount[: len(answer.point)][mine] @ answer.point[mine] + self.shared.constant[goal])

    def _above(self, weights: Numbers, prices: Prices) -> float:
        """What the ceilings of the goals take off the bound."""
        more = prices.goals[:SPEND] - weights[:SPEND]
        return float(more[more != 0] @ self.most[more != 0])

    def _call(self, look: Look, answer: Answer, noise: float) -> bool:
        """Builds the ways and opens the picks that the prices call for; False when none is called."""
        o, picks = self.opened, self.lagrangian.picks
        beaten = look.rows < answer.duals[self.row_at[LINE]] - noise
        called = self._serve(np.flatnonzero(beaten[o.flat_row] & (look.flat <= look.rows[o.flat_row])))
        costs = look.picks.copy()
        costs[o.picks] = np.inf
        least = np.minimum.reduceat(costs, picks.group_start)
        promising = np.flatnonzero(answer.duals[self.row_at[GROUP]] - least > noise)
        fresh = [picks.of_group[g][int(np.argmin(costs[picks.of_group[g]]))] for g in promising.tolist()]
        return bool(called) | self.open(fresh, [answer.prices])


def listening(highs: Any, clock: Clock) -> Any:
    """Ends a run of the simplex method when somebody asks to stop."""
    if clock.should_stop is None:
        return None

    def listener(event: Any) -> None:
        if clock.should_stop is not None and clock.should_stop():
            event.interrupt()

    highs.cbSimplexInterrupt.subscribe(listener)
    return listener
