"""What the demonstration tells of shortage: a reserve with targets and lots; a case file and last week's status after a pass."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from fixtures.tables import rows
from formulary.models import Alliance, Person, Presentation
from procurement.actions.demo.steps import SECRETARY, Loading
from shortage.actions import cases, reserve, status
from shortage.models import LIVE, Alert, ReserveItem, ShortageCase, StatusLine, StatusRound
from shortage.queries import latest_run
from shortage.rules.reserve_file import Counted, Row

BUYER = "caigou"
SHORT_DRUG = "D1315"
SILENT = 4
"""So many of the institutions never confirmed last week."""


def load_reserve(loading: Loading) -> dict[str, int]:
    """The list and its lots from reserve.csv; nothing when there is any line. Rows a reduced alliance lacks are left out."""
    if ReserveItem.objects.filter(alliance=loading.alliance).exists():
        return {}
    sites, drugs = loading.institutions(), loading.presentations()
    wanted = [row for row in rows("reserve.csv") if row["机构编码"] in sites and row["药品编码"] in drugs]
    if not wanted:
        return {}
    lines, lots = [], []
    for row in wanted:
        place, drug = sites[row["机构编码"]].pk, drugs[row["药品编码"]].pk
        months = float(row["目标月数"]) if row["目标月数"] else None
        units = int(row["目标数量"]) if row["目标数量"] else None
        document, covers = row["文号"], row["保障范围"]
        lines.append(Row(place, drug, row["储备理由"], document, covers, months, units, row["备注"]))
        for number, lot in enumerate((one for one in row["批次"].split(";") if one), start=1):
            days, quantity = lot.split(":")
            expiry = loading.as_of + dt.timedelta(days=int(days))
            batch = f"CB{expiry:%y%m}{number:02d}"
            lots.append(Counted(place, drug, 0, batch, expiry, int(quantity)))
    reserve.set_lines(loading.alliance, lines, by=loading.by, now=loading.now)
    reserve.count(loading.alliance, lots, by=loading.by, now=loading.now, note="演示期初")
    return {"储备品规": len(lines), "储备批次": len(lots)}


def load_stories(loading: Loading) -> dict[str, int]:
    """After a pass of the watch: a case file on the drug that is short in most places, and last week's round partly filled.

    Nothing where they are there, or before the first pass.
    """
    if latest_run(loading.alliance) is None:
        return {}
    made = {"短缺专案": _case(loading.alliance, loading.now), "短缺周报": _week(loading.alliance, loading.now)}
    return {name: count for name, count in made.items() if count}


def _case(alliance: Alliance, now: dt.datetime) -> int:
    if ShortageCase.objects.filter(alliance=alliance).exists():
        return 0
    drug = Presentation.objects.filter(code=SHORT_DRUG).first()
    live = Alert.objects.filter(LIVE, institution__alliance=alliance)
    if drug is None or not live.filter(presentation=drug).exists():
        worst = (
            live.filter(level="red").select_related("presentation").order_by("presentation__criticality", "pk").first()
        )
        if worst is None:
            return 0
        drug = worst.presentation
    by, places = Person.objects.get(username=BUYER), live.filter(presentation=drug, level="red").count()
    case = cases.open_case(
        alliance, drug, source=ShortageCase.Source.ALERTS, reason=f"{places} 家机构红色预警", by=by, now=now
    )
    on = timezone.localdate(now)
    cases.classify(case, "Ⅱ", "临床必需，多家机构同时短缺，有同类药可部分替代", by=by, now=now)
    cases.expect(case, on + dt.timedelta(days=10), "配送企业电话（演示）", "在产批次检验中", by=by, now=now)
    cases.expect(case, on + dt.timedelta(days=18), "生产企业来函（演示）", "检验延后，分两批发货", by=by, now=now)
    cases.note(case, "已安排牵头医院储备优先保障急诊，其余机构改用同类药", by=by, now=now)
    return 1


def _week(alliance: Alliance, now: dt.datetime) -> int:
    if StatusRound.objects.filter(alliance=alliance).exists():
        return 0
    today = timezone.localtime(now)
    friday = today.date() - dt.timedelta(days=today.weekday() + 3)
    opened = dt.datetime.combine(friday, dt.time(12), tzinfo=timezone.get_current_timezone())
    row = status.open_round(alliance, by=None, now=opened)
    reports = list(row.reports.select_related("institution").order_by("-institution__is_lead", "institution__code"))
    for number, report in enumerate(reports[: len(reports) - SILENT]):
        person = Person.objects.filter(
            memberships__institution=report.institution, memberships__role="pharmacist", is_active=True
        ).first()
        if person is not None:
            hours = 30 if number % 5 == 4 else 3 + number
            status.confirm(report, {}, "", by=person, now=opened + dt.timedelta(hours=hours))
    secretary = Person.objects.get(username=SECRETARY)
    short = StatusLine.objects.filter(report__round=row, report__confirmed_at__isnull=False, supply__gte=3)
    for drug in Presentation.objects.filter(pk__in=short.values("presentation")).order_by("criticality", "code")[:40]:
        status.answer(row, drug, "已列入本周调剂与采购", by=secretary, now=opened + dt.timedelta(days=3))
    return 1


__all__ = ["load_reserve", "load_stories"]
