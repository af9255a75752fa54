"""One HIS request of 10,000 rows of stock on the demonstration data: new, said again, changed; taken back afterwards.

make demo, then python -m benchmarks.api
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import time

ROWS = 10_000


def run() -> dict | None:
    """Per request [wall, CPU] in seconds, and a plain parse and insert beside it; CPU of a database server is not in it. None when nothing is loaded."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.db import DatabaseError, transaction
    from django.test.utils import override_settings

    from formulary.models import Institution

    try:
        place = Institution.objects.filter(is_lead=True).first()
    except DatabaseError:
        return None
    if place is None:
        return None
    with override_settings(ALLOWED_HOSTS=["testserver"]), transaction.atomic():
        try:
            return _requests(place)
        finally:
            transaction.set_rollback(True)


def _requests(place) -> dict:
    from django.test import Client
    from django.utils import timezone

    from shortage.actions import tokens

    now = timezone.now()
    client = Client(headers={"Authorization": f"Bearer {tokens.issue(place, 'HIS', by=None, now=now)}"})
    client.get("/api/v1/alerts")  # the first request of a process imports the pages
    seconds = {}
    for name, more in (("new", 0), ("said again", 0), ("changed", 1)):
        rows = _rows(timezone.localdate(now), more)
        wall, cpu = time.perf_counter(), time.process_time()
        answer = client.post("/api/v1/stock", rows, content_type="application/json")
        seconds[name] = [round(time.perf_counter() - wall, 2), round(time.process_time() - cpu, 2)]
        if answer.status_code != 200 or answer.json()["counts"]["rejected"]:
            return {"failed": True, "status": answer.status_code, "answer": answer.content[:500].decode()}
    plain = _plain(now)
    ratio = round(seconds["new"][1] / max(plain[1], 0.01), 1)
    return {"rows": ROWS, **seconds, "plain parse and insert": plain, "new ÷ plain (CPU)": ratio}


def _plain(now: dt.datetime) -> list[float]:
    """The least that any program would do with such a request: parse the JSON and insert the rows unchecked."""
    import json

    from django.db import connection
    from django.utils import timezone

    body = json.dumps(_rows(timezone.localdate(now), 2))
    wall, cpu = time.perf_counter(), time.process_time()
    rows = [tuple(row.values()) for row in json.loads(body)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE plain (drug text, batch text, expiry text, quantity integer, date text)")
        cursor.executemany("INSERT INTO plain VALUES (%s, %s, %s, %s, %s)", rows)
    return [round(time.perf_counter() - wall, 2), round(time.process_time() - cpu, 2)]


def _rows(today: dt.date, more: int) -> list[dict]:
    from formulary.models import Presentation

    codes = list(Presentation.objects.filter(active=True).order_by("pk").values_list("code", flat=True))
    batches = ((code, number) for number in itertools.count() for code in codes)
    return [
        {"drug": code, "batch": f"L{number}", "expiry": "2099-12", "quantity": 10 + number + more, "date": str(today)}
        for code, number in itertools.islice(batches, ROWS)
    ]


if __name__ == "__main__":
    print(run())
