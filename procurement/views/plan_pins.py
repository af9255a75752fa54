"""The 固定 of a plan's period, and the form that sets one."""

from config.access import Permission, can
from procurement.models import PurchaseRound
from procurement.pin_store import active_pins, case_pin, row_codes
from procurement.plan_store import case_of
from procurement.queries.studies import pins_of_plan
from procurement.study_forms import PinForm

PRESET = ("institution", "product", "way", "quantity")


def pins(request, plan):
    """The tab: what holds, what was withdrawn, whether this plan was solved around just what holds now."""
    rows = list(pins_of_plan(plan, request.scope))
    may_run = can(request.user, Permission.RUN_PLANS)
    case = case_of(plan)
    codes = row_codes(case)
    for row in rows:
        row.unit = row.product.presentation.unit
        row.firm = supplier_name(case, row.supplier_code)
    held = {case_pin(row, codes.get((row.product.code, row.supplier_code), "")) for row in active_of(plan)}
    preset = {name: request.GET[name] for name in PRESET if name in request.GET}
    if "supplier" in request.GET:
        preset["product"] = codes.get((request.GET.get("product", ""), request.GET["supplier"]), "")
    return {
        "pins": [row for row in rows if row.withdrawn_at is None],
        "withdrawn": [row for row in rows if row.withdrawn_at is not None],
        "fresh": {pin for pin in held if pin.product or pin.low} != set(case.pins),
        "round": PurchaseRound.objects.filter(plan=plan).first(),
        "products": product_choices(case) if may_run else [],
        "form": form_of(plan, None, case=case, initial=preset) if may_run else None,
    }


def active_of(plan):
    return active_pins(plan.alliance, plan.period_start, plan.period_end)


def form_of(plan, data, *, case=None, initial=None):
    case = case or case_of(plan)
    return PinForm(data, sites=[(row.code, row.name) for row in case.institutions], initial=initial)


def product_choices(case):
    """(row code, name strength maker supplier price), by name."""
    drugs = {row.code: f"{row.name} {row.strength}" for row in case.drugs}
    firms = {row.code: row.name or row.code for row in case.suppliers}
    found = [
        (row.code, f"{drugs[row.drug]} · {row.maker} · {firms[row.supplier]} · {row.pack}/包 {row.price:.2f} 元")
        for row in case.products
    ]
    return sorted(found, key=lambda each: each[1])


def supplier_name(case, code):
    return next((row.name or code for row in case.suppliers if row.code == code), code)


def mark_lines(plan, lines):
    """Puts on each line of a page the 固定 that hold for it now."""
    rows = active_of(plan)
    for line in lines:
        line.pins = [
            row
            for row in rows
            if (row.product_id, row.supplier_code) == (line.product_id, line.supplier_code)
            and row.institution_id in (None, line.institution_id)
        ]
