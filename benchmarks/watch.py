"""Seconds of each step of the nightly pass: on the demonstration data when loaded, and on a synthetic alliance of
30 institutions × 2,000 drugs × 365 days in a database of its own. Beside it two baselines on the same rows: reading
them plainly, and 可用天数 (stock over mean daily use) with pandas; their ratios travel between machines, seconds do not.

    python -m benchmarks.watch [institutions drugs]      BENCH_WATCH=5x2000 make bench
"""

from __future__ import annotations

import datetime as dt
import os
import resource
import tempfile
import time
from functools import partial
from itertools import repeat
from pathlib import Path

import numpy as np
import pandas as pd

AS_OF = dt.date(2026, 11, 20)
DAYS = 365
DRAWN = 5
"""Institutions whose days are drawn; the others are copies of these."""


def run(institutions: int = 0, drugs: int = 0) -> dict:
    """{"demonstration": {...} or None, "synthetic": {...}}; each step as [wall, CPU] in seconds, memory in MB."""
    _setup()
    if not institutions:
        institutions, drugs = (int(text) for text in os.environ.get("BENCH_WATCH", "30x2000").split("x"))
    return {"demonstration": _demonstration(), "synthetic": _synthetic(institutions, drugs)}


def _setup() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()


def _demonstration() -> dict | None:
    from django.db import DatabaseError

    from shortage.models import Feed

    try:
        newest = Feed.objects.select_related("institution__alliance").order_by("-last_date").first()
    except DatabaseError:
        return None
    if newest is None:
        return None
    return _steps(newest.institution.alliance, newest.last_date, write=False)


def _synthetic(institutions: int, drugs: int) -> dict:
    from django.db import connection

    engine = connection.settings_dict
    original = engine["NAME"]
    with tempfile.TemporaryDirectory() as folder:
        connection.close()
        if connection.vendor == "sqlite":
            engine["NAME"] = str(Path(folder) / "bench.sqlite3")
            return _filled(institutions, drugs, lambda: engine.update(NAME=original))
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        return _filled(institutions, drugs, lambda: connection.creation.destroy_test_db(original, verbosity=0))


def _filled(institutions: int, drugs: int, leave) -> dict:
    from django.core.management import call_command
    from django.db import connection

    try:
        call_command("migrate", verbosity=0)
        clock = Clock()
        alliance = clock("fill", partial(_in_bulk, institutions, drugs))
        return {"series": institutions * drugs, **clock.seconds, **_steps(alliance, AS_OF, write=True)}
    finally:
        connection.close()
        leave()


