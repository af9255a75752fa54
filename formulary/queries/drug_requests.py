"""缺药登记: lists, deadlines, and the same missing drug gathered over institutions."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import asdict, dataclass

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from config.access import Permission, can
from formulary.models import Alliance, DrugRequest, DrugRequestStep, Person
from formulary.queries.reach import Scope, scope_of
from formulary.queries.rule_values import values
from formulary.queries.versions import LEVELS_LOW_TO_HIGH
from formulary.rules.request_life import BY_CENTRE, BY_PLACE, OPEN, State, Verb, fulfilment, possible
from formulary.rules.tables import clean


@dataclass(frozen=True)
class RequestRules:
    """request.answer_days working days for an answer; no_show_times within no_show_months make a repeated no-show."""

    answer_days: int = 3
    no_show_months: int = 6
    no_show_times: int = 2


def request_rules(alliance: Alliance, on: dt.date) -> RequestRules:
    found = values(alliance, "request.", on)
    given = {key.removeprefix("request."): int(value) for key, value in found.items()}
    default = asdict(RequestRules())
    return RequestRules(**{name: given.get(name, default[name]) for name in default})


def drug_requests(
    scope: Scope, on: dt.date, *, words: str = "", state: str = "", institution: int | None = None
) -> QuerySet[DrugRequest]:
    """state: one state, "open", "late" (unanswered past its day) or "" for all; late ones first."""
    rows = DrugRequest.objects.filter(alliance=scope.alliance, institution__in=scope.institution_ids).select_related(
        "institution", "presentation", "by"
    )
    if words:
        rows = rows.filter(
            Q(name__icontains=words) | Q(presentation__pinyin__istartswith=words) | Q(presentation__code__iexact=words)
        )
    if state == "open":
        rows = rows.filter(state__in=sorted(OPEN))
    elif state == "late":
        rows = rows.filter(late_on(on))
    elif state:
        rows = rows.filter(state=state)
    if institution:
        rows = rows.filter(institution=institution)
    rank = Case(
        When(late_on(on), then=Value(0)),
        When(state__in=sorted(OPEN), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.annotate(rank=rank).order_by("rank", "due_on", "-created_at", "-pk")


def late_on(on: dt.date) -> Q:
    """Open, unanswered, and the day has passed: red."""
    return Q(answered_at__isnull=True, state__in=sorted(OPEN), due_on__lt=on)


def is_late(row: DrugRequest, on: dt.date) -> bool:
    return row.answered_at is None and row.state in OPEN and row.due_on < on


def request_steps(row: DrugRequest) -> list[DrugRequestStep]:
    return list(row.steps.select_related("by").order_by("at", "pk"))


def request_verbs(row: DrugRequest, person: Person) -> list[Verb]:
    """What this person can do with it now."""
    verbs: list[Verb] = []
    if is_centre(person, row.alliance):
        verbs += [*BY_CENTRE, Verb.CANCEL]
    if at_place(person, row):
        verbs += BY_PLACE
    return possible(row.state, dict.fromkeys(verbs))


def is_centre(person: Person, alliance: Alliance) -> bool:
    scope = scope_of(person, Permission.ANSWER_REQUESTS)
    return scope is not None and scope.alliance.pk == alliance.pk


def at_place(person: Person, row: DrugRequest) -> bool:
    scope = scope_of(person, Permission.REQUEST_DRUGS)
    return scope is not None and row.institution_id in scope.institution_ids


def waiting_request_count(person: Person) -> int:
    """The menu's counter: for the centre what is unanswered, for an institution what has come and waits."""
    alliances = {m.alliance_id for m in person.active_memberships}
    rows = DrugRequest.objects.filter(alliance__in=alliances)
    if can(person, Permission.ANSWER_REQUESTS):
        return rows.filter(answered_at__isnull=True, state=State.REGISTERED).count()
    scope = scope_of(person, Permission.REQUEST_DRUGS)
    return rows.filter(institution__in=scope.institution_ids, state=State.DELIVERED).count() if scope else 0


