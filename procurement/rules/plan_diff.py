"""Two plans line by line: added, dropped, changed, with the reason in words and the money between. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from procurement.optimiser.case import BLOCKED_LABEL, Case, Need, Product
from procurement.rules.quotes import product_of

ADDED, DROPPED, CHANGED = "新增", "取消", "变更"
KINDS = (ADDED, DROPPED, CHANGED)
NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Bought:
    """One line of a plan as far as a comparison needs it."""

    packs: int
    quantity: int
    amount: Decimal


Lines = Mapping[tuple[str, str], Bought]


def full_codes(case: Case) -> Case:
    """The case with every product named 产品编码@供应商编码: in another period the same product may have had one supplier
    more or less, and was then called otherwise."""
    name = {row.code: f"{product_of(row.code, row.supplier)}@{row.supplier}" for row in case.products}
    return replace(
        case,
        products=tuple(replace(row, code=name[row.code]) for row in case.products),
        commitments=tuple(replace(row, product=name[row.product]) for row in case.commitments),
        pins=tuple(replace(row, product=name[row.product]) for row in case.pins),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One line that is not the same: from `before` to `after` (None = not bought), why, and the yuan between."""

    institution: str
    product: str
    kind: str
    before: Bought | None
    after: Bought | None
    why: str

    @property
    def money(self) -> Decimal:
        return (self.after.amount if self.after else NOTHING) - (self.before.amount if self.before else NOTHING)


@dataclass(frozen=True, slots=True)
class Totals:
    """Lines and yuan by kind of difference, and of the whole plans."""

    counts: dict[str, int]
    money: dict[str, Decimal]
    before: Decimal
    after: Decimal
    same: int


def lines_of(rows: Iterable[Iterable], case: Case | None = None) -> dict[tuple[str, str], Bought]:
    """Lines from (site, product, packs, units, yuan, …) rows, as `outcomes.outcome` keeps them; with their `case` the
    products get the names of `full_codes`."""
    found = {}
    name = {row.code: f"{product_of(row.code, row.supplier)}@{row.supplier}" for row in case.products} if case else {}
    for site, product, packs, quantity, amount, *_ in rows:
        found[str(site), name.get(str(product), str(product))] = Bought(int(packs), int(quantity), Decimal(str(amount)))
    return found


def differences(before: Lines, after: Lines, old: Case, new: Case, *, by_hand: bool = False) -> list[Difference]:
    """What changed from one plan to the other, the largest sums first. `old` and `new` are the cases behind them;
    `by_hand` says that `before` is the hand rule's (rules/hand_rule.py) on the same case."""
    facts = _Facts(before, after, old, new, by_hand)
    found = []
    for key in before.keys() | after.keys():
        was, now = before.get(key), after.get(key)
        if was is None or now is None or was.packs != now.packs or was.amount != now.amount:
            kind = ADDED if was is None else DROPPED if now is None else CHANGED
            found.append(Difference(*key, kind, was, now, facts.why(*key)))
    return sorted(found, key=lambda each: (-abs(each.money), each.institution, each.product))


def totals(before: Lines, after: Lines, found: Iterable[Difference]) -> Totals:
    counts, money = dict.fromkeys(KINDS, 0), dict.fromkeys(KINDS, NOTHING)
    for each in found:
        counts[each.kind] += 1
        money[each.kind] += each.money
    return Totals(
        counts,
        money,
        sum((line.amount for line in before.values()), NOTHING),
        sum((line.amount for line in after.values()), NOTHING),
        len(before.keys() & after.keys()) - counts[CHANGED],
    )


