"""What an institution does in a round: fill in its need, submit it, confirm or dispute what is planned for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from config.access import Permission
from formulary.models import Person
from formulary.queries import scope_of
from procurement.actions import need_lines
from procurement.actions.rounds import note_step
from procurement.models import Dispute, NeedLine, NeedReport, PurchaseRound, RoundLine
from procurement.round_audit import audit_round
from procurement.rules import rounds as rules
from procurement.rules.edits import broken_in_words
from procurement.rules.needs import in_words
from procurement.rules.rounds import Incomplete, NotYours, RoundRefused, Verb, WordsMissing

MOST = 2_000_000_000


def save_lines(report: NeedReport, given: Mapping[int, tuple[int, str]], *, by: Person, now: dt.datetime) -> int:
    """Writes quantity and reason of lines (by id); returns how many changed. Reasons may still be missing."""
    with transaction.atomic():
        found, row = _mine(report, by)
        _refuse_unless_open(found, row)
        limits = need_lines.limits_of(row)
        changed = []
        for line in NeedLine.objects.filter(report=found, pk__in=list(given)):
            quantity, reason = given[line.pk]
            if not 0 <= quantity <= MOST:
                raise RoundRefused(f"报量应为不小于 0 的整数，收到 {quantity}")
            if (line.quantity, line.reason) != (quantity, reason.strip()[:200]):
                line.quantity, line.reason = quantity, reason.strip()[:200]
                line.asks = need_lines.judge(line, row, limits)
                changed.append(line)
        NeedLine.objects.bulk_update(changed, ["quantity", "reason", "asks"], batch_size=500)
        need_lines.recount([found.pk])
        if changed:
            data = {"lines": len(changed)}
            note_step(row, Verb.OPEN, label="填写报量", institution=found.institution, by=by, now=now, data=data)
    return len(changed)


def submit(report: NeedReport, *, by: Person, now: dt.datetime) -> NeedReport:
    """Reports the institution's need; every line that the rules ask about must say why."""
    with transaction.atomic():
        found, row = _mine(report, by)
        _refuse_unless_open(found, row)
        bare = list(found.lines.exclude(asks="").filter(reason="").select_related("presentation")[:4])
        if bare:
            named = "；".join(f"{line.presentation}（{in_words(line.asks.split(','))}）" for line in bare[:3])
            more = "等" if len(bare) > 3 else ""
            raise Incomplete(f"还有 {found.unexplained} 行须写明原因：{named}{more}")
        found.state, found.submitted_at, found.submitted_by, found.returned_for = (
            NeedReport.State.SUBMITTED,
            now,
            by,
            "",
        )
        found.save()
        note_step(
            row,
            Verb.OPEN,
            label="上报需求",
            institution=found.institution,
            by=by,
            now=now,
            data={"lines": found.lines_count, "changed": found.changed, "explained": found.asked},
        )
    return found


def confirm(report: NeedReport, *, by: Person, now: dt.datetime) -> NeedReport:
    """The institution agrees to what is planned for it; its open disputes must be answered or withdrawn first."""
    with transaction.atomic():
        found, row = _mine(report, by)
        _refuse_unless_confirming(row)
        waiting = Dispute.objects.filter(line__round=row, line__institution=found.institution, state="open").count()
        if waiting:
            raise Incomplete(f"本机构还有 {waiting} 条异议待答复，答复或撤回后再确认")
        if found.confirmed_at is not None:
            raise RoundRefused("本机构已经确认")
        found.confirmed_at, found.confirmed_by = now, by
        found.save(update_fields=["confirmed_at", "confirmed_by"])
        note_step(row, Verb.PRESENT, label="机构确认", institution=found.institution, by=by, now=now)
    return found


