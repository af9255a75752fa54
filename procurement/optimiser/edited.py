"""A plan that people have changed, held against the same rules and goals as the plan it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from procurement.optimiser.audit import audit, packs_of
from procurement.optimiser.case import Case
from procurement.optimiser.goals import NAMES, all_goals, goal_values
from procurement.optimiser.plan import RuleCheck
from procurement.optimiser.rules import Layout, complete
from procurement.optimiser.world import World, build_world

ASKED = 7  # goals whose worsening is told; spend and the number of orders simply follow from the changes

Lines = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Worse:
    """A goal that the changes made worse: its value (patient-days or yuan) before and after."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class EditedPlan:
    """`changed`: lines whose packs differ. Spend in yuan."""

    changed: int
    checks: list[RuleCheck]
    worse: list[Worse]
    spend_before: Decimal
    spend_after: Decimal

    @property
    def broken(self) -> list[RuleCheck]:
        return [check for check in self.checks if check.broken]


def audit_edited(case: Case, planned: Lines, edited: Lines) -> EditedPlan:
    """Every rule on the edited packs by (机构编码, 产品编码), and the goals that got worse than in the plan."""
    world = build_world(case)
    layout = Layout(world)
    before, _ = packs_of(world, planned)
    after, strays = packs_of(world, edited)
    checks = audit(world, layout, after, strays)
    was, now = _values(world, layout, before), _values(world, layout, after)
    worse = [
        Worse(name, round(float(old), 4), round(float(new), 4))
        for name, old, new in list(zip(NAMES, was, now, strict=True))[:ASKED]
        if new > old
    ]
    changed = sum(planned.get(key, 0) != edited.get(key, 0) for key in {*planned, *edited})
    return EditedPlan(changed, checks, worse, _spend(case, planned), _spend(case, edited))


def _values(world: World, layout: Layout, packs: list[int]) -> list[Fraction]:
    return goal_values(world, layout, packs, complete(world, layout, packs), all_goals(world, layout))


def _spend(case: Case, lines: Lines) -> Decimal:
    price = {row.code: row.price for row in case.products}
    return sum((price.get(product, Decimal(0)) * count for (_, product), count in lines.items()), Decimal(0))
