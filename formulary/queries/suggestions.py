"""Suggestions as people look at them."""

from __future__ import annotations

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from config.access import Permission
from formulary.models import Person, Suggestion
from formulary.queries.reach import Scope, scope_of
from formulary.rules.triggers import TRIGGERS, Trigger

RANK = Case(
    *(When(trigger=trigger.value, then=Value(place)) for place, trigger in enumerate(TRIGGERS)),
    default=Value(99),
    output_field=IntegerField(),
)


def suggestions(
    scope: Scope, *, state: str = "open", trigger: str = "", wants: str = "", words: str = ""
) -> QuerySet[Suggestion]:
    """The most pressing trigger first, inside it the most used drug. words: part of the finding or initials of the drug."""
    rows = Suggestion.objects.filter(alliance=scope.alliance)
    for field, value in (("state", state), ("trigger", trigger), ("wants", wants)):
        if value:
            rows = rows.filter(**{field: value})
    for word in words.split():
        rows = rows.filter(
            Q(words__icontains=word)
            | Q(presentation__pinyin__istartswith=word)
            | Q(presentation__code__iexact=word)
            | Q(medicine__pinyin__istartswith=word)
        )
    joined = rows.select_related("presentation", "other", "medicine", "adjustment", "decided_by")
    return joined.annotate(rank=RANK).order_by("rank", "-weight", "pk")


def open_by_trigger(scope: Scope) -> list[tuple[Trigger, int]]:
    """How many are open of each trigger, triggers in their order, those without any left out."""
    rows = Suggestion.objects.filter(alliance=scope.alliance, state=Suggestion.State.OPEN).order_by()
    counts = dict(rows.values_list("trigger").annotate(Count("pk")))
    return [(trigger, counts[trigger.value]) for trigger in TRIGGERS if trigger.value in counts]


def suggestion_states(scope: Scope) -> dict[str, int]:
    rows = Suggestion.objects.filter(alliance=scope.alliance).order_by()
    return dict(rows.values_list("state").annotate(Count("pk")))


def open_suggestion_count(person: Person) -> int:
    """The menu's counter: what waits for somebody who may decide."""
    scope = scope_of(person, Permission.CHECK_PROPOSALS)
    if scope is None:
        return 0
    return Suggestion.objects.filter(alliance=scope.alliance, state=Suggestion.State.OPEN).count()
