"""Weekly status as pages ask for it: rounds, an institution's report, the alliance's picture by drug, the ranking."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from config.access import Permission
from formulary.models import Alliance, Institution, Person, Presentation
from formulary.queries import Scope, scope_of
from shortage.models import StatusLine, StatusReport, StatusRound
from shortage.queries.settings import rule_values
from shortage.rules import status_round as rules
from shortage.rules.status_round import SHORT, Filing, Rank, StatusRules


def status_settings(alliance: Alliance, on: dt.date) -> StatusRules:
    """Keys `status.<name>`."""
    return rules.read(rule_values(alliance, on, "status.").get)


def status_rounds(scope: Scope) -> QuerySet[StatusRound]:
    """Rounds of the alliance, the newest first, with how many were asked, confirmed, and what is short and unanswered."""
    confirmed = Q(reports__confirmed_at__isnull=False)
    short = confirmed & Q(reports__lines__supply__gte=SHORT)
    return (
        StatusRound.objects.filter(alliance=scope.alliance)
        .annotate(
            asked=Count("reports", distinct=True),
            confirmed=Count("reports", filter=confirmed, distinct=True),
            short=Count("reports__lines", filter=short, distinct=True),
            waiting=Count("reports__lines", filter=short & Q(reports__lines__answered_at__isnull=True), distinct=True),
        )
        .order_by("-week")
    )


def status_reports(scope: Scope, row: StatusRound) -> list[StatusReport]:
    """Every institution's report of a round, the late ones first; short: lines that are short."""
    found = row.reports.filter(round__alliance=scope.alliance).select_related("institution", "confirmed_by")
    counted = found.annotate(
        short=Count("lines", filter=Q(lines__supply__gte=SHORT)), severe=Count("lines", filter=Q(lines__supply=4))
    )
    return sorted(
        counted, key=lambda one: (one.confirmed_at is not None, not one.institution.is_lead, one.institution.code)
    )


@dataclass(frozen=True)
class DrugStatus:
    """One drug over the alliance: lines by state of the institutions that confirmed, the worst first."""

    presentation: Presentation
    lines: list[StatusLine]

    def at(self, supply: int) -> list[StatusLine]:
        return [line for line in self.lines if line.supply == supply]

    @property
    def waiting(self) -> int:
        """Institutions that are short and have no answer."""
        return sum(line.supply >= SHORT and line.answered_at is None for line in self.lines)

    @property
    def worst(self) -> int:
        return max(line.supply for line in self.lines)


def by_drug(row: StatusRound) -> list[DrugStatus]:
    """Drugs that some institution confirmed as short, the worst and widest first."""
    lines: dict[int, list[StatusLine]] = defaultdict(list)
    rows = StatusLine.objects.filter(report__round=row, report__confirmed_at__isnull=False)
    for line in rows.select_related("report__institution", "presentation", "answered_by").order_by("-supply", "pk"):
        lines[line.presentation_id].append(line)
    found = [DrugStatus(rows[0].presentation, rows) for rows in lines.values()]
    found = [one for one in found if one.worst >= SHORT]
    return sorted(found, key=lambda one: (-len(one.at(4)), -len(one.at(3)), one.presentation.name))


def status_ranking(scope: Scope, now: dt.datetime) -> list[tuple[Institution, Rank]]:
    """Completeness and punctuality of the last rounds."""
    weeks = status_settings(scope.alliance, timezone.localdate(now)).weeks
    newest = list(StatusRound.objects.filter(alliance=scope.alliance).values_list("pk", flat=True)[:weeks])
    reports = StatusReport.objects.filter(round__in=newest).values_list("institution", "round__due_at", "confirmed_at")
    places = {row.pk: row for row in scope.alliance.institutions.filter(active=True)}
    ranks = rules.ranking([Filing(*row) for row in reports if row[0] in places], now)
    return [(places[rank.institution], rank) for rank in ranks]


def late_reports(alliance: Alliance, now: dt.datetime) -> Sequence[StatusReport]:
    """Reports of the newest round that should have been confirmed."""
    row = StatusRound.objects.filter(alliance=alliance).first()
    if row is None or row.due_at > now:
        return []
    return list(
        row.reports.filter(confirmed_at__isnull=True, institution__active=True).select_related("institution", "round")
    )


def status_duty_count(person: Person) -> int:
    """Own reports to confirm, and what is short and waits for an answer: the number beside the menu."""
    count = 0
    mine = scope_of(person, Permission.HANDLE_ALERTS)
    if mine is not None:
        row = StatusRound.objects.filter(alliance=mine.alliance).first()
        if row is not None:
            count += row.reports.filter(institution__in=mine.institution_ids, confirmed_at__isnull=True).count()
    whole = scope_of(person, Permission.MANAGE_SHORTAGE)
    if whole is not None:
        row = StatusRound.objects.filter(alliance=whole.alliance).first()
        if row is not None:
            count += StatusLine.objects.filter(
                report__round=row, report__confirmed_at__isnull=False, supply__gte=SHORT, answered_at__isnull=True
            ).count()
    return count
