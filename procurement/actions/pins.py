"""Sets and withdraws 固定. A pin that cannot hold is refused with the reason; nothing is dropped in silence."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Institution, Person, Product
from formulary.queries import scope_of
from formulary.rules.tables import DataRefused
from procurement.models import Pin, Plan, PlanState
from procurement.optimiser import case as shapes
from procurement.optimiser.pins import clashes
from procurement.optimiser.world import build_world
from procurement.pin_store import active_pins, with_pins
from procurement.plan_store import case_of
from procurement.rules.quotes import product_of

LONGEST_REASON = 200


class PinRefused(Exception):
    """A pin cannot be set or withdrawn as asked; the message says why, in Chinese."""


def pin(
    plan: Plan,
    row: str,
    way: str,
    quantity: int | None,
    *,
    institution: str = "",
    reason: str,
    by: Person,
    now: dt.datetime,
) -> Pin:
    """Pins a 产品 row of the plan's case, at one institution ("" = the whole alliance together), for the plan's period.

    Raises PinRefused with every reason: words missing, no such product or need, or what of supply, money, cold store,
    起订, 采购上限, 非中选比例, 品规数上限 or 起送金额 it would break together with the pins that already hold.
    """
    _may(by, plan.alliance)
    case = case_of(plan)
    if plan.state != PlanState.READY or case is None:
        raise PinRefused("计划还没有生成，不能固定")
    counted = way in shapes.COUNTED
    wanted = shapes.Pin(row, way, quantity if counted else None, institution or None, reason.strip())
    problems = _problems(case, wanted)
    if problems:
        raise PinRefused("；".join(problems))
    with transaction.atomic():
        Plan.objects.select_for_update().get(pk=plan.pk)
        held, _ = _held(plan, case)
        found = clashes(build_world(replace(held, pins=(*held.pins, wanted))))
        if found:
            raise PinRefused("固定不能成立：" + "；".join(found))
        product = next(each for each in case.products if each.code == row)
        made = _save(plan, wanted, product_of(row, product.supplier), product.supplier, by=by, now=now)
        record("固定采购", made, alliance=plan.alliance, by=by, now=now, data=_facts(made))
    return made


def withdraw(row: Pin, why: str, *, by: Person, now: dt.datetime) -> Pin:
    """Ends a pin with words; plans made while it held stay as they are. Raises PinRefused."""
    _may(by, row.alliance)
    if not why.strip():
        raise PinRefused("请写明撤回原因")
    with transaction.atomic():
        found = Pin.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if found.withdrawn_at is not None:
            raise PinRefused("此固定已经撤回")
        found.withdrawn_at, found.withdrawn_by, found.withdrawn_for = now, by, why.strip()[:LONGEST_REASON]
        found.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_for"])
        record("撤回固定", found, alliance=found.alliance, by=by, now=now, data=_facts(found) | {"why": why.strip()})
    return found


def _problems(case: shapes.Case, wanted: shapes.Pin) -> list[str]:
    found = []
    if not wanted.reason:
        found.append("请写明固定的原因")
    if len(wanted.reason) > LONGEST_REASON:
        found.append(f"原因应不超过 {LONGEST_REASON} 字")
    if wanted.way not in shapes.WAYS:
        found.append("请选择固定方式")
    if wanted.way in shapes.COUNTED and wanted.quantity is None:
        found.append(f"方式为“{wanted.way}”时请填写数量")
    if wanted.quantity is not None and wanted.quantity < 0:
        found.append("数量不能为负")
    product = next((each for each in case.products if each.code == wanted.product), None)
    if product is None:
        return [*found, "请选择本计划中的产品"]
    if wanted.institution is not None and wanted.institution not in {each.code for each in case.institutions}:
        return [*found, "请选择本计划中的机构"]
    if wanted.low and wanted.institution is not None and not _needed(case, wanted.institution, product.drug):
        found.append("该机构在本计划中没有此药的需求（可能超出其机构级别），不能固定采购量")
    return found


def _needed(case: shapes.Case, site: str, drug: str) -> bool:
    return any(n.institution == site and n.drug == drug and n.limit != 0 for n in case.needs)


def _held(plan: Plan, case: shapes.Case) -> tuple[shapes.Case, list[str]]:
    try:
        return with_pins(case, active_pins(plan.alliance, plan.period_start, plan.period_end))
    except DataRefused as refused:
        words = "；".join(fault.expected for fault in refused.faults)
        raise PinRefused(f"已有的固定在本计划中不能成立：{words}") from refused


def _save(plan: Plan, wanted: shapes.Pin, code: str, supplier: str, *, by: Person, now: dt.datetime) -> Pin:
    site = Institution.objects.filter(alliance=plan.alliance, code=wanted.institution).first()
    try:
        with transaction.atomic():
            return Pin.objects.create(
                alliance=plan.alliance,
                period_start=plan.period_start,
                period_end=plan.period_end,
                plan=plan,
                institution=site,
                product=Product.objects.get(code=code),
                supplier_code=supplier,
                way=wanted.way,
                quantity=wanted.quantity,
                reason=wanted.reason,
                made_at=now,
                made_by=by,
            )
    except IntegrityError as twice:
        raise PinRefused(f"已有同样方式（{wanted.way}）的固定，请先撤回再改") from twice


def _facts(row: Pin) -> dict[str, Any]:
    return {
        "period": [row.period_start, row.period_end],
        "institution": row.institution.code if row.institution else None,
        "product": row.product.code,
        "supplier": row.supplier_code,
        "way": row.way,
        "quantity": row.quantity,
        "reason": row.reason,
    }


def _may(by: Person, alliance: Alliance) -> None:
    scope = scope_of(by, Permission.RUN_PLANS)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise PinRefused("您的角色不能固定采购")
