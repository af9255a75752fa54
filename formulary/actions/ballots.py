"""Votes: opened by the secretary, cast by each member, counted and sealed.

A secret ballot leaves no trace of its owner: no event, no time, no order. What is recorded is that a seat has voted, and
the sealed box as a whole (docs/decisions.md 19).
"""

from __future__ import annotations

import datetime as dt
import secrets
from fractions import Fraction
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from config.access import Permission
from formulary.actions import adjustments
from formulary.actions.history import record
from formulary.actions.meetings import guard_run, locked
from formulary.models import AgendaItem, BallotBox, BodyKind, Meeting, Outcome, Person, Seat, VoterMark
from formulary.queries import scope_of
from formulary.queries.meetings import Room, group_item, is_antimicrobial, room, rules_of
from formulary.queries.seals import seal_of_item
from formulary.rules import meeting_life, voting
from formulary.rules.adjustment_life import State, Verb
from formulary.rules.antimicrobials import group_share
from formulary.rules.charter import Charter
from formulary.rules.meeting_life import Verb as Step
from formulary.rules.voting import Result, VoteRefused

S = AgendaItem.State
PASSED = {Result.PASSED: Outcome.PASSED, Result.FAILED: Outcome.FAILED, Result.DEFERRED: Outcome.DEFERRED}
MOVES = {Outcome.PASSED: Verb.PASS, Outcome.FAILED: Verb.FAIL, Outcome.DEFERRED: Verb.DEFER}
RATIFYING = {Outcome.PASSED: Verb.RATIFY, Outcome.FAILED: Verb.LAPSE}


class Basis(NamedTuple):
    """What a topic needs: `share` of those present and not recused, or of all members but the recused."""

    share: Fraction
    of_members: bool


def open_vote(item: AgendaItem, *, by: Person, now: dt.datetime) -> AgendaItem:
    """Raises VoteRefused: no quorum, somebody present has not declared, another topic is open, the group has not agreed."""
    with transaction.atomic():
        meeting, row, rules = _in_session(item, by)
        if row.state != S.PENDING or not row.balloted:
            raise VoteRefused(
                f"议题“{row.title}”{row.get_state_display() if row.balloted else '不需要表决'}，不能开始表决"
            )
        if meeting.items.filter(state=S.VOTING).exists():
            raise VoteRefused("另一个议题正在表决，请先计票")
        there = room(meeting, rules, row)
        _guard_room(there)
        _guard_group(row, meeting, rules)
        AgendaItem.objects.filter(pk=row.pk).update(state=S.VOTING)
        BallotBox.objects.create(item=row, round=row.round)
        data = {"meeting": meeting.number, "quorum": there.quorum.words, "secret": row.secret}
        record("开始表决", row, alliance=meeting.alliance, by=by, now=now, data=data)
    item.refresh_from_db()
    return item


def cast(item: AgendaItem, choice: str, opinion: str = "", *, by: Person, now: dt.datetime) -> str:
    """Puts one ballot into the box and returns its receipt, which is kept nowhere. Raises VoteRefused, MeetingRefused.

    `now` is part of the shape of an action; a ballot has no time and no event.
    """
    with transaction.atomic():
        meeting = locked(item.meeting)
        meeting_life.check(Step.VOTE, meeting.state)
        row = AgendaItem.objects.get(pk=item.pk)
        seat = _seat_of(meeting, by)
        if row.state != S.VOTING:
            raise VoteRefused(f"议题“{row.title}”{row.get_state_display()}，现在不能投票")
        if VoterMark.objects.filter(item=row, round=row.round, seat=seat).exists():
            raise VoteRefused("您在本轮已投过票，一人一票")
        there = _with_voters(room(meeting, rules_of(meeting, timezone.localtime(now).date()), row), row)
        _guard_elector(seat, there)
        if not there.quorum.met:
            raise VoteRefused(f"到会人数不足，暂停投票：{there.quorum.words}")
        code = _new_receipt()
        new = voting.ballot(choice, opinion, code, seat=None if row.secret else seat.pk)
        VoterMark.objects.create(item=row, round=row.round, seat=seat)
        box = BallotBox.objects.select_for_update().get(item=row, round=row.round)
        BallotBox.objects.filter(pk=box.pk).update(ballots=voting.put(box.ballots, new))
    return f"{row.pk}.{row.round}.{code}"


