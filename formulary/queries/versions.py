"""The unified formulary (统一用药目录) as it stands on a date, and the dated rules around it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, Q, QuerySet

from formulary.models import Alliance, FormularyEntry, FormularyVersion, Level, RuleValue

# Lower levels may use what is allowed at their own level only; higher levels may use it too.
LEVELS_LOW_TO_HIGH = [Level.VILLAGE, Level.PRIMARY, Level.SECONDARY, Level.TERTIARY]


def version_in_force(alliance: Alliance, on: dt.date) -> FormularyVersion | None:
    """The published version with the latest effective date not after `on`."""
    return (
        FormularyVersion.objects.filter(alliance=alliance, published_at__isnull=False, effective_from__lte=on)
        .order_by("-effective_from", "-number")
        .first()
    )


def levels_open_to(level: str) -> list[str]:
    """The values of `lowest_level` that an institution of this level may use: its own and the lower ones."""
    return [str(item) for item in LEVELS_LOW_TO_HIGH[: LEVELS_LOW_TO_HIGH.index(Level(level)) + 1]]


def entries(
    version: FormularyVersion, *, words: str = "", level: str = "", restriction: str = "", therapeutic_class: str = ""
) -> QuerySet[FormularyEntry]:
    """Entries of a version by name, code, pinyin initials or strength; `level` keeps what that level may use."""
    rows = version.entries.select_related("presentation__medicine").order_by(
        "presentation__name", "presentation__strength"
    )
    if words:
        rows = rows.filter(matching(words, prefix="presentation__"))
    if level:
        rows = rows.filter(lowest_level__in=levels_open_to(level))
    if restriction:
        rows = rows.filter(restriction=restriction)
    if therapeutic_class:
        rows = rows.filter(presentation__therapeutic_class=therapeutic_class)
    return rows


def entry_counts(version: FormularyVersion) -> dict[str, Any]:
    """How large a version is: presentations, medicines, and presentations open to each level."""
    by_level = dict(version.entries.order_by().values_list("lowest_level").annotate(Count("pk")))
    open_to = {str(level): sum(by_level.get(low, 0) for low in levels_open_to(level)) for level in LEVELS_LOW_TO_HIGH}
    return {
        "total": sum(by_level.values()),
        "medicines": version.entries.values("presentation__medicine").distinct().count(),
        "open_to": open_to,
    }


def therapeutic_classes(version: FormularyVersion) -> list[str]:
    rows = version.entries.exclude(presentation__therapeutic_class="").order_by("presentation__therapeutic_class")
    return list(rows.values_list("presentation__therapeutic_class", flat=True).distinct())


def matching(words: str, *, prefix: str = "") -> Q:
    """A drug by every word given: part of its name or strength, its code, or initials of its pinyin."""
    found = Q()
    for word in words.split():
        found &= (
            Q(**{f"{prefix}name__icontains": word})
            | Q(**{f"{prefix}strength__icontains": word})
            | Q(**{f"{prefix}code__iexact": word})
            | Q(**{f"{prefix}pinyin__istartswith": word})
        )
    return found


def rule_value(key: str, *, alliance: Alliance | None, on: dt.date, default: Any = None) -> Any:
    """The value of a dated rule: the alliance's own row before the common one; `default` when neither exists."""
    rows = RuleValue.objects.filter(key=key, valid_from__lte=on).exclude(valid_to__lt=on)
    for owner in (alliance, None) if alliance else (None,):
        row = rows.filter(alliance=owner).order_by("-valid_from").first()
        if row is not None:
            return row.value
    return default
