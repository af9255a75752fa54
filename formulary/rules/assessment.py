"""基药考核 (国办发〔2019〕47号 986; 国卫药政发〔2026〕20号: four ratios rising each year) and the linking of lists (domain §7).

Pure: frames in, figures out. A 品种 counts as 基药 when one of its 品规 that the institution held is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from formulary.rules.evidence import PurchaseRow, UseRow
from formulary.rules.moves import Labelled

MINIMAL = "最小单位"
PATIENT_DAYS = "患者日"
CENT = Decimal("0.01")


class Ratio(Labelled):
    VARIETIES = "varieties", "品种数量占比"
    USE = "use", "使用量占比"
    AMOUNT = "amount", "金额占比"
    PRESCRIPTIONS = "prescriptions", "处方占比"


FORMULAS = {
    Ratio.VARIETIES: "配备的基药品种数 ÷ 配备的全部品种数；本季用过、收过货的计为配备，当季另加现有库存；按通用名＋剂型组计",
    Ratio.USE: "基药用量 ÷ 全部用量，单位见口径",
    Ratio.AMOUNT: "基药入库金额 ÷ 全部入库金额；没有价格的入库不计入，另列数量",
    Ratio.PRESCRIPTIONS: "含基药的处方数 ÷ 有药品的处方数；系统没有处方数据，须由各机构按季导入",
}


@dataclass(frozen=True)
class Terms:
    """Rule values `neml.<field>`. unit: 最小单位 or 患者日 (minimal units ÷ 日用量). exclude: words of what does not count."""

    unit: str = MINIMAL
    exclude: tuple[str, ...] = ("饮片", "院内制剂")


@dataclass(frozen=True)
class Item:
    """A 品规 as the assessment counts it."""

    medicine: int
    daily_dose: Decimal
    essential: bool
    counts: bool = True


@dataclass(frozen=True)
class Figure:
    """institution None: the whole alliance. unpriced: units left out of the amount."""

    institution: int | None
    ratio: Ratio
    essential: Decimal
    total: Decimal
    unpriced: int = 0


def quarter_of(day: dt.date) -> dt.date:
    """The first day of the day's quarter."""
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def quarter_end(quarter: dt.date) -> dt.date:
    return next_quarter(quarter) - dt.timedelta(days=1)


def next_quarter(quarter: dt.date) -> dt.date:
    return quarter_of(quarter + dt.timedelta(days=93))


def quarter_name(quarter: dt.date) -> str:
    return f"{quarter.year} 年第 {(quarter.month + 2) // 3} 季度"


def excluded(words: Collection[str], *texts: str) -> bool:
    """Is one of the words in one of the texts? 院内制剂 is also known by its 批准文号 (…药制字…)."""
    if any(word in text for word in words for text in texts):
        return True
    return "院内制剂" in words and any("药制字" in text for text in texts)


def figures(
    items: Mapping[int, Item],
    held: Mapping[int, Collection[int]],
    use: Iterable[UseRow],
    bought: Iterable[PurchaseRow],
    terms: Terms,
) -> list[Figure]:
    """The three shares that the data knows, for every institution that held anything and for the alliance."""
    counted = {site: {pk for pk in drugs if pk in items and items[pk].counts} for site, drugs in held.items()}
    found = [_varieties(site, drugs, items) for site, drugs in counted.items()]
    found.append(_varieties(None, set().union(*counted.values()), items))
    used = _sums(
        (row.institution, row.presentation, _in_unit(row.quantity, items.get(row.presentation), terms), 0)
        for row in use
    )
    paid = _sums((row.institution, row.presentation, row.amount, row.unpriced) for row in bought)
    for ratio, sums in ((Ratio.USE, used), (Ratio.AMOUNT, paid)):
        found += _shares(ratio, sums, items)
    return found


def _varieties(site: int | None, drugs: Collection[int], items: Mapping[int, Item]) -> Figure:
    every = {items[pk].medicine for pk in drugs}
    essential = {items[pk].medicine for pk in drugs if items[pk].essential}
    return Figure(site, Ratio.VARIETIES, Decimal(len(essential)), Decimal(len(every)))


def _in_unit(quantity: int, item: Item | None, terms: Terms) -> Decimal:
    if item is None or terms.unit != PATIENT_DAYS:
        return Decimal(quantity)
    return Decimal(quantity) / item.daily_dose


Sums = dict[tuple[int, int], tuple[Decimal, int]]


def _sums(rows: Iterable[tuple[int, int, Decimal, int]]) -> Sums:
    found: Sums = {}
    for site, drug, value, unpriced in rows:
        before = found.get((site, drug), (Decimal(0), 0))
        found[site, drug] = (before[0] + value, before[1] + unpriced)
    return found


