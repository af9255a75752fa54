"""短缺专案: opened, kept and closed. What happened to the drug is not copied: the page reads it from the alerts and orders."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Medicine, Person, Presentation
from formulary.queries import scope_of
from shortage.models import LIVE, Alert, CaseEntry, ShortageCase
from shortage.rules.case_life import GRADES, OUTCOMES, CaseOver, CaseRefused, CaseStands

Kind = CaseEntry.Kind


def open_case(
    alliance: Alliance,
    drug: Presentation | Medicine,
    *,
    source: str,
    reason: str,
    by: Person,
    now: dt.datetime,
    owner: Person | None = None,
    grade: str = "",
) -> ShortageCase:
    """One open file per 品规 (or whole 品种); the event began with the first alert that is still live.

    Raises CaseStands, CaseRefused.
    """
    _may(by, alliance)
    words = _words(reason, "请写明立案起因", 300)
    presentation = drug if isinstance(drug, Presentation) else None
    medicine = drug.medicine if isinstance(drug, Presentation) else drug
    on = timezone.localdate(now)
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        _refuse_second(alliance, medicine, presentation)
        head = f"DQ{on:%Y%m%d}-"
        same = ShortageCase.objects.filter(alliance=alliance, number__startswith=head).count()
        row = ShortageCase.objects.create(
            alliance=alliance, number=f"{head}{same + 1:02d}", medicine=medicine, presentation=presentation,
            source=source, reason=words, since=_since(alliance, medicine, presentation) or on, grade=_grade(grade),
            owner=owner or by, opened_by=by, opened_at=now,
        )  # fmt: skip
        _enter(row, Kind.OPENED, f"{row.get_source_display()}：{words}", by=by, now=now)
        record("立短缺专案", row, alliance=alliance, by=by, now=now, data={"reason": words, "source": source})
    return row


def _refuse_second(alliance: Alliance, medicine: Medicine, presentation: Presentation | None) -> None:
    rows = ShortageCase.objects.filter(alliance=alliance, closed_at__isnull=True, medicine=medicine)
    if presentation is not None:
        rows = rows.filter(presentation__in=[presentation]) | rows.filter(presentation__isnull=True)
    there = rows.first()
    if there is not None:
        raise CaseStands(f"{there.drug}已有未结专案 {there.number}，请在其中记录")


def _since(alliance: Alliance, medicine: Medicine, presentation: Presentation | None) -> dt.date | None:
    alerts = Alert.objects.filter(LIVE, institution__alliance=alliance, presentation__medicine=medicine)
    if presentation is not None:
        alerts = alerts.filter(presentation=presentation)
    first: dt.date | None = alerts.aggregate(first=Min("opened_on"))["first"]
    return first


def note(case: ShortageCase, text: str, *, by: Person, now: dt.datetime) -> ShortageCase:
    """Writes down what was found or agreed."""
    with transaction.atomic():
        row = _open(case, by)
        _enter(row, Kind.NOTE, _words(text, "请写明内容", 500), by=by, now=now)
        record("记录短缺专案", row, alliance=row.alliance, by=by, now=now, data={"text": text[:500]})
    return row


def expect(
    case: ShortageCase, expected_on: dt.date | None, source: str, text: str, *, by: Person, now: dt.datetime
) -> ShortageCase:
    """Says when supply returns (None: the source does not know) and who said it; earlier statements stay as revisions."""
    told = _words(source, "请写明消息来源，如 某企业来函、配送企业电话", 120)
    with transaction.atomic():
        row = _open(case, by)
        row.expected_on = expected_on
        row.save(update_fields=["expected_on"])
        words = text.strip()[:500] or (f"预计 {expected_on} 恢复" if expected_on else "恢复时间不明")
        _enter(row, Kind.RESUPPLY, words, by=by, now=now, expected_on=expected_on, source=told)
        data = {"expected_on": expected_on, "source": told}
        record("更新预计恢复", row, alliance=row.alliance, by=by, now=now, data=data)
    return row


def hand_over(case: ShortageCase, owner: Person, *, by: Person, now: dt.datetime) -> ShortageCase:
    """Another person of the alliance answers for the file."""
    with transaction.atomic():
        row = _open(case, by)
        if not owner.is_active or not any(one.alliance_id == row.alliance_id for one in owner.active_memberships):
            raise CaseRefused("责任人应为本医共体的在职人员")
        row.owner = owner
        row.save(update_fields=["owner"])
        _enter(row, Kind.OWNER, f"责任人改为 {owner}", by=by, now=now)
        record("移交短缺专案", row, alliance=row.alliance, by=by, now=now, data={"owner": owner.pk})
    return row


def classify(case: ShortageCase, grade: str, why: str, *, by: Person, now: dt.datetime) -> ShortageCase:
    """Sets the grade, with the reason where it is not what the table says."""
    with transaction.atomic():
        row = _open(case, by)
        row.grade = _grade(grade)
        row.save(update_fields=["grade"])
        _enter(row, Kind.GRADED, f"{row.grade}：{_words(why, '请写明分级依据', 480)}", by=by, now=now)
        record("短缺分级", row, alliance=row.alliance, by=by, now=now, data={"grade": grade, "why": why})
    return row


def close(case: ShortageCase, outcome: str, text: str, *, by: Person, now: dt.datetime) -> ShortageCase:
    """Ends the file with one of OUTCOMES and words for those who read it later."""
    if outcome not in OUTCOMES:
        raise CaseRefused("请选择结案结果")
    words = _words(text, "请写明结案情况", 480)
    with transaction.atomic():
        row = _open(case, by)
        row.outcome, row.closed_at = outcome, now
        row.save(update_fields=["outcome", "closed_at"])
        _enter(row, Kind.CLOSED, f"{OUTCOMES[outcome]}：{words}", by=by, now=now)
        record("结短缺专案", row, alliance=row.alliance, by=by, now=now, data={"outcome": outcome, "text": words})
    return row


def reopen(case: ShortageCase, text: str, *, by: Person, now: dt.datetime) -> ShortageCase:
    """The same event came back. Raises CaseStands when a newer file has taken its place."""
    words = _words(text, "请写明重新打开的原因", 480)
    _may(by, case.alliance)
    with transaction.atomic():
        row = ShortageCase.objects.select_for_update().get(pk=case.pk)
        if row.closed_at is None:
            raise CaseRefused("专案尚未结案")
        _refuse_second(row.alliance, row.medicine, row.presentation)
        row.outcome, row.closed_at = "", None
        row.save(update_fields=["outcome", "closed_at"])
        _enter(row, Kind.REOPENED, words, by=by, now=now)
        record("重新打开短缺专案", row, alliance=row.alliance, by=by, now=now, data={"text": words})
    return row


def _enter(
    row: ShortageCase,
    kind: str,
    text: str,
    *,
    by: Person,
    now: dt.datetime,
    expected_on: dt.date | None = None,
    source: str = "",
) -> None:
    CaseEntry.objects.create(
        case=row, kind=kind, text=text[:500], expected_on=expected_on, source=source, by=by, at=now
    )


def _open(case: ShortageCase, by: Person) -> ShortageCase:
    _may(by, case.alliance)
    row = ShortageCase.objects.select_for_update().get(pk=case.pk)
    if row.closed_at is not None:
        raise CaseOver("专案已结案；情况有变请先重新打开")
    return row


def _may(by: Person, alliance: Alliance) -> None:
    scope = scope_of(by, Permission.MANAGE_SHORTAGE)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise CaseRefused("只有医共体管理短缺的人员可以办理专案")


def _grade(grade: str) -> str:
    if grade and grade not in GRADES:
        raise CaseRefused(f"分级应为 {'、'.join(GRADES)} 之一")
    return grade


def _words(text: str, ask: str, most: int) -> str:
    if not text.strip():
        raise CaseRefused(ask)
    return text.strip()[:most]