def dispute(line: RoundLine, wanted: int, reason: str, *, by: Person, now: dt.datetime) -> Dispute:
    """Asks for another number of packs of one planned line, with a reason."""
    if not reason.strip():
        raise WordsMissing("请写明理由")
    with transaction.atomic():
        row = _locked(line.round_id)
        here = RoundLine.objects.select_related("institution").get(pk=line.pk)
        _reach(by, here.institution_id)
        _refuse_unless_confirming(row)
        if wanted == here.packs:
            raise RoundRefused("希望的包数与计划相同，无需提出异议")
        if not (wanted == 0 or here.minimum_packs <= wanted <= MOST):
            raise RoundRefused(f"希望的包数应为 0 或不小于起订 {here.minimum_packs} 包")
        if here.disputes.filter(state=Dispute.State.OPEN).exists():
            raise RoundRefused("这一行已有待答复的异议")
        made = Dispute.objects.create(
            line=here, wanted=wanted, reason=reason.strip()[:200], raised_at=now, raised_by=by
        )
        NeedReport.objects.filter(round=row, institution=here.institution).update(confirmed_at=None, confirmed_by=None)
        data = {"line": str(here), "planned": here.packs, "wanted": wanted}
        note_step(
            row, Verb.PRESENT, label="提出异议", institution=here.institution, by=by, now=now, note=reason, data=data
        )
    return made


def withdraw(case: Dispute, *, by: Person, now: dt.datetime) -> Dispute:
    with transaction.atomic():
        found, row = _open_dispute(case)
        _reach(by, found.line.institution_id)
        found.state = Dispute.State.DROPPED
        found.save(update_fields=["state"])
        note_step(row, Verb.PRESENT, label="撤回异议", institution=found.line.institution, by=by, now=now)
    return found


def answer(case: Dispute, accepted: bool, words: str, *, by: Person, now: dt.datetime) -> Dispute:
    """The buyer takes the wish over into the line, or refuses it with words. The changed lines are audited at once."""
    if not accepted and not words.strip():
        raise WordsMissing("不采纳时请写明原因")
    with transaction.atomic():
        found, row = _open_dispute(case)
        scope = scope_of(by, Permission.RUN_PLANS)
        if scope is None or scope.alliance.pk != row.alliance_id:
            raise NotYours("只有采购员可以答复异议")
        found.state = Dispute.State.ACCEPTED if accepted else Dispute.State.REFUSED
        found.answer, found.answered_at, found.answered_by = words.strip()[:200], now, by
        found.save()
        before = found.line.packs
        data = {"line": str(found.line), "before": before, "after": found.wanted if accepted else before}
        if accepted:
            RoundLine.objects.filter(pk=found.line_id).update(packs=found.wanted)
            row.audit = audit_round(row)
            row.save(update_fields=["audit"])
            data["broken"] = broken_in_words(row.audit)
        label = "采纳异议" if accepted else "不采纳异议"
        note_step(
            row,
            Verb.PRESENT,
            label=label,
            institution=found.line.institution,
            by=by,
            now=now,
            note=words,
            data=data,
        )
    return found


def _mine(report: NeedReport, by: Person) -> tuple[NeedReport, PurchaseRound]:
    row = _locked(report.round_id)
    found = NeedReport.objects.select_related("institution").get(pk=report.pk)
    _reach(by, found.institution_id)
    return found, row


def _locked(pk: int) -> PurchaseRound:
    PurchaseRound.objects.select_for_update().get(pk=pk)
    return PurchaseRound.objects.select_related("alliance").get(pk=pk)


def _open_dispute(case: Dispute) -> tuple[Dispute, PurchaseRound]:
    found = Dispute.objects.select_related("line__institution", "line__product__presentation").get(pk=case.pk)
    row = _locked(found.line.round_id)
    _refuse_unless_confirming(row)
    if found.state != Dispute.State.OPEN:
        raise RoundRefused("这条异议已经办结")
    return found, row


def _reach(by: Person, institution: int) -> None:
    scope = scope_of(by, Permission.REPORT_NEED)
    if scope is None or institution not in scope.institution_ids:
        raise NotYours("只能办理本机构的报量与确认")


def _refuse_unless_open(report: NeedReport, row: PurchaseRound) -> None:
    if row.state != rules.REPORTING:
        raise RoundRefused(f"采购轮次{rules.STATE_NAMES[row.state]}，报量已锁定；需要修改请联系采购员退回")
    if not report.is_open:
        raise RoundRefused("本机构已经上报；需要修改请联系采购员退回")


def _refuse_unless_confirming(row: PurchaseRound) -> None:
    if row.state != rules.CONFIRMING:
        raise RoundRefused(f"采购轮次{rules.STATE_NAMES[row.state]}，不在机构确认中")