@dataclass(frozen=True)
class Gathered:
    """One missing drug over all institutions. key: p<品规>, m<品种> or the cleaned name, with the unit; free: registrations that no
    application speaks of yet."""

    key: str
    name: str
    title: str
    presentation: int | None
    medicine: int | None
    requests: int
    quantity: int
    unit: str
    places: tuple[str, ...]
    lowest_level: str
    first: dt.datetime
    free: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """The reason that a drafted application begins with."""
        return (
            f"缺药登记：{self.title} 自 {self.first:%Y-%m-%d} 起有 {len(self.places)} 家机构登记 {self.requests} 次，"
            f"共缺 {self.quantity} {self.unit}（{'、'.join(self.places)}）。"
        )


def gathered(alliance: Alliance, *, institutions: frozenset[int] | None = None) -> list[Gathered]:
    """Open registrations of the same drug together, the most wanted first. Units that differ are not added up: the
    registrations of another unit form their own row."""
    rows = DrugRequest.objects.filter(alliance=alliance, state__in=sorted(OPEN)).select_related(
        "institution", "presentation", "medicine"
    )
    if institutions is not None:
        rows = rows.filter(institution__in=institutions)
    groups: dict[tuple[str, str], list[DrugRequest]] = defaultdict(list)
    for row in rows.order_by("created_at", "pk"):
        groups[_key(row), row.unit].append(row)
    found = [_gathered(key, unit, rows) for (key, unit), rows in groups.items()]
    return sorted(found, key=lambda one: (-len(one.places), -one.requests, one.title))


def _key(row: DrugRequest) -> str:
    if row.presentation_id:
        return f"p{row.presentation_id}"
    name = clean(f"{row.name} {row.strength}")
    return f"m{row.medicine_id} {clean(row.strength)}".strip() if row.medicine_id else name


def _gathered(key: str, unit: str, rows: list[DrugRequest]) -> Gathered:
    first = rows[0]
    levels = {row.institution.level for row in rows}
    return Gathered(
        key=f"{key}·{unit}",
        name=first.name,
        title=str(first.presentation or first),
        presentation=first.presentation_id,
        medicine=first.medicine_id,
        requests=len(rows),
        quantity=sum(row.quantity for row in rows),
        unit=unit,
        places=tuple(dict.fromkeys(row.institution.short_name or row.institution.name for row in rows)),
        lowest_level=next(str(level) for level in LEVELS_LOW_TO_HIGH if level in levels),
        first=first.created_at,
        free=tuple(row.pk for row in rows if row.adjustment_id is None),
    )


def request_counts(alliance: Alliance, on: dt.date, *, days: int = 365) -> dict[int, tuple[int, int]]:
    """品规 → (registrations, institutions) within the last days, closed ones too: evidence for suggestions."""
    since = on - dt.timedelta(days=days)
    rows = DrugRequest.objects.filter(
        alliance=alliance, presentation__isnull=False, created_at__date__gte=since, created_at__date__lte=on
    ).exclude(state=State.CANCELLED)
    counted = rows.order_by().values("presentation").annotate(n=Count("pk"), places=Count("institution", distinct=True))
    return {row["presentation"]: (row["n"], row["places"]) for row in counted}


def request_figures(scope: Scope, on: dt.date) -> dict[str, object]:
    """What stands above the list: open, late, fulfilment of the last year."""
    rows = DrugRequest.objects.filter(alliance=scope.alliance, institution__in=scope.institution_ids)
    since = on - dt.timedelta(days=365)
    over = rows.filter(closed_at__date__gte=since).order_by().values_list("state", flat=True)
    return {
        "open": rows.filter(state__in=sorted(OPEN)).count(),
        "late": rows.filter(late_on(on)).count(),
        "delivered": rows.filter(state=State.DELIVERED).count(),
        "fulfilment": fulfilment(over),
    }
