"""The relaxation that bounds large cases: products are chosen whole (品规数上限), packs may be split.

起订包数 and 起送金额 are left out (they only take away), so its least value is a proven lower bound of every plan.
Its choice of products is also a good one for whole packs: the search on the true model follows it (`lexico.py`).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from procurement.optimiser.bridge import Bridge, costs_of
from procurement.optimiser.groups import choose_products
from procurement.optimiser.model import build_model
from procurement.optimiser.world import World

PART = 0.2  # of the asked gap: close enough to stop
NODES = 60
SERVED = 6  # the goals that say who gets what
SEARCHED = 4  # those of them that decide about products
SLACK = 1e-6


class Choice:
    """The relaxation on its way through the goals, frozen at what the plan reached."""

    def __init__(self, world: World, *, seed: int = 0, gap: float = 1e-3, whole: bool = True) -> None:
        """`whole` False splits the choice of products too: weaker, but an LP, for cases of any size."""
        self.model = build_model(world, lean=True)
        layout = self.model.layout
        self.products = layout.z
        self.gap = gap
        self.bridge = Bridge(
            self.model.problem, self.model.variables, seed=seed, whole=set(layout.z.values()) if whole else False
        )
        if not self.bridge.whole.any():
            self.bridge.prefer_interior_point()

    def bound(self, number: int, start: np.ndarray, seconds: float) -> tuple[float, set[int] | None]:
        """The proven bound of a goal and the products that this relaxation would not buy (None: it found nothing)."""
        costs = costs_of(self.model.goals[number], self.bridge.size)
        self.bridge.set_costs(costs)
        outcome = self.bridge.run(seconds=seconds, gap=self.gap * PART, start=start, nodes=NODES)
        if outcome.values is None or not self.bridge.whole.any():
            return self._safe(outcome.bound), None
        values = outcome.values
        return self._safe(outcome.bound), {p for p, at in self.products.items() if values[at] < 0.5}

    def solution(self, seconds: float) -> np.ndarray | None:
        """Its own strict-order solution of goals 1 to 6, each as good as a short search finds; reset afterwards.

        The choice of products is searched for the first goals only. What is left of the money then decides little
        about it: groups of the lower classes keep the products that would serve and cost best were there enough.
        """
        values: np.ndarray | None = None
        for number in range(SERVED):
            costs = costs_of(self.model.goals[number], self.bridge.size)
            if not costs.any():
                continue
            if number == SEARCHED and values is not None:
                self._settle(values)
            self.bridge.set_costs(costs)
            outcome = self.bridge.run(seconds=seconds / SERVED, gap=self.gap * PART, start=values, nodes=NODES)
            if outcome.values is None and number >= SEARCHED and values is not None:
                self._settle(values, keep=True)
                outcome = self.bridge.run(seconds=seconds / SERVED, gap=self.gap * PART, start=values, nodes=NODES)
            if outcome.values is None:
                break
            values = outcome.values
            self.bridge.freeze(costs, max(0.0, float(costs @ values)), SLACK)
        self.bridge.reset()
        return values

    def _settle(self, values: np.ndarray, *, keep: bool = False) -> None:
        """Fixes the choice of products: as in `values` for groups of the first classes (`keep`: for all)."""
        world = self.model.world
        early = {world.case.drugs[line.drug].group for line in world.lines if world.classes[line.drug] < SEARCHED - 1}
        drug_of = {offer.product: offer.drug for offer in world.offers}
        preferred = choose_products(world)
        columns = np.array(list(self.products.values()), dtype=np.int32)
        chosen = [
            round(values[at]) if keep or world.case.drugs[drug_of[p]].group in early else float(p in preferred)
            for p, at in self.products.items()
        ]
        self.bridge.set_bounds(columns, np.array(chosen, dtype=float), np.array(chosen, dtype=float))

    def freeze(self, number: int, value: Fraction, slack: float) -> None:
        """The goal may not get worse than the plan's value."""
        self.bridge.freeze(costs_of(self.model.goals[number], self.bridge.size), float(value), slack)

    def _safe(self, bound: float) -> float:
        return max(0.0, bound - 1e-7 * max(1.0, abs(bound)))
