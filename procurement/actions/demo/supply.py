"""Suppliers, offers and their former prices, tenders, rule values."""

from __future__ import annotations

import datetime as dt
import json
from decimal import ROUND_HALF_UP, Decimal

from fixtures.tables import Ware, rows
from formulary.actions.history import record
from formulary.models import Product, RuleValue
from procurement.actions.demo.steps import Loading
from procurement.models import Offer, Supplier, Tender, TenderProduct

CENT = Decimal("0.01")
# Prices were renewed this long before the as-of day; before it they were a little higher.
PRICE_DAYS = 140
FORMER_PRICE = Decimal("1.06")


def tender_period(as_of: dt.date) -> tuple[dt.date, dt.date]:
    """A procurement year that began on the first day of a month some seven months before the as-of day."""
    months = as_of.year * 12 + as_of.month - 1 - 7
    start = dt.date(months // 12, months % 12 + 1, 1)
    return start, dt.date(start.year + 1, start.month, 1) - dt.timedelta(days=1)


def load_supply(loading: Loading) -> dict[str, int]:
    """Makes suppliers, offers and tenders when there are none."""
    if Supplier.objects.filter(alliance=loading.alliance).exists():
        return {}
    suppliers = _suppliers(loading)
    products = loading.products()
    offers = Offer.objects.bulk_create(
        offer
        for ware in loading.files.wares
        for offer in _offers(ware, products[ware.code], suppliers[ware.supplier], loading)
    )
    start, end = tender_period(loading.as_of)
    tenders = Tender.objects.bulk_create(
        Tender(
            alliance=loading.alliance,
            code=row["批次"],
            name=row["名称"],
            start=start,
            end=end,
            document=f"演示：{row['来源']}",
        )
        for row in rows("tenders.csv")
    )
    won = _tender_products({tender.code: tender for tender in tenders}, products, suppliers, loading)
    counts = {"供应商": len(suppliers), "报价": len(offers), "集采批次": len(tenders), "批次产品": won}
    record("装入演示供应数据", loading.alliance, alliance=loading.alliance, by=loading.by, now=loading.now, data=counts)
    return counts


def _tender_products(
    tenders: dict[str, Tender], products: dict[str, Product], suppliers: dict[str, Supplier], loading: Loading
) -> int:
    """Who won what at which price in Jiangsu, with the index of each strength; prices before are ceilings of the bids."""
    seller = {ware.code: ware.supplier for ware in loading.files.wares}
    made = TenderProduct.objects.bulk_create(
        TenderProduct(
            tender=tenders[row["批次"]],
            product=products[row["产品编码"]],
            item=row["品种"],
            role=row["角色"],
            supplier=suppliers[seller[row["产品编码"]]],
            conversion=Decimal(row["折算系数"]),
            winners=int(row["中选企业数"]),
            group=row["组别"],
            award_price=Decimal(row["中选价_元每最小单位"]),
            prior_price=Decimal(row["集采前价_元每最小单位"]) if row["集采前价_元每最小单位"] else None,
            source=row["来源"],
        )
        for row in rows("tender_products.csv")
        if row["产品编码"] in products
    )
    return len(made)


def load_rules(loading: Loading) -> dict[str, int]:
    """Dated rule values common to all alliances, each with its 文号 or 待确认."""
    known = set(RuleValue.objects.filter(alliance=None).values_list("key", flat=True))
    made = RuleValue.objects.bulk_create(
        RuleValue(
            key=row["规则"],
            value=json.loads(row["值"]),
            valid_from=dt.date.fromisoformat(row["生效日"]),
            document=row["文号"],
            confirmed_by=row["确认人"],
            note=row["说明"],
        )
        for row in rows("rules.csv")
        if row["规则"] not in known
    )
    if made:
        counts = {"规则值": len(made)}
        record("装入规则值", loading.alliance, alliance=loading.alliance, by=loading.by, now=loading.now, data=counts)
    return {"规则值": len(made)} if made else {}


def _suppliers(loading: Loading) -> dict[str, Supplier]:
    sites = loading.institutions()
    made = Supplier.objects.bulk_create(
        Supplier(
            alliance=loading.alliance,
            code=firm.code,
            name=firm.name,
            minimum_order=firm.minimum_order,
            lead_days=firm.lead_days,
        )
        for firm in loading.files.firms
    )
    for supplier, firm in zip(made, loading.files.firms, strict=True):
        supplier.delivers_to.set([sites[code] for code in firm.delivers_to if code in sites])
    return {supplier.code: supplier for supplier in made}


def _offers(ware: Ware, product: Product, supplier: Supplier, loading: Loading) -> list[Offer]:
    """The price in force; for one in four products outside tenders also the one before it."""
    tender_start, tender_end = tender_period(loading.as_of)
    won = ware.vbp_status in ("中选", "备供")
    changed = not won and not int(ware.code[1:5]) % 4
    changed_on = loading.as_of - dt.timedelta(days=PRICE_DAYS)
    start = tender_start if won else changed_on if changed else loading.began
    terms = {"supplier": supplier, "product": product, "minimum_packs": ware.minimum_packs}
    marks = {"supply_limit": ware.supply_limit, "vbp_status": ware.vbp_status, "label": ware.label}
    now = Offer(**terms, **marks, price=ware.price, valid_from=start, valid_to=tender_end if won else None)
    if not changed:
        return [now]
    former = (ware.price * FORMER_PRICE).quantize(CENT, ROUND_HALF_UP)
    until = start - dt.timedelta(days=1)
    return [Offer(**terms, **marks, price=former, valid_from=loading.began, valid_to=until), now]
