"""批准文号有效期 of products, as a file says; the rule “批准文号已过期” reads it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction

from formulary.actions.history import record
from formulary.models import Alliance, Person, Product
from formulary.rules.formulary_file import FIELDS, Row
from formulary.rules.tables import Fault, clean


def approvals_told(drugs: Sequence[tuple[Row, int]], sheet: str) -> tuple[dict[int, dt.date], list[Fault]]:
    """Last day by product for the rows that say one, and what is wrong with them. A row without 批准文号 speaks of the only
    product of its 品规."""
    saying = [(row, drug) for row, drug in drugs if row.approval_ends is not None]
    products: dict[int, list[Product]] = {}
    for product in Product.objects.filter(active=True, presentation__in={drug for _, drug in saying}).order_by("pk"):
        products.setdefault(product.presentation_id, []).append(product)
    told: dict[int, dt.date] = {}
    faults: list[Fault] = []
    for row, drug in saying:
        known = products.get(drug, [])
        number = clean(row.approval)
        meant = [one for one in known if not number or clean(one.approval_number) == number]
        if row.approval_ends and meant and (number or len(known) == 1):
            told |= {one.pk: row.approval_ends for one in meant}
            continue
        numbers = "、".join(one.approval_number for one in known if one.approval_number)
        if not known:
            expected = "该品规没有在用的产品，请先在主数据中建立"
        elif not number:
            expected = f"该品规有 {len(known)} 个产品，请写批准文号（{numbers or '产品尚未登记文号'}）"
        else:
            expected = f"该品规没有此批准文号的产品，应为 {numbers or '（产品尚未登记文号）'}"
        faults.append(Fault(sheet, row.row, FIELDS["approval"], row.approval, expected))
    return told, faults


def set_approvals(alliance: Alliance, told: Mapping[int, dt.date], *, source: str, by: Person, now: dt.datetime) -> int:
    """Writes the days that differ from what is known; returns how many. Each keeps its day before in the history."""
    with transaction.atomic():
        rows = Product.objects.select_for_update(of=("self",)).filter(pk__in=told)
        changed = [row for row in rows if row.approval_ends != told[row.pk]]
        if changed:
            before = {row.code: str(row.approval_ends or "") for row in changed}
            for row in changed:
                row.approval_ends = told[row.pk]
            Product.objects.bulk_update(changed, ["approval_ends"], batch_size=500)
            data = {"文件": source, "原为": before, "改为": {row.code: str(row.approval_ends) for row in changed}}
            record("登记批准文号有效期", alliance, alliance=alliance, by=by, now=now, data=data)
    return len(changed)
