"""每周短缺状态: opened for every institution and filled in from its alerts, confirmed there, answered by the alliance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Person, Presentation
from formulary.queries import scope_of
from formulary.rules.working_days import after
from shortage.models import (
    CURRENT,
    LIVE,
    Alert,
    Consumption,
    StatusLine,
    StatusReport,
    StatusRound,
    StockPosition,
    WatchRun,
)
from shortage.queries.settings import act_settings
from shortage.queries.status import status_settings
from shortage.rules.status_round import SHORT, SUPPLY, StatusRefused, StatusRules, monday, opens_now

Said = Mapping[int, tuple[int, str]]
"""By line: supply state and words."""


def open_round(alliance: Alliance, *, by: Person | None, now: dt.datetime) -> StatusRound:
    """This week's round, one report per institution in use, lines from live alerts. Raises StatusRefused."""
    if by is not None:
        _manager(by, alliance)
    on = timezone.localdate(now)
    rules, act = status_settings(alliance, on), act_settings(alliance, on)
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        if StatusRound.objects.filter(alliance=alliance, week=monday(on)).exists():
            raise StatusRefused("本周的短缺状态填报已经发起")
        due = now + dt.timedelta(hours=act.verify_hours)
        row = StatusRound.objects.create(
            alliance=alliance, week=monday(on), opened_at=now, opened_by=by, due_at=due,
            answer_due=after(timezone.localdate(due), act.answer_days).closes,
        )  # fmt: skip
        members = list(alliance.institutions.filter(active=True).order_by("pk"))
        reports = {
            one.institution_id: one
            for one in StatusReport.objects.bulk_create(StatusReport(round=row, institution=place) for place in members)
        }
        StatusLine.objects.bulk_create(_filled(alliance, reports, rules, on))
        record("发起短缺状态填报", row, alliance=alliance, by=by, now=now, data={"institutions": len(reports)})
    return row


def _filled(alliance: Alliance, reports: dict[int, StatusReport], rules: StatusRules, on: dt.date) -> list[StatusLine]:
    alerts = list(Alert.objects.filter(LIVE, institution__in=reports).order_by("pk"))
    drugs = {alert.presentation_id for alert in alerts}
    used = {
        (place, drug): units
        for place, drug, units in Consumption.objects.filter(
            CURRENT, institution__alliance=alliance, presentation__in=drugs, date__gt=on - dt.timedelta(days=7), date__lte=on
        ).order_by().values_list("institution", "presentation").annotate(Sum("quantity"))
    }  # fmt: skip
    return [
        StatusLine(
            report=reports[alert.institution_id], presentation_id=alert.presentation_id, alert=alert,
            supply=rules.supply(alert.level), computed=rules.supply(alert.level), stock=alert.stock,
            week_use=used.get((alert.institution_id, alert.presentation_id), 0), days=alert.days_of_supply,
        )
        for alert in alerts
    ]  # fmt: skip


def open_due(alliance: Alliance, *, now: dt.datetime) -> bool:
    """Opens this week's round when its hour has come; alliances that are not watched yet have none."""
    on = timezone.localdate(now)
    if not opens_now(timezone.localtime(now), status_settings(alliance, on)):
        return False
    known = StatusRound.objects.filter(alliance=alliance, week=monday(on)).exists()
    if known or not WatchRun.objects.filter(alliance=alliance).exists():
        return False
    open_round(alliance, by=None, now=now)
    return True


