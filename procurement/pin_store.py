"""固定 as rows of the database and as part of a case: the bridge between the two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from formulary.models import Alliance
from formulary.rules.tables import DataRefused, Fault
from procurement.models import Pin
from procurement.optimiser import case as shapes
from procurement.optimiser.pins import clashes
from procurement.optimiser.world import build_world
from procurement.rules.quotes import product_of

SHEET = "固定"


def active_pins(alliance: Alliance, start: dt.date, end: dt.date) -> list[Pin]:
    """What holds for plans of exactly this period, the oldest first."""
    rows = Pin.objects.filter(alliance=alliance, period_start=start, period_end=end, withdrawn_at=None)
    return list(rows.select_related("institution", "product__presentation", "made_by").order_by("made_at", "pk"))


def row_codes(case: shapes.Case) -> dict[tuple[str, str], str]:
    """(product code, supplier code) → the code of the case's 产品 row."""
    return {(product_of(row.code, row.supplier), row.supplier): row.code for row in case.products}


def case_pin(pin: Pin, code: str) -> shapes.Pin:
    site = pin.institution.code if pin.institution else None
    return shapes.Pin(code, pin.way, pin.quantity, site, pin.reason)


def with_pins(case: shapes.Case, pins: Iterable[Pin]) -> tuple[shapes.Case, list[str]]:
    """The case with these pins, and remarks. Raises DataRefused with every pin that cannot hold, and why.

    A pin that only limits, on a product that is not offered any more, is already kept: a remark says so.
    """
    codes, sites = row_codes(case), {row.code for row in case.institutions}
    found, faults, idle = [], [], []
    for pin in pins:
        code = codes.get((pin.product.code, pin.supplier_code))
        shape = case_pin(pin, code or "")
        if code is not None and (shape.institution is None or shape.institution in sites):
            found.append(shape)
        elif shape.low:
            what = "产品当日没有有效报价或不在本期需求之内" if code is None else "机构已不在用"
            faults.append(Fault(SHEET, None, "", "", f"固定 {pin}：{what}，请先撤回此固定"))
        else:
            idle.append(str(pin))
    pinned = replace(case, pins=tuple(found))
    if found and not faults:
        faults = [Fault(SHEET, None, "", "", f"{why}，请先撤回或放宽") for why in clashes(build_world(pinned))]
    if faults:
        raise DataRefused(faults, source="固定")
    notes = [f"按 {len(found)} 条固定求解，见“固定”页"] if found else []
    return pinned, notes + ([f"{len(idle)} 条固定的产品本期没有报价，无需限制"] if idle else [])
