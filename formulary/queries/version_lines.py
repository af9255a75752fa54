"""Versions as values (formulary.rules.versions), their order, what differs between two, and one drug through all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, DateField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce

from formulary.models import (
    AgendaItem,
    Alliance,
    FormularyEntry,
    FormularyVersion,
    Presentation,
    VersionChange,
)
from formulary.queries.charter import charter
from formulary.rules import versions as rules
from formulary.rules.versions import Difference, Line

COLUMNS = ("lowest_level", "restriction", "tier", "reason", "review_on")
FEW = 500


def published(alliance: Alliance) -> QuerySet[FormularyVersion]:
    """In the order in which they take effect, the last first; on one day the higher number holds."""
    rows = FormularyVersion.objects.filter(alliance=alliance, published_at__isnull=False)
    return rows.order_by("-effective_from", "-number")


def latest_published(alliance: Alliance) -> FormularyVersion | None:
    """The version that holds when all published ones have begun; the next one builds on it."""
    return published(alliance).first()


def draft_of(alliance: Alliance) -> FormularyVersion | None:
    return FormularyVersion.objects.filter(alliance=alliance, published_at=None).select_related("based_on").first()


def lines_of(version: FormularyVersion | None, among: Collection[int] | None = None) -> dict[int, Line]:
    """Every line (or those of some drugs) by presentation id; no version is an empty list."""
    if version is None:
        return {}
    rows = FormularyEntry.objects.filter(version=version).order_by()
    if among is not None and len(among) <= FEW:
        rows = rows.filter(presentation__in=among)
    known: dict[tuple[Any, ...], Line] = {}  # ten thousand rows hold a few dozen different lines
    lines: dict[int, Line] = {}
    for key, *rest in rows.values_list("presentation", *COLUMNS):
        if among is None or key in among:
            said = tuple(rest)
            lines[key] = known.get(said) or known.setdefault(said, Line(*said))
    return lines


def touched_by(a: FormularyVersion | None, b: FormularyVersion) -> set[int]:
    """Drugs whose lines differ between two versions, told by the database without reading the versions."""
    mine = FormularyEntry.objects.filter(version=b).order_by()
    if a is None:
        return set(mine.values_list("presentation", flat=True))
    theirs = FormularyEntry.objects.filter(version=a).order_by()
    there = mine.filter(presentation=OuterRef("presentation"))
    gone = theirs.filter(~Exists(there)).values_list("presentation", flat=True)
    day = Coalesce("review_on", Value(dt.date.min), output_field=DateField())  # no day equals no day
    compared = {name: OuterRef(name) for name in ("presentation", *COLUMNS[:-1], "day")}
    same = theirs.annotate(day=day).filter(**compared)
    changed = mine.annotate(day=day).filter(~Exists(same)).values_list("presentation", flat=True)
    return set(gone) | set(changed)


def codes_of(presentations: Iterable[int]) -> dict[int, str]:
    """Drug codes by presentation id."""
    wanted = set(presentations)
    rows = Presentation.objects.values_list("pk", "code")
    return dict(rows) if len(wanted) > FEW else dict(rows.filter(pk__in=wanted))


def trial_months(alliance: Alliance, on: dt.date) -> int:
    """Months until a new drug's use is reviewed when the vote set none."""
    return charter(alliance, on).review_months


def seal_holds(version: FormularyVersion) -> bool:
    """Whether the entries are still what was sealed at publication."""
    lines = lines_of(version)
    codes = codes_of(lines)
    if version.effective_from is None or not version.seal:
        return False
    return rules.seal(version.number, version.effective_from, {codes[k]: lines[k] for k in lines}) == version.seal


@dataclass(frozen=True)
class VersionRow:
    """One line of the list. standing: 在用, 待生效, 已被取代 or 草案."""

    version: FormularyVersion
    standing: str
    entries: int
    added: int
    removed: int
    changed: int
    ends: dt.date | None


def version_rows(alliance: Alliance, today: dt.date) -> list[VersionRow]:
    """All versions, drafts first, then the latest effective first; three queries."""
    rows = list(FormularyVersion.objects.filter(alliance=alliance).select_related("based_on", "published_by"))
    sizes = dict(
        FormularyEntry.objects.filter(version__alliance=alliance)
        .order_by()
        .values_list("version")
        .annotate(Count("pk"))
    )
    kinds = VersionChange.objects.filter(version__alliance=alliance).order_by().values_list("version", "kind")
    counts = {(version, kind): n for version, kind, n in kinds.annotate(Count("pk"))}
    drafts = [row for row in rows if not row.is_published]
    known = [row for row in rows if row.is_published]
    known.sort(key=lambda row: (row.effective_from or today, row.number), reverse=True)
    begun = next((row for row in known if row.effective_from and row.effective_from <= today), None)
    found = []
    later: FormularyVersion | None = None
    for row in [*drafts, *known]:
        ends = None
        if row.is_published:
            ends = later.effective_from if later else None
            later = row
        found.append(
            VersionRow(
                row,
                _standing(row, begun, today),
                entries=sizes.get(row.pk, 0),
                added=counts.get((row.pk, "added"), 0),
                removed=counts.get((row.pk, "removed"), 0),
                changed=counts.get((row.pk, "changed"), 0),
                ends=ends,
            )
        )
    return found


