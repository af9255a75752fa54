"""Looks for doubtful facts before any number is made of them, and does what a person decides about each.

Looking again changes nothing while the facts are the same: a decided doubt stays decided, one whose facts have changed
is gone, and one that comes back after a correction was taken back is open again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import partial

import pandas as pd
from django.db import transaction
from django.db.models import Max, Min

from formulary.actions.history import record
from formulary.models import Alliance, Institution, Person, Presentation
from shortage.actions import bulk, facts, intake, monthly, positions
from shortage.forecasting import calendar
from shortage.models import CURRENT, Consumption, DataFinding, Feed, Intake, MonthlyUse, Receipt, StockLevel
from shortage.queries.settings import watch_settings
from shortage.rules import quality as rules
from shortage.rules.quality import Doubt
from shortage.series.reading import date_of, day
from shortage.series.use import window_rows

Kind, State = DataFinding.Kind, DataFinding.State
OF_AN_ITEM = {Kind.STOCK_JUMP, Kind.USE_JUMP, Kind.NEGATIVE}
CORRECTABLE = {Kind.STOCK_JUMP, Kind.USE_JUMP, Kind.NEGATIVE}
WITHDRAWABLE = {Kind.STOCK_JUMP, Kind.USE_JUMP, Kind.NEGATIVE, Kind.DOUBLED_MONTH, Kind.WRONG_YEAR}


class DecisionRefused(Exception):
    """A doubt cannot be settled this way."""


def check(alliance: Alliance, as_of: dt.date, *, now: dt.datetime, only: Iterable[int] | None = None) -> int:
    """Looks at every institution (or `only` these) as known on `as_of`; answers how many doubts are open."""
    _, _, habits = watch_settings(alliance, as_of)
    places = alliance.institutions.filter(active=True)
    if only is not None:
        places = places.filter(pk__in=list(only))
    medicines = dict(Presentation.objects.values_list("pk", "medicine_id"))
    names: dict[int, str] = {}
    for place in places:
        found = look(place, as_of, habits.check_days, medicines, names)
        with transaction.atomic():
            Institution.objects.select_for_update(no_key=True).get(pk=place.pk)
            _keep(place, found, as_of, habits.check_days, now)
    return DataFinding.objects.filter(institution__in=places, state=State.OPEN).count()


def look(
    place: Institution, as_of: dt.date, days: int, medicines: dict[int, int], names: dict[int, str] | None = None
) -> list[tuple[Doubt, int | None]]:
    """Every doubt about one institution's facts of the last `days`, each with the intake it came from (None: several)."""
    first, last = day(as_of) - days + 1, day(as_of)
    use, levels, receipts = (window_rows(model, place.pk, first, days) for model in (Consumption, StockLevel, Receipt))
    doubts = rules.stock_jumps(levels, use, receipts, days) + rules.use_jumps(use, first)
    doubts += rules.below_zero(levels, use, receipts, first)
    feed = Feed.objects.filter(institution=place, kind=Feed.Kind.CONSUMPTION).first()
    if feed is not None:
        since, until = max(first, day(feed.first_date)), min(last, day(feed.last_date))
        counts = {int(number): 0 for number in range(since, until + 1)}
        for number in use[:, 1].tolist():
            counts[number] = counts.get(number, 0) + 1
        dates = [date_of(number) for number in counts]
        quiet = {day(one): float(f) for one, f in zip(dates, calendar.factors(dates), strict=True) if f != 1}
        doubts += rules.missing_days(counts, since, until, quiet, first)
        doubts += _doubled(place, feed.last_date)
        if until >= last - 7:
            names = names if names is not None else {}
            if not names:
                names.update(
                    {pk: f"{a} {b}" for pk, a, b in Presentation.objects.values_list("pk", "name", "strength")}
                )
            doubts += rules.code_drift(use, medicines, names, until)
    return [(doubt, None) for doubt in doubts] + _wrong_years(place, as_of, days)


