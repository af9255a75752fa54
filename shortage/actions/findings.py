"""From the numbers of a night to levels, causes and sentences, series by series."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from formulary.models import Alliance, EntryLink, Institution, ListKind, Presentation
from shortage.actions.raising import Book, Finding, Key
from shortage.models import ExpectedReceipt
from shortage.rules import grading, sentences
from shortage.rules.assessment import Assessment
from shortage.rules.causes import Facts, cause
from shortage.rules.coming import counted_on
from shortage.rules.grading import NAMES, Evidence, Standing, Thresholds
from shortage.rules.watching import Habits
from shortage.series import Gathered
from shortage.series.reading import NEVER, date_of, day


@dataclass(frozen=True)
class Night:
    """What one pass knows. rows: numbers of the series that can be judged (stock known, feeds in time, ever seen);
    on_order, coming, late_days, late_order (N,): open quantity, what of it can be counted on until the next delivery
    could come, days overdue and row of `seen.orders` of the most overdue;
    listed: official shortage list by presentation; suppliers: name by code."""

    seen: Gathered
    found: Assessment
    rows: NDArray[np.int64]
    on_order: NDArray[np.int64]
    coming: NDArray[np.int64]
    late_days: NDArray[np.int64]
    late_order: NDArray[np.int64]
    drugs: Mapping[int, Presentation]
    listed: Mapping[int, str]
    suppliers: Mapping[str, str]

    def key(self, row: int) -> Key:
        return int(self.seen.series.institution[row]), int(self.seen.series.presentation[row])


def night(seen: Gathered, found: Assessment, listed: Mapping[int, str], suppliers: Mapping[str, str]) -> Night:
    n = seen.series.size
    orders = seen.orders
    on_order = np.bincount(orders.series, orders.quantity, n).astype(np.int64) if len(orders) else np.zeros(n, np.int64)
    late_days, late_order = np.zeros(n, np.int64), np.full(n, -1)
    late, coming = _orders(seen, found)
    for place in np.argsort(late, kind="stable"):
        if late[place] > 0:
            at = int(orders.series.iloc[place])
            late_days[at], late_order[at] = late[place], place
    drugs = Presentation.objects.in_bulk(np.unique(seen.series.presentation).tolist())
    rows = np.flatnonzero(seen.known & (found.demand.observed > 0))
    return Night(seen, found, rows, on_order, coming, late_days, late_order, drugs, listed, suppliers)


def _orders(seen: Gathered, found: Assessment) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per open order the days it is late; per series the units on order that can be counted on."""
    given, of = seen.inputs.orders, seen.inputs.orders.series
    days = found.demand.cover[of].astype(float)
    likely = counted_on(
        given.quantity, given.age, given.promised, given.lead, seen.inputs.leads, found.shortage[of], days
    )
    coming = np.zeros(seen.series.size, dtype=np.int64)
    np.add.at(coming, of, likely.counted)
    return likely.overdue, coming


def official_shortages(on: dt.date) -> dict[int, str]:
    """Presentations on an official shortage list in force, with the list's name (never a guessed list)."""
    live = Q(entry__edition__valid_to__isnull=True) | Q(entry__edition__valid_to__gte=on)
    row = Q(entry__valid_to__isnull=True) | Q(entry__valid_to__gte=on)
    links = EntryLink.objects.filter(
        live,
        row,
        entry__edition__kind=ListKind.SHORTAGE,
        entry__edition__official=True,
        entry__edition__valid_from__lte=on,
        entry__superseded_at__isnull=True,
        medicine__presentations__isnull=False,
    )
    rows = links.order_by("entry__edition__valid_from", "entry").values_list(
        "medicine__presentations", "entry__edition__edition"
    )
    return {pk: f"短缺药品清单（{edition}）" for pk, edition in rows}


def supplier_names(alliance: Alliance) -> dict[str, str]:
    """By code, as the orders that are still open tell it; the newest telling counts."""
    rows = ExpectedReceipt.objects.filter(institution__alliance=alliance, state=ExpectedReceipt.State.OPEN)
    told = rows.exclude(supplier_name="").order_by("ordered_on", "pk")
    return dict(told.values_list("supplier_code", "supplier_name"))


def judge(
    tonight: Night, book: Book, lead: Institution | None, rules: Thresholds, habits: Habits
) -> tuple[list[str], list[str], dict[Key, Finding]]:
    """(level per series, cause per series, findings of the series that have or had a level)."""
    rows, found = tonight.rows, tonight.found
    keys = [tonight.key(row) for row in rows.tolist()]
    before = [book.before(key) for key in keys]
    standing = Standing(
        np.array([NAMES.index(level) for level, _ in before], dtype=np.int8),
        np.array([calm for _, calm in before], dtype=np.int64),
    )
    after = grading.grade(_evidence(tonight, book, lead, habits), standing, rules)
    levels, causes, findings = [""] * tonight.seen.series.size, [""] * tonight.seen.series.size, {}
    for place, (row, key) in enumerate(zip(rows.tolist(), keys, strict=True)):
        level = NAMES[after.level[place]]
        if not level and key not in book.live:
            continue
        code, sentence = _why(tonight, row, level, rules)
        levels[row], causes[row] = level, code if level else ""
        supply = _number(found.supply[row])
        stock = int(found.risk.usable[row])
        when = sentences.stockout_on(tonight.seen.series.as_of, supply)
        chance = round(float(found.risk.p14[row]), 4)
        short = bool(level) and _drug_short(tonight, row, rules)
        findings[key] = Finding(level, int(after.calm[place]), code, sentence, chance, short, stock, supply, when)
    return levels, causes, findings


