"""The policy lists as people look at them: editions with their counts, and the entries of one edition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from formulary.models import EntryLink, Event, ListEdition, ListEntry, ListKind, ListUpload, NameMatch, Presentation
from formulary.queries.reach import Scope
from formulary.queries.status import MARKING, STATUS_KINDS, TOGETHER, editions_in_force
from formulary.rules.lists.sections import BESIDE

IMPORTED = "导入政策目录"
# Below this share of the rows it replaces, a new part is probably a supplement.
THIN = 0.8


@dataclass(frozen=True)
class EditionRow:
    """One edition with its counts. linked: entries that speak of a known 品种; waiting: of a name in question; by: who imported
    last, None when that was not somebody of this alliance; state: 现行, 未生效, 已失效 or 已被取代."""

    edition: ListEdition
    state: str
    entries: int
    linked: int
    waiting: int
    by: str | None
    at: dt.datetime
    source: str
    sha256: str

    @property
    def rate(self) -> float | None:
        """Share of the entries naming a drug whose 品种 is known; None when the table names none (饮片)."""
        naming = self.linked + self.waiting
        return self.linked / naming if naming else None


def edition_rows(scope: Scope, on: dt.date) -> list[EditionRow]:
    """Every edition, the latest of each kind first; a handful of queries for any number."""
    current = Q(entry__superseded_at__isnull=True)
    links = EntryLink.objects.filter(current).order_by().values_list("entry__edition")
    entries = ListEntry.objects.filter(superseded_at__isnull=True).order_by().values_list("edition")
    counts = dict(entries.annotate(Count("pk")))
    linked = dict(links.filter(medicine__isnull=False).annotate(Count("entry", distinct=True)))
    asked = links.filter(medicine__isnull=True, question__state=NameMatch.State.PENDING)
    waiting = dict(asked.annotate(Count("entry", distinct=True)))
    in_force = {edition.pk for edition in editions_in_force(on, ListKind.values)}
    imports = _imports(scope)
    rows = []
    place = {kind: number for number, kind in enumerate(ListKind.values)}
    for edition in sorted(ListEdition.objects.order_by("-valid_from", "-pk"), key=lambda each: place[each.kind]):
        told = imports.get((edition.kind, edition.edition))
        rows.append(
            EditionRow(
                edition,
                _state(edition, on, in_force),
                counts.get(edition.pk, 0),
                linked.get(edition.pk, 0),
                waiting.get(edition.pk, 0),
                told.by_name if told else None,
                told.at if told else edition.imported_at,
                told.data["file"] if told else edition.source_name,
                told.data["sha256"] if told else edition.source_sha256,
            )
        )
    return rows


def kinds_never_imported(rows: Sequence[EditionRow]) -> list[str]:
    present = {row.edition.kind for row in rows}
    return [kind.label for kind in ListKind if kind not in present]


def kinds_without_edition(rows: Sequence[EditionRow]) -> list[str]:
    """Lists that drug status asks, of which no edition is in force: the status then says nothing of them."""
    running = [row.edition for row in rows if row.state == "现行"]
    present = {edition.kind for edition in running if set(edition.sections) - BESIDE}
    return [ListKind(kind).label for kind in STATUS_KINDS if kind not in present and kind not in MARKING]


def edition_entries(
    edition: ListEdition, *, words: str = "", section: str = "", match: str = ""
) -> QuerySet[ListEntry]:
    """The current entries with their links, 品种 and drugs. match: linked, waiting or none."""
    rows = ListEntry.objects.filter(edition=edition, superseded_at__isnull=True)
    if words:
        named = Q(name__icontains=words) | Q(number=words) | Q(company__icontains=words) | Q(region__icontains=words)
        rows = rows.filter(named | Q(key__startswith=words))
    if section:
        rows = rows.filter(section=section)
    links = EntryLink.objects.filter(entry=OuterRef("pk"))
    linked = Exists(links.filter(medicine__isnull=False))
    waiting = Exists(links.filter(medicine__isnull=True, question__state=NameMatch.State.PENDING))
    if match:
        rows = rows.filter({"linked": linked, "waiting": waiting, "none": ~linked & ~waiting}[match])
    drugs = Prefetch("medicine__presentations", Presentation.objects.filter(active=True), to_attr="drugs")
    shown = EntryLink.objects.select_related("medicine", "question").prefetch_related(drugs).order_by("pk")
    return rows.prefetch_related(Prefetch("links", shown)).order_by("row", "pk")


def with_spoken_of(entries: Iterable[ListEntry]) -> list[ListEntry]:
    """Each entry with `spoken`: one link for each 品种 or question, and the forms it is named with (片剂、胶囊)."""
    listed = list(entries)
    for entry in listed:
        found: dict[tuple[int | None, int | None], tuple[EntryLink, list[str]]] = {}
        for link in entry.links.all():
            found.setdefault((link.medicine_id, link.question_id), (link, []))[1].append(link.form)
        entry.spoken = [(link, "、".join(filter(None, forms))) for link, forms in found.values()]  # type: ignore[attr-defined]
    return listed


def list_uploads(scope: Scope) -> QuerySet[ListUpload]:
    """The alliance's own files; lists are common to all, the files on their way in are not."""
    return ListUpload.objects.filter(alliance=scope.alliance).select_related("by", "job", "alliance")


def thin_parts(kind: str, titles: Sequence[str], begins: dt.date, parts: Mapping[str, int]) -> list[str]:
    """A sentence for each part of a new edition that would replace far more rows than it holds."""
    if kind in TOGETHER:
        return []
    others = [e for e in editions_in_force(begins, [kind]) if e.edition not in titles]
    rows = ListEntry.objects.filter(edition__in=others, superseded_at__isnull=True).order_by()
    said = []
    for edition, part, count in rows.values_list("edition__edition", "section").annotate(Count("pk")):
        if part in parts and parts[part] < THIN * count:
            said.append(
                f"“{part or '全部'}”部分此文件只有 {parts[part]:,} 条，现有版本“{edition}”有 {count:,} 条；自 {begins} 起该部分"
                "以此文件为准。若只是增补或更正，请用现有版本的名称和日期导入"
            )
    return said


def _imports(scope: Scope) -> dict[tuple[str, str], Event]:
    """The last import of each edition by this alliance or from the command line."""
    told: dict[tuple[str, str], Event] = {}
    events = Event.objects.filter(verb=IMPORTED, chain__in=[scope.alliance.code, "system"])
    for event in events.order_by("at", "number"):
        for title in event.data.get("editions", []):
            told[(event.data.get("kind", ""), title)] = event
    return told


def _state(edition: ListEdition, on: dt.date, in_force: set[int]) -> str:
    if edition.pk in in_force:
        return "现行"
    if edition.valid_from > on:
        return "未生效"
    return "已失效" if edition.valid_to and edition.valid_to < on else "已被取代"
