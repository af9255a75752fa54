"""One choice for each of many lines under a few shared amounts: an exact search around prices.

At good prices nearly every line has one option that is best; only the few others, whose regret (what they cost more at
these prices) is small, can matter: the core. The search goes through the lines and keeps, of the sums that can be
reached, those that no other sum beats. Its answer is the best there is unless more than `WIDTH` sums compete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from procurement.optimiser.large.ways import Numbers, begins

WIDTH = 2000
BISECTIONS = 50
LEVELS = (60, 400, 1600)  # options beyond the best of each line that are looked at


@dataclass(slots=True)
class Stage:
    """One line's step: for every sum kept, the sum it came from and the option taken."""

    parent: Numbers
    option: Numbers


def best_choice(
    line: Numbers,
    regret: Numbers,
    use: Numbers,
    rest: Callable[[Numbers], Numbers],
    slope: float | None = None,
    levels: Sequence[int] = LEVELS,
) -> tuple[Numbers, float] | None:
    """Positions of one option for each line with the least Σ regret + rest(Σ use), and that value; None when every
    choice that was looked at costs infinitely much.

    `use` has a row per option and a column per shared amount, in whole units; `rest` prices what the sums leave, never
    below 0. With one amount that is only limited from above, `slope` is what a unit of it is worth in the regrets.
    """
    order = np.lexsort((regret, line))
    line, regret, use = line[order], regret[order], use[order]
    first = begins(line)
    owner = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(line))))
    regret = regret - regret[first][owner]
    base = use[first].sum(axis=0)
    spare = np.ones(len(line), dtype=bool)
    spare[first] = False
    ladder = np.sort(regret[spare])
    best: tuple[Numbers, float] | None = None
    for many in levels:
        limit = float(ladder[min(many, len(ladder) - 1)]) if len(ladder) else 0.0
        if best is not None:
            limit = min(limit, best[1])  # nothing better can regret more
        near = np.flatnonzero(spare & (regret <= limit))
        found = _search(owner, regret, use, first, near, base, rest, slope, limit)
        if found is not None and (best is None or found[1] < best[1]):
            best = found
        if many >= len(ladder) or (best is not None and best[1] <= limit):
            break
    return None if best is None else (order[best[0]], best[1])


def _search(
    owner: Numbers,
    regret: Numbers,
    use: Numbers,
    first: Numbers,
    near: Numbers,
    base: Numbers,
    rest: Callable[[Numbers], Numbers],
    slope: float | None,
    limit: float,
) -> tuple[Numbers, float] | None:
    lines, start = np.unique(owner[near], return_index=True)
    sums, paid = base[None, :].copy(), np.zeros(1)
    stages: list[Stage] = []
    for at, k in enumerate(lines.tolist()):
        mine = near[start[at] : start[at + 1] if at + 1 < len(start) else len(near)]
        options = np.append(first[k], mine)
        change = use[options] - use[first[k]]
        total = (sums[:, None, :] + change[None, :, :]).reshape(-1, sums.shape[1])
        cost = (paid[:, None] + regret[options][None, :]).ravel()
        kept = np.flatnonzero(cost <= limit)
        kept = kept[_undominated(total[kept], cost[kept], slope)]
        if len(kept) > WIDTH:
            kept = kept[np.argsort(cost[kept], kind="stable")[:WIDTH]]
        sums, paid = total[kept], cost[kept]
        stages.append(Stage(kept // len(options), options[kept % len(options)]))
    score = paid + rest(sums)
    at = int(np.argmin(score))
    if not np.isfinite(score[at]):
        return None
    chosen = first.copy()
    value = float(score[at])
    for k, stage in zip(lines[::-1].tolist(), reversed(stages), strict=True):
        chosen[k] = stage.option[at]
        at = int(stage.parent[at])
    return chosen, value


def _undominated(total: Numbers, cost: Numbers, slope: float | None) -> Numbers:
    """Of sums that are alike the cheapest; with one limited amount, those that nothing smaller beats."""
    order: Numbers = np.lexsort((cost, *total.T))
    total, cost = total[order], cost[order]
    stay = np.append(True, (np.diff(total, axis=0) != 0).any(axis=1))
    order, total, cost = order[stay], total[stay], cost[stay]
    if slope is None:
        return order
    real = cost - slope * total[:, 0]
    before = np.append(np.inf, np.minimum.accumulate(real)[:-1])
    kept: Numbers = order[real < before]
    return kept


def balance(line: Numbers, cost: Numbers, ticks: Numbers, slack: float) -> tuple[float, Numbers, Numbers]:
    """The least price of a tick at which the cheapest options of all lines stay within the money; and these options, one
    a line, at that price and at a price a little lower."""
    order = np.lexsort((ticks, line))
    start = begins(line[order])
    cost, ticks = cost[order], ticks[order].astype(float)
    owner = np.repeat(np.arange(len(start)), np.diff(np.append(start, len(line))))

    def cheapest(price: float) -> Numbers:
        priced = cost + price * ticks
        hits = np.flatnonzero(priced <= np.minimum.reduceat(priced, start)[owner])
        found: Numbers = hits[np.searchsorted(owner[hits], np.arange(len(start)))]
        return found

    if not len(start) or ticks[cheapest(0.0)].sum() <= slack:
        return 0.0, order[:0], order[:0]
    low, high = 0.0, 1e-6
    while high < 1e9 and ticks[cheapest(high)].sum() > slack:
        low, high = high, high * 8
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (low, middle) if ticks[cheapest(middle)].sum() <= slack else (middle, high)
    return high, order[cheapest(high)], order[cheapest(low)]
