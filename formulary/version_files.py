"""Tables of versions as sheets of a workbook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from formulary.models import FormularyVersion
from formulary.queries import drug_statuses, entries
from formulary.queries.version_lines import ChangeRow
from formulary.rules.workbook import Sheet

CHANGE_HEADER = (
    "变化", "药品编码", "通用名", "剂型", "规格", "项目", "之前", "之后", "理由", "表决",
)  # fmt: skip
ENTRY_HEADER = (
    "药品编码", "通用名", "剂型", "规格", "最小单位", "最低使用级别", "限制", "遴选层级", "复评日", "说明", "政策目录",
)  # fmt: skip


def changes_sheets(
    base: FormularyVersion | None, version: FormularyVersion, rows: Iterable[ChangeRow]
) -> dict[str, Sheet]:
    """One line for each point that differs, so that the sheet can be filtered in Excel."""
    lines: list[Sequence[Any]] = []
    for row in rows:
        drug = row.drug
        head = (row.kind.label, drug.code, drug.name, drug.form, drug.strength)
        lines += [(*head, *point, row.why, row.votes) for point in row.points]
    return {"变化": (CHANGE_HEADER, lines), "版本": _about(version, base)}


def entries_sheets(version: FormularyVersion) -> dict[str, Sheet]:
    """The whole version with what the policy lists said on its effective date."""
    rows = list(entries(version))
    on = version.effective_from
    statuses = drug_statuses([row.presentation for row in rows], on, region=version.alliance.province) if on else {}
    lines = [
        (
            row.presentation.code, row.presentation.name, row.presentation.form, row.presentation.strength,
            row.presentation.unit, row.lowest_level, row.get_restriction_display(), row.tier,
            row.review_on.isoformat() if row.review_on else "", row.reason,
            "、".join(statuses[row.presentation_id].badges) if row.presentation_id in statuses else "",
        )
        for row in rows
    ]  # fmt: skip
    return {"目录": (ENTRY_HEADER, lines), "版本": _about(version, version.based_on)}


def _about(version: FormularyVersion, base: FormularyVersion | None) -> Sheet:
    facts = [
        ("名称", version.title),
        ("版本号", version.number),
        ("生效日", str(version.effective_from or "")),
        ("发布文号", version.document),
        ("发布日", f"{version.published_at:%Y-%m-%d}" if version.published_at else "未发布"),
        ("比较对象", f"第 {base.number} 版（{base.effective_from} 起）" if base else "无（首版）"),
        ("说明", version.note),
        ("封存哈希（SHA-256）", version.seal),
    ]
    return ("项目", "内容"), facts
