"""From the database to a purchase case (`optimiser.case.Case`): the bridge that the planning workbook is the other of.

Which facts, and as of when:
- formulary: the version in force on `as_of`; an institution may buy what its level allows (最低使用级别).
- need: forecast demand of the period + safety stock − usable stock − on order, as `shortage` sees it at `as_of`.
- prices: offers valid on `as_of` (the day the orders go out), see `rules/quotes.py` for several suppliers of a product.
- list status (基药, 医保): on `as_of`; 短缺急救 = marked so on the 品规, or on a shortage list that day.
- money: the monthly budget in force when the period starts, times the months of the period (`rules/periods.py`).
- agreed volume: what remains of a tender spread evenly over its remaining days (`rules/periods.py`).
- cold store: capacity less the cold-chain units that are there or on their way.
- 固定: what the officer pinned for this very period and has not withdrawn (`pin_store.py`).
- 上期在用: received in the last 180 days or bought by the last plan; without any such record all products count as in use.

The rows stand in the order of their codes, so the same facts give the same case and the same fingerprint.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from formulary.models import Alliance, FormularyVersion, Presentation
from procurement.case_facts import Facts, budgets_of, products_in_use, read_facts, running_commitments
from procurement.models import Budget
from procurement.optimiser import case as shapes
from procurement.pin_store import active_pins, with_pins
from procurement.rules.periods import budget_of_period, volume_of_period
from procurement.rules.plan_settings import PlanSettings
from procurement.rules.quotes import Quote, best_for, share_out
from procurement.sources import Reported, standings_of


@dataclass
class BuiltCase:
    """A case, the version it follows, and remarks in Chinese on what was left out and why."""

    case: shapes.Case
    version: FormularyVersion
    notes: list[str] = field(default_factory=list)


def build_case(
    alliance: Alliance,
    *,
    as_of: dt.date,
    start: dt.date,
    end: dt.date,
    settings: PlanSettings,
    reported: Reported | None = None,
) -> BuiltCase:
    """The purchase case of an alliance for the period `start`…`end`, both included; need from `reported` or forecast.

    Raises DataRefused, with every fault at once, when there is no version in force, no institution, no forecast, or a 固定
    cannot hold.
    """
    facts = read_facts(alliance, as_of=as_of, start=start, end=end, reported=reported)
    agreed = _commitments(facts)
    wanted = {row.presentation_id for row in facts.needs} | {facts.drug_of(row.product) for row in agreed}
    drugs = sorted((facts.drugs[pk] for pk in wanted), key=lambda drug: drug.code)
    kept = {code: quote for code, quote in facts.rows.items() if facts.drug_of(code) in wanted}
    budgets = budgets_of(alliance, on=start)
    used = sorted({quote.supplier for quote in kept.values()})
    reach = {code: sorted(facts.named_reach(facts.suppliers[code])) for code in used}
    case = shapes.Case(
        institutions=_institutions(facts, budgets),
        drugs=_drugs(drugs, on=as_of),
        products=_products(facts, kept),
        suppliers=tuple(shapes.Supplier(c, facts.suppliers[c].name, facts.suppliers[c].minimum_order) for c in used),
        deliveries=tuple((code, site) for code in used for site in reach[code]),
        needs=_needs(facts, agreed, kept),
        commitments=agreed,
        total_budget=_total_budget(facts, budgets, settings),
        nonwinning_ratio=settings.nonwinning_ratio,
        group_limit=settings.group_limit,
    )
    case, notes = with_pins(case, active_pins(alliance, start, end))
    return BuiltCase(case, facts.version, facts.notes + notes)


def _institutions(facts: Facts, budgets: dict[int | None, Budget]) -> tuple[shapes.Institution, ...]:
    held: dict[int, int] = defaultdict(int)
    for row in facts.needs:
        if facts.drugs[row.presentation_id].needs_cold_chain:
            held[row.institution_id] += row.stock + row.on_order
    found = []
    for site in facts.sites:
        budget = budgets.get(site.pk)
        monthly = budget.monthly_amount if budget else None
        found.append(
            shapes.Institution(
                code=site.code,
                name=site.name,
                level=site.level,
                budget=None if monthly is None else budget_of_period(monthly, facts.start, facts.end),
                essential_floor=budget.essential_share if budget else None,
                insurance_floor=budget.insured_share if budget else None,
                cold_capacity=None if site.cold_capacity is None else max(0, site.cold_capacity - held[site.pk]),
            )
        )
    return tuple(found)


def _total_budget(facts: Facts, budgets: dict[int | None, Budget], settings: PlanSettings) -> Decimal | None:
    """The amount set for this plan, else the alliance's own budget row of the period."""
    row = budgets.get(None)
    if settings.total_budget is not None or row is None or row.monthly_amount is None:
        return settings.total_budget
    return budget_of_period(row.monthly_amount, facts.start, facts.end)