def add_line(
    report: StatusReport, drug: Presentation, supply: int, note: str, *, by: Person, now: dt.datetime
) -> StatusLine:
    """A drug that no alert speaks of. Raises StatusRefused when it is on the report already."""
    if supply not in SUPPLY:
        raise StatusRefused(f"供应状态应为 {'、'.join(SUPPLY.values())} 之一")
    with transaction.atomic():
        row = _mine(report, by)
        if row.lines.filter(presentation=drug).exists():
            raise StatusRefused(f"{drug}已在本周清单中，请直接修改")
        held = StockPosition.objects.filter(institution=row.institution, presentation=drug).first()
        made = StatusLine.objects.create(
            report=row, presentation=drug, supply=supply, note=note.strip()[:200], stock=held.quantity if held else None
        )
        data = {"drug": drug.pk, "supply": supply}
        record("补充短缺状态", row, alliance=row.round.alliance, by=by, now=now, data=data)
    return made


def confirm(report: StatusReport, said: Said, note: str, *, by: Person, now: dt.datetime) -> StatusReport:
    """The institution's word for the week; nothing short is a zero report. May be said again until the end of the term.

    A state other than the one filled in asks for words. Raises StatusRefused with every line at fault.
    """
    with transaction.atomic():
        row = _mine(report, by)
        if row.confirmed_at is not None and now > row.round.due_at:
            raise StatusRefused("已确认，填报已截止；更正请联系医共体采购中心")
        lines = list(row.lines.select_related("presentation"))
        faults = []
        for line in lines:
            supply, words = said.get(line.pk, (line.supply, line.note))
            if supply not in SUPPLY:
                faults.append(f"{line.presentation}：供应状态有误")
            elif line.computed and supply != line.computed and not words.strip():
                faults.append(f"{line.presentation}：与预填“{SUPPLY[line.computed]}”不同，请写明理由")
            line.supply, line.note = supply, words.strip()[:200]
        if faults:
            raise StatusRefused("；".join(faults))
        StatusLine.objects.bulk_update(lines, ["supply", "note"])
        row.confirmed_by, row.confirmed_at, row.note = by, now, note.strip()[:200]
        row.save(update_fields=["confirmed_by", "confirmed_at", "note"])
        short = sum(line.supply >= SHORT for line in lines)
        data = {"short": short, "lines": [[line.presentation_id, line.supply] for line in lines]}
        record("确认短缺状态" if short else "零报告", row, alliance=row.round.alliance, by=by, now=now, data=data)
    return row


def answer(round_: StatusRound, drug: Presentation, text: str, *, by: Person, now: dt.datetime) -> int:
    """What the alliance does about a drug: to every institution that confirmed it short and has no answer yet; how many.

    Raises StatusRefused where none waits.
    """
    if not text.strip():
        raise StatusRefused("请写明答复，如 已安排调剂、动用储备、已上报市级")
    _manager(by, round_.alliance)
    with transaction.atomic():
        lines = StatusLine.objects.select_for_update(of=("self",)).filter(
            report__round=round_, report__confirmed_at__isnull=False, presentation=drug, supply__gte=SHORT,
            answered_at__isnull=True,
        )  # fmt: skip
        waiting = list(lines.values_list("pk", flat=True))
        if not waiting:
            raise StatusRefused("没有待答复的机构；机构确认为短缺后才需要答复")
        StatusLine.objects.filter(pk__in=waiting).update(answer=text.strip()[:200], answered_by=by, answered_at=now)
        data = {"drug": drug.pk, "institutions": len(waiting), "text": text.strip()[:200]}
        record("答复短缺状态", round_, alliance=round_.alliance, by=by, now=now, data=data)
    return len(waiting)


def _mine(report: StatusReport, by: Person) -> StatusReport:
    row = (
        StatusReport.objects.select_for_update(of=("self",))
        .select_related("round__alliance", "institution")
        .get(pk=report.pk)
    )
    scope = scope_of(by, Permission.HANDLE_ALERTS)
    if scope is None or row.institution_id not in scope.institution_ids:
        raise StatusRefused("只能填报本机构的短缺状态")
    return row


def _manager(by: Person, alliance: Alliance) -> None:
    scope = scope_of(by, Permission.MANAGE_SHORTAGE)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise StatusRefused("只有医共体管理短缺的人员可以办理")
