"""The ways in which one line can be served in whole packs, as arrays: nothing, one product, or two side by side.

A way keeps every rule that concerns its line alone: whole packs, 起订包数, 采购上限, 非中选比例. Of the many pairs only those
stay that can be best at some prices (the corners of their convex hull), so a line has about twenty ways. Any plan of a
line that buys at most two products is thus no better than a mixture of its ways, whatever the prices: that is what makes
`relaxation.py` a proven bound. Lines that may buy three or more products at once also get ways with split packs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from procurement.optimiser.lexico import Clock
from procurement.optimiser.rules import limited_products
from procurement.optimiser.world import WINNING, World

Numbers = np.ndarray
NONE = -1


@dataclass(slots=True)
class Ways:
    """Way j serves `line[j]` with `packs[j]` of offer `first[j]` and `more[j]` of `second[j]` (−1: no offer), and covers
    `cover[j]` units of the need. Sorted by line and pair of offers; `split` marks ways that only lines with three or
    more products at once may use."""

    line: Numbers
    first: Numbers
    packs: Numbers
    second: Numbers
    more: Numbers
    cover: Numbers
    split: Numbers

    def of_offers(self, worth: Numbers) -> Numbers:
        """Σ worth of an offer × packs, of every way."""
        padded = np.append(worth, 0.0)
        total: Numbers = padded[self.first] * self.packs + padded[self.second] * self.more
        return total


@dataclass(slots=True)
class Offers:
    """The offers of a world as arrays, and the need and sensible maximum of each one's line."""

    line: Numbers
    pack: Numbers
    least: Numbers
    most: Numbers
    need: Numbers
    limit: Numbers
    winning: Numbers
    losing: Numbers


def offers_of(world: World) -> Offers:
    """`winning` and `losing` mark 中选/备供 and 非中选 where 非中选比例 holds."""
    some = world.offers
    line = np.array([x.line for x in some], dtype=np.int64)
    ratio = np.array([world.lines[x.line].ratio_holds for x in some], dtype=bool)
    status = [world.case.products[x.product].status for x in some]
    return Offers(
        line=line,
        pack=np.array([x.pack for x in some], dtype=np.int64),
        least=np.array([x.least for x in some], dtype=np.int64),
        most=np.array([x.most for x in some], dtype=np.int64),
        need=np.array([world.lines[k].need for k in line], dtype=np.int64),
        limit=np.array([world.lines[k].most for k in line], dtype=np.int64),
        winning=np.array([kind in WINNING for kind in status], dtype=bool) & ratio,
        losing=np.array([kind == "非中选" for kind in status], dtype=bool) & ratio,
    )


def ways_of(world: World, clock: Clock | None = None) -> Ways:
    """Every way of every line. Raises TimeOver when the clock does."""
    if clock is not None:
        clock.check()
    x = offers_of(world)
    lines = np.arange(len(world.lines))
    nothing = _columns(lines, lines * 0 + NONE, lines * 0.0, lines * 0 + NONE, lines * 0.0, False)
    single, packs = _singles(x, agreed_lines(world))
    pairs = [(a, b) for line in world.lines for a in line.offers for b in line.offers if a != b]
    a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    kept = ~(x.losing[a] & x.losing[b])
    first, n, second, m = _pairs(world, x, a[kept], b[kept])
    parts = [
        nothing,
        _columns(x.line[single], single, packs, single * 0 + NONE, packs * 0.0, False),
        _columns(x.line[first], first, n, second, m, False),
        *_split(world, x, a, b, several_at_once(world)),
    ]
    line, first, packs, second, more, split = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((more, packs, second, first, line))
    line, first, packs, second, more = line[order], first[order], packs[order], second[order], more[order]
    pack = np.append(x.pack, 0)
    units = packs * pack[first] + more * pack[second]
    need = np.array([row.need for row in world.lines], dtype=float)
    return Ways(line, first, packs, second, more, np.minimum(units, need[line]), split[order])


def _columns(*columns: Numbers | bool) -> tuple[Numbers, ...]:
    *given, split = columns
    line, first, packs, second, more = (np.asarray(column) for column in given)
    return line, first, packs.astype(float), second, more.astype(float), np.full(len(line), bool(split))


def begins(sorted_keys: Numbers) -> Numbers:
    """Positions where another key begins."""
    found: Numbers = np.flatnonzero(np.append(len(sorted_keys) > 0, np.diff(sorted_keys) != 0)[: len(sorted_keys)])
    return found


