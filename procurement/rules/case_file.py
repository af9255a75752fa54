"""The case workbook (interfaces §2): read with every fault at once, and written back.

Columns are found by header; a missing optional sheet or column means "no such rule". Codes are text. Across sheets:
an unknown code, a repeated row or a value outside its range is a fault with sheet, row, column and what is expected.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from formulary.rules.cells import Reader
from formulary.rules.tables import DataRefused, Fault, Table, clean, read_tables
from procurement.optimiser.case import (
    COUNTED,
    INSURANCE,
    LABELS,
    LEVELS,
    STATUSES,
    WAYS,
    Case,
    Commitment,
    Drug,
    Institution,
    Need,
    Pin,
    Product,
    Supplier,
)
from procurement.optimiser.pins import clashes
from procurement.optimiser.world import build_world
from procurement.rules.workbook import write_workbook

SHEETS: dict[str, tuple[str, ...]] = {
    "机构": ("机构编码", "机构名称", "级别", "预算", "基药金额占比下限", "医保金额占比下限", "冷藏容量"),
    "药品": (
        "药品编码", "通用名", "剂型", "规格", "最小单位", "基药", "医保", "短缺急救", "日用量", "冷藏", "品规组",
    ),
    "产品": (
        "产品编码", "药品编码", "生产企业", "供应商编码", "包装数", "单价", "起订包数", "供应上限", "集采状态",
        "价格标识", "上期在用",
    ),
    "供应商": ("供应商编码", "供应商名称", "起送金额"),
    "配送范围": ("供应商编码", "机构编码"),
    "需求": ("机构编码", "药品编码", "需求量", "可用库存", "在途", "安全库存", "采购上限"),
    "约定量": ("产品编码", "机构编码", "剩余约定量"),
    "参数": ("参数", "值"),
    "固定": ("机构编码", "产品编码", "方式", "数量", "原因"),
}  # fmt: skip
REQUIRED = ("机构", "药品", "产品", "需求")
SMALLEST = Decimal("0.000001")
PINS = "固定"
"""An optional sheet: what the officer decided by hand (optimiser/case.py, Pin)."""
PARAMETERS = ("总预算", "非中选比例", "品规数上限")
HEADERS = {name for columns in SHEETS.values() for name in columns}


def read_case(source: Path | bytes, *, name: str = "") -> Case:
    """The case in a workbook. Raises DataRefused with every fault of every sheet."""
    label = name or (source.name if isinstance(source, Path) else "")
    tables = read_tables(source, name=name, headers=HEADERS)
    faults = [
        Fault(sheet, None, "", "", "缺少此工作表，应有列 " + "、".join(SHEETS[sheet]))
        for sheet in REQUIRED
        if sheet not in tables
    ]
    case = CaseReader(tables, faults).read()
    if not faults and case.pins:
        faults += [Fault(PINS, None, "", "", f"{why}，请放宽数量或删去此行") for why in clashes(build_world(case))]
    if faults:
        raise DataRefused(faults, source=label)
    return case


class CaseReader:
    """Reads sheet by sheet; what an earlier sheet names, a later one may refer to."""

    def __init__(self, tables: dict[str, Table], faults: list[Fault]) -> None:
        self.tables = tables
        self.faults = faults
        self.spelled: dict[str, dict[str, str]] = {}
        """By column: the compared form of a code → the code as its own sheet writes it."""

    def read(self) -> Case:
        sites, drugs, suppliers = self._institutions(), self._drugs(), self._suppliers()
        products = self._products(drugs, suppliers)
        if suppliers is None:
            suppliers = {code: Supplier(code) for code in dict.fromkeys(row.supplier for row in products.values())}
        deliveries = self._deliveries(suppliers, sites)
        needs = self._needs(sites, drugs)
        commitments = self._commitments(products, sites)
        parameters = self._parameters()
        pins = self._pins(products, sites)
        if self.faults:
            return Case()
        return Case(
            tuple(sites.values()),
            tuple(drugs.values()),
            tuple(products.values()),
            tuple(suppliers.values()),
            deliveries,
            needs,
            commitments,
            **parameters,
            pins=pins,
        )

    def _reader(self, sheet: str) -> Reader:
        """The sheet's reader; a missing required column is a fault, a missing sheet an empty table."""
        table = self.tables.get(sheet)
        if table is None:
            return Reader(Table(sheet, {name: [] for name in SHEETS[sheet]}), self.faults)
        return Reader(table, self.faults)

    def _institutions(self) -> dict[str, Institution]:
        read = self._reader("机构")
        read.unique("机构编码")
        columns = (
            self._codes(read, "机构编码"),
            read.text("机构名称", required=True),
            read.choice("级别", {word: word for word in LEVELS}, required=True),
            _money(read, "预算"),
            _share(read, "基药金额占比下限"),
            _share(read, "医保金额占比下限"),
            read.whole("冷藏容量"),
        )
        return {row[0]: Institution(*row) for row in _rows(columns) if row[0]}

    def _drugs(self) -> dict[str, Drug]:
        read = self._reader("药品")
        read.unique("药品编码")
        columns = (
            self._codes(read, "药品编码"),
            read.text("通用名", required=True),
            _default(read.text("剂型"), ""),
            _default(read.text("规格"), ""),
            _default(read.text("最小单位"), ""),
            read.flag("基药", required=True),
            read.choice("医保", {word: word for word in INSURANCE}, required=True),
            _default(read.flag("短缺急救"), False),
            _default(_positive(read, "日用量"), Decimal(1)),
            _default(read.flag("冷藏"), False),
            _default(read.text("品规组"), ""),
        )
        return {row[0]: Drug(*row) for row in _rows(columns) if row[0]}

    def _suppliers(self) -> dict[str, Supplier] | None:
        if "供应商" not in self.tables:
            return None
        read = self._reader("供应商")
        read.unique("供应商编码")
        columns = (
            self._codes(read, "供应商编码"),
            _default(read.text("供应商名称"), ""),
            _default(_money(read, "起送金额"), Decimal(0)),
        )
        return {row[0]: Supplier(*row) for row in _rows(columns) if row[0]}

    def _products(self, drugs: Collection[str], suppliers: Collection[str] | None) -> dict[str, Product]:
        read = self._reader("产品")
        read.unique("产品编码")
        columns = (
            self._codes(read, "产品编码"),
            self._known(read, "药品编码", drugs, "药品"),
            self._known(read, "供应商编码", suppliers, "供应商"),
            read.whole("包装数", required=True, minimum=1),
            _money(read, "单价", required=True),
            _default(read.text("生产企业"), ""),
            [value or 1 for value in read.whole("起订包数")],
            read.whole("供应上限"),
            _default(read.choice("集采状态", {word: word for word in STATUSES}), "非集采"),
            _default(read.choice("价格标识", {word: word for word in LABELS}), "绿"),
            _default(read.flag("上期在用"), True),
        )
        return {row[0]: Product(*row) for row in _rows(columns) if row[0]}

    def _deliveries(self, suppliers: Collection[str], sites: Collection[str]) -> tuple[tuple[str, str], ...]:
        read = self._reader("配送范围")
        read.unique("供应商编码", "机构编码")
        columns = (
            self._known(read, "供应商编码", suppliers, "供应商"),
            self._known(read, "机构编码", sites, "机构"),
        )
        return tuple((supplier, site) for supplier, site in _rows(columns))

    def _needs(self, sites: Collection[str], drugs: Collection[str]) -> tuple[Need, ...]:
        read = self._reader("需求")
        read.unique("机构编码", "药品编码")
        columns = (
            self._known(read, "机构编码", sites, "机构"),
            self._known(read, "药品编码", drugs, "药品"),
            read.whole("需求量", required=True),
            _default(read.whole("可用库存"), 0),
            _default(read.whole("在途"), 0),
            _default(read.whole("安全库存"), 0),
            read.whole("采购上限"),
        )
        return tuple(Need(*row) for row in _rows(columns))

    def _commitments(self, products: Collection[str], sites: Collection[str]) -> tuple[Commitment, ...]:
        read = self._reader("约定量")
        read.unique("产品编码", "机构编码")
        columns = (
            self._known(read, "产品编码", products, "产品"),
            read.whole("剩余约定量", required=True),
            self._known(read, "机构编码", sites, "机构", required=False),
        )
        return tuple(Commitment(*row) for row in _rows(columns))

    def _parameters(self) -> dict[str, Any]:
        read = self._reader("参数")
        read.unique("参数")
        names = read.choice("参数", {word: word for word in PARAMETERS}, required=True)
        values = dict(zip(names, read.money("值", required=len(names) > 0), strict=True))
        limit = values.get("品规数上限")
        if limit is not None and (limit < 1 or limit != int(limit)):
            read.fault(names.index("品规数上限"), "值", limit, "应为不小于 1 的整数")
            limit = None
        ratio = values.get("非中选比例")
        return {
            "total_budget": values.get("总预算"),
            "nonwinning_ratio": Decimal(1) if ratio is None else ratio,
            "group_limit": None if limit is None else int(limit),
        }

    def _pins(self, products: Collection[str], sites: Collection[str]) -> tuple[Pin, ...]:
        read = self._reader(PINS)
        read.unique("机构编码", "产品编码", "方式")
        ways = read.choice("方式", {word: word for word in WAYS}, required=True)
        quantities = read.whole("数量")
        for index, (way, quantity) in enumerate(zip(ways, quantities, strict=True)):
            if way in COUNTED and quantity is None:
                read.fault(index, "数量", "", f"方式为“{way}”时应填写数量（最小单位）")
        columns = (
            self._known(read, "产品编码", products, "产品"),
            ways,
            [quantity if way in COUNTED else None for way, quantity in zip(ways, quantities, strict=True)],
            self._known(read, "机构编码", sites, "机构", required=False),
            _default(read.text("原因"), ""),
        )
        return tuple(Pin(*row) for row in _rows(columns))

    def _codes(self, read: Reader, column: str) -> list[str | None]:
        """The codes that a sheet defines, as written: the plan answers with these very letters, though other sheets may
        refer to them in another width."""
        codes = read.text(column, required=True)
        written = read.table.columns.get(clean(column), [])
        spelled = self.spelled.setdefault(column, {})
        return [code and spelled.setdefault(code, cell) for code, cell in zip(codes, written, strict=False)]

    def _known(
        self, read: Reader, column: str, known: Collection[str] | None, sheet: str, *, required: bool = True
    ) -> list[str | None]:
        """Codes that must stand in another sheet (`known` None: that sheet is absent, any code will do)."""
        codes = read.text(column, required=required)
        spelled = self.spelled.setdefault(column, {})
        if known is None:
            return [code and spelled.setdefault(code, code) for code in codes]
        if sheet in self.tables or sheet not in REQUIRED:
            for index, code in enumerate(codes):
                if code is not None and code not in spelled:
                    read.fault(index, column, code, f"“{sheet}”表中没有此编码，应为其中已有的编码")
        return [code and spelled.get(code, code) for code in codes]


