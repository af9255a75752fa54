"""Recomputes every seal of a meeting from its rows; whatever does not agree is named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from formulary.models import AgendaItem, Alliance, BallotBox, Event, Meeting, MeetingPaper, MeetingState, VoterMark
from formulary.rules import seals, voting


@dataclass(frozen=True)
class Checked:
    """One thing that was sealed and what is wrong with it; nothing is “”."""

    name: str
    fault: str = ""


def seal_of_item(item: AgendaItem) -> str:
    """The seal as it should be, from the rows as they are."""
    assert item.decided_at is not None
    return seals.item_seal(
        meeting=item.meeting.number,
        position=item.position,
        title=item.title,
        adjustment=item.adjustment.number if item.adjustment else "",
        secret=item.secret,
        conditions=item.conditions,
        declarations=list(item.declarations.values_list("seat_id", "recused", "reason")),
        outcome=item.outcome,
        tally=item.tally,
        decided_at=item.decided_at,
    )


def seal_of_meeting(meeting: Meeting, minutes_sha256: str) -> str:
    assert meeting.opened_at
    assert meeting.closed_at
    assert meeting.signed_at
    attendance = meeting.attendances.order_by("seat").values_list("seat_id", "state", "note")
    return seals.meeting_seal(
        number=meeting.number,
        title=meeting.title,
        charter=meeting.charter,
        attendance=list(attendance),
        items=list(meeting.items.order_by("position").values_list("seal", flat=True)),
        minutes=meeting.minutes,
        minutes_sha256=minutes_sha256,
        opened_at=meeting.opened_at,
        closed_at=meeting.closed_at,
        signed_at=meeting.signed_at,
    )


def verify_meeting(meeting: Meeting) -> list[Checked]:
    """Boxes, topics, papers and the meeting itself, in order."""
    checked: list[Checked] = []
    for item in meeting.items.select_related("meeting", "adjustment").order_by("position"):
        checked += [_box(item, box) for box in item.boxes.order_by("round")]
        if item.state == AgendaItem.State.DECIDED:
            checked.append(_item(item))
    checked += [_paper(paper) for paper in meeting.papers.all()]
    if meeting.state == MeetingState.SIGNED:
        checked.append(_meeting(meeting))
    return checked


def verify_meetings(alliance: Alliance | None = None) -> Iterator[tuple[Meeting, list[Checked]]]:
    rows = Meeting.objects.exclude(opened_at=None).select_related("alliance", "body").order_by("alliance", "number")
    for meeting in rows.filter(alliance=alliance) if alliance else rows:
        yield meeting, verify_meeting(meeting)


def _box(item: AgendaItem, box: BallotBox) -> Checked:
    name = f"议题 {item.position} 第 {box.round} 轮票箱"
    marks = VoterMark.objects.filter(item=item, round=box.round).count()
    if marks != len(box.ballots):
        return Checked(name, f"票数 {len(box.ballots)} 与投票人数 {marks} 不符")
    if not box.seal:
        open_now = item.state == AgendaItem.State.VOTING and item.round == box.round
        return Checked(name, "" if open_now else "没有封存")
    if voting.box_seal(item.pk, box.round, box.ballots) != box.seal:
        return Checked(name, "选票与封存哈希不符，曾被改动")
    if not _was_recorded(item, box.seal):
        return Checked(name, "操作链中没有此封存哈希")
    return Checked(name)


def _item(item: AgendaItem) -> Checked:
    name = f"议题 {item.position} {item.title}"
    if seal_of_item(item) != item.seal:
        return Checked(name, "内容与封存哈希不符，曾被改动")
    if not _was_recorded(item, item.seal):
        return Checked(name, "操作链中没有此封存哈希")
    for told in item.tally.get("rounds", []):
        box = item.boxes.filter(round=told["round"]).first()
        if box is None or box.seal != told["seal"]:
            return Checked(name, f"第 {told['round']} 轮票箱与计票不符")
        counted = voting.count(box.ballots)
        if (counted.agree, counted.against, counted.abstain) != (told["agree"], told["against"], told["abstain"]):
            return Checked(name, f"第 {told['round']} 轮计票与票箱不符")
    return Checked(name)


def _paper(paper: MeetingPaper) -> Checked:
    name = f"文件 {paper.name}"
    try:
        with paper.file.open("rb") as stream:
            found = hashlib.sha256(stream.read()).hexdigest()
    except FileNotFoundError:
        return Checked(name, "文件不见了")
    return Checked(name, "" if found == paper.sha256 else "文件与校验值不符，曾被改动")


def _meeting(meeting: Meeting) -> Checked:
    paper = meeting.papers.filter(kind=MeetingPaper.Kind.MINUTES).first()
    if paper is None:
        return Checked("会议纪要", "没有签发的文件")
    good = seal_of_meeting(meeting, paper.sha256) == meeting.seal
    return Checked("会议封存", "" if good else "出席、议题或纪要与封存哈希不符，曾被改动")


def _was_recorded(item: AgendaItem, seal: str) -> bool:
    """The history chain holds the seal too: changing a row and its seal together is still noticed."""
    rows = Event.objects.filter(chain=item.meeting.alliance.code, subject=f"{item._meta.label}:{item.pk}")
    return any(seal in (event.data.get("seal"), event.data.get("box")) for event in rows)
