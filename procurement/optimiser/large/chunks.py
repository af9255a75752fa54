"""Chunks of a case: groups that share nothing with others but money, cold stores and share floors, as cases of their own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from procurement.optimiser.case import Case
from procurement.optimiser.goals import all_goals
from procurement.optimiser.large.lagrange import Lagrangian
from procurement.optimiser.large.parts import part_world
from procurement.optimiser.large.picks import Picks, groups_of
from procurement.optimiser.large.relaxation import Relaxation
from procurement.optimiser.large.shared import Shared
from procurement.optimiser.large.steps import opened
from procurement.optimiser.large.ways import Numbers
from procurement.optimiser.lexico import Clock
from procurement.optimiser.rules import Layout
from procurement.optimiser.world import World

LINES = 3000  # of a chunk
Key = tuple[str, int | None, int]  # a shared row: rule, institution, first or second of that rule


@dataclass(slots=True)
class Chunk:
    """Some groups: their lines, their offers in the whole, and their part of each shared row."""

    lines: list[int]
    offers: list[int]
    part: dict[Key, float]
    relaxation: Relaxation | None = None


class Chunks:
    """A case in chunks, of about equal cost and drawn from all groups alike."""

    def __init__(self, world: World, packs: list[int], seed: int) -> None:
        self.world, self.seed = world, seed
        self.limits = limits_of(world)
        self.chunks = [Chunk(lines, [o for k in lines for o in world.lines[k].offers], {}) for lines in dealt(world)]
        ticks = np.array([offer.price for offer in world.offers], dtype=float) * np.array(packs)
        units = np.array([offer.pack for offer in world.offers], dtype=float) * np.array(packs)
        self.base = [self.use_of(chunk, ticks, units) for chunk in self.chunks]
        for key, limit in self.limits.items():
            wanted = np.array([found.get(key, 0.0) for found in self.base]) + 1e-9 * max(1.0, limit)
            for chunk, mine in zip(self.chunks, wanted / wanted.sum() * limit, strict=True):
                chunk.part[key] = float(mine)
        self.chunks[0].part.update(self.limits)  # its first goal may use whatever there is

    def use_of(self, chunk: Chunk, ticks: Numbers, units: Numbers) -> dict[Key, float]:
        """What a plan uses of the shared rows in a chunk."""
        found: dict[Key, float] = defaultdict(float)
        for o in chunk.offers:
            offer = self.world.offers[o]
            found["机构预算", offer.institution, 0] += ticks[o] / self.world.tick
            found["总预算", None, 0] += ticks[o] / self.world.tick
            if self.world.case.drugs[offer.drug].cold:
                found["冷藏容量", offer.institution, 0] += units[o]
        return found

    def world_of(self, chunk: Chunk) -> World:
        """The chunk as a case of its own within its part."""
        case, tick = self.world.case, self.world.tick
        sites = tuple(
            replace(
                row,
                budget=None if row.budget is None else Decimal(int(chunk.part["机构预算", i, 0] * tick)) / tick,
                cold_capacity=None if row.cold_capacity is None else int(chunk.part["冷藏容量", i, 0]),
            )
            for i, row in enumerate(case.institutions)
        )
        total = None if case.total_budget is None else int(chunk.part["总预算", None, 0] * tick)
        mine: Case = replace(case, institutions=sites, total_budget=None if total is None else Decimal(total) / tick)
        part, _ = part_world(self.world, mine, chunk.lines)
        budgets = [None if row.budget is None else int(row.budget * tick) for row in sites]
        return replace(part, budgets=budgets, total_budget=total)

    def open(self, chunk: Chunk, clock: Clock) -> Relaxation:
        """The chunk's relaxation, kept until it is closed. Raises TimeOver."""
        clock.check()
        if chunk.relaxation is None:
            world = self.world_of(chunk)
            layout = Layout(world)
            lagrangian = Lagrangian(Shared(world, layout, all_goals(world, layout)), Picks(world, clock))
            chunk.relaxation = opened(world, lagrangian, self.seed)
        return chunk.relaxation

    def limit(self, chunk: Chunk) -> None:
        """Today's part of the chunk in its relaxation."""
        if chunk.relaxation is not None:
            shared, world = chunk.relaxation.shared, self.world_of(chunk)
            mine, limits = shared.world, limits_of(world)
            mine.budgets, mine.total_budget, mine.case = world.budgets, world.total_budget, world.case
            for key, row in shared.row_of.items():
                if key in limits:
                    shared.bounds[row] = limits[key]
            chunk.relaxation.fix_rows(None)


def limits_of(world: World) -> dict[Key, float]:
    """What institutions share, in the units of the rows."""
    found: dict[Key, float] = {}
    for i, row in enumerate(world.case.institutions):
        budget = world.budgets[i]
        if budget is not None:
            found["机构预算", i, 0] = budget / world.tick
        if row.cold_capacity is not None:
            found["冷藏容量", i, 0] = float(row.cold_capacity)
    if world.total_budget is not None:
        found["总预算", None, 0] = world.total_budget / world.tick
    return found


def dealt(world: World) -> list[list[int]]:
    """Lines by chunk. The first has the groups with 短缺急救, whose goal comes before all others; the other groups are
    sorted by what they cost and dealt out in turn, so that these chunks are alike."""

    def cost(lines: list[int]) -> float:
        return sum(
            world.lines[k].need
            * min((world.offers[o].price / world.offers[o].pack for o in world.lines[k].offers), default=0.0)
            for k in lines
        )

    def urgent(lines: list[int]) -> bool:
        return any(world.classes[world.lines[k].drug] == 0 for k in lines)

    every = sorted((lines for _, _, lines in groups_of(world)), key=lambda lines: (-cost(lines), lines))
    groups = [lines for lines in every if not urgent(lines)]
    many = max(1, round(len(world.lines) / LINES))
    found: list[list[int]] = [[] for _ in range(many)]
    for number, lines in enumerate(groups):
        turn, place = divmod(number, many)
        found[place if turn % 2 == 0 else many - 1 - place] += lines
    first = [k for lines in every if urgent(lines) for k in lines]
    return [sorted(lines) for lines in (first, *found) if lines]
