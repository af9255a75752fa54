"""An existing 目录 workbook: which column means what, and its rows as values with every fault at once. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from formulary.rules.cells import parse_date
from formulary.rules.tables import Fault, Table, clean
from formulary.rules.versions import LEVELS, RESTRICTIONS

FIELDS = {
    "code": "药品编码",
    "name": "通用名",
    "form": "剂型",
    "strength": "规格",
    "level": "最低使用级别",
    "restriction": "限制",
    "tier": "遴选层级",
    "reason": "说明",
    "approval": "批准文号",
    "approval_ends": "批准文号有效期至",
}
SYNONYMS: dict[str, tuple[str, ...]] = {
    "code": ("药品编码", "药品代码", "院内编码", "编码", "品规编码", "HIS编码"),
    "name": ("通用名", "药品名称", "药品通用名", "品名", "名称", "通用名称"),
    "form": ("剂型", "药品剂型"),
    "strength": ("规格", "药品规格", "规格型号"),
    "level": ("最低使用级别", "使用级别", "级别", "适用级别", "可用机构级别", "使用范围"),
    "restriction": ("限制", "使用限制", "管控", "分级"),
    "tier": ("遴选层级", "层级", "优先级"),
    "reason": ("说明", "备注"),
    "approval": ("批准文号", "国药准字", "注册证号"),
    "approval_ends": ("批准文号有效期至", "批准文号有效期", "文号有效期", "注册证有效期", "再注册有效期至"),
}
LEVEL_WORDS = {
    **{level: level for level in LEVELS},
    "村级": "村", "村卫生室": "村", "全部": "村", "各级": "村", "所有机构": "村",
    "乡镇": "基层", "乡级": "基层", "社区": "基层", "卫生院": "基层", "一级": "基层",
    "县级": "二级", "县医院": "二级", "县": "二级", "市级": "三级",
}  # fmt: skip
RESTRICTION_WORDS = {
    **{word: code for code, word in RESTRICTIONS.items()},
    "": "none", "否": "none", "非限制使用级": "none", "专科": "specialist", "特殊": "special", "急救": "emergency",
}  # fmt: skip
HEADERS = frozenset(word for words in SYNONYMS.values() for word in words)
LONGEST_REASON = 200


@dataclass(frozen=True)
class Row:
    """One line of the file; row is as Excel counts. approval_ends: last day of the approval, None when not said."""

    row: int
    code: str
    name: str
    form: str
    strength: str
    level: str
    restriction: str
    tier: int
    reason: str
    approval: str = ""
    approval_ends: dt.date | None = None


def guess(headers: Iterable[str]) -> dict[str, str]:
    """field → column, as far as the headers say it."""
    known = {clean(header): header for header in headers}
    found: dict[str, str] = {}
    for field, words in SYNONYMS.items():
        column = next((known[clean(word)] for word in words if clean(word) in known), None)
        if column is not None and column not in found.values():
            found[field] = column
    return found


def read_rows(table: Table, mapping: Mapping[str, str], *, default_level: str) -> tuple[list[Row], list[Fault]]:
    """Rows and faults of one sheet. A blank level is `default_level`; a drug needs its code or its name and strength."""
    faults: list[Fault] = []
    missing = [column for column in mapping.values() if clean(column) not in table.columns]
    faults += [Fault(table.name, None, column, "", "缺少此列") for column in missing]
    if not {"code", "name"} & set(mapping):
        faults.append(Fault(table.name, None, "", "", "请至少指定“药品编码”或“通用名”是哪一列"))
    if faults:
        return [], faults
    rows = []
    for index, number in enumerate(table.rows):
        given = {field: table.columns[clean(column)][index].strip() for field, column in mapping.items()}
        row = _row(table.name, number, given, mapping, default_level, faults)
        if row is not None:
            rows.append(row)
    return rows, faults


def _row(
    sheet: str, number: int, given: Mapping[str, str], mapping: Mapping[str, str], default: str, faults: list[Fault]
) -> Row | None:
    def fault(field: str, expected: str) -> None:
        faults.append(Fault(sheet, number, mapping.get(field, FIELDS[field]), given.get(field, ""), expected))

    before = len(faults)
    code, name = given.get("code", ""), given.get("name", "")
    if not code and not name:
        fault("code" if "code" in mapping else "name", "不能为空，应写药品编码或通用名")
    elif not code and not given.get("strength"):
        fault("strength", "没有药品编码时须写规格")
    level = LEVEL_WORDS.get(clean(given.get("level", "")) or default)
    if level is None:
        fault("level", "应为 三级、二级、基层、村 之一")
    restriction = RESTRICTION_WORDS.get(clean(given.get("restriction", "")))
    if restriction is None:
        fault("restriction", "应为 " + "、".join(RESTRICTIONS.values()) + " 之一")
    tier = clean(given.get("tier", "")) or "1"
    if not (tier.isdecimal() and 1 <= int(tier) <= 9):
        fault("tier", "应为 1 至 9 的整数")
    if len(given.get("reason", "")) > LONGEST_REASON:
        fault("reason", f"应不超过 {LONGEST_REASON} 字")
    ends: dt.date | None = None
    if said := given.get("approval_ends", ""):
        try:
            ends = parse_date(said)
        except ValueError:
            fault("approval_ends", "应为日期，如 2028-06-30")
    if len(faults) > before or level is None or restriction is None:
        return None
    return Row(number, code, name, given.get("form", ""), given.get("strength", ""), level, restriction, int(tier),
               given.get("reason", ""), given.get("approval", ""), ends)  # fmt: skip


def repeated(drugs: Sequence[tuple[Row, int]], sheet: str) -> list[Fault]:
    """Two rows that mean the same drug."""
    first: dict[int, int] = {}
    faults = []
    for row, drug in drugs:
        if drug in first:
            faults.append(
                Fault(sheet, row.row, "", row.code or row.name, f"与第 {first[drug]} 行是同一品规，应只出现一次")
            )
        else:
            first[drug] = row.row
    return faults
