"""What is known of a drug on the day somebody applies: shown beside the form, frozen with its date when it is handed in.

Everything is plain JSON (money as text, dates as ISO): {on, drug, listed, offers, use, stock, peers, drops}. Every row names
its source.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from formulary.models import Adjustment, Alliance, Institution, Presentation
from formulary.queries import evidence
from formulary.queries.drugs import source_entries
from formulary.queries.rule_check import class_codes, lines_of, medicines_of_class
from formulary.queries.status import drug_statuses, listed_entries
from formulary.queries.versions import version_in_force
from formulary.rules.evidence import PriceRow
from formulary.rules.status import DrugStatus

MONTHS = 12
PEERS_SHOWN = 12
CLASS_LENGTH = 5
"""Peers share the five signs of an NHSA class: B01AC = 血小板聚集抑制剂."""
CENT = Decimal("0.01")


def dossier(adjustment: Adjustment, on: dt.date) -> dict[str, Any]:
    """The facts of an application: of its drug, and of the one it drops."""
    if adjustment.presentation is None:
        return {}
    found = drug_facts(adjustment.alliance, adjustment.presentation, on)
    if adjustment.drops is not None:
        found["drops"] = drug_facts(adjustment.alliance, adjustment.drops, on, peers=False)
    return found


def drug_facts(alliance: Alliance, drug: Presentation, on: dt.date, *, peers: bool = True) -> dict[str, Any]:
    """Everything known of one 品规; a fixed number of queries."""
    status = drug_statuses([drug], on, region=alliance.province)[drug.pk]
    names = _names(alliance)
    prices = evidence.prices(alliance, [drug.pk], on)
    line = lines_of(version_in_force(alliance, on)).get(drug.pk)
    found: dict[str, Any] = {
        "on": on.isoformat(),
        "drug": {
            "code": drug.code,
            "title": str(drug),
            "form": drug.form,
            "unit": drug.unit,
            "daily_dose": str(drug.daily_dose.normalize()),
            "class": drug.therapeutic_class,
            "listed": line is not None,
            "lowest_level": line.lowest_level if line else "",
        },
        "listed": _listed(alliance, drug, status, on),
        "offers": [_offer(row, drug) for row in sorted(prices, key=lambda row: row.price / row.pack_size)],
        "daily_cost": _text(daily_cost(prices, drug)),
        "use": _by_place(evidence.use(alliance, [drug.pk], on, months=MONTHS), names),
        "stock": _by_place(evidence.stock(alliance, [drug.pk], on), names),
    }
    if peers:
        found["peers"] = _peers(alliance, drug, on)
    return found


def daily_cost(prices: Sequence[PriceRow], drug: Presentation) -> Decimal | None:
    """Lowest price per smallest unit × units a day, in yuan; None without an offer."""
    units = [row.price / row.pack_size for row in prices if row.pack_size]
    return (min(units) * drug.daily_dose).quantize(CENT, ROUND_HALF_UP) if units else None


def _listed(alliance: Alliance, drug: Presentation, status: DrugStatus, on: dt.date) -> list[dict[str, str]]:
    """(label, value, source) of every list that speaks of the drug."""
    sources = {link.entry_id: link.entry for link in source_entries(drug, on, region=alliance.province)}

    def named(entry_ids: Collection[int]) -> str:
        rows = [sources[pk] for pk in entry_ids if pk in sources]
        return (
            f"{rows[0].edition}，{rows[0].edition.document or '无文号'}，第 {rows[0].row} 行"
            if rows
            else "没有对应的目录行"
        )

    found = []
    essential = status.essential
    words = {
        "yes": "在目录，剂型规格均列出",
        "unclear": "在目录，规格表述需人工核对",
        "no": "同品种在目录，本剂型或规格未列出",
    }
    value = words[str(essential.listed)] + ("，△" if essential.specialist else "") if essential else "不在目录"
    found.append(_row("基本药物", value, named(essential.entry_ids if essential else ())))
    insurance = status.insurance
    value = status.insurance_class if insurance else "目录外"
    if insurance and insurance.ends:
        value += f"，协议至 {insurance.ends}"
    if insurance and insurance.restriction:
        value += f"；{insurance.restriction}"
    found.append(_row("医保", value, named(insurance.entry_ids if insurance else ())))
    for win in status.wins:
        price = f"，{win.price:f} 元/{drug.unit}" if win.price is not None else ""
        found.append(_row("集采", f"{win.tender} {win.role}：{win.company}{price}", named([win.entry_id])))
    if not status.wins:
        found.append(_row("集采", "未见中选", ""))
    found.extend(_row("短缺", mark.label, named(mark.entry_ids)) for mark in status.shortage)
    return found


def _row(label: str, value: str, source: str) -> dict[str, str]:
    return {"label": label, "value": value, "source": source}


def _offer(row: PriceRow, drug: Presentation) -> dict[str, str]:
    unit = row.price / row.pack_size
    return {
        "maker": row.maker,
        "supplier": row.supplier,
        "pack": f"{row.pack_size} {drug.unit}",
        "price": str(row.price),
        "unit_price": f"{unit:.4f}",
        "daily_cost": _text((unit * drug.daily_dose).quantize(CENT, ROUND_HALF_UP)),
        "label": row.label,
        "vbp": row.vbp,
    }


def _text(value: Decimal | None) -> str:
    return "" if value is None else str(value)


def _names(alliance: Alliance) -> dict[int, str]:
    rows = Institution.objects.filter(alliance=alliance).order_by("-is_lead", "code")
    return {row.pk: row.short_name or row.name for row in rows}


def _by_place(rows: Sequence[Any], names: dict[int, str]) -> dict[str, Any]:
    """Total and by institution, in minimal units."""
    sums: dict[int, int] = defaultdict(int)
    for row in rows:
        sums[row.institution] += row.quantity
    places = [{"name": names[pk], "quantity": sums[pk]} for pk in names if sums.get(pk)]
    days = [row.as_of for row in rows if hasattr(row, "as_of")]
    found: dict[str, Any] = {"total": sum(sums.values()), "places": places}
    return found | ({"as_of": max(days).isoformat()} if days else {})


def _peers(alliance: Alliance, drug: Presentation, on: dt.date) -> list[dict[str, Any]]:
    """Drugs of the version in force that share the class, the most used first."""
    lines = lines_of(version_in_force(alliance, on))
    own = class_codes([drug], listed_entries({drug.medicine_id}, on))[drug.pk][:CLASS_LENGTH]
    rows = Presentation.objects.filter(active=True).exclude(pk=drug.pk)
    if own:
        rows = rows.filter(medicine__in={*medicines_of_class((own,), on), drug.medicine_id})
    elif drug.therapeutic_class:
        rows = rows.filter(therapeutic_class=drug.therapeutic_class)
    else:
        rows = rows.filter(medicine=drug.medicine_id)
    found = [row for row in rows.select_related("medicine") if row.pk in lines]
    return _peer_rows(alliance, found, lines, on)


def _peer_rows(
    alliance: Alliance, found: list[Presentation], lines: dict[int, Any], on: dt.date
) -> list[dict[str, Any]]:
    ids = [row.pk for row in found]
    used: dict[int, int] = defaultdict(int)
    for use in evidence.use(alliance, ids, on, months=MONTHS) if ids else ():
        used[use.presentation] += use.quantity
    prices: dict[int, list[PriceRow]] = defaultdict(list)
    for price in evidence.prices(alliance, ids, on) if ids else ():
        prices[price.presentation].append(price)
    days = {row.pk: used[row.pk] / row.daily_dose for row in found}
    first = sorted(found, key=lambda row: (-days[row.pk], row.code))[:PEERS_SHOWN]
    statuses = drug_statuses(first, on, region=alliance.province)
    return [
        {
            "code": row.code,
            "title": str(row),
            "lowest_level": lines[row.pk].lowest_level,
            "tier": lines[row.pk].tier,
            "badges": list(statuses[row.pk].badges),
            "daily_cost": _text(daily_cost(prices[row.pk], row)),
            "use": used[row.pk],
            "unit": row.unit,
        }
        for row in first
    ]
