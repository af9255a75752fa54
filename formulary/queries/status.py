"""Drug status on a date: the one question "基药? 甲 or 乙? winner? short?" for any number of presentations at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Q

from formulary.models import EntryLink, ListEdition, ListKind, Presentation
from formulary.rules.lists.files import TENDER_KINDS
from formulary.rules.status import DrugStatus, ListedEntry, status_of

STATUS_KINDS = (ListKind.NEML, ListKind.NRDL, ListKind.VBP_AWARDS, ListKind.SHORTAGE)
CHUNK = 5000


def editions_in_force(on: dt.date, kinds: Collection[str] = STATUS_KINDS) -> list[ListEdition]:
    """Of 基药, 医保, codes the latest edition begun; of tenders and shortage lists every one that runs."""
    rows = ListEdition.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on), kind__in=kinds, valid_from__lte=on
    )
    running = list(rows.order_by("-valid_from", "-pk"))
    together = {*TENDER_KINDS, ListKind.SHORTAGE}
    latest: dict[str, ListEdition] = {}
    for edition in running:
        latest.setdefault(edition.kind, edition)
    return [edition for edition in running if edition.kind in together or latest[edition.kind] == edition]


def drug_statuses(presentations: Iterable[Presentation], on: dt.date, *, region: str = "") -> dict[int, DrugStatus]:
    """Status by presentation id; three queries for any number. region: winners of one province only ("江苏")."""
    rows = list(presentations)
    listed = listed_entries({row.medicine_id for row in rows}, on, region=region)
    return {
        row.pk: status_of(row.form, row.strength, listed.get(row.medicine_id, ()), on=on, region=region) for row in rows
    }


def drug_status(presentation: Presentation, on: dt.date, *, region: str = "") -> DrugStatus:
    return drug_statuses([presentation], on, region=region)[presentation.pk]


def listed_entries(medicine_ids: Collection[int], on: dt.date, *, region: str = "") -> dict[int, list[ListedEntry]]:
    """The rows in force that speak of each 品种, by medicine id; superseded rows and names in question are left out."""
    editions = {edition.pk: edition for edition in editions_in_force(on)}
    links = EntryLink.objects.filter(entry__edition__in=editions, entry__superseded_at__isnull=True)
    if len(medicine_ids) <= CHUNK:
        links = links.filter(medicine__in=medicine_ids)
    if region:
        links = links.filter(Q(entry__region="") | Q(entry__region__contains=region))
    found: dict[int, list[ListedEntry]] = defaultdict(list)
    for link in links.filter(medicine__isnull=False).select_related("entry").order_by("entry_id", "pk"):
        if link.medicine_id is not None and link.medicine_id in medicine_ids:
            found[link.medicine_id].append(_listed(link, editions[link.entry.edition_id]))
    return found


def _listed(link: EntryLink, edition: ListEdition) -> ListedEntry:
    entry = link.entry
    return ListedEntry(
        entry_id=entry.pk,
        kind=edition.kind,
        edition=edition.edition,
        official=edition.official,
        valid_from=edition.valid_from,
        valid_to=entry.valid_to or edition.valid_to,
        name=entry.name,
        category=entry.category,
        form=link.form,
        strengths=tuple(link.strengths),
        strength=entry.strength,
        tender=entry.tender,
        region=entry.region,
        company=entry.company,
        price=entry.price,
        attributes=entry.attributes,
    )
