"""The plan as a workbook for people and as JSON for programs (interfaces §2)."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from formulary.rules.tables import DataRefused
from procurement.optimiser.case import Case
from procurement.optimiser.plan import REJECTED, STATUS_WORDS, Plan, plan_to_json
from procurement.rules.workbook import Share, Sheet, Title, write_workbook


def write_plan(plan: Plan, case: Case, path: Path) -> None:
    """Writes PLAN.xlsx: 汇总, 采购明细, 未满足, 约定量执行, 规则核对 and, when stock allows, 调剂建议; after them, where there is
    something to say, 矛盾与出路 and 加一万元."""
    write_workbook(path, plan_sheets(plan, case))


def plan_sheets(plan: Plan, case: Case) -> dict[str, Sheet]:
    """Every sheet of the workbook as header and rows."""
    sites = {row.code: row.name for row in case.institutions}
    drugs = {row.code: row for row in case.drugs}
    products = {row.code: row for row in case.products}
    sheets: dict[str, Sheet] = {
        "汇总": (("项目", "数值", "最优界", "差距", "用时（秒）", "说明", "", "", ""), _summary(plan)),
        "采购明细": (
            ("机构编码", "机构名称", "产品编码", "通用名", "规格", "生产企业", "供应商编码", "包装数", "单价", "包数",
             "数量", "金额", "原因"),
            [
                (
                    row.institution, sites[row.institution], row.product, drugs[products[row.product].drug].name,
                    drugs[products[row.product].drug].strength, products[row.product].maker,
                    products[row.product].supplier, products[row.product].pack, products[row.product].price,
                    row.packs, row.quantity, row.amount, row.reason,
                )
                for row in plan.lines
            ],
        ),
        "未满足": (
            ("机构编码", "机构名称", "药品编码", "通用名", "缺口", "类别", "原因", "补救"),
            [
                (r.institution, sites[r.institution], r.drug, drugs[r.drug].name, r.quantity, r.kind, r.reason, r.remedy)
                for r in plan.unmet
            ],
        ),
        "约定量执行": (
            ("产品编码", "机构编码", "剩余约定量", "本次采购", "缺口", "完成率"),
            [
                (r.product, r.institution or "全体", r.remaining, r.bought, r.shortfall,
                 Share(min(1.0, r.bought / r.remaining) if r.remaining else 1.0))
                for r in plan.commitments
            ],
        ),
        "规则核对": (
            ("规则", "状态", "核对数", "违反数", "最紧的一处"),
            [(r.rule, "不符合" if r.broken else "符合", r.checked, r.broken, r.worst) for r in plan.checks],
        ),
    }  # fmt: skip
    if plan.transfers:
        sheets["调剂建议"] = (
            ("药品编码", "通用名", "调出机构", "调入机构", "数量", "说明"),
            [(r.drug, drugs[r.drug].name, r.source, r.target, r.quantity, r.reason) for r in plan.transfers],
        )
    if plan.clashes or plan.unexplained:
        sheets["矛盾与出路"] = (
            ("序号", "类别", "机构编码", "矛盾", "不能同时成立的事实", "出路（任选其一）", "核对", "本计划的取舍"),
            clash_rows(plan),
        )
    if plan.worths:
        sheets["加一万元"] = (
            ("机构编码", "机构名称", "追加（元）", "首个得益的目标", "核算", "估计", "单位", "说明"),
            [
                (
                    r.institution or "全体",
                    "总预算" if r.institution is None else sites[r.institution],
                    r.added,
                    r.goal or "无",
                    r.gain,
                    r.estimate or None,
                    r.unit,
                    r.note,
                )
                for r in plan.worths
            ],
        )
    return sheets


def clash_rows(plan: Plan) -> list[Sequence[Any]]:
    """A row for every way out; what is the same for all ways of a clash stands in its first row."""
    rows: list[Sequence[Any]] = []
    for number, clash in enumerate(plan.clashes, start=1):
        first = (number, clash.kind, "、".join(clash.sites), clash.said, "；".join(clash.facts))
        ways = [(way.words, "已重新求解核对" if way.checked else "未核对") for way in clash.ways] or [
            ("没有单独可行的出路", "")
        ]
        for at, way in enumerate(ways):
            rows.append((*first, *way, clash.given_up) if at == 0 else (number, "", "", "", "", *way, ""))
    if plan.unexplained:
        rows.append(
            (
                "",
                "",
                "",
                f"另有 {plan.unexplained} 项未完成的要求没有找到矛盾：时限内未及查完，或延长求解还能改进",
                "",
                "",
                "",
                "",
            )
        )
    return rows


def _summary(plan: Plan) -> list[Sequence[Any]]:
    seconds = plan.seconds
    rows: list[Sequence[Any]] = [
        ("状态", STATUS_WORDS[plan.status]),
        ("采购金额合计（元）", sum((row.amount for row in plan.lines), Decimal("0.00"))),
        ("用时（秒）", f"读取 {seconds.read:.2f}，建模 {seconds.build:.2f}，求解 {seconds.solve:.2f}"),
        (),
        (Title("九个目标（按先后次序）"),),
    ]
    rows += [(f"{k}. {g.name}", g.value, g.bound, Share(g.gap), g.seconds) for k, g in enumerate(plan.goals, start=1)]
    rows += [(), (Title("各类别满足情况"),), ("类别", "需求（患者日）", "已满足", "满足率", "需求行数", "未满足行数")]
    rows += [
        (c.kind, c.need, c.covered, Share(c.covered / c.need if c.need else 1.0), c.lines, c.unmet_lines)
        for c in plan.coverage
    ]
    rows += [
        (),
        (Title("各机构金额与占比"),),
        ("机构编码", "采购金额", "预算", "满足率", "机构名称", "基药占比", "基药下限", "医保占比", "医保下限"),
    ]
    rows += [
        (
            s.institution,
            s.spend,
            s.budget,
            Share(s.covered),
            s.name,
            *(
                None if x is None else Share(x)
                for x in (s.essential_share, s.essential_floor, s.insurance_share, s.insurance_floor)
            ),
        )
        for s in plan.sites
    ]
    replay = plan.replay
    rows += [
        (),
        (Title("重算依据"),),
        ("案例指纹", replay.case_sha256),
        ("求解器", f"{replay.solver} {replay.version}"),
        ("种子", replay.seed),
    ]
    return rows


def write_plan_json(plan: Plan, path: Path) -> None:
    _write_json(plan_to_json(plan), path)


def write_refusal_json(refused: DataRefused, path: Path) -> None:
    """The promised shape with status "rejected", empty but for every fault; no workbook is written."""
    faults = [
        {"sheet": f.sheet, "row": f.row, "column": f.column, "value": f.value, "expected": f.expected}
        for f in refused.faults
    ]
    nothing: dict[str, Any] = {"goals": [], "lines": [], "unmet": [], "commitments": [], "seconds": {}, "replay": {}}
    _write_json({"status": REJECTED, **nothing, "faults": faults}, path)


def _write_json(data: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