def write_case(case: Case, path: Path) -> None:
    """Writes a case as the workbook that `read_case` understands."""
    yes = {True: "是", False: "否"}
    rows: dict[str, list[Sequence[Any]]] = {
        "机构": [
            (r.code, r.name, r.level, r.budget, r.essential_floor, r.insurance_floor, r.cold_capacity)
            for r in case.institutions
        ],
        "药品": [
            (r.code, r.name, r.form, r.strength, r.unit, yes[r.essential], r.insurance, yes[r.emergency], r.daily,
             yes[r.cold], r.group)
            for r in case.drugs
        ],
        "产品": [
            (r.code, r.drug, r.maker, r.supplier, r.pack, r.price, r.minimum_packs, r.supply, r.status, r.label,
             yes[r.in_use])
            for r in case.products
        ],
        "供应商": [(r.code, r.name, r.minimum_order) for r in case.suppliers],
        "配送范围": list(case.deliveries),
        "需求": [(r.institution, r.drug, r.demand, r.stock, r.in_transit, r.safety, r.limit) for r in case.needs],
        "约定量": [(r.product, r.institution, r.remaining) for r in case.commitments],
        "参数": [
            pair
            for pair in (
                ("总预算", case.total_budget),
                ("非中选比例", case.nonwinning_ratio),
                ("品规数上限", case.group_limit),
            )
            if pair[1] is not None
        ],
        PINS: [(r.institution, r.product, r.way, r.quantity, r.reason) for r in case.pins],
    }  # fmt: skip
    write_workbook(path, {sheet: (SHEETS[sheet], rows[sheet]) for sheet in SHEETS if rows[sheet] or sheet != PINS})


def _rows(columns: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    return list(zip(*columns, strict=True))


def _default(values: Sequence[Any], blank: Any) -> list[Any]:
    return [blank if value is None else value for value in values]


def _money(read: Reader, column: str, *, required: bool = False) -> list[Decimal | None]:
    """Yuan to six decimals: drops the dust of a computed Excel cell (12.300000000000001), keeps any price people write."""
    return [None if value is None else round(value, 6) for value in read.money(column, required=required)]


def _share(read: Reader, column: str) -> list[Decimal | None]:
    """A share 0–1, kept exact."""
    values = read.money(column)
    for index, value in enumerate(values):
        if value is not None and value > 1:
            read.fault(index, column, value, "应为 0 到 1 之间的占比，如 0.6")
    return values


def _positive(read: Reader, column: str) -> list[Decimal | None]:
    values = read.money(column)
    for index, value in enumerate(values):
        if value is not None and value < SMALLEST:
            read.fault(index, column, value, "应为大于 0 的数")
    return values
