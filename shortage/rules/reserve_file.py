"""储备目录 as a workbook: sheet 储备目录 (the whole list of the institutions it names), and 储备库存 (a count, lot by lot). Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from formulary.rules.cells import Reader
from formulary.rules.tables import DataRefused, Fault, Table, read_tables
from shortage.rules.reserve import COVERS, REASONS

LIST, STOCK = "储备目录", "储备库存"
LIST_HEAD = (
    "机构编码", "药品编码", "通用名", "规格", "储备理由", "文号", "保障范围", "目标月数", "目标数量", "备注",
)  # fmt: skip
STOCK_HEAD = ("机构编码", "药品编码", "产品编码", "批号", "有效期", "数量")
MOST_MONTHS = 24


@dataclass(frozen=True)
class Row:
    """One line of the list; at most one of months (tenths) and units."""

    institution: int
    presentation: int
    reason: str
    document: str
    covers: str
    months: float | None
    units: int | None
    note: str


@dataclass(frozen=True)
class Counted:
    """One counted lot; product 0 when not named."""

    institution: int
    presentation: int
    product: int
    batch: str
    expiry: dt.date | None
    quantity: int


@dataclass(frozen=True)
class Known:
    """Keys by code: institutions in reach, all institutions, drugs, products (key, drug)."""

    reach: Mapping[str, int]
    members: Collection[str]
    drugs: Mapping[str, int]
    products: Mapping[str, tuple[int, int]]


def read(source: bytes, *, name: str, known: Known) -> tuple[list[Row], list[Counted]]:
    """Raises DataRefused with every fault of both sheets at once."""
    tables = read_tables(source, name=name, headers={*LIST_HEAD, *STOCK_HEAD})
    lists = [table for table in tables.values() if "储备理由" in table.columns]
    counts = [table for table in tables.values() if "批号" in table.columns]
    if not lists and not counts:
        raise DataRefused(
            [Fault("", None, "", "", f"应有工作表“{LIST}”（列 {'、'.join(LIST_HEAD)}）或“{STOCK}”")], source=name
        )
    faults: list[Fault] = []
    rows = [row for table in lists for row in _rows(table, known, faults)]
    lots = [lot for table in counts for lot in _lots(table, known, faults)]
    if not rows and not lots and not faults:
        faults.append(Fault("", None, "", "", "没有数据行"))
    if faults:
        raise DataRefused(faults, source=name)
    return rows, lots


def _rows(table: Table, known: Known, faults: list[Fault]) -> list[Row]:
    reader = Reader(table, faults)
    keys = _keys(reader, known)
    reasons = reader.choice("储备理由", {label: code for code, label in REASONS.items()}, required=True)
    covers = reader.choice("保障范围", {label: code for code, label in COVERS.items()})
    months = (
        reader.number("目标月数", minimum=0.1, maximum=MOST_MONTHS) if reader.has("目标月数") else [None] * len(table)
    )
    units = reader.whole("目标数量", minimum=1) if reader.has("目标数量") else [None] * len(table)
    texts = {label: reader.text(label) if reader.has(label) else [None] * len(table) for label in ("文号", "备注")}
    reader.unique("机构编码", "药品编码")
    found = []
    for index, (place, drug) in enumerate(keys):
        if months[index] is not None and units[index] is not None:
            reader.fault(index, "目标数量", units[index], "目标月数与目标数量只填一项")
        for label, most in (("文号", 120), ("备注", 200)):
            if len(texts[label][index] or "") > most:
                reader.fault(index, label, texts[label][index], f"应不超过 {most} 字")
        reason = reasons[index]
        if place is None or drug is None or reason is None:
            continue
        found.append(
            Row(
                place, drug, reason, texts["文号"][index] or "", covers[index] or "own",
                None if months[index] is None else round(float(months[index] or 0), 1), units[index],
                texts["备注"][index] or "",
            )
        )  # fmt: skip
    return found


def _lots(table: Table, known: Known, faults: list[Fault]) -> list[Counted]:
    reader = Reader(table, faults)
    keys = _keys(reader, known)
    products = reader.text("产品编码") if reader.has("产品编码") else [None] * len(table)
    batches = reader.text("批号", required=True)
    expiries = reader.date("有效期") if reader.has("有效期") else [None] * len(table)
    quantities = reader.whole("数量", required=True, minimum=0)
    reader.unique(*(name for name in ("机构编码", "药品编码", "产品编码", "批号") if reader.has(name)))
    found = []
    for index, (place, drug) in enumerate(keys):
        code, units, batch = products[index], quantities[index], batches[index]
        product = known.products.get(code) if code else (0, drug)
        if product is None:
            reader.fault(index, "产品编码", code, "药品库中没有此产品编码")
        elif drug is not None and product[1] != drug:
            reader.fault(index, "产品编码", code, "不是这个药品的产品")
        elif place is not None and drug is not None and units is not None and batch is not None:
            found.append(Counted(place, drug, product[0], batch[:40], expiries[index], units))
    return found


def _keys(reader: Reader, known: Known) -> list[tuple[int | None, int | None]]:
    """(institution, drug) of every row; faults where a code is not known or not in reach."""
    places, drugs = reader.text("机构编码", required=True), reader.text("药品编码", required=True)
    found = []
    for index, (place, drug) in enumerate(zip(places, drugs, strict=True)):
        if place is not None and place not in known.reach:
            told = "不在您的权限范围内" if place in known.members else "应为本医共体成员机构的编码"
            reader.fault(index, "机构编码", place, told)
        if drug is not None and drug not in known.drugs:
            reader.fault(index, "药品编码", drug, "药品库中没有此编码")
        found.append((known.reach.get(place or ""), known.drugs.get(drug or "")))
    return found
