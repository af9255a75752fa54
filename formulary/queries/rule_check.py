"""The rule check against the database: the version in force as lines, and the facts that the rules read.

lines = lines_of(version_in_force(alliance, on))
facts = facts_for(alliance, on, {*lines, *candidates})
check_version(lines, facts)            # formulary.rules.findings
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from django.db.models import Q

from formulary.models import (
    Adjustment,
    Alliance,
    EntryLink,
    FormularyVersion,
    Institution,
    ListKind,
    Medicine,
    Presentation,
    Product,
    VersionChange,
)
from formulary.queries import evidence
from formulary.queries.charter import charter
from formulary.queries.rule_values import rows_in_force, values
from formulary.queries.status import links_in_force, listed_entries
from formulary.queries.versions import version_in_force
from formulary.rules.adjustment_life import Kind
from formulary.rules.dosage_forms import lookup
from formulary.rules.findings import Drug, Entry, Facts, Finding, Line, Site, check_change, read_limits
from formulary.rules.findings.antimicrobials import is_antimicrobial
from formulary.rules.findings.changes import changed
from formulary.rules.findings.payment import payable_from
from formulary.rules.status import ListedEntry, status_of

FEW = 5_000
CHILD = re.compile("小儿|儿童|婴儿|婴幼儿|新生儿")


def lines_of(version: FormularyVersion | None) -> dict[int, Line]:
    """品规 → line of a version; none for no version."""
    if version is None:
        return {}
    rows = version.entries.order_by().values_list("presentation_id", "lowest_level", "restriction", "tier")
    return {pk: Entry(level, restriction, tier) for pk, level, restriction, tier in rows}


def facts_for(
    alliance: Alliance, on: dt.date, presentations: Collection[int], *, substances: Collection[str] | None = None
) -> Facts:
    """Facts of these 品规 and of the emergency 品规 in use (all, or of some substances); a fixed number of queries."""
    wanted = _presentations(presentations, substances)
    rows = rows_in_force(alliance, "finding.", on)
    documents = {key: row.document for key, row in rows_in_force(alliance, "charter.", on).items()}
    rest = charter(alliance, on).antimicrobial_rest_months
    values = {key: row.value for key, row in rows.items()} | {"finding.rest_months": rest}
    return Facts(
        on=on,
        drugs=_drugs(alliance, wanted, on),
        sites=[_site(site) for site in alliance.institutions.filter(active=True)],
        limits=read_limits(values.get),
        removed=_removed(alliance, on),
        evaluations=_evaluations(alliance),
        documents=documents | {key: row.document for key, row in rows.items()},
    )


def change_findings(adjustment: Adjustment, on: dt.date) -> tuple[list[Finding], Facts]:
    """What the application would bring to the version in force on a day."""
    alliance = adjustment.alliance
    before = lines_of(version_in_force(alliance, on))
    presentation = adjustment.presentation_id
    if presentation is None:
        return [], Facts(on, {}, [])
    level = adjustment.lowest_level or adjustment.institution.level
    line = Entry(level, adjustment.restriction, adjustment.tier)
    after = changed(before, adjustment.kind, presentation, line, drops=adjustment.drops_id)
    touched = {pk for pk in {*before, *after} if before.get(pk) != after.get(pk)}
    title = adjustment.applicant.title if adjustment.kind in (Kind.ADD, Kind.REPLACE) else None
    facts = replace(facts_around(alliance, touched, on), applicant_title=title)
    return check_change(before, after, facts), facts


def facts_around(alliance: Alliance, touched: set[int], on: dt.date) -> Facts:
    """Facts of the lines touched and of what the rules count together with them: all that `check_change` can tell of them,
    because a rule passes over drugs without facts."""
    near, substances = _around(alliance, touched, on)
    return facts_for(alliance, on, near, substances=substances)


def _around(alliance: Alliance, touched: set[int], on: dt.date) -> tuple[set[int], set[str]]:
    """What the rules count together with the lines touched: their group, all antimicrobials for one of them, and
    the drugs of a chronic disease for one of these."""
    rows = list(Presentation.objects.filter(pk__in=touched).select_related("medicine"))
    groups = {row.spec_group for row in rows if row.spec_group}
    near = set(Presentation.objects.filter(spec_group__in=groups).values_list("pk", flat=True)) | touched
    codes = class_codes(rows, listed_entries({row.medicine_id for row in rows}, on))
    limits = read_limits(values(alliance, "finding.", on).get)
    if any(is_antimicrobial(code, limits.antimicrobial_classes) for code in codes.values()):
        medicines = medicines_of_class(limits.antimicrobial_classes, on)
        near |= set(Presentation.objects.filter(medicine__in=medicines).values_list("pk", flat=True))
    for classes in map(tuple, limits.chronic_classes.values()):
        if any(row.is_chronic and codes[row.pk].startswith(classes) for row in rows):
            same = Presentation.objects.filter(medicine__in=medicines_of_class(classes, on), is_chronic=True)
            near |= set(same.values_list("pk", flat=True))
    return near, {row.medicine.substance for row in rows}


def medicines_of_class(prefixes: Collection[str], on: dt.date) -> set[int]:
    """品种 whose 医保 list row or product code has one of these NHSA classes (without X)."""
    listed = Q()
    coded = Q()
    for prefix in prefixes:
        full = prefix if prefix.startswith("Z") else f"X{prefix}"
        listed |= Q(entry__attributes__药品分类代码__startswith=full)
        coded |= Q(nhsa_code__startswith=full)
    if not prefixes:
        return set()
    links = links_in_force(on, (ListKind.NRDL,)).filter(listed, medicine__isnull=False)
    products = Product.objects.filter(coded).values_list("presentation__medicine", flat=True)
    return {pk for pk in links.values_list("medicine", flat=True) if pk is not None} | set(products)


def class_codes(presentations: Iterable[Presentation], listed: dict[int, list[ListedEntry]]) -> dict[int, str]:
    """NHSA class by 品规 without its X: that of its products' codes, else that of the 医保 list's rows of its 品种, else
    that of another 品种 of the same substance by the same route; "" when nobody says."""
    rows = list(presentations)
    coded = Product.objects.exclude(nhsa_code="").order_by("-active", "pk")
    found: dict[int, str] = {}
    ids = {row.pk for row in rows}
    for presentation, code in coded.values_list("presentation_id", "nhsa_code"):
        if presentation in ids:
            found.setdefault(presentation, _class(code[:6]))
    for row in rows:
        if row.pk not in found:
            codes = (
                entry.attributes.get("药品分类代码", "")
                for entry in listed.get(row.medicine_id, ())
                if entry.kind == ListKind.NRDL
            )
            found[row.pk] = next((_class(code) for code in codes if code), "")
    return found | _codes_of_relatives([row for row in rows if not found[row.pk]])


def _codes_of_relatives(rows: list[Presentation]) -> dict[int, str]:
    """奥司他韦干混悬剂 is of the class of 奥司他韦胶囊 although no list names it; an eye drop is not of the tablet's."""
    if not rows:
        return {}
    own = {medicine.pk: medicine for medicine in Medicine.objects.filter(pk__in={row.medicine_id for row in rows})}
    kin = Medicine.objects.filter(substance__in={medicine.substance for medicine in own.values()}).exclude(pk__in=own)
    links = EntryLink.objects.filter(
        medicine__in=kin, entry__edition__kind=ListKind.NRDL, entry__superseded_at__isnull=True
    ).order_by("-entry__edition__valid_from", "pk")
    by_kind: dict[tuple[str, str], str] = {}
    for link in links.select_related("entry", "medicine"):
        code = _class(link.entry.attributes.get("药品分类代码", ""))
        if link.medicine is not None and code:
            by_kind.setdefault((link.medicine.substance, _route(link.medicine)), code)
    keys = {row.pk: (own[row.medicine_id].substance, _route(own[row.medicine_id])) for row in rows}
    return {pk: by_kind.get(key, "") for pk, key in keys.items()}


