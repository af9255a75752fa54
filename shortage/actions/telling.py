"""Tells people about alerts that were raised or got worse; quietly, and never more than a day can bear."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping

from django.db.models import Q
from django.utils import timezone

from config.access import Permission, Role, roles_with
from formulary.models import Alliance, Membership, Presentation
from shortage.actions import posting
from shortage.models import Alert, AlertLevel, Notice
from shortage.rules.grading import NAMES

PUSHED = frozenset({AlertLevel.RED, AlertLevel.ORANGE, AlertLevel.BLUE})
"""Yellow is for the list only (forecasting.md §8)."""


def tell(
    alliance: Alliance,
    alerts: Iterable[Alert],
    drugs: Mapping[int, Presentation],
    *,
    as_of: dt.date,
    most: int,
    now: dt.datetime,
) -> int:
    """Notices to the pharmacists of the alert's institution, and to purchasing for a shortage of the drug itself.

    The most pressing come first; after `most` in a day a person finds the rest in the list. Returns how many were sent.
    """
    pressing = sorted(
        (alert for alert in alerts if alert.level in PUSHED),
        key=lambda a: (-NAMES.index(a.level), drugs[a.presentation_id].criticality, -a.risk, a.pk),
    )
    if not pressing:
        return 0
    handlers, buyers = _people(alliance, timezone.localtime(now).date())
    already = Counter(
        Notice.objects.filter(on=as_of, alert__institution__alliance=alliance).values_list("person", flat=True)
    )
    known = set(
        Notice.objects.filter(on=as_of, alert__in=[alert.pk for alert in pressing]).values_list(
            "person", "alert", "level"
        )
    )
    notices = []
    for alert in pressing:
        people = handlers.get(alert.institution_id, []) + (buyers if alert.level == AlertLevel.BLUE else [])
        for person in dict.fromkeys(people):
            if already[person] >= most or (person, alert.pk, alert.level) in known:
                continue
            already[person] += 1
            notices.append(
                Notice(
                    person_id=person,
                    alert=alert,
                    on=as_of,
                    level=alert.level,
                    text=_text(alert, drugs[alert.presentation_id]),
                    created_at=now,
                )
            )
    Notice.objects.bulk_create(notices)
    posting.post(alliance, notices, pressing, drugs, on=as_of, kind="raise", now=now)
    return len(notices)


def _people(alliance: Alliance, today: dt.date) -> tuple[dict[int, list[int]], list[int]]:
    """Who handles alerts, by institution; and who buys for the alliance."""
    serving = Q(valid_to__isnull=True) | Q(valid_to__gte=today)
    members = Membership.objects.filter(serving, alliance=alliance, person__is_active=True).order_by("pk")
    handlers: dict[int, list[int]] = {}
    for institution, person in members.filter(role__in=roles_with(Permission.HANDLE_ALERTS)).values_list(
        "institution", "person"
    ):
        if institution:
            handlers.setdefault(institution, []).append(person)
    return handlers, list(members.filter(role=Role.PROCUREMENT).values_list("person", flat=True))


def _text(alert: Alert, drug: Presentation) -> str:
    return f"{AlertLevel(alert.level).label}预警：{drug.name} {drug.strength}。{alert.reason}"[:300]
