"""A study as a workbook to take away: the table side by side, what differs, the curve or the judgement."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from formulary.rules.workbook import workbook_bytes
from procurement.models import Study, StudyKind, Trial
from procurement.optimiser.case import Case
from procurement.rules.outcomes import covered_share, drugs_that_differ, room, side_by_side, sites_that_differ
from procurement.rules.workbook import Share, Sheet


def workbook(sheets: Mapping[str, Sheet]) -> bytes:
    return workbook_bytes(sheets)


def study_workbook(study: Study, case: Case) -> bytes:
    """All sheets of a study; trials that were not solved are named with the reason."""
    trials = list(study.trials.all())
    done = [row for row in trials if row.state == Trial.State.DONE]
    sheets: dict[str, Sheet] = {}
    if study.kind == StudyKind.CURVE:
        sheets["取舍曲线"] = _curve(done)
    if study.kind == StudyKind.ROBUST and study.result:
        sheets["稳妥比较"] = _robust(study)
    named = [("现计划", study.base), *((row.name, row.outcome) for row in done)]
    rows = side_by_side([found for _, found in named])
    sheets["并列比较"] = (
        ("项目", *(name for name, _ in named)),
        [(row.label, *(Share(v) if row.form == "pct" and v is not None else v for v in row.values)) for row in rows],
    )
    sheets["差距"] = (("情景", "满足率最多还能提高", "求解用时（秒）", "状态"), [_gap(row) for row in trials])
    drugs = {row.code: f"{row.name} {row.strength}".strip() for row in case.drugs}
    sheets["未满足药品差异"] = (
        ("情景", "药品编码", "药品", "现计划缺口", "情景缺口"),
        [
            (row.name, code, drugs.get(code, code), was, now)
            for row in done
            for code, (was, now) in drugs_that_differ(study.base, row.outcome).items()
        ],
    )
    sheets["机构差异"] = (
        ("情景", "机构", "现计划金额", "情景金额", "现计划满足率", "情景满足率"),
        [
            (row.name, each.name, *each.spend, Share(each.covered[0]), Share(each.covered[1]))
            for row in done
            for each in sites_that_differ(study.base, row.outcome)
        ],
    )
    return workbook(sheets)


def _gap(row: Trial) -> tuple:
    if row.state != Trial.State.DONE:
        return row.name, None, None, row.fault or row.get_state_display()
    return row.name, Share(room(row.outcome)), round(row.outcome["seconds"], 1), row.get_state_display()


def _curve(done: list[Trial]) -> Sheet:
    header = ("预算", "采购金额（元）", "需求满足率", "供应商（家）", "未满足的行", "满足率最多还能提高")
    return header, [
        (
            row.name.removeprefix("预算 "),
            Decimal(row.outcome["spend"]),
            None if (share := covered_share(row.outcome)) is None else Share(share),
            row.outcome["suppliers"],
            len(row.outcome["unmet"]),
            Share(room(row.outcome)),
        )
        for row in done
    ]


def _robust(study: Study) -> Sheet:
    futures = [each["name"] for each in study.result["futures"]]
    header = (
        "方案",
        "采购金额（元）",
        "比现计划多花（元）",
        *(f"{name}（缺患者日）" for name in futures),
        "期望",
        "最坏",
        "最大后悔值",
        "选择",
    )
    return header, [
        (row["name"], Decimal(row["spend"]), Decimal(row["price"]), *row["days"], row["expected"], row["worst"],
         row["regret"], "✓" if row["chosen"] else "")
        for row in study.result["rows"]
    ]  # fmt: skip
