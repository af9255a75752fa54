"""The report of a shortage file for the bureau, as docx."""

from __future__ import annotations

from django.utils import timezone

from formulary.rules.official_docx import Notice, Part, write_notice
from shortage.models import AlertLevel

LINES = 60


def case_report(file, on):
    """What is short since when, where it stands, what was done, when supply returns; the newest events first."""
    case = file.case
    return write_notice(
        Notice(
            issuer=case.alliance.name,
            document=case.number,
            title=f"关于{file.case.drug}短缺情况的报告",
            to="卫生健康局",
            opening=[_opening(file)],
            parts=[_where(file), _supply(file), _done(file), _events(file)],
            closing=["特此报告。"],
            date=f"{on.year} 年 {on.month} 月 {on.day} 日",
        )
    )


def _opening(file):
    case, counts = file.case, file.counts
    levels = "、".join(f"{label} {counts[code]} 家" for code, label in AlertLevel.choices if code in counts)
    grade = f"，分级为 {case.grade}" if case.grade else ""
    state = f"现有预警：{levels}" if levels else "现无未解除预警"
    over = f"；已于 {timezone.localdate(case.closed_at)} 结案（{case.get_outcome_display()}）" if case.closed_at else ""
    return f"{case.drug}自 {case.since} 起出现短缺（{case.get_source_display()}：{case.reason}）{grade}。{state}。责任人：{case.owner}{over}。"


def _where(file):
    rows = [
        (
            alert.institution.name, f"{alert.presentation.strength}", alert.get_level_display(), alert.get_state_display(),
            f"{alert.stock:,} {alert.presentation.unit}", "—" if alert.days_of_supply is None else f"{alert.days_of_supply:.0f}",
        )
        for alert in file.alerts
    ]  # fmt: skip
    return Part(
        "一、涉及机构", [] if rows else ["没有预警。"], ("机构", "规格", "等级", "状态", "可用库存", "可用天数"), rows
    )


def _supply(file):
    case = file.case
    said = file.said[-1] if file.said else None
    if said is None:
        words = "尚未得到恢复供应的消息。"
    else:
        when = f"预计 {case.expected_on} 恢复供应" if case.expected_on else "恢复供应时间不明"
        moved = file.moved
        words = f"{when}（{said.source}，{said.said_on} 告知{'；' + moved if moved else ''}）。"
    rows = [
        (one.institution.short_name, one.reference, one.supplier_name, f"{one.quantity:,}", str(one.ordered_on), str(one.due_on or "未定"))
        for one in file.orders[:LINES]
    ]  # fmt: skip
    return Part("二、恢复供应与在途订单", [words], ("机构", "订单号", "供应商", "数量", "下单", "预计到货"), rows)


def _done(file):
    rows = [
        (one.alert.institution.short_name, one.get_kind_display(), one.title, one.get_state_display(), one.outcome)
        for one in file.measures[:LINES]
    ]
    return Part("三、已采取的措施", [] if rows else ["尚无。"], ("机构", "措施", "内容", "状态", "结果"), rows)


def _events(file):
    rows = [
        (f"{timezone.localtime(one.at):%m-%d %H:%M}", one.kind, one.where, one.text, one.who)
        for one in file.timeline[:LINES]
    ]
    return Part("四、经过", [], ("时间", "类别", "机构", "内容", "人员"), rows)
