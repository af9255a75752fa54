"""What a solve answers: values only, ready for a page, a workbook or JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

OPTIMAL, FEASIBLE, REJECTED = "optimal", "feasible", "rejected"
STATUS_WORDS = {
    OPTIMAL: "已达到要求的最优差距",
    FEASIBLE: "可行（部分目标未证明到要求的差距）",
    REJECTED: "数据有误，未计算",
}


@dataclass(frozen=True, slots=True)
class GoalResult:
    """One goal: value reached, proven bound (least possible given what the goals above reached), relative gap, seconds."""

    name: str
    value: float
    bound: float
    gap: float
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PlanLine:
    """Buy `packs` packs of `product` for `institution`: `quantity` minimal units, `amount` yuan to the cent."""

    institution: str
    product: str
    packs: int
    quantity: int
    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Unmet:
    """Need left open: minimal units, the class it counts in, what binds, and the cheapest way out (补救)."""

    institution: str
    drug: str
    quantity: int
    kind: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CommitmentResult:
    """约定量执行: `institution` None = the whole alliance; minimal units."""

    product: str
    institution: str | None
    remaining: int
    bought: int
    shortfall: int


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """规则核对: how often the rule was checked on the rounded quantities, how often it fails, and its worst case."""

    rule: str
    checked: int
    broken: int
    worst: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Need and what the plan covers of it, by class, in patient-days."""

    kind: str
    need: float
    covered: float
    lines: int
    unmet_lines: int


@dataclass(frozen=True, slots=True)
class SiteSummary:
    """One institution: spend, budget, shares of spend on 基药 and 医保 (None without spend), their floors, coverage."""

    institution: str
    name: str
    spend: Decimal
    budget: Decimal | None
    essential_share: float | None
    essential_floor: float | None
    insurance_share: float | None
    insurance_floor: float | None
    covered: float


@dataclass(frozen=True, slots=True)
class Transfer:
    """调剂建议: move `quantity` of `drug` from an institution with stock above its need to one that stays short."""

    drug: str
    source: str
    target: str
    quantity: int
    reason: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """One change that would end a clash, and its price, in words. `checked`: solved again with the change, every rule
    re-checked in whole numbers, and it stands beside what the rest of the plan buys for such demands."""

    words: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Clash:
    """矛盾: a smallest set of facts that cannot all hold. `kind` is what stays short (短缺急救, 约定量, 金额占比), `sites` the
    institutions it concerns, `given_up` what this plan therefore leaves open."""

    kind: str
    sites: tuple[str, ...]
    said: str
    facts: tuple[str, ...]
    ways: tuple[WayOut, ...]
    given_up: str


@dataclass(frozen=True, slots=True)
class Worth:
    """What `added` yuan more bring: to one institution, or (None) to the alliance's 总预算. `goal` is the first goal that
    gains ("" = none); `estimate` by the dual of the budget, `gain` by solving again (None = not solved again), in the
    unit of that goal; `note` says what else binds."""

    institution: str | None
    goal: str
    unit: str
    estimate: float
    gain: float | None
    note: str
    added: int = 10_000


@dataclass(frozen=True, slots=True)
class Replay:
    """What is needed to get the same plan again."""

    case_sha256: str
    solver: str
    version: str
    seed: int


@dataclass(slots=True)
class Seconds:
    read: float = 0.0
    build: float = 0.0
    solve: float = 0.0
    write: float = 0.0


@dataclass(slots=True)
class Plan:
    """The whole answer to one case."""

    status: str
    goals: list[GoalResult]
    lines: list[PlanLine]
    unmet: list[Unmet]
    commitments: list[CommitmentResult]
    checks: list[RuleCheck]
    coverage: list[Coverage]
    sites: list[SiteSummary]
    transfers: list[Transfer]
    replay: Replay
    seconds: Seconds = field(default_factory=Seconds)
    clashes: list[Clash] = field(default_factory=list)
    unexplained: int = 0
    worths: list[Worth] = field(default_factory=list)


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The promised shape of PLAN.json; after the promised keys, what else the plan says (clashes, worth of money)."""
    return {
        "status": plan.status,
        "goals": [{"name": g.name, "value": g.value, "bound": g.bound, "gap": g.gap} for g in plan.goals],
        "lines": [
            {
                "institution": row.institution,
                "product": row.product,
                "packs": row.packs,
                "quantity": row.quantity,
                "amount": float(row.amount),
                "reason": row.reason,
            }
            for row in plan.lines
        ],
        "unmet": [
            {
                "institution": row.institution,
                "drug": row.drug,
                "quantity": row.quantity,
                "class": row.kind,
                "reason": row.reason,
                "remedy": row.remedy,
            }
            for row in plan.unmet
        ],
        "commitments": [
            {
                "product": row.product,
                "institution": row.institution,
                "remaining": row.remaining,
                "bought": row.bought,
                "shortfall": row.shortfall,
            }
            for row in plan.commitments
        ],
        "seconds": {
            "read": round(plan.seconds.read, 3),
            "build": round(plan.seconds.build, 3),
            "solve": round(plan.seconds.solve, 3),
            "write": round(plan.seconds.write, 3),
        },
        "replay": {
            "case_sha256": plan.replay.case_sha256,
            "solver": plan.replay.solver,
            "version": plan.replay.version,
            "seed": plan.replay.seed,
        },
        "clashes": [
            {
                "kind": row.kind,
                "institutions": list(row.sites),
                "said": row.said,
                "facts": list(row.facts),
                "ways": [{"words": way.words, "checked": way.checked} for way in row.ways],
                "given_up": row.given_up,
            }
            for row in plan.clashes
        ],
        "unexplained": plan.unexplained,
        "worth": [
            {
                "institution": row.institution,
                "added": row.added,
                "goal": row.goal,
                "unit": row.unit,
                "estimate": row.estimate,
                "gain": row.gain,
                "note": row.note,
            }
            for row in plan.worths
        ],
    }
