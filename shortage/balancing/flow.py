"""The transfer plan of an alliance: as much need covered as can be, in few and short trips, near expiry first.

most      Σ w_d·x[i,j,d]                                  first goal: weighted days of use covered
least     Σ (trip + km_ij)·y[i,j] + line·Σ z − near·Σ g    second goal, the first held
s.t.      Σ_j x[i,j,d] ≤ spare[i,d]          no donor falls under its own line
          Σ_i x[i,j,d] ≤ need[j,d]           nobody gets more than it lacks
          x[i,j,d] ≤ min(spare, need)·z[i,j,d],  z[i,j,d] ≤ y[i,j]
          g[i,d] ≤ near[i,d],  g[i,d] ≤ Σ_j x[i,j,d]        units that would soon expire unused at the donor
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulp

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Need:
    """What one place lacks of one drug: units, and what one unit is worth (weighted days of use)."""

    place: int
    drug: int
    units: int
    worth: float


@dataclass(frozen=True)
class Spare:
    """What one place can give of one drug above its own line; near: units of it that would soon expire unused."""

    place: int
    drug: int
    units: int
    near: int = 0


@dataclass(frozen=True)
class Costs:
    """In kilometres: what one more trip is worth, one more line of a trip, and a near-expiry unit (as a share of its
    need); seconds the second goal may be searched for."""

    trip: float = 30.0
    line: float = 1.0
    near: float = 5.0
    seconds: float = 20.0


@dataclass(frozen=True)
class Move:
    """Units of a drug from donor to receiver."""

    donor: int
    receiver: int
    drug: int
    units: int


@dataclass(frozen=True)
class Balance:
    """moves: the plan; covered, lacking: units; proven: the second goal was searched to its end."""

    moves: tuple[Move, ...]
    covered: int
    lacking: int
    trips: int
    km: float
    proven: bool


def balance(
    needs: Sequence[Need], spares: Sequence[Spare], km: Mapping[tuple[int, int], float], costs: Costs = Costs()
) -> Balance:
    """The plan. km by (donor, receiver); a pair without a distance counts as one more trip's worth away."""
    wanted = {(need.place, need.drug): need for need in needs if need.units > 0}
    given = [spare for spare in spares if spare.units > 0]
    arcs = [
        (spare.place, place, spare.drug)
        for spare in given
        for (place, drug) in wanted
        if drug == spare.drug and place != spare.place
    ]
    lacking = sum(need.units for need in wanted.values())
    if not arcs:
        return Balance((), 0, lacking, 0, 0.0, True)
    far = {(i, j): km.get((i, j), km.get((j, i), costs.trip)) for i, j, _ in arcs}
    worth = {(place, drug): need.worth for (place, drug), need in wanted.items()}
    model, flow = _model(wanted, given, arcs)
    gain = pulp.lpSum(worth[j, d] * flow[i, j, d] for i, j, d in arcs)
    model.setObjective(-gain)
    model.solve(pulp.HiGHS(msg=False))
    best = sum(worth[j, d] * (flow[i, j, d].value() or 0.0) for i, j, d in arcs)
    proven = _few_trips(model, flow, gain, best, given, far, costs)
    moves = tuple(Move(i, j, d, units) for i, j, d in arcs if (units := round(flow[i, j, d].value() or 0.0)) > 0)
    used = {(move.donor, move.receiver) for move in moves}
    covered = sum(move.units for move in moves)
    return Balance(moves, covered, lacking - covered, len(used), sum(far[pair] for pair in used), proven)


def _model(
    wanted: Mapping[tuple[int, int], Need], given: Sequence[Spare], arcs: Sequence[tuple[int, int, int]]
) -> tuple[Any, Any]:
    model = pulp.LpProblem("balance", pulp.LpMinimize)
    spare = {(one.place, one.drug): one.units for one in given}
    flow = {
        (i, j, d): model.add_variable(f"x_{i}_{j}_{d}", 0, min(spare[i, d], wanted[j, d].units)) for i, j, d in arcs
    }
    out, into = defaultdict(list), defaultdict(list)
    for i, j, d in arcs:
        out[i, d].append(flow[i, j, d])
        into[j, d].append(flow[i, j, d])
    for key, terms in out.items():
        model += pulp.lpSum(terms) <= spare[key]
    for key, terms in into.items():
        model += pulp.lpSum(terms) <= wanted[key].units
    return model, flow


def _few_trips(
    model: Any,
    flow: Any,
    gain: Any,
    best: float,
    given: Sequence[Spare],
    far: Mapping[tuple[int, int], float],
    costs: Costs,
) -> bool:
    """Adds the trips and searches again with the first goal held. False when time ran out (the best found is kept)."""
    first = {key: variable.value() for key, variable in flow.items()}
    trip = {pair: model.add_variable(f"y_{pair[0]}_{pair[1]}", cat=pulp.LpBinary) for pair in far}
    line = {key: model.add_variable("z_" + "_".join(map(str, key)), cat=pulp.LpBinary) for key in flow}
    for (i, j, d), variable in flow.items():
        model += variable <= variable.upBound * line[i, j, d]
        model += line[i, j, d] <= trip[i, j]
    near = []
    for one in given:
        if not one.near:
            continue
        terms = [flow[key] for key in flow if key[0] == one.place and key[2] == one.drug]
        saved = model.add_variable(f"g_{one.place}_{one.drug}", 0, min(one.near, one.units))
        model += saved <= pulp.lpSum(terms)
        near.append(costs.near / max(1, min(one.near, one.units)) * saved)
    model += gain >= best - max(TOLERANCE, TOLERANCE * abs(best))
    cost = pulp.lpSum((costs.trip + far[pair]) * trip[pair] for pair in far)
    model.setObjective(cost + costs.line * pulp.lpSum(line.values()) - pulp.lpSum(near))
    status = model.solve(pulp.HiGHS(msg=False, timeLimit=costs.seconds, gapRel=0.01))
    if any(variable.value() is None for variable in flow.values()) or model.sol_status not in (
        pulp.LpSolutionOptimal,
        pulp.LpSolutionIntegerFeasible,
    ):
        for key, variable in flow.items():
            variable.varValue = first[key]
        return False
    return bool(status == pulp.LpStatusOptimal and model.sol_status == pulp.LpSolutionOptimal)


def keeps_limits(moves: Sequence[Move], spares: Sequence[Spare], needs: Sequence[Need]) -> bool:
    """The plan in whole numbers keeps every limit: what `balance` promises, checked in exact arithmetic."""
    out: dict[tuple[int, int], int] = defaultdict(int)
    into: dict[tuple[int, int], int] = defaultdict(int)
    for move in moves:
        out[move.donor, move.drug] += move.units
        into[move.receiver, move.drug] += move.units
    spare = {(one.place, one.drug): one.units for one in spares}
    need = {(one.place, one.drug): one.units for one in needs}
    return all(units <= spare.get(key, 0) for key, units in out.items()) and all(
        units <= need.get(key, 0) for key, units in into.items()
    )