def close_vote(item: AgendaItem, *, by: Person, now: dt.datetime) -> AgendaItem:
    """Counts and seals the round: decided, or voted again after a tie. The application moves with the decision."""
    with transaction.atomic():
        meeting, row, rules = _in_session(item, by)
        if row.state != S.VOTING:
            raise VoteRefused(f"议题“{row.title}”{row.get_state_display()}，没有可以计票的表决")
        box = BallotBox.objects.select_for_update().get(item=row, round=row.round)
        there = _with_voters(room(meeting, rules, row), row)
        basis = basis_of(row, meeting, rules)
        electors = there.voting - there.recused if basis.of_members else there.electors | _voters(row)
        counted = voting.count(box.ballots)
        verdict = voting.judge(
            counted,
            base=len(electors),
            share=basis.share,
            quorum=there.quorum,
            round_=row.round,
            rounds=rules.rounds,
            second_vote=rules.second_vote_after_tie,
        )
        seal = voting.box_seal(row.pk, row.round, box.ballots)
        BallotBox.objects.filter(pk=box.pk).update(seal=seal)
        told = _told(row, counted, len(electors), verdict, seal)
        rounds = [*row.tally.get("rounds", []), told]
        if verdict.result is Result.AGAIN:
            AgendaItem.objects.filter(pk=row.pk).update(round=F("round") + 1, tally={"rounds": rounds})
            BallotBox.objects.create(item=row, round=row.round + 1)
            data = {"meeting": meeting.number, "round": row.round, "words": verdict.words, "box": seal}
            record("表决相等，再次表决", row, alliance=meeting.alliance, by=by, now=now, data=data)
        else:
            tally = _tally(there, basis, rounds, verdict.words)
            _decide(row, PASSED[verdict.result], tally, by=by, now=now, box=seal)
    item.refresh_from_db()
    return item


def defer(item: AgendaItem, reason: str, *, by: Person, now: dt.datetime) -> AgendaItem:
    """暂缓 without a vote: material missing, quorum lost before the vote began. Raises VoteRefused."""
    return _conclude(item, Outcome.DEFERRED, reason, "请写明暂缓的原因", by=by, now=now)


def note(item: AgendaItem, conclusion: str, *, by: Person, now: dt.datetime) -> AgendaItem:
    """已听取: a topic that is not voted ends with what was concluded. Raises VoteRefused."""
    return _conclude(item, Outcome.NOTED, conclusion, "请写明结论", by=by, now=now)


def basis_of(item: AgendaItem, meeting: Meeting, rules: Charter) -> Basis:
    """The charter's pass share, or that of 抗菌药物 (which may be taken of all members)."""
    if not _on_antimicrobial(item, meeting):
        return Basis(rules.pass_share, of_members=False)
    if meeting.body.kind == BodyKind.ANTIMICROBIAL:
        share = group_share(item.adjustment.kind, rules) if item.adjustment else None
        return Basis(share or rules.pass_share, rules.antimicrobial_of_members)
    return Basis(rules.pass_share, rules.antimicrobial_of_members)


def _on_antimicrobial(item: AgendaItem, meeting: Meeting) -> bool:
    drug = item.adjustment.presentation if item.adjustment else None
    on = timezone.localtime(meeting.opened_at or meeting.starts_at).date()
    return drug is not None and is_antimicrobial(drug, meeting.alliance, on)


def _conclude(item: AgendaItem, outcome: Outcome, words: str, ask: str, *, by: Person, now: dt.datetime) -> AgendaItem:
    if not words.strip():
        raise VoteRefused(ask)
    with transaction.atomic():
        meeting, row, rules = _in_session(item, by)
        if row.state != S.PENDING or row.balloted is (outcome == Outcome.NOTED):
            raise VoteRefused(f"议题“{row.title}”{row.get_state_display()}，不能{Outcome(outcome).label}")
        there = room(meeting, rules, row)
        tally = {"words": words.strip()[:500], "rounds": [], "quorum": there.quorum.words}
        _decide(row, outcome, tally, by=by, now=now, box="")
    item.refresh_from_db()
    return item


def _decide(
    row: AgendaItem, outcome: Outcome, tally: dict[str, Any], *, by: Person, now: dt.datetime, box: str
) -> None:
    meeting = row.meeting
    row.state, row.outcome, row.tally, row.decided_at = S.DECIDED, outcome, tally, now
    row.seal = seal_of_item(row)
    row.save(update_fields=["state", "outcome", "tally", "decided_at", "seal"])
    data = {"meeting": meeting.number, "outcome": outcome, "words": tally["words"], "seal": row.seal, "box": box}
    record("封存表决", row, alliance=meeting.alliance, by=by, now=now, data=data)
    adjustment = row.adjustment
    if adjustment is None or meeting.body.kind != BodyKind.COMMITTEE:
        return
    verb = (RATIFYING if adjustment.state == State.TEMPORARY else MOVES).get(outcome)
    if verb is not None:
        said = f"会议 {meeting.number} 议题 {row.position}：{tally['words']}"
        fields = {"conditions": row.conditions} if outcome == Outcome.PASSED else {}
        adjustments.move(adjustment, verb, by=by, now=now, note=said, **fields)