def _shares(ratio: Ratio, sums: Sums, items: Mapping[int, Item]) -> list[Figure]:
    totals: dict[int | None, list[Decimal | int]] = {}
    for (site, drug), (value, unpriced) in sums.items():
        item = items.get(drug)
        if item is None or not item.counts:
            continue
        for place in (site, None):
            row = totals.setdefault(place, [Decimal(0), Decimal(0), 0])
            row[0] += value if item.essential else 0
            row[1] += value
            row[2] += unpriced
    return [
        Figure(site, ratio, Decimal(e).quantize(CENT), Decimal(t).quantize(CENT), int(u))
        for site, (e, t, u) in totals.items()
    ]


@dataclass(frozen=True)
class Link:
    """衔接 of one institution with the lead: (part, whole) each. lists: its 品种 that the lead has too; chronic: chronic 品种
    of the unified list open to it that it has; winners: its 集采 winners that the lead has in the same 品规."""

    institution: int
    lists: tuple[int, int]
    chronic: tuple[int, int]
    winners: tuple[int, int]


def links(
    held: Mapping[int, Collection[int]],
    lead: int | None,
    medicine_of: Mapping[int, int],
    chronic: Mapping[int, Collection[int]],
    winners: Collection[int],
) -> list[Link]:
    """One row for each institution but the lead. chronic: by institution the 品种 that it should have."""
    leading = set(held.get(lead or 0, ()))
    known = {medicine_of[pk] for pk in leading if pk in medicine_of}
    found = []
    for site, drugs in held.items():
        if site == lead:
            continue
        mine = {medicine_of[pk] for pk in drugs if pk in medicine_of}
        wanted = set(chronic.get(site, ()))
        won = set(drugs) & set(winners)
        found.append(
            Link(
                site, (len(mine & known), len(mine)), (len(mine & wanted), len(wanted)), (len(won & leading), len(won))
            )
        )
    return found


def common(held: Mapping[int, Collection[int]], medicine_of: Mapping[int, int]) -> dict[tuple[int, int], float | None]:
    """Share of common 品种 of each two institutions: both ÷ either; None where neither has any."""
    sets = {site: {medicine_of[pk] for pk in drugs if pk in medicine_of} for site, drugs in held.items()}
    found: dict[tuple[int, int], float | None] = {}
    for one, mine in sets.items():
        for other, theirs in sets.items():
            either = len(mine | theirs)
            found[one, other] = len(mine & theirs) / either if either else None
    return found


@dataclass(frozen=True)
class Candidate:
    """A 品规 outside 基药 that an institution uses, with a 基药 peer. values: of the quarter, in the ratio's unit; daily: yuan
    of a patient-day, None when no price is known; near: same 品种 group (else only the same treatment class)."""

    presentation: int
    peer: int
    value: Decimal
    patient_days: Decimal
    daily: Decimal | None
    peer_daily: Decimal | None
    near: bool


@dataclass(frozen=True)
class Step:
    """Moving one candidate's patients to its peer: yuan a quarter it costs (negative: saves), None unknown; the share after it
    and all steps before it; reaches: the target is met here for the first time."""

    candidate: Candidate
    cost: Decimal | None
    share: Decimal
    reaches: bool


def steps(
    ratio: Ratio, essential: Decimal, total: Decimal, target: Decimal, candidates: Iterable[Candidate]
) -> list[Step]:
    """The cheapest order: near peers first, then by yuan, unknown prices last. Stops where the target is met.

    Use moves the units themselves; an amount moves at the peer's price; a 品种 dropped leaves the count of all.
    """
    ordered = sorted(candidates, key=lambda c: (not c.near, *_cost_order(c), -c.value, c.presentation))
    found: list[Step] = []
    for one in ordered:
        if total and essential / total >= target:
            break
        essential, total = _moved(ratio, essential, total, one)
        share = essential / total if total else Decimal(0)
        found.append(Step(one, _cost(one), share, share >= target))
    return found


def _cost(one: Candidate) -> Decimal | None:
    if one.daily is None or one.peer_daily is None:
        return None
    return ((one.peer_daily - one.daily) * one.patient_days).quantize(CENT)


def _cost_order(one: Candidate) -> tuple[bool, Decimal]:
    cost = _cost(one)
    return (cost is None, cost or Decimal(0))


def _moved(ratio: Ratio, essential: Decimal, total: Decimal, one: Candidate) -> tuple[Decimal, Decimal]:
    if ratio is Ratio.VARIETIES:
        return essential, total - 1
    if ratio is Ratio.AMOUNT and one.daily and one.peer_daily is not None:
        after = one.value * one.peer_daily / one.daily
        return essential + after, total - one.value + after
    return essential + one.value, total