def _route(medicine: Medicine) -> str:
    form = lookup(medicine.form_group)
    return form.route if form else medicine.route


def _class(code: str) -> str:
    return code[1:] if code.startswith("X") else code


def _presentations(wanted: Collection[int], substances: Collection[str] | None) -> list[Presentation]:
    """Read whole where many are asked for: ten thousand numbers are no condition for a database."""
    emergency = Q(is_emergency=True, active=True)
    if substances is not None:
        emergency &= Q(medicine__substance__in=substances)
    rows = Presentation.objects.order_by("pk")
    if len(wanted) <= FEW:
        return list(rows.filter(Q(pk__in=wanted) | emergency))
    others = set(rows.filter(emergency).values_list("pk", flat=True))
    return [row for row in rows if row.pk in wanted or row.pk in others]


def _drugs(alliance: Alliance, rows: list[Presentation], on: dt.date) -> dict[int, Drug]:
    medicines = {row.medicine_id for row in rows}
    region = alliance.province
    listed = listed_entries(medicines, on, region=region)
    codes = class_codes(rows, listed)
    substances = dict(Medicine.objects.order_by().values_list("pk", "substance"))
    labels: dict[int, list[str]] = defaultdict(list)
    for price in evidence.prices(alliance, {row.pk for row in rows}, on):
        labels[price.presentation].append(price.label)
    approvals = _approvals({row.pk for row in rows})
    return {
        row.pk: _drug(row, substances[row.medicine_id], listed.get(row.medicine_id, []), codes[row.pk], on, region,
                      tuple(labels.get(row.pk, ())), approvals.get(row.pk, []))
        for row in rows
    }  # fmt: skip


