"""What a line may buy instead, in whole packs: its ways and their neighbours, a few packs more or less."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from procurement.optimiser.large.shared import Shared
from procurement.optimiser.large.ways import NONE, Numbers, Offers, Ways, offers_of, running

AROUND = 12  # packs
BEST, NEAR = 10, 4  # ways of a line that are looked at, and those whose neighbours are too
STEPS = np.array([(0, 0), *((n, 0) for n in (-4, -3, -2, -1, 1, 2, 3, 4)), *((0, n) for n in (-2, -1, 1, 2))])


@dataclass(slots=True)
class Options:
    """Option j serves `line[j]` with `packs[j]` of offer `first[j]` and `more[j]` of `second[j]` (−1: no offer)."""

    line: Numbers
    first: Numbers
    packs: Numbers
    second: Numbers
    more: Numbers

    def of_offers(self, worth: Numbers) -> Numbers:
        """Σ worth of an offer × packs, of every option."""
        padded = np.append(worth, worth.dtype.type(0))
        total: Numbers = padded[self.first] * self.packs + padded[self.second] * self.more
        return total

    def take(self, kept: Numbers) -> Options:
        return Options(self.line[kept], self.first[kept], self.packs[kept], self.second[kept], self.more[kept])


class Pool:
    """All options of the lines of a case, made when asked for; ways that split a pack are rounded down. `cost` prices the ways, `allowed` marks the offers whose
    products their groups buy."""

    def __init__(self, shared: Shared, ways: Ways, cost: Numbers, allowed: Numbers) -> None:
        self.shared, self.ways = shared, ways
        self.facts: Offers = offers_of(shared.world)
        self.ratio = shared.world.case.nonwinning_ratio.as_integer_ratio()
        self.limit = np.array([line.most for line in shared.world.lines], dtype=np.int64)
        mask = np.append(allowed, True)
        usable = np.flatnonzero(mask[ways.first] & mask[ways.second])
        order = usable[np.lexsort((usable, cost[usable], ways.line[usable]))]
        start = np.searchsorted(ways.line[order], np.arange(len(shared.need) + 1))
        rank = np.arange(len(order)) - start[ways.line[order]]
        self.order = order[rank < BEST]
        self.rank = rank[rank < BEST]
        self.start = np.searchsorted(ways.line[self.order], np.arange(len(shared.need) + 1))
        self.allowed = allowed
        self.middle: dict[int, list[tuple[int, int, int, int, int]]] = {}

    def mix(self, line: Numbers, mean: Numbers) -> None:
        """These lines are split over at most two products, on average into so many packs (`mean`, by offer): whole packs
        of one near its mean, the other as the need asks, are options from now on."""
        for k in np.unique(line).tolist():
            offers = [o for o in self.shared.world.lines[k].offers if mean[o] > 1e-9]
            found: list[tuple[int, int, int, int, int]] = []
            for a, b in sorted(
                {(a, b) for a in offers for b in offers if a != b or len(offers) == 1} if len(offers) < 3 else ()
            ):
                for n in range(max(0, int(mean[a]) - AROUND), int(mean[a]) + AROUND + 2):
                    if a == b:
                        found.append((k, a, NONE, n, 0))
                        continue
                    rest = int(self.shared.need[k]) - n * int(self.facts.pack[a])
                    m = max(0, rest // int(self.facts.pack[b]))
                    found += [(k, a, b, n, m), (k, a, b, n, m + 1), (k, a, b, n, int(mean[b]))]
            self.middle[k] = found

    def of_lines(self, lines: Numbers, packs: Numbers) -> Options:
        """The options of these lines, what they buy now (`packs` by offer) among them; a line that buys more than two
        products now has none."""
        ways = self.ways
        own, number = running(self.start[lines + 1] - self.start[lines])
        at = self.start[lines][own] + number
        way = self.order[at]
        near = way[self.rank[at] < NEAR]
        first = np.concatenate([ways.first[way], np.repeat(ways.first[near], len(STEPS))])
        second = np.concatenate([ways.second[way], np.repeat(ways.second[near], len(STEPS))])
        steps = np.tile(STEPS, (len(near), 1))
        n = np.concatenate(
            [ways.packs[way].astype(np.int64), np.repeat(ways.packs[near].astype(np.int64), len(STEPS)) + steps[:, 0]]
        )
        m = np.concatenate(
            [ways.more[way].astype(np.int64), np.repeat(ways.more[near].astype(np.int64), len(STEPS)) + steps[:, 1]]
        )
        line = np.concatenate([ways.line[way], np.repeat(ways.line[near], len(STEPS))])
        middle = [row for k in lines.tolist() for row in self.middle.get(k, ())]
        columns = zip((line, first, second, n, m), np.array(middle, dtype=np.int64).reshape(-1, 5).T, strict=True)
        line, first, second, n, m = (np.concatenate(pair) for pair in columns)
        line, first, n, second, m, simple = self._with_present(lines, packs, line, first, n, second, m)
        first, n = np.where(n == 0, NONE, first), np.where(first < 0, 0, n)
        second, m = np.where(m == 0, NONE, second), np.where(second < 0, 0, m)
        swap = (second >= 0) & ((first < 0) | (second < first))
        first, second = np.where(swap, second, first), np.where(swap, first, second)
        n, m = np.where(swap, m, n), np.where(swap, n, m)
        fits = self._fits(line, first, n, second, m) & simple[line]
        table = np.unique(np.stack([line, first, second, n, m])[:, fits], axis=1)
        return Options(table[0], table[1], table[3], table[2], table[4])

    def _with_present(self, lines: Numbers, packs: Numbers, *columns: Numbers) -> tuple[Numbers, ...]:
        """The columns with what the lines buy now, and which lines buy at most two products."""
        s = self.shared
        mine = np.zeros(len(s.need), dtype=bool)
        mine[lines] = True
        bought = np.flatnonzero((packs > 0) & mine[s.line])
        bought = bought[np.argsort(s.line[bought], kind="stable")]
        count = np.bincount(s.line[bought], minlength=len(s.need))
        begin = np.searchsorted(s.line[bought], np.arange(len(s.need)))
        padded = np.append(bought, [NONE, NONE])
        a = np.where(count[lines] > 0, padded[begin[lines]], NONE)
        b = np.where(count[lines] > 1, padded[np.minimum(begin[lines] + 1, len(bought))], NONE)
        amounts = np.append(packs, 0)
        present = (lines, a, amounts[a], b, amounts[b])
        simple = (count <= 2) & mine
        return (*(np.concatenate(pair) for pair in zip(columns, present, strict=True)), simple)

    def _fits(self, line: Numbers, first: Numbers, n: Numbers, second: Numbers, m: Numbers) -> Numbers:
        """Whole packs, 起订包数, 采购上限 and 非中选比例 of each line."""
        x = self.facts
        above, below = self.ratio
        ok = (n >= 0) & (m >= 0) & ((first != second) | (first < 0))
        units = np.zeros(len(line), dtype=np.int64)
        lost, won = np.zeros(len(line), dtype=np.int64), np.zeros(len(line), dtype=np.int64)
        limit = self.limit
        for offer, count in ((first, n), (second, m)):
            some = offer >= 0
            ok &= ~some | ((count >= x.least[offer]) & (count <= x.most[offer]) & self.allowed[offer])
            amount = np.where(some, count * x.pack[offer], 0)
            units += amount
            lost += amount * x.losing[offer]
            won += amount * x.winning[offer]
        found: Numbers = ok & (units <= limit[line]) & (below * lost <= above * won)
        return found
