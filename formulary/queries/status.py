"""Drug status on a date: the one question "基药? 甲 or 乙? winner? short?" for any number of presentations at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Q, QuerySet

from formulary.models import EntryLink, ListEdition, ListKind, Presentation
from formulary.rules.editions import speaking
from formulary.rules.lists.files import TENDER_KINDS
from formulary.rules.status import Brief, DrugStatus, ListedEntry, standing_of, status_of

STATUS_KINDS = (
    ListKind.NEML,
    ListKind.NRDL,
    ListKind.VBP_AWARDS,
    ListKind.SHORTAGE,
    ListKind.MONITORED,
    ListKind.RECALL,
)
# Lists that only mark: none in force means nothing is marked, not that something is missing.
MARKING = frozenset({ListKind.SHORTAGE.value, ListKind.MONITORED.value, ListKind.RECALL.value})
TOGETHER = frozenset({*TENDER_KINDS, ListKind.SHORTAGE.value, ListKind.RECALL.value})
CHUNK = 5000


def editions_in_force(on: dt.date, kinds: Collection[str] = STATUS_KINDS) -> list[ListEdition]:
    """Of 基药, 医保, codes the latest edition begun, part by part; of tenders and shortage lists every one that runs."""
    return [edition for edition, _ in _speaking(on, kinds)]


def links_in_force(on: dt.date, kinds: Collection[str] = STATUS_KINDS) -> QuerySet[EntryLink]:
    """What the rows in force are linked to; superseded rows, and parts that a later edition replaced, are left out."""
    in_force = _speaking(on, kinds)
    whole = [edition.pk for edition, parts in in_force if parts == frozenset(edition.sections)]
    wanted = Q(entry__edition__in=whole)
    for edition, parts in in_force:
        if edition.pk not in whole:
            wanted |= Q(entry__edition=edition.pk, entry__section__in=parts)
    return EntryLink.objects.filter(wanted, entry__superseded_at__isnull=True)


def _speaking(on: dt.date, kinds: Collection[str]) -> list[tuple[ListEdition, frozenset[str]]]:
    running = ListEdition.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=on), kind__in=kinds, valid_from__lte=on
    )
    latest_first = list(running.order_by("-valid_from", "-pk"))
    parts = speaking(((e, e.kind, e.sections) for e in latest_first), together=TOGETHER)
    return list(parts.items())


def drug_statuses(presentations: Iterable[Presentation], on: dt.date, *, region: str = "") -> dict[int, DrugStatus]:
    """Status by presentation id; three queries for any number. region: winners of one province only ("江苏")."""
    rows = list(presentations)
    listed = listed_entries({row.medicine_id for row in rows}, on, region=region)
    return {
        row.pk: status_of(row.form, row.strength, listed.get(row.medicine_id, ()), on=on, region=region) for row in rows
    }


def standings(
    drugs: Iterable[tuple[int, int, str, str]], on: dt.date, *, region: str = ""
) -> dict[int, tuple[bool, str]]:
    """(基药?, 医保 class) of each (id, medicine id, form, strength): for a whole catalogue, where the rest is not asked."""
    wanted = list(drugs)
    found: dict[str, dict[int, list[Brief]]] = {ListKind.NEML: defaultdict(list), ListKind.NRDL: defaultdict(list)}
    for kind, rows in found.items():
        links = links_in_force(on, (kind,)).filter(medicine__isnull=False)
        if region:
            links = links.filter(Q(entry__region="") | Q(entry__region__contains=region))
        fields = ("medicine_id", "entry__edition__valid_to", "entry_id", "entry__category", "form", "entry__valid_to")
        # 医保 names no strengths, and six thousand empty lists are slow to read.
        strengths = ("strengths",) if kind == ListKind.NEML else ()
        told = links.order_by("entry_id", "pk").values_list(*fields, *strengths)
        for medicine, edition_ends, entry, category, form, ends, *listed in told:
            if medicine is not None:
                rows[medicine].append(Brief(entry, category, form, listed[0] if listed else [], ends or edition_ends))
    essential, insured = found[ListKind.NEML], found[ListKind.NRDL]
    return {
        pk: standing_of(form, strength, essential.get(medicine, ()), insured.get(medicine, ()), on=on)
        for pk, medicine, form, strength in wanted
    }


def drug_status(presentation: Presentation, on: dt.date, *, region: str = "") -> DrugStatus:
    return drug_statuses([presentation], on, region=region)[presentation.pk]


def listed_entries(medicine_ids: Collection[int], on: dt.date, *, region: str = "") -> dict[int, list[ListedEntry]]:
    """The rows in force that speak of each 品种, by medicine id; superseded rows and names in question are left out."""
    links = links_in_force(on)
    if len(medicine_ids) <= CHUNK:
        links = links.filter(medicine__in=medicine_ids)
    if region:
        links = links.filter(Q(entry__region="") | Q(entry__region__contains=region))
    found: dict[int, list[ListedEntry]] = defaultdict(list)
    for link in links.filter(medicine__isnull=False).select_related("entry__edition").order_by("entry_id", "pk"):
        if link.medicine_id is not None and link.medicine_id in medicine_ids:
            found[link.medicine_id].append(_listed(link))
    return found


def _listed(link: EntryLink) -> ListedEntry:
    entry, edition = link.entry, link.entry.edition
    return ListedEntry(
        entry_id=entry.pk,
        kind=edition.kind,
        edition=edition.edition,
        official=edition.official,
        valid_from=edition.valid_from,
        valid_to=entry.valid_to or edition.valid_to,
        name=entry.name,
        category=entry.category,
        section=entry.section,
        form=link.form,
        strengths=tuple(link.strengths),
        strength=entry.strength,
        tender=entry.tender,
        region=entry.region,
        company=entry.company,
        price=entry.price,
        attributes=entry.attributes,
    )
