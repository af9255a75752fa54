"""What can be done about one alert, each measure with its effect on the chance of running out, the best first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Count, Max

from formulary.models import Alliance, FormularyEntry, Institution, Presentation, Product
from formulary.queries import Alike, alike, drug_statuses, levels_open_to, version_in_force
from shortage.models import LIVE, Alert, ExpectedReceipt, Transfer, TransferLine
from shortage.queries.option import Option, days_left, km_between
from shortage.queries.reserve_options import releases
from shortage.queries.settings import rule_values
from shortage.queries.shelves import shelves, usable
from shortage.queries.whatif import Bench, Place, bench
from shortage.rules import classing, substitutes, whatif
from shortage.rules.transfers import NotEnough, draw

INSURED = {"甲": "医保甲类", "乙": "医保乙类", "国谈": "国谈药品", "无": "不在医保目录"}


@dataclass(frozen=True)
class Choices:
    """All options of one alert. before: its shelf as it stands; needed: units up to its line; grade: 分级."""

    before: whatif.Outlook | None
    needed: int = 0
    line: int = 0
    grade: classing.Grade | None = None
    options: list[Option] = field(default_factory=list)
    barred: list[Option] = field(default_factory=list)
    makers: tuple[str, ...] = ()
    promised: int = 0


def choices(alert: Alert, on: dt.date) -> Choices:
    """Give it an alert with institution__alliance and presentation__medicine joined. Empty before the first pass."""
    drug, item = alert.presentation, (alert.institution_id, alert.presentation_id)
    kin = alike(drug, on)
    seen = bench(alert.institution.alliance, [drug.pk, *(one.presentation.pk for one in kin)], on)
    place = seen.places.get(item) if seen else None
    if seen is None or place is None:
        return Choices(None)
    before = whatif.outlooks([place.shelf], seen.night)[0]
    promised = _promised(alert)
    needed = max(0, seen.wanted(item, before) - promised)
    found = [
        *_transfers(alert, seen, place, before, needed),
        *releases(alert, seen, place, before, needed),
        *_orders(alert, seen, place, before),
    ]
    stand_ins = _substitutes(alert, seen, place, before, kin, on)
    found += [one for one in stand_ins if not one.stops]
    found = _fewer(sorted(found, key=lambda option: option.rank), seen.rules.most_options)
    makers = Product.objects.filter(presentation=drug, active=True).order_by("maker").values_list("maker", flat=True)
    return Choices(
        before=before,
        needed=needed,
        line=place.line(seen.rules),
        grade=_grade(alert, before, place, kin, on),
        options=found,
        barred=[one for one in stand_ins if one.stops],
        makers=tuple(dict.fromkeys(makers)),
        promised=promised,
    )


def _fewer(ranked: list[Option], most: int) -> list[Option]:
    """The best few of each kind: nobody reads a list of twenty."""
    counted: dict[str, int] = {}
    kept = []
    for option in ranked:
        counted[option.kind] = counted.get(option.kind, 0) + 1
        if counted[option.kind] <= most:
            kept.append(option)
    return kept


def _promised(alert: Alert) -> int:
    """Units of open transfers to this shelf that are not yet on their way (those that are stand among the orders)."""
    rows = TransferLine.objects.filter(
        transfer__receiver=alert.institution_id,
        transfer__state__in=["planned", "approved"],
        presentation=alert.presentation_id,
    )
    return sum(rows.values_list("quantity", flat=True))


def _transfers(alert: Alert, seen: Bench, place: Place, before: whatif.Outlook, needed: int) -> list[Option]:
    """One option per neighbour that can spare some; it gives what is needed or all it can spare."""
    drug = alert.presentation_id
    open_out = _open_out([drug])
    givers = []
    for pk, institution in seen.institutions.items():
        spare, lots = seen.spare((pk, drug))
        spare -= open_out.get(pk, 0)
        if pk == alert.institution_id or spare <= 0 or needed <= 0:
            continue
        units = min(spare, needed)
        try:
            chosen = tuple(draw(lots, units, on=seen.on, least_days=seen.rules.least_life_days))
        except NotEnough:
            continue
        givers.append((institution, units, spare, chosen))
    mine, theirs = [], []
    for institution, units, _spare, chosen in givers:
        added = [(days_left(lot, seen.as_of), float(lot.quantity)) for lot in chosen]
        mine.append(place.shelf.with_lots(*added))
        theirs.append(seen.places[institution.pk, drug].shelf.without(units))
    after, donors = whatif.outlooks(mine, seen.night), whatif.outlooks(theirs, seen.night)
    whole = whatif.outlooks([seen.places[one[0].pk, drug].shelf for one in givers], seen.night)
    found = []
    for (institution, units, spare, chosen), own, donor, was in zip(givers, after, donors, whole, strict=True):
        km = km_between(alert.institution, institution)
        name = institution.short_name or institution.name
        facts = [f"保住补货点后可调出 {spare:,} {alert.presentation.unit}"]
        if km is not None:
            facts.append(f"直线 {km:.0f} 公里")
        first = chosen[0].expiry
        if first:
            facts.append(f"先出有效期 {first:%Y-%m-%d}")
        if institution.is_lead:
            facts.append("中心库（牵头机构）")
        found.append(
            Option(
                "transfer", f"从{name}调剂", before, own, units, institution, None, km=km, donor_before=was,
                donor_after=donor, lots=chosen, facts=tuple(facts), enough=not seen.needs_alert(own),
            )
        )  # fmt: skip
    return found


def _open_out(drugs: Iterable[int]) -> dict[int, int]:
    """Units already promised by donor in transfers not yet sent."""
    rows = TransferLine.objects.filter(transfer__state__in=["planned", "approved"], presentation__in=list(drugs))
    rows = rows.exclude(transfer__kind=Transfer.Kind.RELEASE)
    found: dict[int, int] = {}
    for donor, units in rows.values_list("transfer__donor", "quantity"):
        found[donor] = found.get(donor, 0) + units
    return found


def _orders(alert: Alert, seen: Bench, place: Place, before: whatif.Outlook) -> list[Option]:
    """An order with each supplier that has delivered the drug to the alliance in the last year, by its own law."""
    told = ExpectedReceipt.objects.filter(
        institution__alliance=alert.institution.alliance_id,
        presentation=alert.presentation_id,
        internal=False,
        ordered_on__gte=seen.as_of - dt.timedelta(days=365),
    ).exclude(supplier_code="")
    rows = told.order_by().values_list("supplier_code").annotate(Max("supplier_name"), Count("pk"), Max("ordered_on"))
    coming = sum(order.quantity for order in place.shelf.coming)
    point = place.forecast.order_up_to
    units = max(round(place.rate * seen.rules.order_days), round(point - place.shelf.units - coming))
    if units <= 0:
        return []
    usual = str(place.forecast.working.get("supplier", ""))
    late = {
        row["supplier_code"]: row["n"]
        for row in ExpectedReceipt.objects.filter(
            institution__alliance=alert.institution.alliance_id, state=ExpectedReceipt.State.OPEN, internal=False,
            due_on__lt=seen.as_of, presentation=alert.presentation_id,
        ).values("supplier_code").annotate(n=Count("pk"))
    }  # fmt: skip
    laws = seen.night.laws
    suppliers = [(code, name or code, n, int(laws.rows([code])[0])) for code, name, n, _ in rows]
    tried = [
        replace(place.shelf, coming=(*place.shelf.coming, whatif.Coming(float(units), 0.0, float("nan"), lead)))
        for *_, lead in suppliers
    ]
    found = []
    for (code, name, count, lead), after in zip(suppliers, whatif.outlooks(tried, seen.night), strict=True):
        days = float(laws.expected()[lead])
        facts = [f"平均 {days:.0f} 天到货", f"近一年送过 {count} 次", "现用供应商" if code == usual else "备选供应商"]
        warnings = [f"有 {late[code]} 张订单逾期未到"] if late.get(code) else []
        found.append(
            Option(
                "order", f"向{name}紧急采购", before, after, units, supplier=code, facts=tuple(facts),
                warnings=tuple(warnings), enough=not seen.needs_alert(after),
            )
        )  # fmt: skip
    return found


def _substitutes(
    alert: Alert, seen: Bench, place: Place, before: whatif.Outlook, kin: list[Alike], on: dt.date
) -> list[Option]:
    """Every stand-in with usable stock here: may it be used here, may it be swapped, and would it run short itself?"""
    here, drug = alert.institution, alert.presentation
    standing = shelves([here.pk], [one.presentation.pk for one in kin])
    held = [
        (one, usable(standing[here.pk, one.presentation.pk][1], on))
        for one in kin
        if (here.pk, one.presentation.pk) in standing
    ]
    held = [(one, units) for one, units in held if units > 0]
    if not held:
        return []
    rules = _exclusions(here, on)
    statuses = drug_statuses([one.presentation for one, _ in held], on, region=here.alliance.province)
    entries = _entries(here, on, [one.presentation.pk for one, _ in held])
    tried = [_with_both(alert, seen, place, one, standing) for one, _ in held]
    after = whatif.outlooks([shelf for shelf, _ in tried], seen.night)
    found = []
    for (one, units), (_, more), outlook in zip(held, tried, after, strict=True):
        other = one.presentation
        facts = [substitutes.TIERS[one.tier], f"本机构可用 {units:,} {other.unit}", _dose(drug, other)]
        facts.append(INSURED[statuses[other.pk].insurance_class])
        if one.by:
            facts.append(f"同类依据 {one.by}")
        entry = entries.get(other.pk)
        stops = [] if entry else ["不在统一用药目录，或本级机构不可用"]
        warnings: list[str] = []
        for row in substitutes.speaks(rules, drug.medicine.substance, other.medicine.substance, one.tier):
            (stops if row.stops else warnings).append(row.why)
        if not one.same_route:
            stops.append(f"给药途径不同（{other.medicine.route or '未注明'}）")
        if entry and entry.restriction != "none":
            warnings.append(entry.get_restriction_display())
        runs_short = seen.needs_alert(outlook)
        if runs_short:
            warnings.append(f"连带风险：两种用量合计 {more:,.1f} {other.unit}/日，替代品自己也会短缺")
        found.append(
            Option(
                "substitute", f"改用 {other}", before, outlook, presentation=other, facts=tuple(facts),
                warnings=tuple(warnings), stops=tuple(stops), tier=one.tier, enough=not runs_short,
            )
        )  # fmt: skip
    return found


def _with_both(alert: Alert, seen: Bench, place: Place, one: Alike, standing: dict) -> tuple[whatif.Shelf, float]:
    """The substitute's shelf when it serves its own patients and those of the drug; and the units a day that makes."""
    other = one.presentation
    scale = float(other.daily_dose) / float(alert.presentation.daily_dose)
    asked = place.shelf.law
    own = seen.places.get((alert.institution_id, other.pk))
    if own is None:
        lots = tuple(
            (days_left(lot, seen.as_of), float(lot.quantity)) for lot in standing[alert.institution_id, other.pk][1]
        )
        law = replace(asked, rate=asked.rate * scale, variance_30=asked.variance_30 * scale**2, short=0.0)
        return whatif.Shelf(law, lots, (), place.shelf.lag), law.rate
    law = own.shelf.law
    both = replace(law, rate=law.rate + asked.rate * scale, variance_30=law.variance_30 + asked.variance_30 * scale**2)
    return replace(own.shelf, law=both), both.rate


