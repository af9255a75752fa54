"""Doubts about the facts of one institution, before any number is made of them (domain.md §11.4 A17, peers.md C22).

Every function answers `Doubt` rows; none says that a value is wrong, only that a person should look. Days are numbers
(days since 1970), so a window is plain arithmetic.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
JUMP = 10
WORTH_ASKING = 10
OVER_OTHERS = 2
"""A day's use must also be this many times the largest other day: lumpy items have large days of their own."""
LARGE_DELIVERY_DAYS = 90
USUAL_ROWS, FEW_ROWS = 8, 0.1
"""A day without rows is missing where its weekday usually brings so many; hardly any (a tenth of 20 and more) too."""
SAME_SHARE, SAME_ITEMS = 0.9, 30
YEAR_BACK = 300
SILENT_DAYS, BEFORE_DAYS, BEFORE_USES, AFTER_USES = 21, 40, 15, 7
_DAYS = 1_000_000


@dataclass(frozen=True)
class Doubt:
    """item: presentation key, 0 for the whole institution; day: number; until: last day of a span, else None; value:
    what was reported; before: what stood there the time before, for a jump; expected: what it should be, in words."""

    kind: str
    item: int
    day: int
    value: int | None
    expected: str
    until: int | None = None
    before: int | None = None


def stock_jumps(levels: Ints, use: Ints, receipts: Ints, window: int) -> list[Doubt]:
    """levels, use, receipts: (rows, 3) of item, day, quantity, `window` days. A tenth or ten times the count before,
    where neither use nor a receipt explains it. A count that goes back afterwards is told once, where it left."""
    rows = levels[np.lexsort((levels[:, 1], levels[:, 0]))]
    found: list[Doubt] = []
    same = np.flatnonzero(rows[1:, 0] == rows[:-1, 0]) + 1 if len(rows) else np.empty(0, dtype=np.int64)
    new, old = rows[same, 2], rows[same - 1, 2]
    up = (old >= 1) & (new >= JUMP * np.maximum(old, WORTH_ASKING))
    down = (new > 0) & (new * JUMP <= old) & (old >= JUMP * WORTH_ASKING)
    for at in same[up | down]:
        item, day, quantity = (int(x) for x in rows[at])
        _, last, before = (int(x) for x in rows[at - 1])
        daily = float(use[use[:, 0] == item, 2].sum()) / window
        arrived = receipts[(receipts[:, 0] == item) & (receipts[:, 1] > last) & (receipts[:, 1] <= day), 2].sum()
        issued = use[(use[:, 0] == item) & (use[:, 1] > last) & (use[:, 1] <= day), 2].sum()
        rose = quantity > before
        if rose and (quantity - before <= LARGE_DELIVERY_DAYS * daily or 2 * arrived >= quantity - before):
            continue
        explained = before - quantity <= max(3 * daily * max(day - last, 1), 2 * issued)
        if not rose and (explained or _told(found, item)):
            continue
        times = f"{quantity / before:.0f} 倍" if rose else f"1/{before / quantity:.0f}"
        found.append(
            Doubt(
                "stock_jump",
                item,
                day,
                quantity,
                f"上次为 {before:,}，变为 {times}；请核对单位（盒、片）",
                before=before,
            )
        )
    return found


def _told(found: list[Doubt], item: int) -> bool:
    """The item's jump up was told: coming down again is its end."""
    return bool(found) and found[-1].item == item


def use_jumps(use: Ints, since: int) -> list[Doubt]:
    """A day's use of ten times the item's usual day (days with use, the day itself left out) and twice any other."""
    used = use[use[:, 2] > 0]
    if not len(used):
        return []
    items, at = np.unique(used[:, 0], return_inverse=True)
    quantity = used[:, 2].astype(np.float64)
    count, total = np.bincount(at), np.bincount(at, quantity)
    order = np.lexsort((-quantity, at))
    first = np.searchsorted(at[order], np.arange(len(items)))
    largest = quantity[order][first]
    second = np.where(count > 1, quantity[order][np.minimum(first + 1, len(order) - 1)], 0.0)
    others = (total[at] - quantity) / np.maximum(count[at] - 1, 1)
    most = np.where(quantity < largest[at], largest[at], second[at])
    large = (quantity >= JUMP * np.maximum(others, 1)) & (quantity >= WORTH_ASKING) & (quantity >= OVER_OTHERS * most)
    found = []
    for k in np.flatnonzero(large & (count[at] >= 6) & (used[:, 1] >= since)).tolist():
        item, day, units = (int(x) for x in used[k])
        words = f"平时有用量的日子平均 {others[k]:,.1f}，为其 {units / others[k]:.0f} 倍；请核对单位"
        found.append(Doubt("use_jump", item, day, units, words))
    return found


