"""Checks a plan of numbers against every rule, in whole numbers: the same rows that made the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from procurement.optimiser.case import Case
from procurement.optimiser.plan import RuleCheck
from procurement.optimiser.rules import RULES, Layout, Row, complete
from procurement.optimiser.world import PINNED, World, build_world

OFFERED = "可供与整包"
RULE_NAMES = (
    OFFERED,
    "需求满足",
    "采购上限",
    "起订包数",
    "供应上限",
    "起送金额",
    "机构预算",
    "总预算",
    "非中选比例",
    "品规数上限",
    "冷藏容量",
    "约定量",
    PINNED,
)


def slack(row: Row, values: list[int]) -> int:
    """How far the row is from being broken (negative: broken), in its own whole units."""
    total = sum(weight * values[at] for at, weight in row.terms)
    return row.bound - total if row.sense == "<=" else total - row.bound


def broken_rows(world: World, v: Layout, packs: list[int]) -> Iterator[Row]:
    """Every rule instance that this plan breaks."""
    values = complete(world, v, packs)
    for rule in RULES:
        for row in rule(world, v):
            if slack(row, values) < 0:
                yield row


def is_clean(world: World, v: Layout, packs: list[int]) -> bool:
    return min(packs, default=0) >= 0 and next(broken_rows(world, v, packs), None) is None


def audit(world: World, v: Layout, packs: list[int], strays: Iterable[str] = ()) -> list[RuleCheck]:
    """One check per rule. `strays` are lines of an edited plan that nobody may buy, in words."""
    values = complete(world, v, packs)
    stray = list(strays)
    bought = sum(1 for count in packs if count)
    found = [RuleCheck(OFFERED, bought + len(stray), len(stray), stray[0] if stray else "全部为可配送产品的整包数")]
    for name, rule in zip(RULE_NAMES[1:], RULES, strict=True):
        found.append(_check(name, rule(world, v), values))
    return found


def audit_lines(case: Case, lines: Mapping[tuple[str, str], int]) -> list[RuleCheck]:
    """Checks an edited plan: packs by (机构编码, 产品编码)."""
    world = build_world(case)
    packs, strays = packs_of(world, lines)
    return audit(world, Layout(world), packs, strays)


def packs_of(world: World, lines: Mapping[tuple[str, str], int]) -> tuple[list[int], list[str]]:
    """Packs by offer, and in words the lines that cannot be bought at all."""
    sites = {row.code: k for k, row in enumerate(world.case.institutions)}
    products = {row.code: k for k, row in enumerate(world.case.products)}
    packs = [0] * len(world.offers)
    strays = []
    for (site, product), count in lines.items():
        at = (sites.get(site, -1), products.get(product, -1))
        if at in world.offer_at and count >= 0:
            packs[world.offer_at[at]] = count
        elif count:
            why = world.excluded.get(at, "未知编码、不在配送范围内、红3 或不需要")
            strays.append(f"{site} 采购 {product} {count} 包：不可采购（{why}）")
    return packs, strays


def _check(name: str, rows: Iterable[Row], values: list[int]) -> RuleCheck:
    checked = broken = 0
    worst: tuple[Fraction, Row, int] | None = None
    for row in rows:
        left = slack(row, values)
        checked += 1
        broken += left < 0
        size = Fraction(left, max(1, abs(row.bound)))
        if worst is None or size < worst[0]:
            worst = size, row, left
    return RuleCheck(name, checked, broken, _words(worst[1], worst[2]) if worst else "本案例没有此规则")


def _words(row: Row, left: int) -> str:
    place = "、".join(row.at) or "全体"
    amount = f"{abs(left) / row.scale:.2f}".rstrip("0").rstrip(".") or "0"
    if left < 0:
        return f"{place}：超出 {amount}"
    bound = f"（限 {row.bound / row.scale:.2f}）".replace(".00", "") if row.bound else ""
    return f"{place}：余量 {amount}{bound}" if left else f"{place}：恰好用足{bound}"
