"""Alerts and notices as lists and counts, always within somebody's reach."""

from __future__ import annotations

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from config.access import Permission
from formulary.models import Person
from formulary.queries import Scope, scope_of
from shortage.models import LIVE, Alert, AlertLevel, AlertState, Notice
from shortage.rules.grading import NAMES

URGENCY = Case(
    *(When(level=level, then=Value(NAMES.index(level))) for level in AlertLevel.values),
    default=Value(0),
    output_field=IntegerField(),
)


def alerts(
    scope: Scope, *, level: str = "", state: str = "live", institution: int | None = None, words: str = ""
) -> QuerySet[Alert]:
    """Alerts of the institutions in reach, the most pressing first (level, 保障等级, days left). state: live, open, acting, closed or all; words
    look in name, strength, code and pinyin initials of the drug."""
    rows = Alert.objects.filter(institution__in=scope.institution_ids)
    if state != "all":
        rows = rows.filter(LIVE if state == "live" else Q(state=state))
    if level:
        rows = rows.filter(level=level)
    if institution:
        rows = rows.filter(institution=institution)
    for word in words.split():
        rows = rows.filter(
            Q(presentation__name__icontains=word)
            | Q(presentation__strength__icontains=word)
            | Q(presentation__code__iexact=word)
            | Q(presentation__pinyin__istartswith=word)
        )
    joined = rows.select_related("institution", "presentation", "handler").annotate(urgency=URGENCY)
    return joined.order_by("-urgency", "presentation__criticality", "days_of_supply", "-risk", "pk")


def level_counts(scope: Scope) -> dict[str, int]:
    """Live alerts in reach by level, every level named."""
    rows = Alert.objects.filter(LIVE, institution__in=scope.institution_ids).order_by().values("level")
    found = dict(rows.annotate(n=Count("pk")).values_list("level", "n"))
    return {level: found.get(level, 0) for level in AlertLevel.values}


def open_alert_count(person: Person) -> int:
    """Alerts in reach that nobody has taken on: the number beside the menu."""
    scope = scope_of(person, Permission.SEE_ALERTS)
    if scope is None:
        return 0
    pushed = Q(level__in=[AlertLevel.RED, AlertLevel.ORANGE, AlertLevel.BLUE], state=AlertState.OPEN)
    return Alert.objects.filter(pushed, institution__in=scope.institution_ids).count()


def notices(person: Person) -> QuerySet[Notice]:
    """A person's messages, the newest first."""
    return Notice.objects.filter(person=person).select_related("alert__institution", "alert__presentation")


def unread_notice_count(person: Person) -> int:
    return Notice.objects.filter(person=person, read_at__isnull=True).count()