class _Facts:
    """Everything a reason is read from, looked up once."""

    def __init__(self, before: Lines, after: Lines, old: Case, new: Case, by_hand: bool) -> None:
        self.before, self.after, self.by_hand = before, after, by_hand
        self.old, self.new = _Side(old), _Side(new)
        drugs = self.old.products | self.new.products
        self.switches: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.units: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for (site, code), line in before.items():
            self.units[site, drugs[code].drug][0] += line.quantity
        for (site, code), line in after.items():
            drug = drugs[code].drug
            self.units[site, drug][1] += line.quantity
            was = before.get((site, code))
            if was is None or was.quantity < line.quantity:
                self.switches[site, drug].append(code)
        self.given_up: dict[tuple[str, str], list[str]] = defaultdict(list)
        for (site, code), line in before.items():
            now = after.get((site, code))
            if now is None or now.quantity < line.quantity:
                self.given_up[site, drugs[code].drug].append(code)

    def why(self, site: str, code: str) -> str:
        """The facts that moved, most telling first; where none did, that the plan as a whole was balanced anew."""
        found = [*self._pins(site, code), *self._offer(site, code)]
        product = self.new.products.get(code) or self.old.products[code]
        found += self._need(site, product.drug)
        found += self._switch(site, code, product.drug)
        found += self._hand(site, code, product.drug) if self.by_hand else []
        if not found and self.old.money != self.new.money:
            found.append("预算不同，按优先次序重新取舍")
        if not found and self.old.parameters != self.new.parameters:
            found.append("求解设置不同（非中选比例或品规数上限）")
        return "；".join(found) or "条件未变，整体按优先次序重新平衡"

    def _pins(self, site: str, code: str) -> list[str]:
        was, now = self.old.pins(site, code), self.new.pins(site, code)
        return [f"固定{words}" for words in now if words not in was] + [f"撤回固定{w}" for w in was if w not in now]

    def _offer(self, site: str, code: str) -> list[str]:
        was, now = self.old.products.get(code), self.new.products.get(code)
        if was is None or now is None:
            return ["原来没有报价"] if was is None else ["不再有报价"]
        found = []
        if was.price != now.price:
            found.append(f"单价 {was.price:.2f} → {now.price:.2f} 元")
        if was.supply != now.supply:
            found.append(f"供应上限 {_most(was.supply)} → {_most(now.supply)}")
        if was.label != now.label and BLOCKED_LABEL in (was.label, now.label):
            found.append(f"价格标识 {was.label} → {now.label}")
        if self.old.reaches(was, site) != self.new.reaches(now, site):
            found.append("配送范围变化")
        agreed = self.old.agreed.get((code, site), 0), self.new.agreed.get((code, site), 0)
        if agreed[0] != agreed[1]:
            found.append(f"约定量 {agreed[0]:,} → {agreed[1]:,}")
        return found

    def _need(self, site: str, drug: str) -> list[str]:
        was, now = self.old.need(site, drug), self.new.need(site, drug)
        return [f"净需求 {was:,} → {now:,}"] if was != now else []

    def _switch(self, site: str, code: str, drug: str) -> list[str]:
        before, after = self.before.get((site, code)), self.after.get((site, code))
        units = (before.quantity if before else 0), (after.quantity if after else 0)
        if units[1] < units[0]:
            others = [self._name(other) for other in self.switches[site, drug] if other != code]
            return [f"改购{'、'.join(sorted(others))}"] if others else []
        others = [self._name(other) for other in self.given_up[site, drug] if other != code]
        return [f"替代{'、'.join(sorted(others))}"] if others and units[1] > units[0] else []

    def _hand(self, site: str, code: str, drug: str) -> list[str]:
        """What the hand rule did otherwise on the very same facts."""
        need = self.old.needs.get((site, drug))
        if (site, code) in self.before:
            demand = need.demand if need else 0
            return [f"手工规则按预测 {demand:,} × 1.1 订，不抵库存与在途；净需求 {self.new.need(site, drug):,}"]
        return [] if self.units[site, drug][0] else ["手工规则没有订此药（预算已用完，或没有预测用量）"]

    def _name(self, code: str) -> str:
        product = self.new.products.get(code) or self.old.products[code]
        side = self.new if code in self.new.products else self.old
        firm = side.suppliers.get(product.supplier, product.supplier)
        return f"{product.maker or code}（{firm}）"


class _Side:
    """One case, by code."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.products: dict[str, Product] = {row.code: row for row in case.products}
        self.suppliers = {row.code: row.name or row.code for row in case.suppliers}
        self.needs: dict[tuple[str, str], Need] = {(row.institution, row.drug): row for row in case.needs}
        self.agreed: dict[tuple[str, str], int] = defaultdict(int)
        everywhere = [row.code for row in case.institutions]
        for row in case.commitments:
            for site in everywhere if row.institution is None else [row.institution]:
                self.agreed[row.product, site] += row.remaining
        self.reach: dict[str, set[str]] = defaultdict(set)
        for supplier, site in case.deliveries:
            self.reach[supplier].add(site)
        self.money = ([row.budget for row in case.institutions], case.total_budget)
        self.parameters = (case.nonwinning_ratio, case.group_limit)

    def need(self, site: str, drug: str) -> int:
        row = self.needs.get((site, drug))
        return row.net if row else 0

    def pins(self, site: str, code: str) -> list[str]:
        return [
            f"{pin.words}{f'（{pin.reason}）' if pin.reason else ''}"
            for pin in self.case.pins
            if pin.product == code and pin.institution in (None, site)
        ]

    def reaches(self, product: Product, site: str) -> bool:
        return product.supplier not in self.reach or site in self.reach[product.supplier]


def _most(supply: int | None) -> str:
    return "不限" if supply is None else f"{supply:,}"
