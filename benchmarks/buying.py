"""Server time of the buying pages at the promised size: 10,000 品规, 40 institutions, in a database of its own.

python -m benchmarks.run buying        BUYING=2000x10 for a smaller one
The baseline beside them is one plain query of all running offers as rows of values.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from benchmarks.governance_world import LEVELS, TODAY, _catalogue

SIZE = "10000x40"
USED_BY_ONE = 600


def run() -> dict:
    """Seconds to build and to open a round; for each page the median of three in ms and its ratio to the baseline."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"YAOHENG_VAR": folder, "DATABASE_URL": f"sqlite:///{Path(folder) / 'buying.sqlite3'}"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        began = time.perf_counter()
        drugs, sites = (int(part) for part in os.environ.get("BUYING", SIZE).split("x"))
        alliance, person = _build(drugs, sites)
        built = round(time.perf_counter() - began)
        return {"size": f"{drugs}×{sites}", "built in s": built, **_measured(alliance, person)}


def _build(drugs: int, sites: int):
    from django.utils import timezone

    from formulary.models import Alliance, FormularyEntry, FormularyVersion, Institution, Membership, Person, Product
    from procurement.models import Offer, Supplier
    from shortage.models import Forecast, WatchRun

    alliance = Alliance.objects.create(code="B", name="基准医共体")
    places = Institution.objects.bulk_create(
        Institution(
            alliance=alliance, code=f"I{n:03d}", name=f"机构{n}", short_name=f"机构{n}", level="基层" if n else "二级",
            is_lead=not n,
        )
        for n in range(sites)
    )  # fmt: skip
    person = Person.objects.create(username="bench", name="采购员")
    Membership.objects.create(person=person, role="procurement", alliance=alliance, valid_from=dt.date(2025, 1, 1))
    ids = _catalogue(drugs)
    version = FormularyVersion.objects.create(
        alliance=alliance, number=1, title="统一用药目录", effective_from=dt.date(2026, 1, 1)
    )
    FormularyEntry.objects.bulk_create(
        (FormularyEntry(version=version, presentation_id=pk, lowest_level=LEVELS[pk % 3]) for pk in ids),
        batch_size=5000,
    )
    FormularyVersion.objects.filter(pk=version.pk).update(published_at=timezone.now(), published_by=person)
    shops = Supplier.objects.bulk_create(
        Supplier(alliance=alliance, code=f"S{n}", name=f"供应商{n}") for n in range(12)
    )
    products = Product.objects.bulk_create(
        (Product(presentation_id=pk, code=f"P{pk}", maker=f"药厂{pk % 40}", pack_size=10 + pk % 3 * 10) for pk in ids),
        batch_size=2000,
    )
    Offer.objects.bulk_create(
        (
            Offer(
                supplier=shops[n % 12], product=product, price=Decimal(10 + n % 90) / 2,
                valid_from=dt.date(2026, 1, 1),
            )
            for n, product in enumerate(products)
        ),
        batch_size=2000,
    )  # fmt: skip
    run = WatchRun.objects.create(
        alliance=alliance, as_of=TODAY - dt.timedelta(days=1), finished_at=timezone.now(), counts={}
    )
    Forecast.objects.bulk_create(
        (
            Forecast(
                institution=place, presentation_id=ids[(n * 251 + k * 7) % drugs], as_of=run.as_of, daily_rate=2,
                mean_30=60, q10_30=40, q90_30=80, safety_stock=20, reorder_point=40, order_up_to=100,
            )
            for n, place in enumerate(places)
            for k in range(min(USED_BY_ONE, drugs // 8))
        ),
        batch_size=2000,
    )  # fmt: skip
    return alliance, person


def _measured(alliance, person) -> dict:
    from django.test import Client
    from django.utils import timezone

    from procurement.actions import rounds
    from procurement.models import Offer

    began = time.perf_counter()
    period = (TODAY + dt.timedelta(days=1), TODAY + dt.timedelta(days=30))
    row = rounds.open_round(alliance, "基准轮次", period, TODAY + dt.timedelta(days=5), by=person, now=timezone.now())
    found: dict = {"open a round, s": round(time.perf_counter() - began, 2)}
    plain = _median(lambda: list(Offer.objects.filter(supplier__alliance=alliance).values_list("product", "price")))
    found["baseline, ms"] = plain
    client = Client()
    client.force_login(person)
    pages = {
        "prices": "/prices/", "prices, a word": "/prices/?words=药77", "price cases": "/prices/cases/",
        "suppliers": "/suppliers/", "rounds": "/rounds/", "round": f"/rounds/{row.pk}/", "check": f"/rounds/{row.pk}/check/",
        "central store": "/central/",
    }  # fmt: skip
    for name, path in pages.items():
        ms = _median(lambda path=path: client.get(path))
        found[name] = {"ms": ms, "× baseline": round(ms / plain, 1), "status": client.get(path).status_code}
    return found


def _median(act) -> int:
    act()
    took = []
    for _ in range(3):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return round(sorted(took)[1] * 1000)
