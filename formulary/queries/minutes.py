"""A meeting put into the words of its notice and its minutes, from the record alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from formulary.models import AgendaItem, Attendance, Level, Meeting, Outcome, Restriction
from formulary.queries.meetings import attendances_of, items_of, rules_of
from formulary.rules import voting
from formulary.rules.charter import Charter
from formulary.rules.meeting_docx import Paper, Topic

A = Attendance.State


def notice_of(meeting: Meeting) -> Paper:
    who = "、".join(str(row.seat.person) for row in attendances_of(meeting))
    facts = [*_facts(meeting), ("参加人员", who or "发出通知时按席位列出")]
    closing = [
        "请各位委员会前在“我的会议”阅读材料，对每个议题声明利益关系；有利益冲突的，写明事由并回避。",
        "因故不能到会的，请在系统中请假。表决一人一票，不得委托。",
        f"{meeting.body}办公室",
    ]
    topics = [Topic(item.position, item.title, materials=_materials(item)) for item in items_of(meeting)]
    return Paper(meeting.title, meeting.number, str(meeting.body), facts, topics, closing=closing)


def minutes_of(meeting: Meeting, *, signer: str = "", signed_on: dt.date | None = None) -> Paper:
    """`signer` blank: a draft, and it says so."""
    rules = rules_of(meeting, timezone.localtime(meeting.starts_at).date())
    rows = attendances_of(meeting)
    last = (signed_on or timezone.localtime(meeting.closed_at or meeting.starts_at).date()).year + rules.minutes_years
    signature = f"签发：{signer}　{signed_on}" if signer and signed_on else "（草稿，尚未签发）"
    return Paper(
        meeting.title,
        meeting.number,
        str(meeting.body),
        [*_facts(meeting), ("实际起止", f"{_moment(meeting.opened_at)} 至 {_moment(meeting.closed_at)}")],
        [_topic(item, meeting, rows) for item in items_of(meeting)],
        people=_people(rows),
        rules=_rules(rules),
        summary=meeting.minutes.get("summary", ""),
        closing=[signature, f"本纪要保存至 {last} 年。"],
    )


def conditions_words(given: Mapping[str, Any]) -> str:
    """{"lowest_level", "restriction", "review_months"} as people read it."""
    words = []
    if given.get("lowest_level"):
        words.append(f"{Level(given['lowest_level']).label}及以上机构使用")
    if given.get("restriction"):
        words.append(f"限制：{Restriction(given['restriction']).label}")
    if given.get("review_months"):
        words.append(f"{given['review_months']} 个月后复评")
    return "，".join(words)


def _topic(item: AgendaItem, meeting: Meeting, rows: list[Attendance]) -> Topic:
    said = meeting.minutes.get("items", {}).get(str(item.pk), {})
    names = {row.seat_id: str(row.seat.person) for row in rows}
    boxes = list(item.boxes.order_by("round"))
    opinions = [f"{choice}：{text}" for box in boxes if box.seal for choice, text in voting.opinions(box.ballots)]
    keys = ("round", "agree", "against", "abstain", "missing", "base", "required")
    recused = [row for row in item.declarations.all() if row.recused]
    outcome = Outcome(item.outcome).label if item.outcome else "尚未决定"
    return Topic(
        item.position,
        item.title,
        materials=_materials(item),
        discussion=said.get("discussion", ""),
        recused=[f"{names.get(row.seat_id, row.seat.person)}（{row.reason}）" for row in recused],
        ballots=[tuple(told[key] for key in keys) for told in item.tally.get("rounds", [])],
        manner="无记名投票" if item.secret else "记名投票",
        opinions=opinions if item.secret else _named(boxes, names),
        decision=f"{outcome}。{item.tally.get('words', '')}",
        conditions=conditions_words(item.conditions) if item.outcome != Outcome.FAILED else "",
        owner=said.get("owner", ""),
        due=said.get("due", ""),
    )


def _named(boxes: list, names: Mapping[int, str]) -> list[str]:
    """A vote by name tells who chose what."""
    told = []
    for box in boxes:
        for one in box.ballots:
            words = f"：{one['opinion']}" if one["opinion"] else ""
            who = names.get(one.get("seat", 0), "")
            told.append(f"第 {box.round} 轮 {who} {voting.Choice(one['choice']).label}{words}")
    return told


def _materials(item: AgendaItem) -> list[tuple[str, str]]:
    adjustment = item.adjustment
    if adjustment is None:
        return []
    lines = [
        (
            "申请",
            f"{adjustment.number} {adjustment.get_kind_display()}，{adjustment.institution}，{adjustment.applicant}",
        )
    ]
    if adjustment.drops:
        lines.append(("替换下", str(adjustment.drops)))
    if adjustment.reason:
        lines.append(("理由", adjustment.reason))
    if item.conditions:
        lines.append(("拟附条件", conditions_words(item.conditions)))
    return lines


def _facts(meeting: Meeting) -> list[tuple[str, str]]:
    return [
        ("会议性质", meeting.get_occasion_display()),
        ("时间", _moment(meeting.starts_at)),
        ("地点", meeting.place),
    ]


def _people(rows: list[Attendance]) -> list[tuple[str, list[str]]]:
    def names(voting_seat: bool, *states: str) -> list[str]:
        found = [row for row in rows if row.seat.votes is voting_seat and row.state in states]
        return [f"{row.seat.person}（{row.seat.get_office_display()}）" for row in found]

    return [
        ("到会委员", names(True, A.PRESENT)),
        ("中途离会委员", names(True, A.LEFT)),
        ("请假委员", names(True, A.EXCUSED)),
        ("缺席委员", names(True, A.INVITED)),
        ("列席与记录", names(False, A.PRESENT, A.LEFT)),
    ]


def _rules(rules: Charter) -> list[str]:
    counted = "计入" if rules.recused_count else "不计入"
    return [
        f"表决委员到会 {rules.quorum} 以上方可开会与表决，回避委员{counted}到会人数。",
        f"到会且不回避的委员 {rules.pass_share} 以上同意为通过；一人一票，投反对票须写明意见。",
    ]


def _moment(moment: dt.datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}" if moment else "—"