def below_zero(levels: Ints, use: Ints, receipts: Ints, since: int) -> list[Doubt]:
    """More was used than the count of the day before and the receipts of the day: book stock below zero.

    Only items counted the day before, at places that report receipts; a tenth of the use is left for the hour of counting.
    """
    if not len(receipts):
        return []
    wanted = use[use[:, 1] >= since]
    before, known = _looked_up(levels, wanted[:, 0], wanted[:, 1] - 1)
    arrived, _ = _looked_up(receipts, wanted[:, 0], wanted[:, 1])
    used = wanted[:, 2]
    book = before + arrived - used
    found = []
    for k in np.flatnonzero(known & (book < -np.maximum(2, 0.1 * used))).tolist():
        words = f"前一日 {before[k]:,}＋到货 {arrived[k]:,}－用量 {used[k]:,}，不应小于 0；请核对用量，或补录到货"
        found.append(Doubt("negative", int(wanted[k, 0]), int(wanted[k, 1]), int(book[k]), words))
    return found


def _looked_up(rows: Ints, item: Ints, day: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Sum of quantities at (item, day), 0 where there is no row, and whether there is one."""
    if not len(rows):
        return np.zeros(len(item), dtype=np.int64), np.zeros(len(item), dtype=bool)
    keys, at = np.unique(rows[:, 0] * _DAYS + rows[:, 1], return_inverse=True)
    total = np.bincount(at, rows[:, 2]).astype(np.int64)
    place = np.searchsorted(keys, item * _DAYS + day).clip(max=len(keys) - 1)
    here = keys[place] == item * _DAYS + day
    return np.where(here, total[place], 0), here


def missing_days(
    rows_per_day: dict[int, int], first: int, last: int, quiet: dict[int, float], since: int
) -> list[Doubt]:
    """Days between first and last with no (or hardly any) rows of use though that weekday usually brings many.

    quiet: calendar factor of the days that are not ordinary (holidays bring fewer).
    """
    usual = {}
    for weekday in range(7):
        counts = [rows_per_day.get(day, 0) for day in range(first, last + 1) if day % 7 == weekday and day not in quiet]
        usual[weekday] = float(np.median(counts)) if len(counts) >= 4 else 0.0
    found = []
    for day in range(max(first, since), last + 1):
        expected, seen = usual[day % 7] * quiet.get(day, 1.0), rows_per_day.get(day, 0)
        if seen == 0 and expected >= USUAL_ROWS:
            found.append(
                Doubt("missing_day", 0, day, 0, f"同一星期几平时约 {expected:.0f} 个品规有用量；请补报当日用量")
            )
        elif expected >= 20 and seen <= FEW_ROWS * expected:
            found.append(Doubt("missing_day", 0, day, seen, f"平时约 {expected:.0f} 个品规有用量，当日可能没有报全"))
    return found


def doubled_month(before: dict[int, int], after: dict[int, int], first: int, last: int) -> list[Doubt]:
    """Nearly every item's total of one month equals that of the month before (item → units; first, last: its days)."""
    items = [item for item, total in after.items() if total > 0]
    same = [item for item in items if before.get(item) == after[item]]
    if len(items) < SAME_ITEMS or len(same) < SAME_SHARE * len(items):
        return []
    words = f"{len(items):,} 个品规中 {len(same):,} 个与上月总量完全相同，疑为上月数据重复上报"
    return [Doubt("doubled_month", 0, first, len(same), words, last)]


def wrong_year(first: int, last: int, received: int, reached: int | None) -> list[Doubt]:
    """A report whose days all lie most of a year before it came, from a place that had reported later days already."""
    if received - last < YEAR_BACK or reached is None or reached <= last + YEAR_BACK // 2:
        return []
    years = max(1, round((received - last) / 365.25))
    right = _date(last).replace(day=1).replace(year=_date(last).year + years)
    words = f"{_date(received):%Y-%m-%d} 收到，日期却都在 {years} 年前；是否应为 {right:%Y-%m}"
    return [Doubt("wrong_year", 0, first, None, words, last)]


def code_drift(use: Ints, same_drug: dict[int, int], names: dict[int, str], last: int) -> list[Doubt]:
    """An item in steady use falls silent while another of the same medicine begins: its use may go under a new code.

    same_drug: item → medicine.
    """
    turn = last - SILENT_DAYS
    used = use[use[:, 2] > 0]
    early = used[(used[:, 1] > turn - BEFORE_DAYS) & (used[:, 1] <= turn)]
    before, after = (
        dict(zip(*(x.tolist() for x in np.unique(part[:, 0], return_counts=True)), strict=True))
        for part in (early, used[used[:, 1] > turn])
    )
    begun = [item for item, count in after.items() if count >= AFTER_USES and item not in before]
    found = []
    for item, count in before.items():
        if count < BEFORE_USES or item in after:
            continue
        for other in begun:
            if same_drug.get(other) is not None and same_drug.get(other) == same_drug.get(item):
                words = f"此后没有用量，而同一药品“{names.get(other, other)}”开始使用；如是换码，请统一编码"
                found.append(Doubt("code_drift", item, int(early[early[:, 0] == item, 1].max()) + 1, 0, words))
                break
    return found


def _date(number: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=number)
