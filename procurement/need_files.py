"""The report of one institution as a workbook, and back."""

from __future__ import annotations

from formulary.rules.cells import Reader
from formulary.rules.tables import DataRefused, Fault, read_tables
from procurement.exports import _written
from procurement.models import NeedReport
from procurement.rules.needs import in_words
from procurement.rules.workbook import write_workbook

SHEET = "报量"
HEADER = (
    "药品编码", "通用名", "规格", "单位", "预测用量", "近12个月用量", "可用库存", "在途", "报量", "须说明", "说明",
)  # fmt: skip


def report_workbook(report: NeedReport) -> bytes:
    """All lines of the report, quantities as they stand."""
    rows = [
        (
            line.presentation.code, line.presentation.name, line.presentation.strength, line.presentation.unit,
            line.forecast, line.used_12m, line.stock, line.on_order, line.quantity,
            in_words(line.asks.split(",")) if line.asks else "", line.reason,
        )
        for line in report.lines.select_related("presentation")
    ]  # fmt: skip
    return _written(lambda path: write_workbook(path, {SHEET: (HEADER, rows)}))


def read_report(report: NeedReport, raw: bytes, name: str) -> dict[int, tuple[int, str]]:
    """Line id → (quantity, reason). Columns 药品编码 and 报量 are needed; drugs not named stay as they are.

    Raises DataRefused with every fault.
    """
    tables = read_tables(raw, name=name, headers={"药品编码", "报量", "说明"}).values()
    table = next((each for each in tables if "报量" in each.columns), None)
    if table is None:
        raise DataRefused([Fault("", None, "报量", "", "没有含“药品编码”“报量”两列的工作表")], source=name)
    faults: list[Fault] = []
    reader = Reader(table, faults)
    codes = reader.text("药品编码", required=True)
    quantities = reader.whole("报量", required=True)
    reasons = reader.text("说明")
    reader.unique("药品编码")
    known = dict(report.lines.values_list("presentation__code", "pk"))
    given = {}
    for index, (code, quantity, reason) in enumerate(zip(codes, quantities, reasons, strict=True)):
        if code is not None and code not in known:
            reader.fault(index, "药品编码", code, "本机构本轮没有这个品规")
        elif code is not None and quantity is not None:
            given[known[code]] = (quantity, reason or "")
    if faults:
        raise DataRefused(faults, source=name)
    return given