def _told(row: AgendaItem, counted: voting.Count, base: int, verdict: voting.Verdict, seal: str) -> dict[str, Any]:
    """One round as the record keeps it."""
    return {
        "round": row.round,
        "agree": counted.agree,
        "against": counted.against,
        "abstain": counted.abstain,
        "missing": base - counted.cast,
        "base": base,
        "required": verdict.required,
        "voted": sorted(_voters(row)),
        "words": verdict.words,
        "seal": seal,
    }


def _tally(there: Room, basis: Basis, rounds: list[dict[str, Any]], words: str) -> dict[str, Any]:
    last = rounds[-1]
    kept = ("round", "agree", "against", "abstain", "missing", "base", "required")
    return {
        **{name: last[name] for name in kept},
        "share": str(basis.share),
        "of_members": basis.of_members,
        "seats": len(there.voting),
        "present": sorted(there.present),
        "recused": sorted(there.recused),
        "quorum": there.quorum.words,
        "words": words,
        "rounds": rounds,
    }


def _in_session(item: AgendaItem, by: Person) -> tuple[Meeting, AgendaItem, Charter]:
    guard_run(by, item.meeting.alliance)
    meeting = locked(item.meeting)
    meeting_life.check(Step.VOTE, meeting.state)
    row = AgendaItem.objects.select_related("adjustment__presentation").get(pk=item.pk)
    row.meeting = meeting
    return meeting, row, rules_of(meeting, timezone.localtime(meeting.starts_at).date())


def _voters(row: AgendaItem) -> frozenset[int]:
    return frozenset(VoterMark.objects.filter(item=row, round=row.round).values_list("seat_id", flat=True))


def _with_voters(there: Room, row: AgendaItem) -> Room:
    """Whoever has cast in this round was there for it, though they may have left since."""
    return Room(there.voting, there.present | _voters(row), there.declared, there.recused, there.rules)


def _guard_room(there: Room) -> None:
    if not there.quorum.met:
        raise VoteRefused(f"到会人数不足，不能表决：{there.quorum.words}")
    if there.undeclared:
        names = "、".join(str(seat.person) for seat in Seat.objects.filter(pk__in=there.undeclared))
        raise VoteRefused(f"还有委员没有声明利益关系：{names}")
    if not there.electors:
        raise VoteRefused("到会委员都已回避，没有可表决的委员")


def _guard_group(row: AgendaItem, meeting: Meeting, rules: Charter) -> None:
    """抗菌药物: the group first (卫生部令第84号)."""
    adjustment = row.adjustment
    if adjustment is None or meeting.body.kind != BodyKind.COMMITTEE or not _on_antimicrobial(row, meeting):
        return
    if adjustment.state == State.TEMPORARY or group_share(adjustment.kind, rules) is None:
        return
    before = group_item(adjustment)
    if before is None:
        raise VoteRefused("抗菌药物须先经抗菌药物管理工作组审议，工作组还没有表决结果")
    if before.outcome != Outcome.PASSED:
        words = before.tally.get("words", "")
        raise VoteRefused(f"抗菌药物管理工作组没有同意（会议 {before.meeting.number}：{words}），委员会不能表决")


def _guard_elector(seat: Seat, there: Room) -> None:
    if seat.pk not in there.present:
        raise VoteRefused("您没有签到或已离会，不能投票")
    if seat.pk not in there.declared:
        raise VoteRefused("请先声明利益关系，再投票")
    if seat.pk in there.recused:
        raise VoteRefused("您已回避该议题，不能投票")


def _seat_of(meeting: Meeting, by: Person) -> Seat:
    """The person's own voting seat at this meeting: nobody votes for another."""
    scope = scope_of(by, Permission.VOTE)
    row = meeting.attendances.filter(seat__person=by).select_related("seat__person").first()
    if scope is None or scope.alliance.pk != meeting.alliance_id or row is None or not row.seat.votes:
        raise VoteRefused("您不是本次会议的表决委员")
    return row.seat


def _new_receipt() -> str:
    signs = [secrets.choice(voting.ALPHABET) for _ in range(voting.RECEIPT_LENGTH)]
    return "-".join("".join(signs[at : at + 4]) for at in range(0, len(signs), 4))
