"""The words of a clash. Names stand for codes: people read this."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from procurement.optimiser.case import Case
from procurement.optimiser.plan import WayOut
from procurement.optimiser.reasons.corner import Lookups
from procurement.optimiser.reasons.nook import Demand, Fact, Way

FEW = 6
CENT = Decimal("0.01")


class Words:
    """Sentences about the facts of one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.site_names = {row.code: row.name for row in case.institutions} | {"全体": "全医共体"}
        self.site_rows = {row.code: row for row in case.institutions}
        self.drugs = {row.code: row for row in case.drugs}
        self.products = {row.code: row for row in case.products}
        self.suppliers = {row.code: row for row in case.suppliers}
        self.lookups = Lookups(case)
        self.first_of_group: dict[str, int] = {}
        for d, row in enumerate(case.drugs):
            self.first_of_group.setdefault(row.group, d)

    def drug(self, code: str) -> str:
        row = self.drugs[code]
        return f"{row.name} {row.strength}".strip()

    def product(self, code: str) -> str:
        row = self.products[code]
        return f"{self.drug(row.drug)}（{row.maker or code}）"

    def units(self, amount: float, drug: str) -> str:
        return f"{number(amount)} {self.drugs[drug].unit}".strip()

    def site(self, code: str) -> str:
        return self.site_names.get(code, code)

    def supplier(self, code: str) -> str:
        return self.suppliers[code].name or code

    def sites(self, fact: Fact) -> list[str]:
        """Institutions that a demand concerns; all for an agreed volume of the alliance."""
        place = fact.at[1] if fact.rule == "约定量" else fact.at[0]
        return list(self.site_rows) if place == "全体" else [place]

    def is_set(self, fact: Fact) -> bool:
        """False for a sensible maximum that follows from need and agreed volume: nobody set it, nobody can change it."""
        return fact.rule != "采购上限" or self.lookups.need(*fact.at).limit is not None

    def most(self, fact: Fact) -> int:
        """The sensible maximum that a 采购上限 fact speaks of, in minimal units."""
        return self.lookups.sensible_maximum(*fact.at)

    def limit(self, fact: Fact) -> str:
        """A limiting fact with its figure."""
        at = fact.at
        if fact.rule == "机构预算":
            return f"{self.site(at[0])}预算 {yuan(self.site_rows[at[0]].budget)} 元"
        if fact.rule == "总预算":
            return f"总预算 {yuan(self.case.total_budget)} 元"
        if fact.rule == "冷藏容量":
            return f"{self.site(at[0])}冷藏容量 {number(self.site_rows[at[0]].cold_capacity or 0)}"
        if fact.rule == "供应上限":
            row = self.products[at[0]]
            return f"{self.product(at[0])}供应上限 {self.units(row.supply or 0, row.drug)}"
        if fact.rule == "采购上限":
            name = "采购上限" if self.is_set(fact) else "合理采购上限"
            return f"{self.site(at[0])}的{self.drug(at[1])}{name} {self.units(self.most(fact), at[1])}"
        if fact.rule == "起订包数":
            row = self.products[at[1]]
            return f"{self.product(at[1])}起订 {row.minimum_packs} 包（共 {self.units(row.minimum_packs * row.pack, row.drug)}）"
        if fact.rule == "起送金额":
            return (
                f"{self.supplier(at[1])}起送金额 {yuan(self.suppliers[at[1]].minimum_order)} 元（{self.site(at[0])}）"
            )
        if fact.rule == "非中选比例":
            return f"{self.site(at[0])}的{self.drug(at[1])}非中选比例 {number(float(self.case.nonwinning_ratio))}"
        if fact.rule == "品规数上限":
            return f"品规组“{at[0]}”至多采购 {self.case.group_limit} 个产品"
        if fact.rule == "配送范围":
            return f"{self.supplier(at[1])}的配送范围不含{self.site(at[0])}"
        return f"{self.product(at[0])}价格标识红3，不得采购"

    def demand(self, fact: Fact, amount: float) -> str:
        if fact.rule == "约定量":
            product = self.products[fact.at[0]]
            return f"{self.site(fact.at[1])}的{self.product(fact.at[0])}约定量 {self.units(amount, product.drug)}"
        return f"{self.site(fact.at[0])}的{self.drug(fact.at[1])}短缺急救净需求 {self.units(amount, fact.at[1])}"

    def demands(self, rows: Sequence[tuple[Fact, Demand, int]]) -> list[str]:
        """Demands of a clash, the first few by name."""
        words = []
        for fact, demand, most in rows[:FEW]:
            part = f"（其中已满足的 {number(demand.asked - most)}）" if most else ""
            words.append(self.demand(fact, demand.asked) + part)
        if len(rows) > FEW:
            words.append(f"另有 {len(rows) - FEW} 项同类要求")
        return words

    def headline(
        self,
        rule: str,
        limits: Sequence[Fact],
        ways: Sequence[Way],
        shorts: Sequence[tuple[Fact, Demand]],
    ) -> str:
        """What is not enough for what, how much it would have to be, and what is missing."""
        aim = "完成带量约定量" if rule == "约定量" else "满足短缺急救需求"
        if not limits:
            return "、".join(self._briefly(fact) for fact, _ in shorts[:3]) + f"没有可采购的产品，不能{aim}"
        supplied = [self.products[fact.at[0]] for fact in limits if fact.rule == "供应上限"]
        if 1 < len(supplied) == len(limits) and len({row.drug for row in supplied}) == 1 and ways:
            makers = "、".join(row.maker or row.code for row in supplied)
            held, drug = sum(row.supply or 0 for row in supplied), supplied[0].drug
            lack = min(whole(sum(way.changes.values())) for way in ways)
            return (
                f"{self.drug(drug)}（{makers}）供应上限合计 {self.units(held, drug)}不足以{aim}"
                f"（至少 {number(held + lack)}），缺口 {number(lack)}"
            )
        for way in ways:
            if len(way.changes) == 1:
                [(fact, more)] = way.changes.items()
                said = self._not_enough(fact, more, aim)
                if said:
                    return said
        said = self._packs_too_large(limits, aim)
        if said:
            return said
        whom = self._briefly(shorts[0][0]) + ("等" if len(shorts) > 1 else "") if shorts else ""
        return f"{'、'.join(self.limit(fact) for fact in limits[:3])}，不能{aim}：{whom}"

    def _packs_too_large(self, limits: Sequence[Fact], aim: str) -> str:
        """What one has to order at least is more than makes sense; "" where the clash is another."""
        fixed = [self.products[fact.at[1]] for fact in limits if fact.rule == "起订包数"]
        maxima = [fact for fact in limits if fact.rule == "采购上限"]
        if not fixed or len(maxima) != 1 or any(row.drug != maxima[0].at[1] for row in fixed):
            return ""
        [most] = maxima
        name = "采购上限" if self.is_set(most) else "合理采购上限"
        amount = self.units(self.most(most), most.at[1])
        if len(fixed) == 1:
            ordered = self.limit(next(fact for fact in limits if fact.rule == "起订包数"))
        else:
            makers = "、".join(row.maker or row.code for row in fixed)
            least = min(row.minimum_packs * row.pack for row in fixed)
            ordered = f"{self.drug(most.at[1])}（{makers}）起订都不少于 {self.units(least, most.at[1])}"
        return f"{ordered}，超过{self.site(most.at[0])}的{name} {amount}，不能{aim}"

    def _not_enough(self, fact: Fact, more: float, aim: str) -> str:
        """第3卫生院预算 226 元不足以完成带量约定量（至少 283 元），缺口 57 元."""
        if fact.rule in ("机构预算", "总预算"):
            held = (self.site_rows[fact.at[0]].budget if fact.at else self.case.total_budget) or Decimal(0)
            gap = cents(more)
            return f"{self.limit(fact)}不足以{aim}（至少 {yuan(held + gap)} 元），缺口 {yuan(gap)} 元"
        if fact.rule in ("冷藏容量", "供应上限"):
            site = self.site_rows.get(fact.at[0])
            room = (site.cold_capacity if site and fact.rule == "冷藏容量" else self.products[fact.at[0]].supply) or 0
            need, missing = number(room + whole(more)), number(whole(more))
            return f"{spaced(self.limit(fact))}不足以{aim}（至少 {need}），缺口 {missing}"
        if fact.rule == "起送金额":
            floor = self.suppliers[fact.at[1]].minimum_order
            reached = f"{self.site(fact.at[0])}最多凑到 {yuan(floor - cents(more))} 元"
            return f"{self.supplier(fact.at[1])}起送金额 {yuan(floor)} 元，{reached}，不能{aim}"
        if fact.rule == "品规数上限":
            most = (self.case.group_limit or 0) + whole(more)
            return f"{self.limit(fact)}，要{aim}须有 {most} 个"
        return ""

    def _briefly(self, fact: Fact) -> str:
        if fact.rule == "约定量":
            return f"{self.site(fact.at[1])}的{self.product(fact.at[0])}"
        return f"{self.site(fact.at[0])}的{self.drug(fact.at[1])}"

    def giving_way(self, rule: str, shorts: Sequence[tuple[Fact, Demand]]) -> list[WayOut]:
        """What the plan itself does: less of the agreed volume. A need of emergency drugs is not for cutting."""
        if rule != "约定量" or not shorts:
            return []
        return [WayOut(f"只减约定量：{self._shorts(shorts)}（本计划的做法）", True)]

    def given_up(self, rule: str, shorts: Sequence[tuple[Fact, Demand]]) -> str:
        total = sum(demand.short * demand.weight for _, demand in shorts)
        if rule == "约定量":
            return f"本计划少完成约定量 {total:,.2f} 元（{len(shorts)} 项）：{self._shorts(shorts)}"
        return f"本计划留下短缺急救缺口 {number(total)} 患者日（{len(shorts)} 项）：{self._shorts(shorts)}"

    def _shorts(self, shorts: Sequence[tuple[Fact, Demand]]) -> str:
        rows = sorted(shorts, key=lambda row: (-row[1].short * row[1].weight, row[0]))
        words = []
        for fact, demand in rows[:3]:
            drug = self.products[fact.at[0]].drug if fact.rule == "约定量" else fact.at[1]
            words.append(f"{self._briefly(fact)} {self.units(demand.short, drug)}")
        return "、".join(words) + (f" 等 {len(rows)} 项" if len(rows) > 3 else "")


def cents(amount: float) -> Decimal:
    """Up to the next cent; what is only the solver's tolerance does not count."""
    return Decimal(str(round(amount, 6))).quantize(CENT, rounding=ROUND_CEILING)


def whole(amount: float) -> int:
    return math.ceil(round(amount, 6))


def yuan(amount: Decimal | None) -> str:
    """283 · 1,283.50."""
    text = f"{(amount or Decimal(0)):,.2f}"
    return text.removesuffix(".00")


def number(amount: float) -> str:
    """1,234 · 0.5 · 12.35."""
    text = f"{amount:,.2f}"
    return text.rstrip("0").rstrip(".")


def spaced(words: str) -> str:
    """A blank between a figure and the Chinese words that follow it."""
    return f"{words} " if words[-1:].isdigit() else words
