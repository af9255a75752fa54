"""Prices, purchases and agreed volumes as the committee reads them (formulary.rules.evidence)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from itertools import starmap
from typing import TypeVar

import pandas as pd
from django.db.models import F, Q, Sum

from formulary.models import Alliance
from formulary.rules.evidence import CommitmentRow, PriceRow, PurchaseRow
from procurement.models import Commitment, Offer, OrderLine
from procurement.rules.received import priced
from shortage.models import CURRENT, Receipt

FEW = 5_000
Row = TypeVar("Row", PriceRow, PurchaseRow, CommitmentRow)
Drugs = Collection[int] | None


def prices(alliance: Alliance, presentations: Drugs, on: dt.date) -> list[PriceRow]:
    """Every offer that runs on the day, of suppliers in use; of one supplier's product the latest begun."""
    running = Offer.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on),
        supplier__alliance=alliance,
        supplier__active=True,
        valid_from__lte=on,
        **_few("product__presentation", presentations),
    )
    fields = (
        "product__presentation_id", "product_id", "price", "product__pack_size", "label", "vbp_status",
        "supplier__name", "product__maker",
    )  # fmt: skip
    latest = {
        (values[1], supplier): values
        for supplier, *values in running.order_by("valid_from").values_list("supplier_id", *fields)
    }
    return _kept(starmap(PriceRow, latest.values()), presentations)


def purchases(
    alliance: Alliance, presentations: Drugs, on: dt.date, *, months: int = 12, institutions: Drugs = None
) -> list[PurchaseRow]:
    """Goods accepted in the `months` calendar months before the month of `on` and in that month so far, at the price of
    their order line, else of the day (see procurement.rules.received)."""
    began = on.year * 12 + on.month - 1 - months
    goods = Receipt.objects.filter(
        CURRENT,
        institution__alliance=alliance,
        date__gte=dt.date(began // 12, began % 12 + 1, 1),
        date__lte=on,
        **_few("presentation", presentations),
    )
    if institutions is not None:
        goods = goods.filter(institution__in=institutions)
    keys = ["institution_id", "presentation_id", "product_id", "supplier_code", "date", "order_reference"]
    received = pd.DataFrame.from_records(
        list(goods.order_by().values_list(*keys).annotate(Sum("quantity"))),
        columns=["institution", "presentation", "product", "supplier", "date", "order", "quantity"],
    )
    received = _with_order_prices(received, alliance)
    offers = Offer.objects.filter(
        supplier__alliance=alliance, **_few("product__presentation", presentations)
    ).order_by()
    fields = ("product__presentation_id", "product_id", "supplier__code", "product__pack_size", "price")
    offered = pd.DataFrame.from_records(
        list(offers.values_list(*fields, "valid_from", "valid_to")),
        columns=["presentation", "product", "supplier", "pack_size", "price", "valid_from", "valid_to"],
    )
    return _kept(priced(received, offered), presentations)


def _with_order_prices(received: pd.DataFrame, alliance: Alliance) -> pd.DataFrame:
    """What the order of the goods agreed on, where they came under an order of ours: a later offer does not change it."""
    numbers = {number for number in received["order"].unique() if number}
    lines = (
        OrderLine.objects.filter(order__alliance=alliance, order__number__in=numbers)
        if numbers
        else OrderLine.objects.none()
    )
    fields = ("order__number", "institution_id", "product_id", "price", "product__pack_size")
    agreed = {
        (number, site, product): (price, pack) for number, site, product, price, pack in lines.values_list(*fields)
    }
    keys = zip(received["order"], received["institution"], received["product"], strict=True)
    found = [agreed.get(key, (None, None)) for key in keys]
    return received.assign(
        ordered_price=pd.Series([price for price, _pack in found], dtype="object"),
        ordered_pack=pd.Series([pack for _price, pack in found], dtype="object"),
    )


def commitments(alliance: Alliance, presentations: Drugs, on: dt.date) -> list[CommitmentRow]:
    """Agreed volumes of the tenders that run on the day, products of one presentation together."""
    agreed = Commitment.objects.filter(
        tender__alliance=alliance,
        tender__start__lte=on,
        tender__end__gte=on,
        **_few("product__presentation", presentations),
    )
    grouped = (
        agreed.values(drug=F("product__presentation"))
        .annotate(agreed=Sum("quantity"), done=Sum("bought"))
        .order_by("tender__end", "tender", "drug", "institution")
        .values_list("institution", "drug", "tender__name", "agreed", "done", "tender__end")
    )
    return _kept(starmap(CommitmentRow, grouped), presentations)


def _few(path: str, presentations: Drugs) -> dict[str, list[int]]:
    if presentations is None or len(presentations) > FEW:
        return {}
    return {f"{path}__in": list(presentations)}


def _kept(rows: Iterable[Row], presentations: Drugs) -> list[Row]:
    """What the database did not filter: `presentations` may be a list, so it is looked up as a set."""
    if presentations is None or len(presentations) <= FEW:
        return list(rows)
    wanted = frozenset(presentations)
    return [row for row in rows if row.presentation in wanted]
