"""What a way out changes in a corner of a case, and that change in words."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from procurement.optimiser.case import Case
from procurement.optimiser.reasons.nook import Fact, Nook, Way
from procurement.optimiser.reasons.words import Words, cents, number, whole, yuan


def changed(nook: Nook, way: Way, words: Words) -> tuple[Case, str]:
    """The corner with the limits of the way changed, and that change in words."""
    case, said = nook.case, []
    bought = {
        (case.institutions[offer.institution].code, case.products[offer.product].code): count * offer.pack
        for offer, count in zip(nook.world.offers, way.packs, strict=True)
        if count
    }
    for fact, more in way.changes.items():
        case, part = changed_by(case, fact, more, bought, words)
        said.append(part)
    return case, ("只" if len(said) == 1 else "须同时：") + "；".join(said)


def changed_by(case: Case, fact: Fact, more: float, bought: dict, words: Words) -> tuple[Case, str]:
    """One limit changed by `more`, in whole units or cents; `bought` are minimal units by (institution, product)."""
    at, amount = fact.at, whole(more)
    if fact.rule == "机构预算":
        rows = [replace(r, budget=(r.budget or 0) + cents(more)) if r.code == at[0] else r for r in case.institutions]
        held = words.site_rows[at[0]].budget or Decimal(0)
        return replace(case, institutions=tuple(rows)), (
            f"加预算：{words.site(at[0])}加 {yuan(cents(more))} 元（至 {yuan(held + cents(more))} 元）"
        )
    if fact.rule == "总预算":
        total = (case.total_budget or Decimal(0)) + cents(more)
        return replace(case, total_budget=total), f"加总预算 {yuan(cents(more))} 元（至 {yuan(total)} 元）"
    if fact.rule == "冷藏容量":
        room = words.site_rows[at[0]].cold_capacity or 0
        sites = [replace(r, cold_capacity=room + amount) if r.code == at[0] else r for r in case.institutions]
        return replace(case, institutions=tuple(sites)), (
            f"放宽冷藏：{words.site(at[0])}冷藏容量加 {number(amount)}（至 {number(room + amount)}）"
        )
    if fact.rule == "供应上限":
        row = words.products[at[0]]
        most = (row.supply or 0) + amount
        return _products(case, {at[0]}, supply=most), (
            f"增加供应：{words.product(at[0])}供应上限加 {words.units(amount, row.drug)}（至 {number(most)}）"
        )
    if fact.rule == "采购上限":
        needs = [replace(r, limit=(r.limit or 0) + amount) if (r.institution, r.drug) == at else r for r in case.needs]
        if not words.is_set(fact):
            extra = words.units(amount, at[1])
            return replace(case, needs=tuple(needs)), (
                f"破例多买：{words.site(at[0])}的{words.drug(at[1])}可超出合理采购上限 {extra}"
            )
        return replace(case, needs=tuple(needs)), (
            f"放宽采购上限：{words.site(at[0])}的{words.drug(at[1])}加 {words.units(amount, at[1])}"
        )
    if fact.rule == "起订包数":
        least = max(1, words.products[at[1]].minimum_packs - amount)
        return _products(case, {at[1]}, minimum_packs=least), f"降低起订：{words.product(at[1])}降至 {least} 包"
    if fact.rule == "起送金额":
        floor = words.suppliers[at[1]].minimum_order - cents(more)
        suppliers = [replace(r, minimum_order=max(Decimal(0), floor)) if r.code == at[1] else r for r in case.suppliers]
        return replace(case, suppliers=tuple(suppliers)), (
            f"降低起送：{words.supplier(at[1])}对{words.site(at[0])}的起送金额降 {yuan(cents(more))} 元"
            f"（至 {yuan(max(Decimal(0), floor))} 元）"
        )
    if fact.rule == "品规数上限":
        most = (case.group_limit or 0) + amount
        return replace(case, group_limit=most), f"放宽品规数：品规组“{at[0]}”至多 {most} 个产品"
    if fact.rule == "配送范围":
        return replace(case, deliveries=_reaching(case, at[1], at[0])), (
            f"扩大配送：{words.supplier(at[1])}配送到{words.site(at[0])}"
        )
    if fact.rule == "非中选比例":
        return _ratio(case, at, bought, words)
    return _products(case, {at[0]}, label="绿"), f"调价：{words.product(at[0])}价格不再是红3"


def _ratio(case: Case, at: tuple[str, ...], bought: dict, words: Words) -> tuple[Case, str]:
    """The ratio that the purchase of the way needs; without any winner in it the drug is not counted at all."""
    here = [row for row in case.products if row.drug == at[1]]
    lost = sum(bought.get((at[0], row.code), 0) for row in here if row.status == "非中选")
    won = sum(bought.get((at[0], row.code), 0) for row in here if row.status in ("中选", "备供"))
    place = f"{words.site(at[0])}的{words.drug(at[1])}"
    if won:
        ratio = (Decimal(lost) / Decimal(won)).quantize(Decimal("0.0001"), rounding=ROUND_CEILING)
        return replace(case, nonwinning_ratio=ratio), f"放宽非中选比例：{place}至 {number(float(ratio))}"
    codes = {row.code for row in here if row.status == "非中选"}
    return _products(case, codes, status="非集采"), f"放宽非中选比例：{place}不受此限"


def _products(case: Case, codes: set[str], **change: object) -> Case:
    rows = [replace(row, **change) if row.code in codes else row for row in case.products]  # type: ignore[arg-type]
    return replace(case, products=tuple(rows))


def _reaching(case: Case, supplier: str, site: str) -> tuple[tuple[str, str], ...]:
    return (*case.deliveries, (supplier, site))
