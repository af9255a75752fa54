"""The drugs the alliance knows: search, and one drug with its products and its place in the formulary."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet

from formulary.models import Alliance, EntryLink, FormularyEntry, Presentation
from formulary.queries.status import links_in_force
from formulary.queries.versions import matching, version_in_force


def drugs(
    alliance: Alliance, on: dt.date, *, words: str = "", mark: str = "", place: str = "", therapeutic_class: str = ""
) -> QuerySet[Presentation]:
    """Presentations with `listed` = in the formulary in force. mark: emergency, chronic or cold; place: in or out."""
    version = version_in_force(alliance, on)
    inside = FormularyEntry.objects.filter(version=version, presentation=OuterRef("pk"))
    rows = Presentation.objects.filter(active=True).select_related("medicine").annotate(listed=Exists(inside))
    if words:
        rows = rows.filter(matching(words))
    if mark:
        rows = rows.filter(
            **{{"emergency": "is_emergency", "chronic": "is_chronic", "cold": "needs_cold_chain"}[mark]: True}
        )
    if place:
        rows = rows.filter(listed=place == "in")
    if therapeutic_class:
        rows = rows.filter(therapeutic_class=therapeutic_class)
    return rows.order_by("name", "strength", "code")


def drug_classes() -> list[str]:
    rows = Presentation.objects.filter(active=True).exclude(therapeutic_class="")
    return list(rows.order_by("therapeutic_class").values_list("therapeutic_class", flat=True).distinct())


def entry_in_force(alliance: Alliance, drug: Presentation, on: dt.date) -> FormularyEntry | None:
    """The drug's line in the version in force, with its version; None when it is not listed."""
    version = version_in_force(alliance, on)
    return FormularyEntry.objects.filter(version=version, presentation=drug).select_related("version").first()


def same_group(drug: Presentation) -> QuerySet[Presentation]:
    """Other presentations that 一品两规 counts together with this one."""
    if not drug.spec_group:
        return Presentation.objects.none()
    return Presentation.objects.filter(spec_group=drug.spec_group, active=True).exclude(pk=drug.pk)


def source_entries(drug: Presentation, on: dt.date, *, region: str = "") -> list[EntryLink]:
    """The list rows in force that speak of the drug's 品种, with their edition: where every status word comes from."""
    links = links_in_force(on).filter(medicine=drug.medicine_id)
    if region:
        links = links.filter(Q(entry__region="") | Q(entry__region__contains=region))
    return list(links.select_related("entry__edition").order_by("entry__edition__kind", "entry__row", "pk"))