def _drugs(drugs: list[Presentation], *, on: dt.date) -> tuple[shapes.Drug, ...]:
    standings = standings_of(drugs, on=on)
    return tuple(
        shapes.Drug(
            code=drug.code,
            name=drug.name,
            form=drug.form,
            strength=drug.strength,
            unit=drug.unit,
            essential=standings[drug.pk].essential,
            insurance=standings[drug.pk].insurance,
            emergency=drug.is_emergency or standings[drug.pk].shortage,
            daily=drug.daily_dose,
            cold=drug.needs_cold_chain,
            group=drug.spec_group,
        )
        for drug in drugs
    )


def _products(facts: Facts, rows: dict[str, Quote]) -> tuple[shapes.Product, ...]:
    in_use = products_in_use(facts)
    found = []
    for code, quote in rows.items():
        product = facts.products[quote.product]
        found.append(
            shapes.Product(
                code=code,
                drug=facts.drugs[product.presentation_id].code,
                supplier=quote.supplier,
                pack=product.pack_size,
                price=quote.price,
                maker=product.maker,
                minimum_packs=quote.minimum_packs,
                supply=quote.supply,
                status=quote.status,
                label=quote.label,
                in_use=in_use is None or product.pk in in_use,
            )
        )
    return tuple(found)


def _commitments(facts: Facts) -> tuple[shapes.Commitment, ...]:
    """This period's part of every running agreed volume, on the rows of the case that can fulfil it."""
    part: dict[tuple[str, str | None], int] = defaultdict(int)
    left_out = 0
    for row in running_commitments(facts):
        quantity = volume_of_period(
            row.quantity - row.bought,
            row.product.pack_size,
            tender=(row.tender.start, row.tender.end),
            period=(facts.start, facts.end),
        )
        if not quantity:
            continue
        rows = facts.rows_of_product.get(row.product.code, {})
        pair = (row.institution_id, row.product.presentation_id)
        if not rows or (row.institution_id is not None and pair not in facts.allowed):
            left_out += 1
        elif row.institution is not None:
            part[best_for(rows, row.institution.code) or next(iter(rows)), row.institution.code] += quantity
        else:
            shares = share_out(quantity, _demand_by_row(facts, rows, row.product.presentation_id))
            for code, share in zip(rows, shares, strict=True):
                part[code, None] += share
    if left_out:
        facts.notes.append(f"{left_out} 条约定量的产品当日没有有效报价，或机构级别不允许使用，未列入本计划")
    keys = sorted((key for key, quantity in part.items() if quantity), key=lambda key: (key[0], key[1] or ""))
    return tuple(shapes.Commitment(product, part[product, site], site) for product, site in keys)


def _demand_by_row(facts: Facts, rows: dict[str, Quote], presentation_id: int) -> list[int]:
    """For each row of a product, the demand of the institutions that would take it first."""
    demand = dict.fromkeys(rows, 0)
    for need in facts.needs_of_drug.get(presentation_id, []):
        best = best_for(rows, facts.site_codes[need.institution_id])
        if best is not None:
            demand[best] += need.demand
    return list(demand.values())


def _needs(facts: Facts, agreed: tuple[shapes.Commitment, ...], rows: dict[str, Quote]) -> tuple[shapes.Need, ...]:
    """One row per allowed pair with a forecast; a pair the formulary forbids gets 采购上限 0 where a rule could tempt.

    (An alliance-wide 约定量, or a second pack size below the sensible maximum, could otherwise be bought by an
    institution that may not use the drug.)
    """
    sites = facts.site_codes
    found = [
        shapes.Need(
            institution=sites[row.institution_id],
            drug=facts.drugs[row.presentation_id].code,
            demand=row.demand,
            stock=row.stock,
            in_transit=row.on_order,
            safety=row.safety,
        )
        for row in facts.needs
    ]
    offered: dict[int, int] = defaultdict(int)
    for code in rows:
        offered[facts.drug_of(code)] += 1
    tempting = {pk for pk, count in offered.items() if count > 1} | {facts.drug_of(row.product) for row in agreed}
    found += [
        shapes.Need(code, facts.drugs[drug].code, demand=0, limit=0)
        for drug in tempting
        for site, code in sites.items()
        if (site, drug) not in facts.allowed
    ]
    return tuple(sorted(found, key=lambda need: (need.institution, need.drug)))
