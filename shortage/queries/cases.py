"""短缺专案: the list, what asks for a new file, and one file with everything that happened to its drug."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from formulary.models import Presentation
from formulary.queries import Scope, matching
from shortage.models import (
    LIVE,
    Alert,
    AlertStep,
    CaseEntry,
    DirectReport,
    Disposition,
    ExpectedReceipt,
    Notice,
    ShortageCase,
    Transfer,
)
from shortage.queries.lists import shortage_lists
from shortage.queries.settings import rule_values
from shortage.rules.case_life import Happened, Resupply, revisions, timeline
from shortage.rules.lifecycle import MOVES, Verb

PLACES = 2
"""Red alerts of a drug at so many institutions ask for a file (rule value case.red_places)."""


def cases(scope: Scope, *, state: str = "open", words: str = "") -> QuerySet[ShortageCase]:
    """Files of the alliance, those promised back soonest first. state: open, closed or all."""
    rows = ShortageCase.objects.filter(alliance=scope.alliance)
    if state in ("open", "closed"):
        rows = rows.filter(closed_at__isnull=state == "open")
    if words.strip():
        rows = rows.filter(
            matching(words, prefix="presentation__")
            | Q(medicine__name__icontains=words.strip())
            | Q(number=words.strip())
        )
    return rows.select_related("presentation", "medicine", "owner").order_by("closed_at", "-opened_at", "-pk")


def case_of(scope: Scope, drug: Presentation) -> ShortageCase | None:
    """The open file that speaks of this 品规: its own, else that of the whole 品种."""
    rows = cases(scope).filter(Q(presentation=drug) | Q(presentation__isnull=True, medicine=drug.medicine_id))
    return rows.order_by(F("presentation").asc(nulls_last=True)).first()


@dataclass(frozen=True)
class Asking:
    """A drug that asks for a file: why, from which source, and how many institutions have a live alert."""

    presentation: Presentation
    source: str
    why: str
    places: int


def asking(scope: Scope, on: dt.date) -> list[Asking]:
    """Drugs without an open file: red at several institutions, short themselves, listed with an alert, or handed in."""
    least = int(rule_values(scope.alliance, on, "case.").get("case.red_places", PLACES))
    live = Alert.objects.filter(LIVE, institution__alliance=scope.alliance)
    counted = {
        row["presentation"]: row
        for row in live.order_by()
        .values("presentation")
        .annotate(
            places=Count("institution", distinct=True),
            red=Count("institution", distinct=True, filter=Q(level="red")),
            short=Count("pk", filter=Q(drug_short=True)),
        )
    }
    sent = set(
        DirectReport.objects.filter(alert__in=live, state=DirectReport.State.SENT).values_list(
            "alert__presentation", flat=True
        )
    )
    known = {
        (case.medicine_id, case.presentation_id)
        for case in ShortageCase.objects.filter(alliance=scope.alliance, closed_at=None)
    }
    drugs = Presentation.objects.in_bulk(counted)
    listed = shortage_lists(drugs.values(), on, region=scope.alliance.province)
    found = []
    for pk, row in counted.items():
        drug = drugs[pk]
        if (drug.medicine_id, pk) in known or (drug.medicine_id, None) in known:
            continue
        official = [one for one in listed.get(pk, ()) if one.official]
        if pk in sent:
            found.append(Asking(drug, "report", "已短缺直报", row["places"]))
        elif row["short"] and official:
            found.append(Asking(drug, "list", f"列入{official[0].edition}", row["places"]))
        elif row["red"] >= least or row["short"]:
            why = f"{row['red']} 家机构红色预警" + ("，药品本身可能短缺" if row["short"] else "")
            found.append(Asking(drug, "alerts", why, row["places"]))
    return sorted(found, key=lambda one: (one.presentation.criticality, -one.places, one.presentation.name))


@dataclass(frozen=True)
class CaseFile:
    """One file; what happened is read within the reach of the person who looks."""

    case: ShortageCase
    scope: Scope

    @cached_property
    def drugs(self) -> list[Presentation]:
        if self.case.presentation is not None:
            return [self.case.presentation]
        return list(Presentation.objects.filter(medicine=self.case.medicine, active=True))

    @property
    def until(self) -> dt.date:
        return timezone.localdate(self.case.closed_at) if self.case.closed_at else timezone.localdate()

    @cached_property
    def alerts(self) -> list[Alert]:
        """Alerts of the event: live, or ended after it began, and opened before it was over."""
        rows = Alert.objects.filter(
            LIVE | Q(closed_on__gte=self.case.since), institution__in=self.scope.institution_ids,
            presentation__in=self.drugs, opened_on__lte=self.until,
        )  # fmt: skip
        return list(rows.select_related("institution", "presentation", "handler").order_by("state", "-opened_on", "pk"))

    @cached_property
    def entries(self) -> list[CaseEntry]:
        return list(self.case.entries.select_related("by"))

    @cached_property
    def said(self) -> list[Resupply]:
        """Statements of the resupply date, the oldest first."""
        return [
            Resupply(one.expected_on, one.source, timezone.localdate(one.at))
            for one in self.entries
            if one.kind == CaseEntry.Kind.RESUPPLY
        ]

    @property
    def moved(self) -> str:
        """How the resupply date moved, in words."""
        return revisions(self.said)

    @cached_property
    def orders(self) -> list[ExpectedReceipt]:
        """Open orders in reach with the day they are expected, the earliest first."""
        rows = ExpectedReceipt.objects.filter(
            institution__in=self.scope.institution_ids, presentation__in=self.drugs, state=ExpectedReceipt.State.OPEN
        )
        return list(rows.select_related("institution", "presentation").order_by("due_on", "ordered_on", "pk"))

    @cached_property
    def measures(self) -> list[Disposition]:
        rows = Disposition.objects.filter(alert__in=self.alerts)
        return list(rows.select_related("alert__institution", "by", "transfer", "presentation"))

    @cached_property
    def substitutes(self) -> list[Presentation]:
        """Drugs that were proposed as stand-ins."""
        return list(dict.fromkeys(one.presentation for one in self.measures if one.presentation is not None))

    @property
    def counts(self) -> dict[str, int]:
        """Live alerts by level; levels without any are left out."""
        return dict(Counter(alert.level for alert in self.alerts if alert.state != "closed"))

    @cached_property
    def timeline(self) -> list[Happened]:
        """Everything, the newest first."""
        return timeline(self._own(), self._steps(), self._trips(), self._reports(), self._notices(), self._orders())

    def _own(self) -> Iterator[Happened]:
        for one in self.entries:
            told = f"（{one.source}）" if one.source else ""
            yield Happened(one.at, "专案", "", f"{one.get_kind_display()}：{one.text}{told}", str(one.by))

    def _steps(self) -> Iterator[Happened]:
        places = {alert.pk: alert for alert in self.alerts}
        for step in AlertStep.objects.filter(alert__in=places).select_related("by"):
            alert = places[step.alert_id]
            kind = "处置" if step.verb in (Verb.START, Verb.OUTCOME) else "预警"
            text = f"{step.get_level_display()}{MOVES[Verb(step.verb)].label}" if kind == "预警" else step.note
            said = f"{text}：{step.note}" if kind == "预警" and step.note else text
            who = str(step.by) if step.by else "每日监测"
            yield Happened(
                step.at, kind, alert.institution.short_name, said, who, reverse("alert_detail", args=[alert.pk])
            )

    def _trips(self) -> Iterator[Happened]:
        orders = Transfer.objects.filter(
            Q(donor__in=self.scope.institution_ids) | Q(receiver__in=self.scope.institution_ids),
            alliance=self.case.alliance, lines__presentation__in=self.drugs, planned_at__date__gte=self.case.since,
        ).distinct()  # fmt: skip
        for one in orders.select_related("donor", "receiver", "dispatched_by", "received_by", "planned_by"):
            kind = "动用储备" if one.kind == Transfer.Kind.RELEASE else "调剂"
            where, url = (
                f"{one.donor.short_name} → {one.receiver.short_name}",
                reverse("transfer_detail", args=[one.pk]),
            )
            yield Happened(one.planned_at, kind, where, f"{one.number} 拟定", str(one.planned_by or ""), url)
            if one.dispatched_at:
                yield Happened(one.dispatched_at, kind, where, f"{one.number} 发出", str(one.dispatched_by), url)
            if one.closed_at:
                yield Happened(
                    one.closed_at, kind, where, f"{one.number} {one.outcome}", str(one.received_by or ""), url
                )

    def _reports(self) -> Iterator[Happened]:
        for one in DirectReport.objects.filter(alert__in=self.alerts).select_related(
            "alert__institution", "made_by", "sent_by"
        ):
            where, url = one.alert.institution.short_name, reverse("report_detail", args=[one.pk])
            yield Happened(one.made_at, "直报", where, "起草短缺直报", str(one.made_by), url)
            if one.sent_at:
                yield Happened(one.sent_at, "直报", where, "已上报", str(one.sent_by), url)

    def _notices(self) -> Iterator[Happened]:
        """Once per alert and day, with how many were told."""
        rows = Notice.objects.filter(alert__in=self.alerts).values_list(
            "alert__institution__short_name", "on", "created_at", "kind"
        )
        told: dict[tuple[str, dt.date, str], tuple[dt.datetime, int]] = {}
        for where, on, at, kind in rows:
            first, many = told.get((where, on, kind), (at, 0))
            told[where, on, kind] = (min(first, at), many + 1)
        for (where, _on, kind), (at, many) in told.items():
            yield Happened(at, "通知", where, f"{'催办' if kind == 'escalate' else '预警通知'} {many} 人")

    def _orders(self) -> Iterator[Happened]:
        zone = timezone.get_current_timezone()
        for one in self.orders:
            if one.ordered_on < self.case.since:
                continue
            at = dt.datetime.combine(one.ordered_on, dt.time(0), tzinfo=zone)
            due = f"，预计 {one.due_on:%m-%d} 到货" if one.due_on else "，到货日未定"
            text = f"下单 {one.reference} {one.quantity:,} {one.presentation.unit}{due}"
            yield Happened(at, "订单", one.institution.short_name, text, one.supplier_name)