class Clock:
    """Calls with a name; `seconds` holds [wall, CPU] of each: on a shared machine only the second compares."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def __call__(self, name: str, call):
        wall, cpu = time.perf_counter(), time.process_time()
        answer = call()
        self.seconds[name] = [round(time.perf_counter() - wall, 2), round(time.process_time() - cpu, 2)]
        return answer

    def ratio(self, one: str, other: str) -> float:
        return round(self.seconds[one][1] / max(self.seconds[other][1], 0.01), 2)


def _steps(alliance, as_of: dt.date, *, write: bool) -> dict:
    from django.utils import timezone

    from shortage import queries, series
    from shortage.actions.watch import watch
    from shortage.rules.assessment import assess

    _, levels, habits = queries.watch_settings(alliance, as_of)
    clock = Clock()
    rows = clock("plain read", lambda: _plain_read())
    seen = clock("gather", lambda: series.gather(alliance, as_of, habits))
    clock("fingerprint", seen.fingerprint)
    clock("days of supply in pandas", lambda: _days_of_supply(seen))
    clock("assess", partial(assess, seen.inputs, levels, overdue_after=habits.overdue_days))
    found = {"watched": seen.series.size, "facts": rows, **clock.seconds}
    found["gather ÷ plain read"] = clock.ratio("gather", "plain read")
    found["assess ÷ days of supply"] = clock.ratio("assess", "days of supply in pandas")
    seen = None
    if write:
        clock = Clock()
        first = clock("whole pass", lambda: watch(alliance, as_of, by=None, now=timezone.now()))
        clock("second pass, unchanged", lambda: watch(alliance, as_of, by=None, now=timezone.now()))
        clock("need", lambda: queries.need(alliance, as_of, 30))
        found |= {"alerts": first.counts["raised"], "red": first.counts["red"], "orange": first.counts["orange"]}
        found |= clock.seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found | {"peak MB": round(peak)}


def _plain_read() -> int:
    """Both tables from end to end handed over as Python rows and dropped: what reading costs without a thought."""
    from shortage.models import Consumption, StockLevel
    from shortage.series.reading import chunks, day_sql, table

    rows = 0
    for model in (Consumption, StockLevel):
        sql = f"SELECT institution_id, presentation_id, {day_sql('date')}, quantity FROM {table(model)}"
        rows += sum(len(part) for part in chunks(sql, []))
    return rows


def _days_of_supply(seen) -> pd.Series:
    """The rule the forecast has to beat: stock over the mean daily use of the last 90 days."""
    use = pd.DataFrame(seen.series.use[:, -90:]).mean(axis=1)
    stock = pd.Series(seen.inputs.batches.quantity.sum(axis=1))
    return (stock / use).where(use > 0)


def _in_bulk(institutions: int, drugs: int):
    """Filled as a throw-away: indexes afterwards, and on SQLite without a journal."""
    from django.db import connection

    from procurement.actions.demo.indexes import built_afterwards
    from shortage.models import Consumption, ExpectedReceipt, StockLevel, StockLot

    pragmas = (
        {"journal_mode": ("OFF", "WAL"), "synchronous": ("OFF", "NORMAL")} if connection.vendor == "sqlite" else {}
    )

    def journal(which: int) -> None:
        with connection.cursor() as cursor:
            for name, values in pragmas.items():
                cursor.execute(f"PRAGMA {name}={values[which]}")

    journal(0)
    with built_afterwards(Consumption, StockLevel, StockLot, ExpectedReceipt):
        alliance = _fill(institutions, drugs)
    journal(1)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return alliance


def _fill(institutions: int, drugs: int):
    """72 % of days without use, stock with (s, S) deliveries, a closing stock whenever it changed, batches, orders."""
    from formulary.models import Alliance, FormularyEntry, FormularyVersion, Institution, Medicine, Person, Presentation
    from shortage.models import Feed, Intake

    now = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
    alliance = Alliance.objects.create(code="BENCH", name="基准医共体")
    intake = Intake.objects.create(alliance=alliance, source="seed", name="基准", received_at=now)
    medicine = Medicine.objects.create(substance="基准", name="基准", form_group="片")
    Presentation.objects.bulk_create(
        Presentation(medicine=medicine, code=f"D{k:05}", name=f"药品{k}", form="片剂", strength="1mg", unit="片")
        for k in range(drugs)
    )
    codes = list(Presentation.objects.order_by("code").values_list("pk", flat=True))
    person = Person.objects.create(username="bench", name="基准")
    version = FormularyVersion.objects.create(
        alliance=alliance, number=1, title="目录", effective_from=dt.date(2025, 1, 1), published_at=now,
        published_by=person,
    )  # fmt: skip
    FormularyEntry.objects.bulk_create(
        FormularyEntry(version=version, presentation_id=pk, lowest_level="村") for pk in codes
    )
    generator, drawn = np.random.default_rng(7), []
    for number in range(institutions):
        institution = Institution.objects.create(
            alliance=alliance, code=f"I{number:03}", name=f"机构{number}", short_name=f"机构{number}",
            level="二级" if number == 0 else "基层", is_lead=number == 0, review_days=7,
        )  # fmt: skip
        for kind in Feed.Kind.values:
            Feed.objects.create(
                institution=institution, kind=kind, first_date=AS_OF - dt.timedelta(days=DAYS), last_date=AS_OF,
                received_at=now,
            )  # fmt: skip
        if number < DRAWN:
            _fill_institution(institution.pk, np.array(codes), intake.pk, generator)
            drawn.append(institution.pk)
        else:
            _copy(drawn[number % DRAWN], institution.pk)
    return alliance


def _fill_institution(institution: int, drugs: np.ndarray, intake: int, generator) -> None:
    n = len(drugs)
    rate = generator.lognormal(0.5, 1.4, n)
    busy = generator.random((n, DAYS)) < 0.28
    wanted = np.where(busy, generator.poisson(rate[:, None] / 0.28, (n, DAYS)), 0)
    stock = np.ceil(rate * 40)
    use, level = np.zeros((n, DAYS), dtype=np.int64), np.zeros((n, DAYS), dtype=np.int64)
    arriving = np.zeros((n, DAYS + 60))
    waiting = np.full(n, -1)
    orders = []
    for day in range(DAYS):
        stock += arriving[:, day]
        waiting[waiting == day] = -1
        use[:, day] = np.minimum(wanted[:, day], stock)
        stock -= use[:, day]
        level[:, day] = stock
        if day % 7 == 0:
            low = np.flatnonzero((stock < rate * 22) & (waiting < 0))
            lead = np.clip(generator.lognormal(1.5, 0.4, low.size).round(), 1, 14).astype(int)
            lead += np.where(generator.random(low.size) < 0.1, 14, 0)
            lead = np.where(generator.random(low.size) < 0.03, 40, lead)
            amount = np.ceil(rate[low] * 40)
            arriving[low, day + lead] += amount
            waiting[low] = day + lead
            orders += zip(low.tolist(), [day] * low.size, (day + lead).tolist(), amount.tolist(), strict=True)
    _write(institution, drugs, intake, use, level, orders)


def _write(institution: int, drugs: np.ndarray, intake: int, use: np.ndarray, level: np.ndarray, orders: list) -> None:
    from django.db import transaction

    from shortage.models import Consumption, ExpectedReceipt, StockLevel, StockLot

    dates = [AS_OF - dt.timedelta(days=DAYS - 1 - k) for k in range(DAYS)]
    texts = np.array([date.isoformat() for date in dates], dtype=object)
    changed = np.ones_like(level, dtype=bool)
    changed[:, 1:] = level[:, 1:] != level[:, :-1]
    last, soon = (dates[-1] + dt.timedelta(days=days) for days in (300, 20))
    ours = {"institution_id": institution, "intake_id": intake, "row": 0}

    def facts(where, values):
        row, day = np.nonzero(where)
        return ours | {"presentation_id": drugs[row], "date": texts[day], "quantity": values[where]}

    with transaction.atomic():
        _insert(Consumption, facts(use > 0, use))
        _insert(StockLevel, facts(changed, level))
        for batch, expiry, part in (
            ("B0", soon, level[:, -1] // 10),
            ("B1", last, level[:, -1] - level[:, -1] // 10),
        ):
            state = {"date": texts[-1], "batch": batch, "expiry": expiry.isoformat()}
            _insert(StockLot, ours | {"presentation_id": drugs} | state | {"quantity": part})
        row, day, arrived, amount = (np.array(column, dtype=np.int64) for column in zip(*orders, strict=True))
        here = arrived < DAYS
        reference = [f"{when}-{which}" for when, which in zip(day.tolist(), row.tolist(), strict=True)]
        state = {
            "state": np.where(here, "arrived", "open").astype(object),
            "reference": np.array(reference, dtype=object),
        }
        columns = {"institution_id": institution, "presentation_id": drugs[row], "quantity": np.maximum(1, amount)}
        columns |= {"supplier_code": np.array([f"S{which % 12}" for which in row.tolist()], dtype=object)}
        columns |= {"ordered_on": texts[day], "arrived_on": np.where(here, texts[np.minimum(arrived, DAYS - 1)], None)}
        _insert(ExpectedReceipt, columns | state)


def _copy(source: int, to: int) -> None:
    """Gives an institution the facts of another: drawing and handing over every row anew would take minutes."""
    from django.db import connection

    from shortage.models import Consumption, ExpectedReceipt, StockLevel, StockLot

    with connection.cursor() as cursor:
        for model in (Consumption, StockLevel, StockLot, ExpectedReceipt):
            fields = [
                field.column for field in model._meta.concrete_fields if field.column not in ("id", "institution_id")
            ]
            names = ", ".join(map(connection.ops.quote_name, fields))
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(
                f"INSERT INTO {table} (institution_id, {names}) "
                f"SELECT {int(to)}, {names} FROM {table} WHERE institution_id = {int(source)}"
            )


def _insert(model, columns: dict) -> None:
    """Columns by attribute name: arrays of one length, or one value for every row; other text columns stay empty."""
    from django.db import connection, models

    columns = columns | {
        field.attname: field.get_default()
        for field in model._meta.concrete_fields
        if isinstance(field, models.CharField) and not field.null and field.attname not in columns
    }
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    lists = [values.tolist() if isinstance(values, np.ndarray) else repeat(values) for values in columns.values()]
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for record in zip(*lists, strict=False):
                    copy.write_row(record)
            return
        marks = ", ".join(["?"] * len(columns))
        # The driver itself: Django's cursor would look at every row first.
        cursor.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", zip(*lists, strict=False))


if __name__ == "__main__":
    import json
    import sys

    sizes = [int(text) for text in sys.argv[1:3]]
    print(json.dumps(run(*sizes), ensure_ascii=False, indent=2))
