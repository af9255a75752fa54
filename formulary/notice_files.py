"""The notice of a version as an official document and as a workbook."""

from __future__ import annotations

from django.utils import timezone

from formulary.models import FormularyVersion
from formulary.queries.version_lines import ChangeRow, differences
from formulary.rules.official_docx import Notice, Part, write_notice
from formulary.rules.versions import Change
from formulary.rules.workbook import Sheet
from formulary.version_files import changes_sheets

HEADER = ("药品", "规格", "内容", "依据与表决")
HEADINGS = {Change.ADDED: "调入品规", Change.REMOVED: "调出品规", Change.CHANGED: "调整使用级别或限制的品规"}
NUMERALS = "一二三四五"


def notice_docx(version: FormularyVersion) -> bytes:
    """To all institutions: what comes in, what goes, what changes, from when, and what is to be done."""
    rows = differences(version.based_on, version)
    parts = []
    for kind, heading in HEADINGS.items():
        mine = [row for row in rows if row.kind == kind]
        if mine:
            title = f"{NUMERALS[len(parts)]}、{heading}（{len(mine)} 个）"
            parts.append(Part(title, header=HEADER, rows=[_row(row) for row in mine]))
    parts.append(
        Part(
            f"{NUMERALS[len(parts)]}、有关要求",
            paragraphs=[
                f"（一）自 {_day(version.effective_from)}起，各机构采购、调剂与处方以本版目录为准，超出机构级别的品规不得采购。",
                "（二）调出品规的现有库存按系统中的消化计划使用、调剂或退货，不再新增采购。",
                "（三）请各机构收到后在系统“目录版本—通知与阅知”中确认阅知。",
            ],
        )
    )
    what = "更正" if version.is_correction else "调整"
    opening = [
        f"{_basis(version)}现将{version.title}第 {version.number} 版予以公布，自 {_day(version.effective_from)}起施行。"
    ]
    if version.is_correction:
        opening.append(f"更正事由：{version.note}")
    published = timezone.localtime(version.published_at).date() if version.published_at else None
    return write_notice(
        Notice(
            issuer=f"{version.alliance.name}药事管理与药物治疗学委员会",
            document=version.document,
            title=f"关于公布统一用药目录第 {version.number} 版（{what}）的通知",
            to=f"{version.alliance.name}各成员机构",
            opening=opening,
            parts=parts,
            closing=["特此通知。"],
            date=_day(published),
        )
    )


def notice_sheets(version: FormularyVersion) -> dict[str, Sheet]:
    """The changes and who has read."""
    sheets = changes_sheets(version.based_on, version, differences(version.based_on, version))
    rows = version.notices.select_related("institution", "read_by").order_by("institution__code")
    sheets["阅知"] = (
        ("机构编码", "机构名称", "阅知人", "阅知时间"),
        [
            (
                row.institution.code,
                row.institution.name,
                str(row.read_by or "未阅知"),
                f"{timezone.localtime(row.read_at):%Y-%m-%d %H:%M}" if row.read_at else "",
            )
            for row in rows
        ],
    )
    return sheets


def _basis(version: FormularyVersion) -> str:
    if version.is_correction:
        return "经核对，"
    if version.changes.filter(adjustment__isnull=False).exists():
        return "经药事管理与药物治疗学委员会表决通过并公示期满，"
    return ""


def _row(row: ChangeRow) -> tuple[str, str, str, str]:
    return row.drug.name, row.drug.strength, row.sentence, f"{row.why}；{row.votes}" if row.votes != "—" else row.why


def _day(day: object) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日" if hasattr(day, "year") else ""