def _doubled(place: Institution, last: dt.date) -> list[Doubt]:
    """The newest two pairs of whole months."""
    found = []
    after = (last + dt.timedelta(days=1)).replace(day=1)
    for _ in range(2):
        month = (after - dt.timedelta(days=1)).replace(day=1)
        before = (month - dt.timedelta(days=1)).replace(day=1)
        old, new = (
            dict(MonthlyUse.objects.filter(institution=place, month=x).values_list("presentation", "quantity"))
            for x in (before, month)
        )
        found += rules.doubled_month(old, new, day(month), day(after) - 1)
        after = month
    return found


def _wrong_years(place: Institution, as_of: dt.date, days: int) -> list[tuple[Doubt, int | None]]:
    found: list[tuple[Doubt, int | None]] = []
    lately = Intake.objects.filter(
        institutions=place, undone_at=None, received_at__date__gte=as_of - dt.timedelta(days=days)
    ).exclude(source=Intake.Source.SEED)
    for row in lately:
        spans = [
            model._default_manager.filter(CURRENT, intake=row, institution=place).aggregate(
                a=Min("date"), b=Max("date")
            )
            for model in (Consumption, StockLevel)
        ]
        known = [span for span in spans if span["a"]]
        if not known:
            continue
        reached = [
            model._default_manager.filter(CURRENT, institution=place, intake__lt=row.pk).aggregate(b=Max("date"))["b"]
            for model in (Consumption, StockLevel)
        ]
        newest = max((day(one) for one in reached if one), default=None)
        first, last = day(min(span["a"] for span in known)), day(max(span["b"] for span in known))
        found += [(doubt, row.pk) for doubt in rules.wrong_year(first, last, day(row.received_at.date()), newest)]
    return found


def _is_known(row: DataFinding, doubt: Doubt) -> bool:
    """Nothing is new: open and the same, or accepted at this very value."""
    if row.state == State.ACCEPTED:
        return bool(row.value == doubt.value)
    return bool(row.state == State.OPEN and (row.value, row.expected) == (doubt.value, doubt.expected))


def _looked_at(row: DataFinding, as_of: dt.date, days: int) -> bool:
    """Would this doubt have been found again, were its facts still there?"""
    if row.kind == Kind.WRONG_YEAR:
        return row.intake is None or row.intake.undone_at is not None
    reach = 4 * 31 if row.kind == Kind.DOUBLED_MONTH else days - 1
    return as_of - dt.timedelta(days=reach) < row.date <= as_of


def _keep(
    place: Institution, found: list[tuple[Doubt, int | None]], as_of: dt.date, days: int, now: dt.datetime
) -> None:
    """Brings the institution's doubts in line with what was found."""
    mine = DataFinding.objects.filter(institution=place)
    known = {(row.kind, row.presentation_id or 0, row.date): row for row in mine.select_related("intake")}
    seen, new, changed = set(), [], []
    for doubt, source in found:
        key = (doubt.kind, doubt.item, date_of(doubt.day))
        seen.add(key)
        row = known.get(key)
        if row is None:
            row = DataFinding(
                institution=place, kind=doubt.kind, presentation_id=doubt.item or None, date=key[2], found_at=now
            )
            new.append(row)
        elif _is_known(row, doubt):
            continue
        else:
            changed.append(row)
        row.value, row.before, row.expected, row.intake_id = doubt.value, doubt.before, doubt.expected[:200], source
        row.until = None if doubt.until is None else date_of(doubt.until)
        row.state, row.decided_by, row.decided_at = State.OPEN, None, None
    for key, row in known.items():
        if row.state == State.OPEN and key not in seen and _looked_at(row, as_of, days):
            row.state = State.GONE
            changed.append(row)
    DataFinding.objects.bulk_create(new)
    fields = ["value", "before", "expected", "intake", "until", "state", "decided_by", "decided_at"]
    DataFinding.objects.bulk_update(changed, fields, batch_size=200)


def accept(row: DataFinding, *, note: str, by: Person, now: dt.datetime) -> DataFinding:
    """The facts are right as they stand; a word why is kept."""
    if not note.strip():
        raise DecisionRefused("请写明为什么属实，如“批量领药”“当日停诊”")
    return _decide(row, State.ACCEPTED, "确认数据属实", note, by, now, None)


