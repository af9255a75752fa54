"""The 直报 draft of an alert, filled from stock, use, orders and what has been done."""

from __future__ import annotations

import datetime as dt

from formulary.models import Person, Product
from shortage.models import Alert, Disposition, StockLot
from shortage.queries.dossier import Dossier
from shortage.queries.options import Choices
from shortage.rules import report_form


def filled(alert: Alert, case: Dossier, found: Choices, person: Person, on: dt.date) -> dict[str, str]:
    """Values by field name; blank where no data says anything."""
    drug, unit = alert.presentation, alert.presentation.unit
    product = _product(alert)
    monthly = case.forecast.mean_30 if case.forecast else 0.0
    stand_ins = [one for one in found.options if one.kind == "substitute"]
    measures = alert.dispositions.exclude(kind=Disposition.Kind.REPORT).order_by("at")
    year, week, _ = on.isocalendar()
    return {
        "institution": alert.institution.name,
        "week": f"{year}-{week:02d}",
        "generic": drug.name,
        "form": drug.form,
        "strength": drug.strength,
        "pack": f"{product.pack_size} {unit}/{product.pack_unit}" if product else "",
        "approval": product.approval_number if product else "",
        "code": (product.nhsa_code or product.code) if product else drug.code,
        "maker": product.maker if product else "、".join(found.makers[:3]),
        "distributor": "、".join(dict.fromkeys(order["supplier"] for order in case.orders if order["supplier"])),
        "monthly_use": f"{monthly:,.0f} {unit}",
        "stock": f"{alert.stock:,} {unit}",
        "days": "—" if alert.days_of_supply is None else f"{alert.days_of_supply:.0f} 天",
        "since": alert.opened_on.isoformat(),
        "kind": report_form.kind_of(alert.cause, alert.stock, alert.drug_short),
        "cause": report_form.cause_of(alert.cause, alert.drug_short),
        "need": "必需" if drug.is_emergency or drug.criticality == "A" or alert.drug_short else "一般",
        "substitutes": "；".join(f"{one.title}（{'、'.join(one.facts[:2])}）" for one in stand_ins[:3])
        or "本机构无可用替代品",
        "actions": "；".join(f"{row}（{row.get_state_display()}）" for row in measures) or "尚未采取",
        "orders": "；".join(
            f"{order['reference']} 应于 {order['due']} 到货" if order["due"] else order["reference"]
            for order in case.orders
        ),
        "grade": f"{found.grade.code} 级" if found.grade and found.grade.code != "关注" else "关注",
        "contact": str(person),
    }


def _product(alert: Alert) -> Product | None:
    """What stood on the shelf last, else any active product of the drug."""
    mine = {"institution": alert.institution_id, "presentation": alert.presentation_id}
    lot = StockLot.objects.filter(**mine, product__isnull=False).select_related("product").order_by("-date").first()
    if lot is not None and lot.product is not None:
        return lot.product
    return Product.objects.filter(presentation=alert.presentation_id, active=True).order_by("code").first()
