"""Seconds of each step of the nightly pass: on the demonstration data when loaded, and on a synthetic alliance of
30 institutions × 2,000 drugs × 365 days in a database file of its own."""

from __future__ import annotations

import datetime as dt
import os
import resource
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

AS_OF = dt.date(2026, 11, 20)
DAYS = 365


def run(institutions: int = 30, drugs: int = 2000) -> dict:
    """{"demonstration": {...} or None, "synthetic": {...}}; each step in seconds, memory in MB."""
    _setup()
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
        started = time.perf_counter()
        alliance = _fill(institutions, drugs)
        filled = time.perf_counter() - started
        return {"series": institutions * drugs, "fill": round(filled, 1), **_steps(alliance, AS_OF, write=True)}
    finally:
        connection.close()
        leave()


def _steps(alliance, as_of: dt.date, *, write: bool) -> dict:
    from django.utils import timezone

    from shortage import queries, series
    from shortage.actions.watch import watch
    from shortage.rules.assessment import assess

    _, levels, habits = queries.watch_settings(alliance, as_of)
    seconds: dict[str, float] = {}

    def timed(name, call):
        started = time.perf_counter()
        answer = call()
        seconds[name] = round(time.perf_counter() - started, 2)
        return answer

    seen = timed("gather", lambda: series.gather(alliance, as_of, habits))
    timed("fingerprint", seen.fingerprint)
    timed("assess", partial(assess, seen.inputs, levels, overdue_after=habits.overdue_days))
    size, rows = seen.series.size, int(np.nansum(seen.series.use > 0))
    seen = None
    if write:
        first = timed("whole pass", lambda: watch(alliance, as_of, by=None, now=timezone.now()))
        timed("second pass, unchanged", lambda: watch(alliance, as_of, by=None, now=timezone.now()))
        timed("need", lambda: queries.need(alliance, as_of, 30))
        seconds |= {"alerts": first.counts["raised"], "red": first.counts["red"], "orange": first.counts["orange"]}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"watched": size, "days with use": rows, **seconds, "peak MB": round(peak)}


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
    generator = np.random.default_rng(7)
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
        _fill_institution(institution.pk, np.array(codes), intake.pk, generator)
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
    from django.db import connection, transaction

    from shortage.models import Consumption, ExpectedReceipt, StockLevel, StockLot

    dates = [AS_OF - dt.timedelta(days=DAYS - 1 - k) for k in range(DAYS)]
    changed = np.ones_like(level, dtype=bool)
    changed[:, 1:] = level[:, 1:] != level[:, :-1]
    last = dates[-1] + dt.timedelta(days=300)

    def fact(where, values):
        row, day = np.nonzero(where)
        return (
            (institution, int(drugs[r]), intake, 0, dates[d], int(q))
            for r, d, q in zip(row.tolist(), day.tolist(), values[where].tolist(), strict=True)
        )

    columns = "institution_id, presentation_id, intake_id, {row}, date, quantity"
    with transaction.atomic(), connection.cursor() as cursor:
        for model, where, values in ((Consumption, use > 0, use), (StockLevel, changed, level)):
            names = columns.format(row=connection.ops.quote_name("row"))
            cursor.executemany(
                f"INSERT INTO {model._meta.db_table} ({names}) VALUES (%s, %s, %s, %s, %s, %s)",
                fact(where, values),
            )
        StockLot.objects.bulk_create(
            [
                StockLot(
                    institution_id=institution, presentation_id=int(drug), intake_id=intake, date=dates[-1],
                    batch=f"B{k}", expiry=last if k else dates[-1] + dt.timedelta(days=20), quantity=int(part),
                )
                for drug, whole in zip(drugs, level[:, -1], strict=True)
                for k, part in enumerate((whole // 10, whole - whole // 10))
            ],
            batch_size=2000,
        )  # fmt: skip
        ExpectedReceipt.objects.bulk_create(
            [
                ExpectedReceipt(
                    institution_id=institution, presentation_id=int(drugs[row]), reference=f"{day}-{row}",
                    supplier_code=f"S{row % 12}", quantity=max(1, int(amount)), ordered_on=dates[day],
                    state="arrived" if arrived < DAYS else "open",
                    arrived_on=dates[arrived] if arrived < DAYS else None,
                )
                for row, day, arrived, amount in orders
            ],
            batch_size=2000,
        )  # fmt: skip


if __name__ == "__main__":
    import json
    import sys

    sizes = [int(text) for text in sys.argv[1:3]]
    print(json.dumps(run(*sizes), ensure_ascii=False, indent=2))
