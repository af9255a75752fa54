"""What a change of the formulary does, before and after: shares, cost, agreed volume, who is left without, stock, chronic
cover. Pure arithmetic over evidence rows; every figure carries its formula and its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from formulary.rules.evidence import CommitmentRow, PriceRow, StockRow
from formulary.rules.versions import LEVELS, Lines

CENT = Decimal("0.01")
FORBIDDEN_LABEL = "红3"
WINNER = "中选"
NOT_INSURED = "无"


@dataclass(frozen=True)
class Drug:
    """One presentation as the sheet needs it; insurance 甲 乙 国谈 无; daily_dose in minimal units."""

    key: int
    name: str
    medicine: int
    group: str
    essential: bool
    insurance: str
    chronic: bool
    daily_dose: Decimal = Decimal(1)
    unit: str = ""


@dataclass(frozen=True)
class Place:
    key: int
    name: str
    level: str
    lead: bool = False


@dataclass(frozen=True)
class Facts:
    """before, after: the lines. successors: dropped → new of 引一退一. expected: units a year of newly added drugs.
    yearly: units by (institution, presentation); lately: which of them were used in the last months;
    rates: units a day; prices: yuan a unit; targets: 基药 share asked of a level; group_limit of 一品两规."""

    drugs: Mapping[int, Drug]
    places: Sequence[Place]
    before: Lines
    after: Lines
    successors: Mapping[int, int] = field(default_factory=dict)
    expected: Mapping[int, int] = field(default_factory=dict)
    yearly: Mapping[tuple[int, int], int] = field(default_factory=dict)
    lately: Collection[tuple[int, int]] = ()
    rates: Mapping[tuple[int, int], Decimal] = field(default_factory=dict)
    prices: Mapping[int, Decimal] = field(default_factory=dict)
    stock: Sequence[StockRow] = ()
    commitments: Sequence[CommitmentRow] = ()
    targets: Mapping[str, float] = field(default_factory=dict)
    group_limit: int = 2


@dataclass(frozen=True)
class Figure:
    """unit: share, yuan, count or units. before None: the figure only says what is touched. good: whether more or less
    is better, "" neither."""

    key: str
    label: str
    unit: str
    before: float | Decimal | int | None
    after: float | Decimal | int | None
    how: str
    good: str = ""
    target: float | None = None
    header: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()

    @property
    def change(self) -> float | Decimal | int | None:
        if self.before is None or self.after is None:
            return None
        return self.after - self.before  # type: ignore[operator]

    @property
    def tone(self) -> str:
        """green better, red worse, gray the same or neither."""
        change = self.change
        if not change or not self.good:
            return "gray"
        return "green" if (change > 0) is (self.good == "more") else "red"

    @property
    def meets(self) -> bool | None:
        """Whether the value after reaches its target; None without one."""
        return None if self.target is None or self.after is None else float(self.after) >= self.target


def open_to(lines: Lines, level: str) -> set[int]:
    """Presentations that an institution of this level may use."""
    rank = LEVELS.index(level)
    return {key for key, line in lines.items() if LEVELS.index(line.lowest_level) <= rank}


def unit_prices(rows: Iterable[PriceRow]) -> dict[int, Decimal]:
    """Yuan per minimal unit: the cheapest winner of 集采, else the cheapest on offer; 红3 is never bought."""
    found: dict[int, tuple[bool, Decimal]] = {}
    for row in rows:
        if row.label == FORBIDDEN_LABEL or row.pack_size <= 0:
            continue
        offer = (row.vbp != WINNER, Decimal(row.price) / row.pack_size)
        if row.presentation not in found or offer < found[row.presentation]:
            found[row.presentation] = offer
    return {key: price for key, (_, price) in found.items()}


def equivalents(facts: Facts, drug: int, among: Collection[int]) -> list[int]:
    """Of `among` what can stand in: the same 品规组 or the same 品种, cheapest a day first."""
    mine = facts.drugs[drug]
    found = [
        key
        for key in among
        if key != drug
        and (facts.drugs[key].medicine == mine.medicine or (mine.group and facts.drugs[key].group == mine.group))
    ]
    return sorted(found, key=lambda key: (_a_day(facts, key) is None, _a_day(facts, key) or 0, key))


def sheet(facts: Facts) -> list[Figure]:
    """Every figure of the sheet, in the order in which it is read."""
    levels = [level for level in reversed(LEVELS) if any(place.level == level for place in facts.places)]
    return [
        *(_essential(facts, level) for level in levels),
        *(_insured(facts, level) for level in levels),
        _specs(facts),
        _cost(facts),
        _agreed(facts),
        _without(facts),
        _stock(facts),
        *(_chronic(facts, level) for level in levels),
        _link(facts),
    ]


def _essential(facts: Facts, level: str) -> Figure:
    a, b, rows = _varieties(facts, level, lambda drug: drug.essential)
    return Figure(
        f"essential.{level}",
        f"基药品种占比（{level}可用）",
        "share",
        a,
        b,
        "目录内该级别可用的基药品种数 ÷ 该级别可用的全部品种数，按品种（通用名＋剂型组）计",
        "more",
        facts.targets.get(level),
        ("品种", "基药", "变化"),
        rows,
    )


def _insured(facts: Facts, level: str) -> Figure:
    a, b, rows = _varieties(facts, level, lambda drug: drug.insurance != NOT_INSURED)
    return Figure(
        f"insured.{level}",
        f"医保品种占比（{level}可用）",
        "share",
        a,
        b,
        "该级别可用的医保（甲、乙、国谈）品种数 ÷ 该级别可用的全部品种数",
        "more",
        None,
        ("品种", "医保", "变化"),
        rows,
    )


def _varieties(
    facts: Facts, level: str, belongs: Callable[[Drug], bool]
) -> tuple[float | None, float | None, list[tuple[str, str, str]]]:
    """Share of varieties before and after, and the varieties that come or go."""

    def counted(lines: Lines) -> dict[int, tuple[str, bool]]:
        found: dict[int, tuple[str, bool]] = {}
        for key in sorted(open_to(lines, level)):
            drug = facts.drugs[key]
            name, inside = found.get(drug.medicine, (drug.name, False))
            found[drug.medicine] = (name, inside or belongs(drug))
        return found

    a, b = counted(facts.before), counted(facts.after)
    rows = []
    for key in sorted({*a, *b}, key=lambda one: (a.get(one) or b[one])[0]):
        if a.get(key) != b.get(key):
            name, inside = b.get(key) or a[key]
            word = "增加" if key not in a else "减少" if key not in b else "标识变化"
            rows.append((name, "是" if inside else "否", word))
    return _share(a), _share(b), rows


def _share(found: Mapping[int, tuple[str, bool]]) -> float | None:
    return sum(inside for _, inside in found.values()) / len(found) if found else None


def _specs(facts: Facts) -> Figure:
    def crowded(lines: Lines) -> dict[str, list[int]]:
        groups: dict[str, list[int]] = {}
        for key in lines:
            if facts.drugs[key].group:
                groups.setdefault(facts.drugs[key].group, []).append(key)
        return {name: keys for name, keys in groups.items() if len(keys) > facts.group_limit}

    a, b = crowded(facts.before), crowded(facts.after)
    touched = {facts.drugs[key].group for key in _touched(facts)}
    names = sorted({*a, *b}, key=lambda name: (name not in touched, name))
    rows = [
        (
            name,
            len(a.get(name, ())) or _size(facts, facts.before, name),
            len(b.get(name, ())) or _size(facts, facts.after, name),
            "、".join(facts.drugs[key].name for key in sorted(b.get(name, a.get(name, ())))),
            "本次涉及" if name in touched else "原有",
        )
        for name in names
    ]
    return Figure(
        "specs",
        "一品两规超限的品规组",
        "count",
        len(a),
        len(b),
        f"同一通用名＋给药途径的品规数超过 {facts.group_limit} 个的组数；基层慢病、国谈、中选等例外由规则核对另行判断",
        "less",
        None,
        ("品规组", "之前品规数", "之后品规数", "品规", ""),
        rows,
    )


def _size(facts: Facts, lines: Lines, group: str) -> int:
    return sum(facts.drugs[key].group == group for key in lines)


def _touched(facts: Facts) -> list[int]:
    keys = {*facts.before, *facts.after}
    return sorted(key for key in keys if facts.before.get(key) != facts.after.get(key))


def _lost(facts: Facts) -> list[tuple[Place, int]]:
    """(place, drug) that was open and no longer is."""
    gone: dict[str, set[int]] = {}
    for place in facts.places:
        if place.level not in gone:
            gone[place.level] = open_to(facts.before, place.level) - open_to(facts.after, place.level)
    return [(place, key) for place in facts.places for key in sorted(gone[place.level])]


def _successor(facts: Facts, drug: int, level: str) -> int | None:
    """Who takes over at an institution of this level: the named replacement, else the cheapest equivalent."""
    among = open_to(facts.after, level)
    named = facts.successors.get(drug)
    if named in among:
        return named
    return next(iter(equivalents(facts, drug, among)), None)


def _a_day(facts: Facts, drug: int) -> Decimal | None:
    price = facts.prices.get(drug)
    return None if price is None else price * facts.drugs[drug].daily_dose


def _cost(facts: Facts) -> Figure:
    """Use × price difference a patient-day, where both prices are known."""
    before = after = Decimal(0)
    rows: list[tuple[Any, ...]] = []
    for (old, new), units in sorted(_moved(facts).items(), key=lambda one: (one[0][0], one[0][1] or 0)):
        days = Decimal(units) / facts.drugs[old].daily_dose
        was, will = _a_day(facts, old), _a_day(facts, new) if new is not None else None
        name = facts.drugs[new].name if new is not None else "没有替代"
        known = was is not None and will is not None
        costs = [None if rate is None else _cents(days * rate) for rate in (was, will)]
        if known:
            before, after = before + (costs[0] or 0), after + (costs[1] or 0)
        rows.append((facts.drugs[old].name, name, _days(days), _rate(was), _rate(will), *costs, _why(new, known)))
    for key, units in sorted(facts.expected.items()):
        days = Decimal(units) / facts.drugs[key].daily_dose
        rate = _a_day(facts, key)
        cost = None if rate is None else _cents(days * rate)
        after += cost or 0
        words = "申请的预计用量，新增费用" if cost is not None else "没有报价，不计"
        rows.append(("（新增）", facts.drugs[key].name, _days(days), None, _rate(rate), None, cost, words))
    return Figure(
        "cost",
        "涉及药品年费用",
        "yuan",
        _cents(before),
        _cents(after),
        "近 12 个整月用量 ÷ 日用量＝患者日；年费用＝患者日 × 每患者日费用（最低中选价，无中选取最低报价）；"
        "缺报价或没有替代的不计入合计。引一退一按指定替换，其余按同品种或同品规组中最低费用者承接",
        "less",
        None,
        ("原用", "改用", "患者日", "原每日费用", "新每日费用", "原年费用", "新年费用", "说明"),
        rows,
    )


def _moved(facts: Facts) -> dict[tuple[int, int | None], int]:
    """Yearly units by (drug lost, drug that takes over)."""
    moved: dict[tuple[int, int | None], int] = {}
    for place, key in _lost(facts):
        units = facts.yearly.get((place.key, key), 0)
        if units:
            pair = (key, _successor(facts, key, place.level))
            moved[pair] = moved.get(pair, 0) + units
    return moved


def _why(new: int | None, known: bool) -> str:
    if new is None:
        return "没有替代，不计"
    return "" if known else "缺报价，不计"


def _agreed(facts: Facts) -> Figure:
    names = {place.key: place.name for place in facts.places}
    gone = {key for key in facts.before if key not in facts.after}
    touched = [row for row in facts.commitments if row.presentation in gone and row.agreed > row.bought]
    rows = [
        (
            facts.drugs[row.presentation].name,
            row.tender,
            names.get(row.institution, "全医共体") if row.institution is not None else "全医共体",
            row.agreed,
            row.bought,
            row.agreed - row.bought,
            row.ends.isoformat(),
        )
        for row in touched
    ]
    return Figure(
        "agreed",
        "调出品规的未完成约定量",
        "units",
        None,
        sum(row.agreed - row.bought for row in touched),
        "约定量 − 已采购量，只计调出而未完成的；单位为最小单位",
        "less",
        None,
        ("药品", "批次", "机构", "约定量", "已采购", "未完成", "到期"),
        rows,
    )


def _without(facts: Facts) -> Figure:
    """Institutions that used a drug which goes, and have nothing of the same kind afterwards."""
    held = {(row.institution, row.presentation): row.quantity for row in facts.stock}
    rows = []
    for place, key in _lost(facts):
        units, stock = facts.yearly.get((place.key, key), 0), held.get((place.key, key), 0)
        if (units or stock) and _successor(facts, key, place.level) is None:
            rows.append((place.name, place.level, facts.drugs[key].name, units, stock))
    return Figure(
        "without",
        "用过而没有替代的机构×药品",
        "count",
        None,
        len(rows),
        "近 12 个月用过或现有库存，之后目录中该级别没有同品种、同品规组或指定替换的品规",
        "less",
        None,
        ("机构", "级别", "药品", "年用量", "现有库存"),
        rows,
    )


def _stock(facts: Facts) -> Figure:
    names = {place.key: place.name for place in facts.places}
    lost = {(place.key, key) for place, key in _lost(facts)}
    rows = []
    value = Decimal(0)
    for row in sorted(facts.stock, key=lambda one: (one.presentation, one.institution)):
        key = (row.institution, row.presentation)
        if key not in lost or row.quantity <= 0:
            continue
        price, rate = facts.prices.get(row.presentation), facts.rates.get(key, Decimal(0))
        worth = None if price is None else _cents(row.quantity * price)
        value += worth or 0
        days = int(row.quantity / rate) if rate > 0 else None
        rows.append(
            (
                names.get(row.institution, ""),
                facts.drugs[row.presentation].name,
                row.quantity,
                worth,
                "没有用量" if days is None else days,
                row.soonest.isoformat() if row.soonest else "",
            )
        )
    return Figure(
        "stock",
        "要消化的库存金额",
        "yuan",
        None,
        _cents(value),
        "不再可用的品规现有库存 × 单价；可用天数＝库存 ÷ 近 3 个整月日均用量",
        "less",
        None,
        ("机构", "药品", "库存", "金额", "可用天数", "最早有效期"),
        rows,
    )


def _chronic(facts: Facts, level: str) -> Figure:
    def cover(lines: Lines) -> tuple[float | None, set[int]]:
        every = {facts.drugs[key].medicine for key in lines if facts.drugs[key].chronic}
        here = {facts.drugs[key].medicine for key in open_to(lines, level) if facts.drugs[key].chronic}
        return (len(here) / len(every) if every else None), every - here

    a, _ = cover(facts.before)
    b, missing = cover(facts.after)
    names = {drug.medicine: drug.name for drug in facts.drugs.values()}
    return Figure(
        f"chronic.{level}",
        f"慢病用药覆盖（{level}）",
        "share",
        a,
        b,
        "该级别可用的慢病品种数 ÷ 统一目录全部慢病品种数",
        "more",
        None,
        (f"{level}还不能用的慢病品种",),
        [(name,) for name in sorted(names[key] for key in missing)],
    )


def _link(facts: Facts) -> Figure:
    """Of the varieties that members use today, how many both they and the lead institution have in the list."""
    lead = next((place for place in facts.places if place.lead), None)
    rows: list[tuple[Any, ...]] = []
    totals = [0, 0, 0]
    for place in facts.places:
        used = {facts.drugs[key].medicine for site, key in facts.lately if site == place.key and key in facts.drugs}
        if place.lead or lead is None or not used:
            continue
        shared = [len(used & _both(facts, lines, place, lead)) for lines in (facts.before, facts.after)]
        totals = [totals[0] + len(used), totals[1] + shared[0], totals[2] + shared[1]]
        rows.append((place.name, len(used), shared[0], shared[1]))
    share = [Fraction(part, totals[0]) if totals[0] else None for part in totals[1:]]
    return Figure(
        "link",
        "上下用药衔接率",
        "share",
        None if share[0] is None else float(share[0]),
        None if share[1] is None else float(share[1]),
        "成员机构近 3 个月在用的品种中，本机构与牵头医院都在目录可用的品种数 ÷ 在用品种数，各机构合计",
        "more",
        None,
        ("机构", "在用品种", "之前衔接", "之后衔接"),
        rows,
    )


def _both(facts: Facts, lines: Lines, place: Place, lead: Place) -> set[int]:
    here = {facts.drugs[key].medicine for key in open_to(lines, place.level)}
    return here & {facts.drugs[key].medicine for key in open_to(lines, lead.level)}


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _days(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))


def _rate(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(Decimal("0.0001"), ROUND_HALF_UP)
