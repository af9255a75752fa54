"""Moves a purchase round along its road: guard → change → step and history, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Institution, Person
from formulary.queries import scope_of, version_in_force
from procurement.actions import need_lines, plans
from procurement.actions.approval_notices import tell_approvers
from procurement.models import (
    Dispute,
    NeedReport,
    PlanState,
    PurchaseRound,
    RoundLine,
    RoundStep,
    Supplier,
    Tender,
)
from procurement.queries.settings import buying_settings
from procurement.round_audit import audit_round
from procurement.rules import rounds as rules
from procurement.rules.edits import broken_in_words
from procurement.rules.plan_settings import PlanSettings
from procurement.rules.rounds import Incomplete, NotYours, RoundRefused, Verb, WordsMissing
from shortage.queries import latest_run

LONGEST_DAYS = 366
BATCH = 2000


def open_round(
    alliance: Alliance,
    title: str,
    period: tuple[dt.date, dt.date],
    report_due: dt.date,
    *,
    tender: Tender | None = None,
    by: Person,
    now: dt.datetime,
) -> PurchaseRound:
    """A new round with one report per institution, pre-filled from the newest forecast. Raises RoundRefused."""
    _may(by, alliance, Permission.RUN_PLANS)
    run = latest_run(alliance)
    version = version_in_force(alliance, run.as_of) if run else None
    problems = _problems(title, period, report_due, today=timezone.localdate(now))
    if run is None:
        problems.append("还没有需求预测，请先运行每日监测")
    elif version is None:
        problems.append(f"{run.as_of} 没有生效的用药目录版本，请先发布目录")
    elif period[0] <= run.as_of:
        problems.append(f"采购期起始日应晚于数据截至日 {run.as_of}")
    if run is None or version is None or problems:
        raise RoundRefused("；".join(problems))
    settings = buying_settings(alliance, timezone.localdate(now))
    keys = ("round.deviation_high", "round.deviation_low", "round.year_share", "round.trifle_units")
    with transaction.atomic():
        row = PurchaseRound.objects.create(
            alliance=alliance,
            title=title.strip(),
            tender=tender,
            period_start=period[0],
            period_end=period[1],
            report_due=report_due,
            as_of=run.as_of,
            state=rules.MOVES[Verb.OPEN].after,
            limits={key: settings[key] for key in keys},
            created_at=now,
            created_by=by,
        )
        lines = need_lines.fill(row, version)
        if not lines:
            raise RoundRefused("没有可报量的品规：在用目录、预测与所选批次没有交集")
        note_step(row, Verb.OPEN, by=by, now=now, data={"lines": lines, "tender": tender and tender.code})
    return row


def gather(row: PurchaseRound, *, by: Person, now: dt.datetime, note: str = "") -> PurchaseRound:
    """报量中 → 核对中. Institutions that did not report are taken at their forecast, and the step has to say why."""
    with _moving(row, Verb.GATHER, by, Permission.RUN_PLANS) as found:
        missing = list(found.reports.filter(state__in=["filling", "returned"]).select_related("institution"))
        if missing and not note.strip():
            names = "、".join(each.institution.short_name for each in missing)
            raise Incomplete(f"{len(missing)} 家机构未上报：{names}。如按预测量代入，请写明原因")
        NeedReport.objects.filter(pk__in=[each.pk for each in missing]).update(state=NeedReport.State.ASSUMED)
        need_lines.assume_forecast([each.pk for each in missing])
        _arrive(found, Verb.GATHER, by=by, now=now, note=note, data={"assumed": len(missing)})
    return found


def send_back(report: NeedReport, why: str, *, by: Person, now: dt.datetime) -> PurchaseRound:
    """Returns one institution's report with words; a round that was being checked or confirmed collects again."""
    if not why.strip():
        raise WordsMissing("请写明退回原因")
    with transaction.atomic():
        found = _locked(report.round_id)
        _may(by, found.alliance, Permission.RUN_PLANS)
        if found.state != rules.REPORTING:
            rules.check(Verb.REOPEN, found.state)
        each = NeedReport.objects.select_for_update().select_related("institution").get(pk=report.pk)
        if each.state == NeedReport.State.FILLING:
            raise RoundRefused(f"{each.institution.short_name}尚未上报，不必退回")
        each.state, each.returned_for = NeedReport.State.RETURNED, why.strip()[:300]
        each.submitted_at = each.submitted_by = None
        each.save()
        found.state = rules.REPORTING
        found.save(update_fields=["state"])
        note_step(found, Verb.REOPEN, by=by, now=now, note=why, institution=each.institution)
    return found