def _standing(row: FormularyVersion, begun: FormularyVersion | None, today: dt.date) -> str:
    if not row.is_published or row.effective_from is None:
        return "草案"
    if begun is not None and row.pk == begun.pk:
        return "在用"
    return "待生效" if row.effective_from > today else "已被取代"


@dataclass(frozen=True)
class ChangeRow:
    """One drug's difference between two versions in plain words, with every reason and vote on the way."""

    drug: Presentation
    kind: rules.Change
    sentence: str
    points: list[tuple[str, str, str]]
    reasons: list[VersionChange]
    difference: Difference

    @property
    def why(self) -> str:
        return "；".join(row.reason for row in self.reasons) or "—"

    @property
    def votes(self) -> str:
        return "；".join(words for row in self.reasons if (words := getattr(row, "votes", ""))) or "—"


def differences(
    a: FormularyVersion | None,
    b: FormularyVersion,
    *,
    words: str = "",
    kind: str = "",
    level: str = "",
    therapeutic_class: str = "",
) -> list[ChangeRow]:
    """What differs between two versions, 调入 first, then 调出 and 调整, each by name."""
    touched = touched_by(a, b)
    found = [one for one in rules.diff(lines_of(a, touched), lines_of(b, touched)) if not kind or one.kind == kind]
    keys = [one.presentation for one in found]
    drugs = Presentation.objects.select_related("medicine").in_bulk(keys)
    wanted = _matching(drugs, words, therapeutic_class)
    reasons = _reasons(a, b, set(keys))
    rows = [
        ChangeRow(
            drugs[one.presentation],
            one.kind,
            rules.sentence(one),
            rules.in_words(one),
            reasons.get(one.presentation, []),
            one,
        )
        for one in found
        if one.presentation in wanted and (not level or level in _levels(one))
    ]
    order = list(rules.Change)
    return sorted(rows, key=lambda row: (order.index(row.kind), row.drug.name, row.drug.strength, row.drug.pk))


def changes_with_votes(changes: Iterable[VersionChange]) -> list[VersionChange]:
    """The changes with `votes` in words on each: 同意 9、反对 1、弃权 0."""
    rows = list(changes)
    ids = {row.adjustment_id for row in rows if row.adjustment_id}
    items = AgendaItem.objects.filter(adjustment__in=ids, state="decided", outcome="passed").select_related("meeting")
    votes = {item.adjustment_id: item for item in items.order_by("decided_at")}
    for row in rows:
        item = votes.get(row.adjustment_id)
        row.votes = votes_in_words(item) if item else ""  # type: ignore[attr-defined]
        row.item = item  # type: ignore[attr-defined]
    return rows


def votes_in_words(item: AgendaItem) -> str:
    """Counts only: 同意 9、反对 1、弃权 0（2026-3 次会议）."""
    tally = item.tally
    named = (("agree", "同意"), ("against", "反对"), ("abstain", "弃权"), ("recused", "回避"))
    found = [f"{word} {_count(tally[key])}" for key, word in named if key in tally]
    return f"{'、'.join(found) or '已表决'}（{item.meeting.number}）"


def _count(value: object) -> object:
    return len(value) if isinstance(value, list) else value


def drug_history(
    alliance: Alliance, drug: Presentation
) -> list[tuple[FormularyVersion, Line | None, VersionChange | None]]:
    """What each published version said of the drug, the latest first; None: not listed."""
    versions = list(published(alliance))
    rows = FormularyEntry.objects.filter(version__in=versions, presentation=drug).values_list("version", *COLUMNS)
    lines = {version: Line(*rest) for version, *rest in rows}
    changes = VersionChange.objects.filter(version__in=versions, presentation=drug).select_related("adjustment")
    by_version = {row.version_id: row for row in changes_with_votes(changes)}
    return [(version, lines.get(version.pk), by_version.get(version.pk)) for version in versions]


def _levels(one: Difference) -> set[str]:
    return {line.lowest_level for line in (one.before, one.after) if line}


def _matching(drugs: dict[int, Presentation], words: str, therapeutic_class: str) -> set[int]:
    from formulary.queries.versions import matching

    if not words and not therapeutic_class:
        return set(drugs)
    rows = Presentation.objects.filter(pk__in=drugs)
    if words:
        rows = rows.filter(matching(words))
    if therapeutic_class:
        rows = rows.filter(therapeutic_class=therapeutic_class)
    return set(rows.values_list("pk", flat=True))


def _reasons(a: FormularyVersion | None, b: FormularyVersion, keys: set[int]) -> dict[int, list[VersionChange]]:
    """The changes of the versions on the way from a to b (or back), oldest first, by presentation."""
    way = [b.pk] if a is not None and not b.is_published and b.based_on_id == a.pk else _between(a, b)
    rows = VersionChange.objects.filter(version__in=way, presentation__in=keys).select_related("version", "adjustment")
    found: dict[int, list[VersionChange]] = {}
    for row in changes_with_votes(rows.order_by("version__effective_from", "version__number")):
        found.setdefault(row.presentation_id, []).append(row)
    return found


def _between(a: FormularyVersion | None, b: FormularyVersion) -> list[int]:
    ordered = [row.pk for row in reversed(published(b.alliance))]
    if not b.is_published:
        ordered.append(b.pk)
    first = ordered.index(a.pk) if a is not None else -1
    last = ordered.index(b.pk)
    low, high = sorted((first, last))
    return ordered[low + 1 : high + 1]