def _evidence(tonight: Night, book: Book, lead: Institution | None, habits: Habits) -> Evidence:
    """Shortage of the drug itself is shown once, at one institution that uses it: one alert per drug."""
    rows, found = tonight.rows, tonight.found
    monthly = found.demand.mean[rows, 29]
    carries = _carriers(tonight, monthly >= habits.least_monthly_use, book, lead)
    listed = np.array([pk in tonight.listed for pk in tonight.seen.series.presentation[rows].tolist()], dtype=bool)
    return Evidence(
        p7=found.risk.p7[rows],
        p14=found.risk.p14[rows],
        days_out=found.risk.days_out[rows],
        empty_with_demand=(found.risk.usable[rows] < 1) & (monthly >= habits.least_monthly_use),
        shortage=np.where(carries, found.shortage[rows], 0.0),
        overdue=np.where(carries, found.overdue[rows], 0),
        notice=listed & carries,
    )


def _carriers(tonight: Night, uses: NDArray[np.bool_], book: Book, lead: Institution | None) -> NDArray[np.bool_]:
    """Per drug the row that speaks for the alliance: where it stands blue already, else the lead, else the first."""
    chosen: dict[int, tuple[int, int]] = {}
    for place in np.flatnonzero(uses).tolist():
        key = tonight.key(int(tonight.rows[place]))
        stands = book.before(key)[0] == "blue"
        rank = 0 if stands else 1 if lead is not None and key[0] == lead.pk else 2
        if key[1] not in chosen or rank < chosen[key[1]][0]:
            chosen[key[1]] = (rank, place)
    carries = np.zeros(len(tonight.rows), dtype=bool)
    carries[[place for _, place in chosen.values()]] = True
    return carries


def _drug_short(tonight: Night, row: int, rules: Thresholds) -> bool:
    """The drug itself is short, also where a more pressing level hides the blue one."""
    pooled = tonight.found.shortage[row] >= rules.blue_posterior
    pooled = pooled and tonight.found.overdue[row] >= rules.blue_institutions
    return bool(pooled) or int(tonight.seen.series.presentation[row]) in tonight.listed


def _supplier(tonight: Night, code: str) -> str:
    """“惠民医药”, or “S02 供应商” when nobody told the name."""
    return tonight.suppliers.get(code, f"{code} 供应商" if code else "")


def _why(tonight: Night, row: int, level: str, rules: Thresholds) -> tuple[str, str]:
    seen, found = tonight.seen, tonight.found
    demand, risk = found.demand, found.risk
    drug = tonight.drugs[int(seen.series.presentation[row])]
    late = tonight.late_order[row]
    order = seen.orders.iloc[late] if late >= 0 else None
    due = seen.orders.due[seen.orders.series == row].min()
    arrival = None if due != due or due == NEVER or due <= day(seen.series.as_of) else date_of(due)
    rate = float(demand.mean[row, 29] / 30)
    recent, before = float(demand.recent[row]), float(demand.before[row])
    grown = recent * 14 > before * 14 + 2 * float(demand.variance[row, 13]) ** 0.5
    notice = tonight.listed.get(drug.pk, "") if level == "blue" else ""
    facts = Facts(
        usable=float(risk.usable[row]),
        use=recent if grown else rate,
        use_before=before if grown else 0.0,
        expiring=float(risk.expiring[row]) if _expiry_matters(found, row) else 0.0,
        overdue_days=float(tonight.late_days[row]) if order is not None else None,
        on_order=float(tonight.on_order[row]),
        reorder_point=float(demand.policy.reorder_point[row]),
        shortage=float(found.shortage[row]),
        overdue_institutions=int(found.overdue[row]),
        notice=notice,
        next_arrival=arrival,
    )
    code, _ = cause(facts, rules)
    words = sentences.Words(
        unit=drug.unit,
        stock=int(risk.usable[row]),
        rate=rate,
        supply=_number(found.supply[row]),
        as_of=seen.series.as_of,
        supplier=_supplier(tonight, str(order.supplier)) if order is not None else "",
        overdue_days=int(tonight.late_days[row]),
        on_order=int(tonight.on_order[row]),
        due=arrival,
        expiring=round(float(risk.expiring[row])),
        recent=recent,
        before=before,
        reorder_point=int(facts.reorder_point),
        overdue_institutions=facts.overdue_institutions,
        shortage=facts.shortage,
        notice=notice,
    )
    return str(code), sentences.reason(code, words)


def _expiry_matters(found: Assessment, row: int) -> bool:
    """Expiring units are a cause only where what is left after them would not last the month."""
    supply = found.supply[row]
    return bool(supply == supply and supply < 30)


def _number(value: float) -> float | None:
    return None if value != value else round(float(value), 2)
