"""What another 10,000 yuan would bring, to each institution and to 总预算.

Two answers. Estimated: the dual of the budget row, in the strict order of goals 1 to 6, at the first goal where it is not
nothing; packs may be parts and the yes/no decisions stay as the plan has them. Solved again: the best that can be added
to the plan in whole packs with that money, less what could be added without it. Nothing of the plan is given back, so
what is said to be gained can be had; a different plan might gain more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from procurement.optimiser.goals import NAMES
from procurement.optimiser.lexico import Clock
from procurement.optimiser.plan import Worth
from procurement.optimiser.reasons.additions import ADDED, GOALS, Additions, Gap, addable
from procurement.optimiser.reasons.explain import Ledger, obstacles
from procurement.optimiser.reasons.words import number, yuan

MANY = 500  # gaps asked what keeps them open
DAYS, YUAN = "患者日", "元"
ENOUGH, FEW = 5, 40  # gaps are looked at that would cost so many times the money, and at least so many of each goal


def worths(book: Ledger, clock: Clock) -> list[Worth]:
    """总预算 first (where there is one), then the institutions with a budget, in their order, as far as time allows."""
    world = book.world
    gaps, allowed = gaps_of(book), addable(book)
    by_site: dict[int, list[Gap]] = defaultdict(list)
    for gap in gaps:
        for i in {world.offers[o].institution for o in gap.offers}:
            by_site[i].append(gap)
    found = []
    if world.total_budget is not None and not clock.over():
        found.append(_worth(book, gaps, None, allowed, clock))
    for i, budget in enumerate(world.budgets):
        if budget is not None and not clock.over():
            found.append(_worth(book, by_site[i], i, allowed, clock))
    return found


def gaps_of(book: Ledger) -> list[Gap]:
    """Needs and agreed volumes that stay open."""
    world, found = book.world, []
    for k, line in enumerate(world.lines):
        short = line.need - book.quantity.get(k, 0)
        if short > 0:
            kind = world.classes[line.drug]
            daily = float(world.case.drugs[line.drug].daily)
            found.append(Gap(kind + (kind > 0), short, 1 / daily, list(line.offers)))
    for agreed in world.agreed:
        short = agreed.remaining - sum(world.offers[o].pack * book.packs[o] for o in agreed.offers)
        product = world.case.products[agreed.product]
        if short > 0:
            found.append(Gap(1, short, float(product.price) / product.pack, list(agreed.offers)))
    return found


def _worth(book: Ledger, mine: list[Gap], site: int | None, allowed: set[int], clock: Clock) -> Worth:
    code = None if site is None else book.world.case.institutions[site].code
    mine = [gap for gap in mine if gap.offers]
    if not mine:
        return Worth(code, "", "", 0.0, 0.0, "没有可用钱补上的缺口")
    more = Additions(book, worthwhile(book, mine, site), site, allowed, clock)
    rated, rate = more.rate()
    goal, gain, spent = more.gain()
    if gain == 0.0:
        return Worth(code, "", "", 0.0, 0.0, _binding(book, mine, site))
    estimate = 0.0 if goal != rated else min(rate, sum(gap.short * gap.weight for gap in mine if gap.goal == goal))
    note = "" if spent > ADDED * 0.98 else f"只用得上 {yuan_of(spent)} 元"
    return Worth(code, NAMES[goal], YUAN if goal == 1 else DAYS, round(estimate, 4), round(gain, 4), note)


def worthwhile(book: Ledger, gaps: list[Gap], site: int | None) -> list[Gap]:
    """Of each goal the gaps that give most for the money: enough to spend it several times over."""
    world, kept = book.world, []
    for goal in range(GOALS):
        rated = []
        for gap in gaps:
            here = [o for o in gap.offers if site is None or world.offers[o].institution == site]
            if gap.goal == goal and here:
                unit = min(world.offers[o].price / world.offers[o].pack for o in here) / world.tick
                rated.append((unit / gap.weight, unit * gap.short, gap))
        rated.sort(key=lambda row: row[:2])
        money = 0.0
        for number_of, (_, cost, gap) in enumerate(rated):
            if money > ENOUGH * ADDED and number_of > FEW:
                break
            money += cost
            kept.append(gap)
    return kept


def _binding(book: Ledger, gaps: list[Gap], site: int | None) -> str:
    """What keeps the gaps open when it is not this money."""
    money = "总预算" if site is None else "机构预算"
    lines: dict[str, set[int]] = defaultdict(set)
    for gap in gaps[:MANY]:
        offers = [o for o in gap.offers if site is None or book.world.offers[o].institution == site]
        found = [obstacles(book, o, gap.short) for o in offers]
        for item in min(found, key=len, default=[]):
            if item.rule != money:
                lines[item.rule].add(id(gap))
    rows = sorted(lines.items(), key=lambda row: (-len(row[1]), row[0]))
    words = "、".join(f"{rule}（{len(found)} 处）" for rule, found in rows[:3])
    return f"缺口不因缺钱：受{words}限制" if words else "1 万元不够补上任何一处缺口的整包"


def yuan_of(amount: float) -> str:
    return yuan(Decimal(str(round(amount, 2))))


def best_first(rows: Sequence[Worth]) -> list[Worth]:
    """Those that gain, the most important goal first, then the largest gain."""
    gaining = [row for row in rows if row.goal]
    return sorted(gaining, key=lambda row: (NAMES.index(row.goal), -(row.gain or 0.0), row.institution or ""))


def told(worth: Worth, name: str) -> str:
    """One sentence for people: the gain solved again, beside it the estimate."""
    whom = f"{name}加 {number(worth.added)} 元"
    if not worth.goal:
        return f"{whom}：没有增益（{worth.note}）"
    goal = worth.goal.split("（")[0].replace("未满足", "").replace("未完成", "")
    done = "多完成" if worth.unit == YUAN else "多满足"
    figure = f"{done}{goal} {number(worth.estimate)} {worth.unit}（估计）"
    if worth.gain is not None:
        figure = f"{done}{goal} {number(worth.gain)} {worth.unit}（核算）"
        if worth.estimate:
            figure += f"，估计 {number(worth.estimate)}"
    return f"{whom}：{figure}" + (f"；{worth.note}" if worth.note else "")
