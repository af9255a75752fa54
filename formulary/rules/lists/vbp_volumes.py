"""国家组织药品集中采购 首年约定采购量 per 品种, strength and region. Headers that say 万 count in ten thousands."""

from __future__ import annotations

from decimal import Decimal

from formulary.rules.cells import Reader
from formulary.rules.lists.entries import Entry, Layout, Rows, item_of, natural_key
from formulary.rules.lists.vbp_bids import TRIAL
from formulary.rules.tables import Fault, Table

LAYOUT = Layout(
    "集采约定采购量",
    required={
        "tender": ("批次", "集采批次"),
        "region": ("地区", "省份"),
        "name": ("品种", "药品名称", "通用名"),
        "strength": ("规格",),
        "quantity": (
            "首年约定采购量_万片万支万袋", "首年约定采购量_万片", "首年约定采购量(万片/万支/万袋)", "首年约定采购量(万片/袋/支)",
            "首年约定采购量(万片)", "首年约定采购量", "约定采购量_万片", "约定采购量(万片)", "约定采购量",
        ),
    },
    optional={"form": ("剂型",)},
    hint=lambda headers: "此文件是中选结果，请用 vbp_awards 导入" if any("中选价" in header for header in headers) else "",
)  # fmt: skip
# 4+7 gave volumes by city and left cells blank: the city asked for none of that strength.
CITY_LAYOUT = Layout(
    "集采 4+7 约定采购量（分城市）",
    required={
        "region": ("城市", "试点城市"),
        **{field: LAYOUT.required[field] for field in ("name", "strength", "quantity")},
    },
    optional={"tender": ("批次", "集采批次"), "form": ("剂型",)},
)


def read(table: Table, faults: list[Fault]) -> list[Entry]:
    return _read(Rows(table, LAYOUT), Reader(table, faults), ("tender", "region", "name", "strength"), blank=False)


def read_cities(table: Table, faults: list[Fault]) -> list[Entry]:
    """By city instead of by province; without a 批次 column it is the trial round."""
    return _read(Rows(table, CITY_LAYOUT), Reader(table, faults), ("region", "name", "strength"), blank=True)


def _read(rows: Rows, reader: Reader, needed: tuple[str, ...], *, blank: bool) -> list[Entry]:
    for field in needed:
        reader.text(rows.column(field), required=True)
    unit = Decimal(10_000 if "万" in rows.column("quantity") else 1)
    quantities = reader.money(rows.column("quantity"), required=not blank)
    return [_entry(rows, index, None if q is None else q * unit) for index, q in enumerate(quantities)]


def _entry(rows: Rows, index: int, quantity: Decimal | None) -> Entry:
    region, name, strength = (rows.get(index, field) for field in ("region", "name", "strength"))
    tender = rows.get(index, "tender") or TRIAL
    return Entry(
        key=natural_key(tender, region, name, strength),
        row=rows.table.rows[index],
        name=name,
        attributes=rows.attributes(index),
        form=rows.get(index, "form"),
        strength=strength,
        tender=tender,
        region=region,
        quantity=quantity,
        items=(item_of(name, rows.get(index, "form"), strengths=(strength,)),),
    )