def running(counts: Numbers) -> tuple[Numbers, Numbers]:
    """For counts (2, 3): owners 0 0 1 1 1 and numbers 0 1 0 1 2."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)


def agreed_lines(world: World) -> Numbers:
    """Lines that can count towards agreed volume."""
    found = np.zeros(len(world.lines), dtype=bool)
    found[[world.offers[o].line for row in world.agreed for o in row.offers]] = True
    return found


def _singles(x: Offers, agreed: Numbers) -> tuple[Numbers, Numbers]:
    """One product alone: its 起订, the need rounded down and up, and all that makes sense (split, where the sensible
    maximum alone ends it and nothing is agreed: with two products together no plan can then buy more)."""
    ends = (x.most == x.limit // x.pack) & (x.limit >= x.need) & ~agreed[x.line]
    all_of_it = np.where(ends, x.limit / x.pack, x.most)
    packs = np.concatenate([x.least, x.need // x.pack, -(-x.need // x.pack), all_of_it])
    offer = np.tile(np.arange(len(x.line)), 4)
    top = np.maximum(x.most, all_of_it)
    fits = (packs >= x.least[offer]) & (packs <= top[offer]) & ~x.losing[offer]
    found = np.unique(np.stack([offer[fits], packs[fits]]), axis=1)
    return found[0].astype(np.int64), found[1]


def _pairs(world: World, x: Offers, a: Numbers, b: Numbers) -> tuple[Numbers, ...]:
    """Two products of one line: a bulk of `a` and some of `b`.

    Of the product that is dearer by the unit an optimum holds fewer than pack_a / gcd packs more than its 起订 (as many
    units of the cheaper one would cost no more), or it is at its own maximum, or 非中选比例 binds.
    """
    above, below = world.case.nonwinning_ratio.as_integer_ratio()
    step = x.pack[a] // np.gcd(x.pack[a], x.pack[b])
    useful = np.minimum(x.most[b], -(-x.need[a] // x.pack[b]))
    own, number = running(np.clip(useful - x.least[b] + 1, 0, step))
    agreed = agreed_lines(world)
    ends = np.flatnonzero(np.isin(b, ends_of(x)) | agreed[x.line[b]])
    late, back = running(np.clip((x.most[b] - x.least[b] + 1)[ends], 0, step[ends]))
    late = ends[late]
    whole, other = np.concatenate([a[own], a[late]]), np.concatenate([b[own], b[late]])
    few = np.concatenate([x.least[b[own]] + number, x.most[b[late]] - back])
    found = [_filled(x, whole, other, few, up, (above, below)) for up in (True, False)]
    spend = few * x.pack[other] + x.pack[whole] <= x.limit[whole]
    whole, other, few = whole[spend], other[spend], few[spend]
    found.append(
        (whole, np.minimum((x.limit[whole] - few * x.pack[other]) // x.pack[whole], x.most[whole]), other, few)
    )
    if above:
        for aim in (np.minimum(x.need, x.limit), x.limit):
            found += _along_the_ratio(x, a, b, above, below, aim)
    offer, packs, second, more = (np.concatenate(column) for column in zip(*found, strict=True))
    units = packs * x.pack[offer] + more * x.pack[second]
    lost = packs * x.pack[offer] * x.losing[offer] + more * x.pack[second] * x.losing[second]
    won = packs * x.pack[offer] * x.winning[offer] + more * x.pack[second] * x.winning[second]
    fits = (packs >= x.least[offer]) & (more >= x.least[second]) & (units <= x.limit[offer])
    fits &= below * lost <= above * won
    swap = offer > second
    columns = (
        np.where(swap, second, offer),
        np.where(swap, more, packs),
        np.where(swap, offer, second),
        np.where(swap, packs, more),
    )
    rewarded = agreed.copy()
    rewarded[x.line[ends_of(x)]] = True
    mixed = x.losing[offer] | x.losing[second]  # winners may be bought for the sake of 非中选 alone
    full, over = units >= x.need[offer], (units > x.need[offer]) & (rewarded[x.line[offer]] | mixed)
    hulls = []
    for part, side in ((fits & full, 1), (fits & ~full, -1), (fits & ~full & mixed, 1), (fits & over, -1)):
        hulls.append(_corners(columns[0][part], columns[1][part], columns[2][part], columns[3][part], side))
    offer, packs, second, more = (np.concatenate(column) for column in zip(*hulls, strict=True))
    return offer, packs, second, more


def ends_of(x: Offers) -> Numbers:
    """Offers whose own maximum ends before the line's sensible one."""
    return np.flatnonzero(x.most < x.limit // x.pack)


def _filled(x: Offers, a: Numbers, b: Numbers, few: Numbers, up: bool, ratio: tuple[int, int]) -> tuple[Numbers, ...]:
    """The packs of `a` that end the need beside `few` of `b`, rounded up or down, and enough winners for that much 非中选."""
    above, below = ratio
    rest = np.minimum(x.need, x.limit)[a] - few * x.pack[b]
    packs = np.maximum(x.least[a], -(-rest // x.pack[a])) if up else rest // x.pack[a]
    if above:
        owed = -(-below * few * x.pack[b] // (above * x.pack[a]))
        packs = np.where(x.winning[a] & x.losing[b], np.maximum(packs, owed), packs)
    return a, np.minimum(packs, x.most[a]), b, few


def _along_the_ratio(
    x: Offers, a: Numbers, b: Numbers, above: int, below: int, aim: Numbers
) -> list[tuple[Numbers, ...]]:
    """As much 非中选 as the winners allow, near the place where that many units (`aim`) are reached."""
    mixed = x.winning[a] & x.losing[b]
    a, b = a[mixed], b[mixed]
    step = below * x.pack[b] // np.gcd(below * x.pack[b], above * x.pack[a])
    end = np.minimum(-(-aim[a] * below // ((above + below) * x.pack[a])), x.most[a])
    low, high = np.maximum(x.least[a], end - step), np.minimum(x.most[a], end + step + 1)
    own, number = running(np.maximum(high - low + 1, 0))
    a, b, packs = a[own], b[own], low[own] + number
    rest, allowed = aim[a] - packs * x.pack[a], above * packs * x.pack[a] // (below * x.pack[b])
    most = np.minimum(allowed, x.most[b])
    return [
        (a, packs, b, np.minimum(np.maximum(x.least[b], -(-rest // x.pack[b])), most)),
        (a, packs, b, np.minimum(rest // x.pack[b], most)),
    ]


def _corners(a: Numbers, n: Numbers, b: Numbers, m: Numbers, side: int) -> tuple[Numbers, ...]:
    """Of the points (n, m) of each pair (a, b) the corners of their lower (side 1) or upper (−1) hull."""
    order = np.lexsort((side * m, n, b, a))
    a, n, b, m = a[order], n[order], b[order], m[order]
    fresh = np.ones(len(a), dtype=bool)
    fresh[1:] = (np.diff(a) != 0) | (np.diff(b) != 0) | (np.diff(n) != 0)
    a, n, b, m = a[fresh], n[fresh], b[fresh], m[fresh]
    while len(a) > 2:
        same = (a[2:] == a[:-2]) & (b[2:] == b[:-2])
        turn = (n[1:-1] - n[:-2]) * (m[2:] - m[:-2]) - (m[1:-1] - m[:-2]) * (n[2:] - n[:-2])
        inside = same & (side * turn <= 0)
        inside[1:] &= ~inside[:-1]
        if not inside.any():
            break
        stay = np.ones(len(a), dtype=bool)
        stay[1:-1] = ~inside
        a, n, b, m = a[stay], n[stay], b[stay], m[stay]
    return a, n, b, m


def several_at_once(world: World) -> Numbers:
    """Lines that may buy three or more products at once: no 品规数上限 below three holds for them."""
    few = set() if (world.case.group_limit or 3) > 2 else limited_products(world)
    counted = [sum(world.offers[o].product not in few for o in line.offers) for line in world.lines]
    return np.array([number > 2 for number in counted], dtype=bool)


def _split(world: World, x: Offers, a: Numbers, b: Numbers, lines: Numbers) -> list[tuple[Numbers, ...]]:
    """Split packs, for lines that may buy three or more products at once: a bound on every mixture of them."""
    many = lines[x.line]
    above, below = world.case.nonwinning_ratio.as_integer_ratio()
    alone = np.flatnonzero(many & ~x.losing)
    found = []
    for units in (np.minimum(x.need, x.limit), x.limit):
        found.append(_columns(x.line[alone], alone, units[alone] / x.pack[alone], alone * 0 + NONE, alone * 0.0, True))
        if above:
            mixed = many[a] & x.winning[a] & x.losing[b]
            win, lose = a[mixed], b[mixed]
            won = units[win] * below / (above + below)
            lost = (units[win] - won) / x.pack[lose]
            found.append(_columns(x.line[win], win, won / x.pack[win], lose, lost, True))
    return found
