"""Listed prices of a quarter from a file; orders outside the platform and their filing."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Person, Product
from formulary.queries import scope_of
from formulary.rules.cells import Reader
from formulary.rules.tables import DataRefused, Fault, read_tables
from procurement.models import ListedPrice, Order
from procurement.rules.prices import CENT, quarter_of


class PriceRefused(Exception):
    """A price or a filing cannot be written; the message is for the person who asked."""


def import_listed(raw: bytes, name: str, *, by: Person, now: dt.datetime) -> int:
    """挂网价 by 产品编码 or 医保编码, from 起始日 (blank: this quarter). The price before ends the day before.

    Raises DataRefused with every fault, nothing written.
    """
    scope = scope_of(by, Permission.RUN_PLANS)
    if scope is None:
        raise PriceRefused("您的角色不能导入挂网价")
    headers = {"产品编码", "医保编码", "挂网价", "起始日", "来源"}
    table = next((t for t in read_tables(raw, name=name, headers=headers).values() if "挂网价" in t.columns), None)
    if table is None:
        raise DataRefused([Fault("", None, "挂网价", "", "没有含“产品编码”“挂网价”两列的工作表")], source=name)
    faults: list[Fault] = []
    reader = Reader(table, faults)
    codes, national = reader.text("产品编码"), reader.text("医保编码")
    prices, days, sources = reader.money("挂网价", required=True), reader.date("起始日"), reader.text("来源")
    own = dict(Product.objects.filter(code__in=[code for code in codes if code]).values_list("code", "pk"))
    by_nhsa = dict(
        Product.objects.filter(nhsa_code__in=[code for code in national if code]).values_list("nhsa_code", "pk")
    )
    found: dict[tuple[int, dt.date], ListedPrice] = {}
    for index, (code, other, price, day) in enumerate(zip(codes, national, prices, days, strict=True)):
        product = own.get(code or "") or by_nhsa.get(other or "")
        if product is None:
            reader.fault(index, "产品编码", code or other or "", "产品编码或医保编码应为本系统已有的产品")
        elif price is not None and price <= 0:
            reader.fault(index, "挂网价", price, "应大于 0")
        elif price is not None:
            start = day or quarter_of(now.date())
            if (product, start) in found:
                reader.fault(index, "产品编码", code or other or "", "同一产品同一起始日重复")
            found[product, start] = ListedPrice(
                product_id=product, price=price.quantize(CENT), valid_from=start, source=(sources[index] or name)[:120]
            )
    if faults:
        raise DataRefused(faults, source=name)
    with transaction.atomic():
        for row in found.values():
            before = ListedPrice.objects.filter(product=row.product_id, valid_from__lt=row.valid_from, valid_to=None)
            before.update(valid_to=row.valid_from - dt.timedelta(days=1))
        ListedPrice.objects.bulk_create(
            found.values(),
            update_conflicts=True,
            unique_fields=["product", "valid_from"],
            update_fields=["price", "source"],
        )
        record(
            "导入挂网价",
            scope.alliance,
            alliance=scope.alliance,
            by=by,
            now=now,
            data={"rows": len(found), "file": name},
        )
    return len(found)


def file_outside(order: Order, number: str, *, by: Person, now: dt.datetime) -> Order:
    """Marks an order as bought outside the platform, with its 备案 number (blank: not yet filed)."""
    scope = scope_of(by, Permission.RUN_PLANS)
    if scope is None or scope.alliance.pk != order.alliance_id:
        raise PriceRefused("您的角色不能登记平台外采购")
    with transaction.atomic():
        found = Order.objects.select_for_update().get(pk=order.pk)
        if found.state == "cancelled":
            raise PriceRefused("订单已取消，不必登记")
        found.on_platform, found.filing = False, number.strip()[:60]
        found.save(update_fields=["on_platform", "filing"])
        record("登记平台外采购", found, alliance=order.alliance, by=by, now=now, data={"filing": found.filing})
    return found