def _entries(here: Institution, on: dt.date, drugs: list[int]) -> dict[int, FormularyEntry]:
    """Formulary lines in force that an institution of this level may use."""
    version = version_in_force(here.alliance, on)
    rows = FormularyEntry.objects.filter(
        version=version, presentation__in=drugs, lowest_level__in=levels_open_to(here.level)
    )
    return {row.presentation_id: row for row in rows}


def _dose(drug: Presentation, other: Presentation) -> str:
    return f"日用量 {drug.daily_dose.normalize():f} {drug.unit} 换 {other.daily_dose.normalize():f} {other.unit}"


def _grade(alert: Alert, before: whatif.Outlook, place: Place, kin: list[Alike], on: dt.date) -> classing.Grade:
    drug = alert.presentation
    affected = Alert.objects.filter(
        LIVE, institution__alliance=alert.institution.alliance_id, presentation=drug.pk
    ).count()
    cut_off = alert.drug_short or (before.usable < 1 and not place.shelf.coming)
    found = classing.Situation(
        necessary=drug.is_emergency or drug.criticality == "A" or alert.drug_short,
        replaceable=substitutes.replaceability(_allowed(alert, kin, on)),
        days=before.supply,
        cut_off=cut_off,
        institutions=max(1, affected),
    )
    return classing.grade(found, grading_matrix(alert.institution.alliance, on))


def grading_matrix(alliance: Alliance, on: dt.date) -> list[dict[str, Any]]:
    """The 分级表 in force (rule value shortage.grade_matrix), else the default."""
    matrix = rule_values(alliance, on, "shortage.").get("shortage.grade_matrix")
    return classing.checked(matrix) if matrix else classing.DEFAULT_MATRIX


def _allowed(alert: Alert, kin: list[Alike], on: dt.date) -> Iterable[int]:
    """Tiers of the stand-ins that may be used here, whether or not they are in stock: replaceability is of the drug."""
    here = alert.institution
    rules, entries = _exclusions(here, on), _entries(here, on, [one.presentation.pk for one in kin])
    for one in kin:
        pair = (alert.presentation.medicine.substance, one.presentation.medicine.substance, one.tier)
        barred = any(row.stops for row in substitutes.speaks(rules, *pair))
        if one.same_route and one.presentation.pk in entries and not barred:
            yield one.tier


def _exclusions(here: Institution, on: dt.date) -> list[substitutes.Exclusion]:
    told = rule_values(here.alliance, on, "substitute.").get("substitute.exclusions")
    return substitutes.exclusions(substitutes.DEFAULT_EXCLUSIONS if told is None else told)
