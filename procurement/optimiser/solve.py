"""From a case to a plan: the table of contents of this room.

    plan = solve(case, Options(time_limit=60))

1. `world.py` numbers the case and works out need, sensible maximum and offers; 2. `solve_packs` decides the packs
(`construct.py`, then `lexico.py` to the proof for small cases, the room `large/` for the others); 3. `audit.py` re-checks
every rule in whole numbers; 4. `summary.py` adds up, and the room `reasons/` says why: line by line, what cannot be had
together, and what more money would bring.
"""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from procurement.optimiser.audit import audit
from procurement.optimiser.bridge import SOLVER, Bridge, solver_version
from procurement.optimiser.case import Case, case_sha256
from procurement.optimiser.construct import construct
from procurement.optimiser.large.search import solve_large
from procurement.optimiser.lexico import WORK, Clock, OrderedSolve, Phase, Progress
from procurement.optimiser.model import build_model
from procurement.optimiser.pinned import solve_pinned
from procurement.optimiser.plan import FEASIBLE, OPTIMAL, GoalResult, Plan, Replay, Seconds
from procurement.optimiser.reasons.clashes import find_clashes
from procurement.optimiser.reasons.explain import ledger, line_reasons, unmet_reasons
from procurement.optimiser.reasons.floors import floor_clashes
from procurement.optimiser.reasons.worth import worths
from procurement.optimiser.rules import Layout
from procurement.optimiser.summary import commitments, coverage, sites, transfers
from procurement.optimiser.world import World, build_world

EXACT_OFFERS = 600
TELLING = 4e-5  # seconds an offer takes to be checked and explained; kept back from the search
REASONING = 5.0  # seconds kept back, at most a tenth of the limit, for clashes and the worth of money


@dataclass(frozen=True, slots=True)
class Options:
    """`time_limit` seconds of search, `gap` asked relative to the proven bound, `seed` of the solver. `reasons` false leaves
    out clashes and the worth of money (a what-if that is only compared)."""

    time_limit: float = 60.0
    gap: float = 0.001
    seed: int = 0
    reasons: bool = True


def solve(
    case: Case,
    options: Options | None = None,
    on_progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_phase: Phase | None = None,
) -> Plan:
    """The best plan found within the time limit; always one that keeps every rule (buying nothing is one).

    `on_progress(goal number, goal name, value, bound, gap, seconds left)` hears of each goal as it is settled;
    `on_phase(what is being done, fraction of the work, seconds left)` hears of the steps in between;
    `should_stop()` true ends the search with what there is. The same case, version and seed give the same plan as
    long as the time limit does not cut the search short. Raises PinsClash when the 固定 of the case cannot hold.
    """
    options = options or Options()
    clock = Clock(options.time_limit, should_stop, on_phase=on_phase)
    seconds = Seconds()
    started = time.monotonic()
    with long_lived():
        world = build_world(case)
        kept_back = min(options.time_limit / 4, TELLING * len(world.offers))
        reasoning = min(options.time_limit / 10, REASONING) if options.reasons else 0.0
        clock.limit -= kept_back + reasoning
        packs, goals = solve_packs(world, options, clock, seconds, on_progress)
        plan = describe(world, packs, goals, options)
        if options.reasons:
            clock.limit += reasoning
            argue(world, packs, plan, Clock(min(max(clock.left(), reasoning), 2 * REASONING)))
    seconds.solve = time.monotonic() - started - seconds.build
    plan.seconds = seconds
    return plan


@contextmanager
def long_lived() -> Iterator[None]:
    """Millions of small objects that all live to the end: the cycle collector would walk them in vain, again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def solve_packs(
    world: World, options: Options, clock: Clock, seconds: Seconds, on_progress: Progress | None
) -> tuple[list[int], list[GoalResult]]:
    """Packs by offer, and what each goal reached."""
    if world.case.pins:
        return solve_pinned(world, clock, seconds, on_progress, exact=EXACT_OFFERS, gap=options.gap, seed=options.seed)
    layout = Layout(world)
    packs = construct(world, layout)
    if len(world.offers) > EXACT_OFFERS:
        return solve_large(world, packs, clock, seconds, on_progress, seed=options.seed, gap=options.gap)
    started = time.monotonic()
    model = build_model(world)
    bridge = Bridge(model.problem, model.variables, seed=options.seed)
    seconds.build += time.monotonic() - started
    nodes = WORK // max(1, bridge.size)
    search = OrderedSolve(model, bridge, packs, clock, gap=options.gap, nodes=nodes)
    return search.run(on_progress), search.results


def argue(world: World, packs: list[int], plan: Plan, clock: Clock) -> None:
    """What cannot be had and why, and what more money would bring: added to the plan as far as the time allows."""
    book = ledger(world, packs)
    floors, cut = floor_clashes(book, clock)
    plan.worths = worths(book, Clock(clock.left() / 3))
    found, plan.unexplained = find_clashes(world, packs, clock)
    plan.clashes = [*found, *floors]
    plan.unexplained += cut


def describe(world: World, packs: list[int], goals: list[GoalResult], options: Options) -> Plan:
    """The plan in words and sums, every rule re-checked."""
    layout = Layout(world)
    quantities: dict[int, int] = defaultdict(int)
    for o, count in enumerate(packs):
        if count:
            quantities[world.offers[o].line] += count * world.offers[o].pack
    unmet = unmet_reasons(world, layout, packs)
    return Plan(
        status=OPTIMAL if all(goal.gap <= options.gap for goal in goals) else FEASIBLE,
        goals=goals,
        lines=line_reasons(world, packs),
        unmet=unmet,
        commitments=commitments(world, packs),
        checks=audit(world, layout, packs),
        coverage=coverage(world, quantities),
        sites=sites(world, packs, quantities),
        transfers=transfers(world, unmet),
        replay=Replay(case_sha256(world.case), SOLVER, solver_version(), options.seed),
    )
