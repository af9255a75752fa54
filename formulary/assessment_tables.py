"""The assessment's figures as tables: what the pages show and the workbooks hold."""

from formulary.rules.assessment import Ratio, quarter_name
from formulary.rules.workbook import Share

LINKS = (
    ("lists", "目录衔接率", "本机构品种中牵头医院也有的 ÷ 本机构品种", "list"),
    ("chronic", "慢病用药衔接率", "统一目录对本级开放的慢病品种中本机构已配的 ÷ 应配", "chronic"),
    ("winners", "集采品规一致率", "本机构配备的集采中选品规中牵头医院也有的 ÷ 本机构配备的", ""),
)


def shares(places, run):
    head = ["机构", "级别"]
    for ratio in Ratio:
        head += [ratio.label, f"{ratio.label}分子", f"{ratio.label}分母", f"{ratio.label}目标", f"{ratio.label}结论"]
    rows = []
    for place in places:
        row = [
            place.institution.name if place.institution else "全医共体",
            place.institution.level if place.institution else "",
        ]
        for cell in place.cells:
            share = Share(cell.share) if cell.share is not None else ""
            target = Share(cell.target.share) if cell.target else ""
            row += [share, cell.essential, cell.total, target, cell.words]
        rows.append(row)
    terms = run.terms
    notes = [
        ("季度", quarter_name(run.quarter)),
        ("截至", run.until.isoformat()),
        ("基药目录", run.edition),
        ("使用量单位", terms.get("unit", "")),
        ("不计入", "、".join(terms.get("exclude", []))),
    ]
    return {"基药占比": (head, rows), "口径": (("项目", "内容"), notes)}


def drug_table(rows, run):
    head = ("药品编码", "通用名", "规格", "类别", "使用量", "入库金额（元）", "无价格数量")
    return {
        quarter_name(run.quarter): (
            head,
            [
                (
                    row.presentation.code,
                    row.presentation.name,
                    row.presentation.strength,
                    kind(row),
                    row.used,
                    row.amount,
                    row.unpriced,
                )
                for row in rows
            ],
        )
    }


def kind(row):
    if not row.counts:
        return "不计入"
    return "基药" if row.essential else "非基药"


def shown_plan(plan):
    """A plan with its drugs in place of their numbers."""
    label = plan.cell.ratio.label
    told = "按此可达标" if plan.reachable else "做完仍不达标"
    return {
        "title": f"{label}达标的最省办法",
        "note": f"目标 {plan.cell.target.share * 100:.0f}%，{told}，每季费用变化 {plan.cost:+,.2f} 元"
        if plan.steps
        else "",
        "steps": [
            {
                "drug": plan.drugs[step.candidate.presentation],
                "peer": plan.drugs[step.candidate.peer],
                "near": step.candidate.near,
                "cost": step.cost,
                "share": step.share,
                "reaches": step.reaches,
            }
            for step in plan.steps[:20]
        ],
        "more": max(0, len(plan.steps) - 20),
    }


def cohesion_rows(found):
    """One row for each member: part, whole, share and words of each definition."""
    rows = []
    for site in found.sites:
        link = found.links.get(site.pk)
        if link is None:
            continue
        cells = []
        for name, label, _, key in LINKS:
            part, whole = getattr(link, name)
            target = found.targets.get(f"cohesion.{key}") if key else None
            cells.append(_linked(label, part, whole, target))
        rows.append({"site": site, "cells": cells})
    return rows


def _linked(label, part, whole, target):
    share = part / whole if whole else None
    if share is None:
        words, tone = "没有数据", "gray"
    elif target is None:
        words, tone = "只跟踪", "gray"
    elif share >= float(target):
        words, tone = "达标", "green"
    else:
        words, tone = f"差 {(float(target) - share) * 100:.1f} 个百分点", "red"
    return {"label": label, "part": part, "whole": whole, "share": share, "words": words, "tone": tone}


def matrix(found):
    """Rows of the homogeneity matrix; step is the shade of the cell, 0 to 4."""
    return [
        {
            "site": one,
            "cells": [
                {"other": other, "share": share, "same": one == other, "step": min(4, int((share or 0) * 5))}
                for other in found.sites
                for share in (found.common.get((one.pk, other.pk)),)
            ],
        }
        for one in found.sites
    ]


def cohesion_sheets(found):
    head = ["机构", "级别"]
    for _, label, _, _ in LINKS:
        head += [label, f"{label}分子", f"{label}分母"]
    rows = []
    for row in cohesion_rows(found):
        line = [row["site"].name, row["site"].level]
        for cell in row["cells"]:
            line += [Share(cell["share"]) if cell["share"] is not None else "", cell["part"], cell["whole"]]
        rows.append(line)
    grid = [
        [line["site"].short_name, *(Share(c["share"]) if c["share"] is not None else "" for c in line["cells"])]
        for line in matrix(found)
    ]
    return {
        "衔接率": (head, rows),
        "同质化": (["机构", *(site.short_name for site in found.sites)], grid),
        "口径": (("指标", "算法"), [(label, how) for _, label, how, _ in LINKS]),
    }
