"""Brings a plan that was made without money and 起送金额 within every rule.

What only misses a 起送金额 is not given up: its institution is solved anew by itself on the true model, all others as
they are.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from procurement.optimiser.audit import broken_rows
from procurement.optimiser.bridge import Bridge
from procurement.optimiser.construct import repair
from procurement.optimiser.goals import goal_values
from procurement.optimiser.large.parts import SERVING
from procurement.optimiser.lexico import Clock, OrderedSolve
from procurement.optimiser.model import Model, build_model
from procurement.optimiser.rounding import fitted
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.world import World

ORDERS = "起送金额"
SOLVED_OFFERS = 40_000  # beyond, the true model of one institution among all others is too slow to build
GAP = 1e-4
NODES = 20


def mended(world: World, packs: list[int], parts: list[int], clock: Clock, seed: int) -> list[int]:
    """The best of the plan at hand and of what the rules leave of the plan of the parts."""
    layout = Layout(world)
    broken = list(broken_rows(world, layout, parts))
    fit = fitted(world, layout, parts)
    if not broken or any(row.rule != ORDERS for row in broken) or len(world.offers) > SOLVED_OFFERS:
        return fit if broken else parts
    model = build_model(world)
    bridge = Bridge(model.problem, model.variables, seed=seed)
    plan = min([repair(world, layout, parts), fit, packs], key=lambda plan: values_of(model, plan))
    for i in sorted({world.offers[row.terms[0][0]].institution for row in broken}):
        if clock.over():
            break
        hold(bridge, plan, {o for o, offer in enumerate(world.offers) if offer.institution == i})
        plan = OrderedSolve(model, bridge, plan, clock, gap=GAP, nodes=NODES).run(goals=SERVING)
        bridge.reset()
    return plan


def hold(bridge: Bridge, packs: list[int], free: set[int]) -> None:
    """Fixes every offer outside the neighbourhood at its packs."""
    kept = np.array([o for o in range(len(packs)) if o not in free], dtype=np.int32)
    values = np.array(packs, dtype=float)[kept]
    bridge.set_bounds(kept, values, values)


def values_of(model: Model, packs: list[int]) -> list[Fraction]:
    world, layout = model.world, model.layout
    return goal_values(world, layout, packs, complete(world, layout, packs), model.weights)
