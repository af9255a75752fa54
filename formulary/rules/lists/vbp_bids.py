"""集采 tables beside the award list: every bid with who won (申报表), and the trial round of 2018 (4+7 中选结果)."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from formulary.rules.cells import Reader
from formulary.rules.lists.entries import Entry, Layout, Rows, item_of, natural_key
from formulary.rules.lists.sections import BIDS
from formulary.rules.tables import Fault, Table

TRIAL = "第一批4+7"
PLACES = Decimal("0.00000001")
LAYOUT = Layout(
    "集采申报表",
    required={
        "tender": ("批次", "集采批次"),
        "name": ("品种", "药品名称", "通用名"),
        "strength": ("规格",),
        "company": ("生产企业全称", "申报企业全称", "申报企业", "生产企业"),
        "won": ("是否中选", "是否中标"),
        "price": ("申报价_元每最小单位", "申报价", "申报价(元)", "申报价(元/最小单位)"),
    },
    optional={"region": ("供应省份", "供应地区", "省份"), "form": ("剂型",)},
)
TRIAL_LAYOUT = Layout(
    "集采 4+7 中选结果",
    required={
        "name": ("品种", "药品名称", "通用名"),
        "strength": ("规格",),
        "company": ("拟中选企业", "中选企业"),
        "price": ("最小单位价格_元", "最小单位价格", "最小单位价格(元)"),
        "result": ("结果", "中选结果"),
    },
    optional={"tender": ("批次", "集采批次"), "form": ("剂型",), "main": ("是否主品规",), "region": ("城市", "地区")},
)
_COMMAS = re.compile(r"[，,、；;]")
# The trial's words for the form groups of the lists.
_FORMS = {"口服常释片剂": "口服常释剂型", "口服常释片剂片剂": "口服常释剂型", "注射": "注射剂"}


def read(table: Table, faults: list[Fault]) -> list[Entry]:
    """Each bid is a row. The price is the bid, even one above the ceiling; a bid that lost is 非中选."""
    rows, reader = Rows(table, LAYOUT), Reader(table, faults)
    for field in ("tender", "name", "strength", "company"):
        reader.text(rows.column(field), required=True)
    won = reader.flag(rows.column("won"), required=True)
    prices = reader.money(rows.column("price"))
    _winners_have_prices(rows, reader, [bool(each) for each in won])
    return [_bid(rows, index, bool(won[index]), price) for index, price in enumerate(prices)]


def _bid(rows: Rows, index: int, won: bool, price: Decimal | None) -> Entry:
    tender, name, strength, company, form = (
        rows.get(index, field) for field in ("tender", "name", "strength", "company", "form")
    )
    return Entry(
        key=natural_key(BIDS, tender, name, strength, company),
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        form=form,
        strength=strength,
        category="中选" if won else "非中选",
        section=BIDS,
        tender=tender,
        region=regions(rows.get(index, "region")),
        company=company,
        price=exact(price),
        items=(item_of(name, form, strengths=(strength,)),),
    )


def read_trial(table: Table, faults: list[Fault]) -> list[Entry]:
    """The 4+7 results: a strength without a winner (流标, 非主品规) is a row like any other, and no win."""
    rows, reader = Rows(table, TRIAL_LAYOUT), Reader(table, faults)
    for field in ("name", "strength"):
        reader.text(rows.column(field), required=True)
    prices = reader.money(rows.column("price"))
    _winners_have_prices(rows, reader, [rows.get(index, "result") == "中选" for index in range(len(rows))])
    return [_trial(rows, index, price) for index, price in enumerate(prices)]


def _trial(rows: Rows, index: int, price: Decimal | None) -> Entry:
    name, strength, company, form = (rows.get(index, field) for field in ("name", "strength", "company", "form"))
    tender, group = rows.get(index, "tender") or TRIAL, _FORMS.get(form, form)
    without = "非主品规" if rows.get(index, "main") == "否" else "未中选"
    return Entry(
        key=natural_key(tender, name, form, strength, company),
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        form=form,
        strength=strength,
        category=rows.get(index, "result") or without,
        tender=tender,
        region=regions(rows.get(index, "region")),
        company=company,
        price=exact(price),
        items=(item_of(name, group, strengths=(strength,)),),
    )


def _winners_have_prices(rows: Rows, reader: Reader, won: list[bool]) -> None:
    for index, wins in enumerate(won):
        if wins and not rows.get(index, "price"):
            reader.fault(index, rows.column("price"), "", "中选的应有价格")


def regions(text: str) -> str:
    """山西，内蒙古,辽宁 → 山西、内蒙古、辽宁."""
    return "、".join(part.strip() for part in _COMMAS.split(text) if part.strip())


def exact(price: Decimal | None) -> Decimal | None:
    """A price per smallest unit, to the eight places that are kept."""
    return None if price is None else price.quantize(PLACES, ROUND_HALF_UP)
