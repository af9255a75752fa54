"""Server time and queries of every page on the demonstration data, each asked for five times by somebody who may see it.

make demo, then python -m benchmarks.pages
"""

from __future__ import annotations

import os
import statistics
import time
from types import SimpleNamespace

TIMES = 5


def run() -> dict | None:
    """Per page: median wall and CPU in ms, number of queries, size, CPU as a multiple of the sign-in page (a form and the
    shell's frame, no data); None when nothing is loaded."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.test import Client
    from django.test.utils import override_settings
    from django.urls import reverse

    # The static files' manifest belongs to the deployment, not to the pages.
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=storages):
        pages = _pages()
        if not pages:
            return None
        plain = _measure(Client(), reverse("login"))
        measured = {name: _measure(_client(user), url) for name, user, url in pages}
    for seen in measured.values():
        if "failed" not in seen:
            seen["÷ sign-in page"] = round(seen["CPU ms"] / max(plain["CPU ms"], 1), 1)
    return {"sign-in page": plain, **measured}


def _pages() -> list[tuple[str, str, str]]:
    """(name, username, url) of every page, with an institution's pharmacist for what belongs to one institution."""
    from django.db import DatabaseError
    from django.urls import reverse

    from procurement.views.plan_tabs import TABS

    try:
        there = _subjects()
    except DatabaseError:
        return []
    if there is None:
        return []
    plain = {
        "caigou": ("home", "drug_list", "version_current", "alert_list", "stock_list", "plan_list", "plan_new", "job_list"),
        "mishu": ("match_list",),
        "yaoshi-h01": ("home", "alert_list", "stock_list", "stock_import"),
        "guanli": ("history_list", "job_list"),
    }  # fmt: skip
    pages = [(f"{name} ({user})", user, reverse(name)) for user, names in plain.items() for name in names]
    pages += [
        ("drug_detail (caigou)", "caigou", reverse("drug_detail", args=[there.code])),
        ("alert_detail (caigou)", "caigou", reverse("alert_detail", args=[there.alert])),
        ("stock_detail (caigou)", "caigou", reverse("stock_detail", args=there.item)),
    ]
    if there.plan:
        tabs = [tab.key for tab in TABS if tab.key != "overview"]
        pages.append(("plan_detail (caigou)", "caigou", reverse("plan_detail", args=[there.plan])))
        pages += [(f"plan_tab {tab} (caigou)", "caigou", reverse("plan_tab", args=[there.plan, tab])) for tab in tabs]
    return pages


def _subjects() -> SimpleNamespace | None:
    from procurement.models import Plan
    from shortage.models import Alert

    alert = Alert.objects.select_related("presentation").filter(institution__is_lead=True).first()
    if alert is None:
        return None
    plan = Plan.objects.order_by("-pk").first()
    item = [alert.institution_id, alert.presentation_id]
    return SimpleNamespace(alert=alert.pk, code=alert.presentation.code, item=item, plan=plan and plan.pk)


def _client(username: str):
    from django.test import Client

    from formulary.models import Person

    client = Client()
    client.force_login(Person.objects.get(username=username))
    return client


def _measure(client, url: str) -> dict:
    from django.db import connection

    asked: list[str] = []

    def count(execute, sql, params, many, context):
        asked.append(sql)
        return execute(sql, params, many, context)

    first = time.process_time()
    answer = client.get(url)  # templates compile once per process
    first = round(1000 * (time.process_time() - first))
    if answer.status_code != 200:
        return {"failed": True, "status": answer.status_code, "url": url}
    with connection.execute_wrapper(count):
        client.get(url)
    taken = []
    for _ in range(TIMES):
        wall, cpu = time.perf_counter(), time.process_time()
        client.get(url)
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = (round(1000 * statistics.median(column)) for column in zip(*taken, strict=True))
    return {
        "wall ms": wall,
        "CPU ms": cpu,
        "first CPU ms": first,
        "queries": len(asked),
        "KB": round(len(answer.content) / 1024),
    }


if __name__ == "__main__":
    for page, seen in (run() or {}).items():
        print(f"{page:32}", seen)