def _drug(
    row: Presentation,
    substance: str,
    entries: list[ListedEntry],
    class_code: str,
    on: dt.date,
    region: str,
    labels: tuple[str, ...],
    approvals: list[dt.date | None],
) -> Drug:
    status = status_of(row.form, row.strength, entries, on=on, region=region)
    ended = [e.valid_to for e in entries if e.kind == ListKind.NRDL and e.valid_to is not None and e.valid_to < on]
    known = [day for day in approvals if day is not None]
    form = lookup(row.form)
    return Drug(
        pk=row.pk,
        code=row.code,
        name=row.name,
        strength=row.strength,
        medicine=row.medicine_id,
        substance=substance,
        spec_group=row.spec_group,
        route=form.route if form else "",
        class_code=class_code,
        essential=status.is_essential,
        insurance=status.insurance_class,
        insurance_ends=status.insurance.ends if status.insurance else None,
        agreement_ended=max(ended, default=None),
        payable_from=payable_from(status.insurance.restriction) if status.insurance else "",
        winner=bool(status.wins),
        shortage=bool(status.shortage),
        chronic=row.is_chronic,
        emergency=row.is_emergency and row.active,
        child=bool(CHILD.search(row.name)),
        cold=row.needs_cold_chain,
        labels=labels,
        approvals_end=max(known) if known and len(known) == len(approvals) else None,
        products=len(approvals),
    )


def _approvals(wanted: Collection[int]) -> dict[int, list[dt.date | None]]:
    found: dict[int, list[dt.date | None]] = defaultdict(list)
    for presentation, ends in Product.objects.filter(active=True).values_list("presentation_id", "approval_ends"):
        if presentation in wanted:
            found[presentation].append(ends)
    return found


def _site(site: Institution) -> Site:
    cold = site.cold_capacity is None or site.cold_capacity > 0
    return Site(site.pk, site.short_name or site.name, site.level, site.kind, cold)


def _removed(alliance: Alliance, on: dt.date) -> dict[int, dt.date]:
    """The day each 品规 last left the list."""
    rows = VersionChange.objects.filter(
        version__alliance=alliance,
        version__published_at__isnull=False,
        version__effective_from__lte=on,
        kind=VersionChange.Kind.REMOVED,
    )
    fields = ("presentation_id", "version__effective_from")
    return {pk: day for pk, day in rows.order_by("version__effective_from").values_list(*fields) if day}


def _evaluations(alliance: Alliance) -> dict[int, str]:
    rows = Adjustment.objects.filter(alliance=alliance, presentation__isnull=False).exclude(evaluation="")
    return {pk: text for pk, text in rows.order_by("pk").values_list("presentation_id", "evaluation") if pk}