def optimise(row: PurchaseRound, settings: PlanSettings, *, by: Person, now: dt.datetime) -> PurchaseRound:
    """核对中 → 优化中: a plan on the reported needs, solved by the ordinary job. A former plan stays as it was."""
    with _moving(row, Verb.OPTIMISE, by, Permission.RUN_PLANS) as found:
        if found.state == rules.SOLVING and found.plan and found.plan.standing in (PlanState.DRAFT, PlanState.SOLVING):
            raise RoundRefused("本轮的计划正在求解，请等它结束或先停止")
        title = f"{found.title} 采购计划"
        if found.plan is not None:
            title = plans.next_title(found.plan)
        found.plan = plans.create_plan(
            found.alliance, title[:120], (found.period_start, found.period_end), settings, by=by, now=now
        )
        _arrive(found, Verb.OPTIMISE, by=by, now=now, data={"plan": found.plan.pk})
    return found


def present(row: PurchaseRound, *, by: Person, now: dt.datetime) -> PurchaseRound:
    """优化中 → 机构确认中: the plan's lines become the round's, and every institution is asked to confirm."""
    with _moving(row, Verb.PRESENT, by, Permission.RUN_PLANS) as found:
        if found.plan is None or found.plan.state != PlanState.READY:
            raise Incomplete("采购计划还没有生成，不能交机构确认")
        _take_lines(found)
        found.audit = audit_round(found)
        found.reports.update(confirmed_at=None, confirmed_by=None)
        _arrive(found, Verb.PRESENT, by=by, now=now, data={"plan": found.plan.pk, "lines": found.lines.count()})
    return found


def submit(row: PurchaseRound, *, by: Person, now: dt.datetime, note: str = "") -> PurchaseRound:
    """机构确认中 → 待审批. Every dispute must be answered; institutions that kept silent need words."""
    with _moving(row, Verb.SUBMIT, by, Permission.RUN_PLANS) as found:
        open_count = Dispute.objects.filter(line__round=found, state=Dispute.State.OPEN).count()
        if open_count:
            raise Incomplete(f"还有 {open_count} 条异议没有答复")
        buyers = found.lines.filter(packs__gt=0).values("institution")
        silent = found.reports.filter(confirmed_at=None, institution__in=buyers).select_related("institution")
        if silent and not note.strip():
            names = "、".join(each.institution.short_name for each in silent)
            raise Incomplete(f"{len(silent)} 家机构未确认：{names}。如先行送审，请写明原因")
        found.amount = sum((line.amount for line in found.lines.only("price", "packs")), start=0)
        if not found.amount:
            raise Incomplete("没有要采购的行，无需送审")
        found.audit = audit_round(found)
        found.attempt += 1
        found.applicant = by
        data = {"amount": found.amount, "silent": len(silent), "broken": broken_in_words(found.audit)}
        _arrive(found, Verb.SUBMIT, by=by, now=now, note=note, data=data)
        tell_approvers(found, now=now)
    return found


def close(row: PurchaseRound, *, by: Person, now: dt.datetime) -> PurchaseRound:
    """执行中 → 已关闭, when no order waits for goods any more."""
    with _moving(row, Verb.CLOSE, by, Permission.RUN_PLANS) as found:
        waiting = found.orders.exclude(state__in=["done", "closed", "cancelled"]).count()
        if waiting:
            raise Incomplete(f"还有 {waiting} 张订单未到齐；不再供货的请先在订单中办理“余量不再供货”")
        _arrive(found, Verb.CLOSE, by=by, now=now)
    return found


