"""From the rows of a 库存, 消耗, 到货 or 在途 sheet to facts in minimal units, with every fault on the way.

The same rules serve files and the HTTP API: a JSON row is a row of a table there.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeVar

import pandas as pd

from formulary.rules.cells import Reader, parse_date
from formulary.rules.tables import Fault, Table, clean
from shortage.rules.stock_codes import Catalogue, Drug, Pack
from shortage.rules.stock_file import CODE_COLUMNS, Kind
from shortage.rules.stock_units import UnitUnclear, minimal_units

T = TypeVar("T")
EARLIEST = dt.date(2000, 1, 1)
LATEST_EXPIRY = dt.date(2100, 1, 1)
LARGEST = 2_000_000_000
BATCH_LENGTH, ORDER_LENGTH, SUPPLIER_LENGTH, NAME_LENGTH = 40, 60, 40, 120
_MONTH = re.compile(r"^(\d{4})(?:[-/.年](\d{1,2})月?|(\d{2}))$")

# What makes a row the same fact as another, by kind; a second row of the same key is a fault.
KEYS: dict[Kind, tuple[str, ...]] = {
    Kind.STOCK: ("institution_id", "presentation_id", "product_id", "batch", "date"),
    Kind.CONSUMPTION: ("institution_id", "presentation_id", "product_id", "date"),
    Kind.RECEIPTS: ("institution_id", "presentation_id", "product_id", "date", "batch", "order_reference"),
    Kind.ORDERS: ("institution_id", "presentation_id", "order_reference"),
}
_KEY_WORDS = {
    Kind.STOCK: "同一机构、药品、批号、日期",
    Kind.CONSUMPTION: "同一机构、药品、日期",
    Kind.RECEIPTS: "同一机构、药品、日期、批号、订单号",
    Kind.ORDERS: "同一机构、药品、订单号",
}
FRAME = (
    "row",
    "institution_id",
    "presentation_id",
    "product_id",
    "date",
    "quantity",
    "batch",
    "expiry",
    "supplier_code",
    "order_reference",
    "supplier_name",
    "due",
)


@dataclass
class Checked:
    """The rows of one sheet. `frame` holds the good ones (columns FRAME; product_id 0 = not named), `faults` the rest."""

    kind: Kind
    table: Table
    frame: pd.DataFrame
    faults: list[Fault] = field(default_factory=list)


def check(
    kind: Kind, table: Table, catalogue: Catalogue, *, today: dt.date, rejected: Collection[int] | None = None
) -> Checked:
    """Reads every row; a row with a fault is left out of the frame and named in `faults`, nothing is raised.

    A file is taken whole or not at all, so a row that repeats a faulty one is a fault too. The HTTP API takes
    each good row alone and names the rows it rejected already (`rejected`): what repeats a rejected row corrects it.
    """
    sheet = _Sheet(kind, table, catalogue, today, rejected)
    columns = sheet.columns()
    faulty = {fault.row for fault in sheet.reader.faults}
    if None in faulty:  # a column is missing: no row can be trusted
        faulty.update(table.rows)
    frame = pd.DataFrame(columns)
    frame = frame[~frame["row"].isin(faulty)] if faulty else frame
    types = {"institution_id": "int64", "presentation_id": "int64", "product_id": "int64", "quantity": "int64"}
    faults = sorted(sheet.reader.faults, key=lambda fault: fault.row or 0)
    return Checked(kind, table, frame.astype(types).reset_index(drop=True), faults)


class _Sheet:
    def __init__(
        self, kind: Kind, table: Table, catalogue: Catalogue, today: dt.date, rejected: Collection[int] | None
    ) -> None:
        self.kind, self.table, self.catalogue, self.today = kind, table, catalogue, today
        self.rejected = rejected
        self.reader = Reader(table, [])

    def columns(self) -> dict[str, list[object]]:
        institutions = self._institutions()
        drugs, packs = self._drugs()
        dates = self._dates()
        blank = [""] * len(self.table)
        stock, receipts, orders = (self.kind is kind for kind in (Kind.STOCK, Kind.RECEIPTS, Kind.ORDERS))
        columns: dict[str, list[object]] = {
            "row": list(self.table.rows),
            "institution_id": list(institutions),
            "presentation_id": [drug.id if drug else 0 for drug in drugs],
            "product_id": [pack.id if pack else 0 for pack in packs],
            "date": list(dates),
            "quantity": list(self._quantities(drugs, packs)),
            "batch": list(self._short("批号", BATCH_LENGTH) if stock or receipts else blank),
            "expiry": list(self._expiries() if stock or receipts else [None] * len(self.table)),
            "supplier_code": list(self._short("供应商编码", SUPPLIER_LENGTH) if receipts or orders else blank),
            "order_reference": list(self._references(orders) if receipts or orders else blank),
            "supplier_name": list(self._short("供应商名称", NAME_LENGTH) if orders else blank),
            "due": list(self._due(dates) if orders else [None] * len(self.table)),
        }
        self._duplicates(columns)
        return columns

    def _institutions(self) -> list[int]:
        ids = self.catalogue.institutions
        found = []
        for at, code in enumerate(self.reader.text("机构编码", required=True)):
            if code is not None and code not in ids:
                self.reader.fault(at, "机构编码", code, self.catalogue.unknown("机构编码", code))
            found.append(ids.get(code or "", 0))
        return found

    def _drugs(self) -> tuple[list[Drug | None], list[Pack | None]]:
        """The drug of each row and, where a product or NHSA code names it, the product."""
        given = [self.reader.text(column) for column in CODE_COLUMNS]
        drugs: list[Drug | None] = []
        packs: list[Pack | None] = []
        for at, (drug_code, product_code, nhsa_code) in enumerate(zip(*given, strict=True)):
            drug, pack = self._resolve(at, drug_code, product_code, nhsa_code)
            drugs.append(drug)
            packs.append(pack)
        return drugs, packs

    def _resolve(
        self, at: int, drug_code: str | None, product_code: str | None, nhsa_code: str | None
    ) -> tuple[Drug | None, Pack | None]:
        book = self.catalogue
        if not (drug_code or product_code or nhsa_code):
            self.reader.fault(at, "药品编码", "", "药品编码、产品编码、医保编码 应至少填一个")
            return None, None
        drug = self._look_up(at, "药品编码", drug_code, book.drugs.get(drug_code or ""))
        pack = self._look_up(at, "产品编码", product_code, book.products.get(product_code or ""))
        by_nhsa = self._look_up(at, "医保编码", nhsa_code, book.nhsa_codes.get(nhsa_code or ""))
        if pack and by_nhsa and pack.id != by_nhsa.id:
            self.reader.fault(at, "医保编码", nhsa_code, f"与产品编码 {pack.code} 不是同一产品，应为 {by_nhsa.code}")
        pack = pack or by_nhsa
        if drug and pack and pack.drug.id != drug.id:
            column = "产品编码" if product_code else "医保编码"
            expected = f"应为药品 {drug.code}（{drug.name}）的产品，此码属于 {pack.drug.code}（{pack.drug.name}）"
            self.reader.fault(at, column, product_code or nhsa_code, expected)
        return drug or (pack.drug if pack else None), pack

    def _look_up(self, at: int, column: str, code: str | None, found: T | None) -> T | None:
        if code and found is None:
            self.reader.fault(at, column, code, self.catalogue.unknown(column, code))
        return found

    def _dates(self) -> list[dt.date | None]:
        dates = self.reader.date("日期", required=True)
        for at, date in enumerate(dates):
            if date is not None and date > self.today:
                self.reader.fault(at, "日期", date, f"是将来的日期，应不晚于今天（{self.today}）")
            elif date is not None and date < EARLIEST:
                self.reader.fault(at, "日期", date, f"应不早于 {EARLIEST}")
        return dates

    def _references(self, required: bool) -> list[str]:
        """订单号: an order is known by it, so 在途 needs one."""
        found = self._short("订单号", ORDER_LENGTH)
        for at, text in enumerate(found if required else []):
            if not text:
                self.reader.fault(at, "订单号", "", "不能为空：在途按订单号识别，到货时据此核销")
        return found

    def _due(self, ordered: list[dt.date | None]) -> list[dt.date | None]:
        found = self.reader.date("预计到货日")
        for at, (due, date) in enumerate(zip(found, ordered, strict=True)):
            if due is not None and due > LATEST_EXPIRY:
                self.reader.fault(at, "预计到货日", due, f"应不晚于 {LATEST_EXPIRY}")
            elif due is not None and date is not None and due < date:
                self.reader.fault(at, "预计到货日", due, f"应不早于下单日期 {date}；没有约定到货日可留空")
        return found

    def _expiries(self) -> list[dt.date | None]:
        cells = self.table.columns.get("有效期", [""] * len(self.table))
        found: list[dt.date | None] = []
        for at, cell in enumerate(cells):
            try:
                expiry = parse_expiry(cell) if cell else None
            except ValueError:
                self.reader.fault(at, "有效期", cell, "应为日期，如 2027-05-31；只写到月（2027-05）按当月最后一天计")
                expiry = None
            if expiry is not None and not EARLIEST <= expiry <= LATEST_EXPIRY:
                self.reader.fault(at, "有效期", cell, f"应在 {EARLIEST} 与 {LATEST_EXPIRY} 之间")
            found.append(expiry)
        return found

    def _short(self, column: str, longest: int) -> list[str]:
        found = []
        for at, text in enumerate(self.reader.text(column)):
            if text and len(text) > longest:
                self.reader.fault(at, column, text[:20] + "…", f"应不超过 {longest} 个字")
            found.append(text or "")
        return found

    def _quantities(self, drugs: list[Drug | None], packs: list[Pack | None]) -> list[int]:
        numbers = self.reader.number("数量", required=True, minimum=None)
        units = self.table.columns.get("单位", [""] * len(self.table))
        known: dict[tuple[str, int, int], int | UnitUnclear] = {}
        quantities = []
        for at, (number, unit, drug, pack) in enumerate(zip(numbers, units, drugs, packs, strict=True)):
            factor = 1
            if drug is not None and unit:
                key = (unit, drug.id, pack.id if pack else 0)
                if key not in known:
                    known[key] = _factor(unit, drug, pack)
                answer = known[key]
                if isinstance(answer, UnitUnclear):
                    self.reader.fault(at, "单位", unit, str(answer))
                    answer = 1
                factor = answer
            quantities.append(self._quantity(at, number, factor, drug))
        return quantities

    def _quantity(self, at: int, number: float | None, factor: int, drug: Drug | None) -> int:
        if number is None:
            return 0
        value = round(number * factor, 6)
        unit = drug.unit if drug else "最小单位"
        expected = ""
        if value < 0:
            expected = "不能为负数，应为不小于 0 的整数" + ("；退药请冲减当日用量后填报" if self._is_use else "")
        elif value != int(value):
            expected = f"换算为最小单位（{unit}）后应为整数"
        elif value > LARGEST:
            expected = f"数量过大，应不大于 {LARGEST:,} {unit}"
        elif value == 0 and self.kind in (Kind.RECEIPTS, Kind.ORDERS):
            expected = f"{self.kind.label}数量应大于 0"
        if expected:
            self.reader.fault(at, "数量", self.table.columns["数量"][at], expected)
            return 0
        return int(value)

    @property
    def _is_use(self) -> bool:
        return self.kind is Kind.CONSUMPTION

    def _duplicates(self, columns: dict[str, list[object]]) -> None:
        first: dict[tuple[object, ...], int] = {}
        alone = self.rejected is not None
        rejected = {*(self.rejected or ()), *(fault.row for fault in self.reader.faults)} if alone else set()
        for at, key in enumerate(zip(*(columns[name] for name in KEYS[self.kind]), strict=True)):
            complete = columns["institution_id"][at] and columns["presentation_id"][at] and columns["date"][at]
            if not complete or self.table.rows[at] in rejected:
                continue
            if key in first:
                expected = f"与第 {self.table.rows[first[key]]} 行重复（{_KEY_WORDS[self.kind]}），应合并为一行"
                self.reader.fault(at, "", "", expected)
            else:
                first[key] = at


def _factor(unit: str, drug: Drug, pack: Pack | None) -> int | UnitUnclear:
    try:
        return minimal_units(unit, drug, pack)
    except UnitUnclear as unclear:
        return unclear


def parse_expiry(cell: str) -> dt.date:
    """A date as everywhere, or a month (2027-05, 2027.5, 202705), which lasts to its last day. Raises ValueError."""
    month = _MONTH.match(clean(cell))
    if month:
        year, number = int(month[1]), int(month[2] or month[3])
        if not 1 <= number <= 12:
            raise ValueError(cell)
        return dt.date(year, number, calendar.monthrange(year, number)[1])
    try:
        return parse_date(cell)
    except OverflowError as error:
        raise ValueError(cell) from error
