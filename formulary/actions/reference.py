"""Imports policy lists: editions are added to or superseded row by row, never edited; names are linked to 品种."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction

from formulary.actions.history import home_alliance, record
from formulary.actions.reference_links import write_plan
from formulary.models import EntryLink, ListEdition, ListEntry, ListKind, Person
from formulary.queries.medicines import matcher
from formulary.queries.status import MARKING
from formulary.rules.linking import DEFINING, DISTINCT, LinkPlan, plan_links
from formulary.rules.list_changes import Changes, Preview, compare, preview
from formulary.rules.lists.entries import Entry
from formulary.rules.lists.files import TENDER_KINDS, read_list
from formulary.rules.lists.sections import BESIDE, EDITION_SUFFIX, NOTES
from formulary.rules.tables import DataRefused

BATCH = 1000


class ReferenceRefused(Exception):
    """A list cannot be imported as asked: unknown kind, dates in the wrong order, or an edition with other dates."""


@dataclass(frozen=True)
class ImportResult:
    """Rows by what happened to them. queued: names waiting for a person. medicines: 品种 that the list brought in.

    absent: rows stored earlier, of the same parts of the list, that this file does not hold; they stay. notes: what to know of
    a table that is not the list itself. parts: rows of the file by part of the list. previews: every new or changed row, cell by cell.
    """

    new: int
    changed: int
    unchanged: int
    rejected: int
    queued: int
    medicines: int
    absent: int
    previews: tuple[Preview, ...]
    editions: tuple[str, ...]
    notes: tuple[str, ...] = ()
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def writes(self) -> bool:
        return bool(self.new or self.changed)


@dataclass(frozen=True)
class _Source:
    kind: str
    edition: str
    valid_from: dt.date
    valid_to: dt.date | None
    document: str
    name: str
    sha256: str


def import_reference(
    kind: str,
    source: Path | bytes,
    *,
    edition: str,
    valid_from: dt.date,
    valid_to: dt.date | None = None,
    document: str = "",
    by: Person | None,
    now: dt.datetime,
    dry_run: bool = False,
    name: str = "",
) -> ImportResult:
    """Imports one list file in one transaction; a second time it changes nothing.

    In the VBP files every 批次 is an edition of its own and `edition` only labels the import. `name` is the file's name when
    `source` is bytes. Raises DataRefused (all faults of the file) or ReferenceRefused; then nothing is written.
    """
    given = _source(kind, source, edition, valid_from, valid_to, document, name)
    entries = read_list(kind, source, name=given.name)
    with transaction.atomic():
        by_edition = _by_edition(given, entries)
        editions = _check_editions(given, by_edition)
        stored = {title: _stored(editions.get(title), rows) for title, rows in by_edition.items()}
        changes = {title: compare(rows, stored[title]) for title, rows in by_edition.items()}
        written = [by_edition[t][k] for t, change in changes.items() for k in (*change.new, *change.changed)]
        plan = _plan(given, written, editions)
        result = _result(by_edition, stored, changes, plan)
        if written and not dry_run:
            made = _write_editions(given, by_edition, editions, now)
            rows = _write_entries(by_edition, changes, made, now)
            write_plan(plan, rows, kind=kind, origin=f"{ListKind(kind).label} {edition}")
            record(
                "导入政策目录",
                made[next(iter(by_edition))],
                alliance=home_alliance(by),
                by=by,
                now=now,
                data=_facts(given, result),
            )
    return result


def rejected_rows(refused: DataRefused) -> int:
    """How many rows of a refused file are at fault."""
    return len({(fault.sheet, fault.row) for fault in refused.faults if fault.row is not None})


def _source(
    kind: str,
    source: Path | bytes,
    edition: str,
    valid_from: dt.date,
    valid_to: dt.date | None,
    document: str,
    name: str,
) -> _Source:
    if kind not in ListKind.values:
        raise ReferenceRefused(f"没有“{kind}”这种目录，应为 {'、'.join(ListKind.values)}")
    if not 0 < len(edition.strip()) <= 60:
        raise ReferenceRefused("请写明目录版本，应不超过 60 字")
    if len(document.strip()) > 120:
        raise ReferenceRefused("文号应不超过 120 字")
    if valid_to is not None and valid_to < valid_from:
        raise ReferenceRefused(f"失效日 {valid_to} 早于生效日 {valid_from}")
    raw = source.read_bytes() if isinstance(source, Path) else source
    label = name or (source.name if isinstance(source, Path) else "上传文件")
    digest = hashlib.sha256(raw).hexdigest()
    return _Source(kind, edition.strip(), valid_from, valid_to, document.strip(), label, digest)


def _by_edition(given: _Source, entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    grouped: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        title = entry.tender if given.kind in TENDER_KINDS else given.edition
        suffix = EDITION_SUFFIX.get(entry.section, "")
        grouped[title[: 60 - len(suffix)] + suffix].append(entry)
    return dict(grouped)


def _check_editions(given: _Source, titles: Mapping[str, object]) -> dict[str, ListEdition]:
    """The editions already there, locked; refuses to import into one with other dates."""
    found = ListEdition.objects.select_for_update().filter(kind=given.kind, edition__in=list(titles))
    for each in found:
        if (each.valid_from, each.valid_to) != (given.valid_from, given.valid_to):
            raise ReferenceRefused(
                f"{each} 已按生效日 {each.valid_from}、失效日 {each.valid_to or '未定'} 导入，"
                f"与本次的 {given.valid_from}、{given.valid_to or '未定'} 不同；同一版本的有效期不能改动"
            )
    return {each.edition: each for each in found}


def _stored(edition: ListEdition | None, rows: Sequence[Entry]) -> dict[str, dict[str, str]]:
    """The current rows that the file could hold: those of a table beside the list only when it is that table."""
    if edition is None:
        return {}
    parts = {row.section for row in rows}
    current = edition.entries.filter(superseded_at__isnull=True)
    current = current.filter(section__in=parts) if parts <= BESIDE else current.exclude(section__in=BESIDE - parts)
    return dict(current.values_list("key", "attributes"))


def _plan(given: _Source, written: Sequence[Entry], editions: Mapping[str, ListEdition]) -> LinkPlan:
    if not written:
        return LinkPlan()
    distinct = given.kind in DISTINCT
    claimed: set[int] = set()
    if distinct:
        current = EntryLink.objects.filter(
            entry__edition__in=list(editions.values()), entry__superseded_at__isnull=True, medicine__isnull=False
        )
        claimed = {pk for pk in current.values_list("medicine_id", flat=True) if pk is not None}
    return plan_links(written, matcher(), defining=given.kind in DEFINING, distinct=distinct, claimed=claimed)


def _result(
    by_edition: Mapping[str, Sequence[Entry]],
    stored: Mapping[str, Mapping[str, Mapping[str, str]]],
    changes: Mapping[str, Changes],
    plan: LinkPlan,
) -> ImportResult:
    previews = tuple(
        preview(by_edition[title][position], stored[title].get(by_edition[title][position].key))
        for title, change in changes.items()
        for position in sorted((*change.new, *change.changed))
    )
    parts = Counter(_parts(by_edition))
    return ImportResult(
        new=sum(len(change.new) for change in changes.values()),
        changed=sum(len(change.changed) for change in changes.values()),
        unchanged=sum(change.unchanged for change in changes.values()),
        rejected=0,
        queued=len(plan.questions),
        medicines=len(plan.new),
        absent=sum(change.absent for change in changes.values()),
        previews=previews,
        editions=tuple(by_edition),
        notes=tuple(NOTES[part] for part in parts if part in NOTES),
        parts=parts,
    )


def _parts(by_edition: Mapping[str, Sequence[Entry]]) -> list[str]:
    return [entry.section for rows in by_edition.values() for entry in rows]


def _write_editions(
    given: _Source, by_edition: Mapping[str, Sequence[Entry]], editions: Mapping[str, ListEdition], now: dt.datetime
) -> dict[str, ListEdition]:
    # A shortage list or a recall without a 文号 is somebody's watch list, and says so wherever it is shown.
    official = given.kind not in MARKING or bool(given.document)
    made = dict(editions)
    for title, rows in by_edition.items():
        parts = sorted({row.section for row in rows})
        if title in made:
            _add_parts(made[title], parts)
        else:
            made[title] = ListEdition.objects.create(
                kind=given.kind,
                edition=title,
                valid_from=given.valid_from,
                valid_to=given.valid_to,
                document=given.document,
                official=official and not set(parts) & set(EDITION_SUFFIX),
                sections=parts,
                imported_at=now,
                source_name=given.name[:200],
                source_sha256=given.sha256,
            )
    return made


def _add_parts(edition: ListEdition, parts: Sequence[str]) -> None:
    """饮片 after the main list: the edition now speaks of them too."""
    if set(parts) - set(edition.sections):
        edition.sections = sorted({*edition.sections, *parts})
        edition.save(update_fields=["sections"])


def _write_entries(
    by_edition: Mapping[str, Sequence[Entry]],
    changes: Mapping[str, Changes],
    editions: Mapping[str, ListEdition],
    now: dt.datetime,
) -> list[ListEntry]:
    """Supersedes changed rows, then adds them and the new ones; in the order that the plan was made for."""
    rows = []
    for title, change in changes.items():
        changed = [by_edition[title][position].key for position in change.changed]
        for start in range(0, len(changed), BATCH):
            current = ListEntry.objects.filter(edition=editions[title], superseded_at__isnull=True)
            current.filter(key__in=changed[start : start + BATCH]).update(superseded_at=now)
        rows += [_row(by_edition[title][k], editions[title]) for k in (*change.new, *change.changed)]
    return ListEntry.objects.bulk_create(rows, batch_size=BATCH)


def _row(entry: Entry, edition: ListEdition) -> ListEntry:
    return ListEntry(
        edition=edition,
        key=entry.key,
        row=entry.row,
        number=entry.number[:20],
        name=entry.name[:250],
        form=entry.form[:250],
        strength=entry.strength,
        category=entry.category[:20],
        section=entry.section,
        tender=entry.tender[:60],
        region=entry.region[:200],
        company=entry.company[:120],
        price=entry.price,
        quantity=entry.quantity,
        valid_to=entry.valid_to,
        attributes=dict(entry.attributes),
    )


def _facts(given: _Source, result: ImportResult) -> dict[str, object]:
    return {
        "kind": given.kind,
        "edition": given.edition,
        "editions": list(result.editions),
        "file": given.name,
        "sha256": given.sha256,
        "document": given.document,
        "new": result.new,
        "changed": result.changed,
        "unchanged": result.unchanged,
        "queued": result.queued,
        "medicines": result.medicines,
    }