def assess(row: PurchaseRound, figures: Mapping[str, Any], *, by: Person, now: dt.datetime, note: str) -> PurchaseRound:
    """已关闭 → 已考核: the figures of queries.round_assessment are frozen with words of judgement."""
    if not note.strip():
        raise WordsMissing("请写考核意见")
    with _moving(row, Verb.ASSESS, by, Permission.RUN_PLANS) as found:
        found.assessment = dict(figures) | {"note": note.strip()}
        _arrive(found, Verb.ASSESS, by=by, now=now, note=note, data=figures)
    return found


def cancel(row: PurchaseRound, why: str, *, by: Person, now: dt.datetime) -> PurchaseRound:
    if not why.strip():
        raise WordsMissing("请写明作废原因")
    with _moving(row, Verb.CANCEL, by, Permission.RUN_PLANS) as found:
        _arrive(found, Verb.CANCEL, by=by, now=now, note=why)
    return found


def note_step(
    row: PurchaseRound,
    verb: Verb,
    *,
    by: Person | None,
    now: dt.datetime,
    note: str = "",
    label: str = "",
    institution: Institution | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """One step on the round's own road, and the event in the chain."""
    said = label or rules.MOVES[verb].label
    note = note.strip()[:300]
    RoundStep.objects.create(round=row, at=now, verb=verb, label=said, by=by, institution=institution, note=note)
    facts = {"state": row.state, "note": note, "institution": institution and institution.code, **(data or {})}
    record(f"采购轮次{said}", row, alliance=row.alliance, by=by, now=now, data=facts)


@contextmanager
def _moving(row: PurchaseRound, verb: Verb, by: Person, permission: Permission) -> Iterator[PurchaseRound]:
    """Locks the round, checks permission and move; the body changes it inside the same transaction."""
    with transaction.atomic():
        found = _locked(row.pk)
        _may(by, found.alliance, permission)
        rules.check(verb, found.state)
        yield found


def _locked(pk: int) -> PurchaseRound:
    PurchaseRound.objects.select_for_update().get(pk=pk)
    return PurchaseRound.objects.select_related("alliance", "tender", "plan", "plan__job").get(pk=pk)


def _arrive(row: PurchaseRound, verb: Verb, *, by: Person, now: dt.datetime, note: str = "", data: Any = None) -> None:
    row.state = rules.MOVES[verb].after or row.state
    row.save()
    note_step(row, verb, by=by, now=now, note=note, data=data)


def _may(by: Person, alliance: Alliance, permission: Permission) -> None:
    scope = scope_of(by, permission)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise NotYours("您的角色不能办理这一步")


def _take_lines(row: PurchaseRound) -> None:
    """The plan's lines as the round's own; the price and minimum of the day are kept with them."""
    if row.plan is None:
        return
    row.lines.all().delete()
    suppliers = dict(Supplier.objects.filter(alliance=row.alliance).values_list("code", "pk"))
    minimums = {
        (product["code"].removesuffix(f"@{product['supplier']}"), product["supplier"]): product["minimum_packs"]
        for product in (row.plan.case or {}).get("products", [])
    }
    RoundLine.objects.bulk_create(
        (
            RoundLine(
                round=row,
                institution_id=line.institution_id,
                product_id=line.product_id,
                supplier_id=suppliers[line.supplier_code],
                price=line.amount / line.packs,
                minimum_packs=minimums.get((line.product.code, line.supplier_code), 1),
                planned=line.packs,
                packs=line.packs,
                reason=line.reason,
            )
            for line in row.plan.lines.select_related("product")
        ),
        batch_size=BATCH,
    )


def _problems(title: str, period: tuple[dt.date, dt.date], due: dt.date, *, today: dt.date) -> list[str]:
    found = []
    if not title.strip():
        found.append("请填写轮次名称")
    if period[1] < period[0]:
        found.append("采购期终止日应不早于起始日")
    if (period[1] - period[0]).days >= LONGEST_DAYS:
        found.append(f"采购期应不超过 {LONGEST_DAYS} 天")
    if due < today:
        found.append("报量截止日不能早于今天")
    if due > period[1]:
        found.append("报量截止日应不晚于采购期终止日")
    return found