def correct(row: DataFinding, *, quantity: int, note: str = "", by: Person, now: dt.datetime) -> DataFinding:
    """The right quantity of that item and day, in minimal units: use for a use jump or a book below zero, else stock."""
    if row.kind not in CORRECTABLE:
        raise DecisionRefused("此类问题不能在这里更正数量，请重新导入正确的数据，或撤回")

    def write(made: Intake) -> None:
        frame = _frame(row, quantity)
        if row.kind == Kind.STOCK_JUMP:
            facts.put_levels(frame, intake=made, now=now)
        else:
            facts.put_consumption(frame, intake=made, now=now)

    return _decide(row, State.CORRECTED, "更正数据", note or f"更正为 {quantity:,}", by, now, write)


def withdraw(row: DataFinding, *, note: str = "", by: Person, now: dt.datetime) -> DataFinding:
    """The facts in doubt no longer count; the days are unknown until something better comes."""
    if row.kind not in WITHDRAWABLE:
        raise DecisionRefused("此类问题没有可撤回的数据，请补报，或确认属实")
    if row.kind == Kind.WRONG_YEAR:
        if row.intake is None:
            raise DecisionRefused("没有可撤回的导入")
        try:
            with transaction.atomic():
                intake.undo(row.intake, by=by, now=now)
                return _decide(row, State.WITHDRAWN, "撤回数据", note, by, now, None)
        except intake.UndoRefused as refused:
            raise DecisionRefused(str(refused)) from refused
    return _decide(row, State.WITHDRAWN, "撤回数据", note, by, now, partial(_remove, row))


def _decide(
    row: DataFinding,
    state: str,
    verb: str,
    note: str,
    by: Person,
    now: dt.datetime,
    write: Callable[[Intake], None] | None,
) -> DataFinding:
    with transaction.atomic():
        mine = (
            DataFinding.objects.select_for_update(of=("self",)).select_related("institution__alliance").get(pk=row.pk)
        )
        if mine.state != State.OPEN:
            raise DecisionRefused(f"此项已{mine.get_state_display().removeprefix('已')}，无需再次处理")
        alliance = mine.institution.alliance
        if write is not None:
            made = Intake.objects.create(
                alliance=alliance,
                source=Intake.Source.HAND,
                name=f"{verb} · {mine.institution.short_name} {mine.date}"[:200],
                received_at=now,
                by=by,
            )
            made.institutions.add(mine.institution)
            write(made)
        mine.state, mine.note, mine.decided_by, mine.decided_at = state, note.strip()[:200], by, now
        mine.save(update_fields=["state", "note", "decided_by", "decided_at"])
        data = {"kind": mine.kind, "date": mine.date, "value": mine.value, "note": mine.note}
        record(verb, mine, alliance=alliance, by=by, now=now, data=data)
    return mine


def _frame(row: DataFinding, quantity: int) -> pd.DataFrame:
    values = {"institution_id": row.institution_id, "presentation_id": row.presentation_id, "date": row.date}
    return pd.DataFrame([{**values, "quantity": quantity, "row": 0}])


def _remove(row: DataFinding, made: Intake) -> None:
    """The facts in doubt are superseded by an intake that says nothing in their place; undoing it brings them back."""
    model = StockLevel if row.kind == Kind.STOCK_JUMP else Consumption
    until = row.until or row.date
    reach = {"institution": row.institution_id, "date__gte": row.date, "date__lte": until}
    if row.presentation_id:
        reach["presentation"] = row.presentation_id
    columns = ["pk", "institution_id", "presentation_id", "date"]
    facts_in_doubt = model._default_manager.filter(CURRENT, **reach).values_list(*columns)
    gone = pd.DataFrame.from_records(list(facts_in_doubt), columns=columns)
    bulk.set_for(model, gone["pk"].tolist(), superseded_by=made)
    if model is StockLevel:
        positions.refresh([row.institution_id], set(gone["presentation_id"].tolist()))
    else:
        monthly.refresh(gone)
