"""Files of a finished plan to take away: the workbook, JSON, the case, and one sheet per supplier."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from formulary.queries import Scope
from procurement.models import Plan
from procurement.optimiser.plan import plan_to_json
from procurement.plan_store import case_of, plan_of
from procurement.queries import grouped, lines
from procurement.rules.case_file import write_case
from procurement.rules.plan_file import write_plan
from procurement.rules.workbook import Sheet, write_workbook

HEADER = (
    "机构编码", "机构名称", "产品编码", "通用名", "规格", "生产企业", "包装数", "单位", "包数", "数量", "单价", "金额",
)  # fmt: skip
OPEN_TO_ALL = {("suppliers", "xlsx")}


def plan_workbook(plan: Plan, _scope: Scope) -> bytes:
    """PLAN.xlsx of interfaces §2."""
    case = case_of(plan)
    return _written(lambda path: write_plan(plan_of(plan, case), case, path)) if case else b""


def plan_json(plan: Plan, _scope: Scope) -> bytes:
    """PLAN.json of interfaces §2."""
    case = case_of(plan)
    return json.dumps(plan_to_json(plan_of(plan, case)), ensure_ascii=False, indent=1).encode() if case else b""


def case_workbook(plan: Plan, _scope: Scope) -> bytes:
    """The planning workbook that `manage.py plan` turns into this very plan."""
    case = case_of(plan)
    return _written(lambda path: write_case(case, path)) if case else b""


CENT = Decimal("0.01")


def supplier_workbook(plan: Plan, scope: Scope) -> bytes:
    """What to order: a summary and one sheet per supplier, of the institutions within reach."""
    rows = lines(plan, scope)
    groups = grouped(rows, "supplier")
    sheets: dict[str, Sheet] = {
        "供应商汇总": (
            ("供应商编码", "供应商名称", "机构数", "行数", "包数", "金额"),
            [(g.key, g.label, g.institutions, g.lines, g.packs, g.amount.quantize(CENT)) for g in groups],
        )
    }
    ordered: dict[str, list[Sequence[Any]]] = {group.key: [] for group in groups}
    for row in rows.order_by("institution__code", "product__code"):
        drug = row.product.presentation
        ordered[row.supplier_code].append(
            (
                row.institution.code, row.institution.name, row.product.code, drug.name, drug.strength,
                row.product.maker, row.product.pack_size, drug.unit, row.packs, row.quantity,
                (row.amount / row.packs).quantize(CENT), row.amount.quantize(CENT),
            )
        )  # fmt: skip
    for group in groups:
        sheets[_sheet_name(group.label, group.key, sheets)] = (HEADER, ordered[group.key])
    return _written(lambda path: write_workbook(path, sheets))


EXPORTS: dict[tuple[str, str], tuple[str, Callable[[Plan, Scope], bytes]]] = {
    ("plan", "xlsx"): ("采购计划", plan_workbook),
    ("plan", "json"): ("采购计划", plan_json),
    ("case", "xlsx"): ("采购算例", case_workbook),
    ("suppliers", "xlsx"): ("按供应商订货单", supplier_workbook),
}


def export(plan: Plan, kind: str, ending: str, scope: Scope) -> tuple[str, bytes] | None:
    """File name and content; None for an unknown file, or one that shows other institutions than those within reach."""
    found = EXPORTS.get((kind, ending))
    if found is None or not (scope.whole_alliance or (kind, ending) in OPEN_TO_ALL):
        return None
    label, make = found
    title = re.sub(r'[\\/:*?"<>|\s]+', "-", plan.title)
    return f"{label}-{title}.{ending}", make(plan, scope)


def _sheet_name(label: str, code: str, taken: dict[str, Sheet]) -> str:
    """A sheet's name as Excel allows it, made unique by the supplier's code."""
    name = re.sub(r"[\[\]:*?/\\']", " ", label).strip()[:31] or code[:31]
    return name if name not in taken else f"{name[:20]} {code}"[:31]


def _written(write: Callable[[Path], None]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.xlsx"
        write(path)
        return path.read_bytes()
