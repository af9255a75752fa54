"""Server time of the pages of governance at the promised size: 10,000 品规, 40 institutions, 30 versions, in a database of its own.

python -m benchmarks.run governance        GOVERNANCE=2000x10x5 for a smaller one
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

SIZE = "10000x40x30"
PROMISE = 300
"""Milliseconds that no page may need."""


def run() -> dict:
    """Seconds to build, and for each page median wall and CPU ms with its queries; `over`: pages beyond the promise."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"YAOHENG_VAR": folder, "DATABASE_URL": f"sqlite:///{Path(folder) / 'governance.sqlite3'}"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        from django.core.management import call_command

        from benchmarks.governance_world import build

        call_command("migrate", verbosity=0)
        began = time.perf_counter()
        drugs, sites, versions = (int(part) for part in os.environ.get("GOVERNANCE", SIZE).split("x"))
        world = build(drugs, sites, versions)
        built = round(time.perf_counter() - began)
        measured = _measured(_pages(world, versions))
        over = [name for name, seen in measured.items() if seen.get("CPU ms", 0) > PROMISE]
        return {
            "size": f"{drugs}×{sites}×{versions}",
            "built in s": built,
            f"over {PROMISE} ms": "、".join(over) or "none",
            **measured,
        }


def _pages(world, versions: int) -> dict[str, str]:
    from django.urls import reverse

    from formulary.models import Meeting, Presentation, Publicity

    meeting, shown = Meeting.objects.get(), Publicity.objects.get()
    code = Presentation.objects.get(pk=world.ids[-1]).code
    asked = next(row for row in world.asked if row.state == "on_agenda")
    addresses: dict[str, tuple[str, tuple]] = {
        name: (name, ())
        for name in (
            "home", "suggestion_list", "assessment_list", "cohesion", "subset_list", "review_list", "adjustment_list",
            "version_list", "version_current", "version_draft", "meeting_list", "publicity_list", "request_list",
        )
    }  # fmt: skip
    addresses |= {
        "assessment_detail": ("assessment_detail", ("I001",)),
        "subset_detail": ("subset_detail", ("I001",)),
        "version_detail": ("version_detail", (versions,)),
        "version_changes": ("version_changes", (versions,)),
        "version_notices (dossier and exports)": ("version_notices", (versions,)),
        "version_run_down": ("version_run_down", (versions,)),
        "drug_versions": ("drug_versions", (code,)),
        "meeting_detail": ("meeting_detail", (meeting.pk,)),
        "publicity_detail": ("publicity_detail", (shown.pk,)),
        "adjustment_detail": ("adjustment_detail", (asked.pk,)),
        "adjustment_write": ("adjustment_write", ("remove", code)),
    }
    pages = {name: reverse(view, args=args) for name, (view, args) in addresses.items()}
    diff, sheet = reverse("version_changes", args=[versions]), reverse("consequences")
    return pages | {
        "version_changes from the first": f"{diff}?since=1",
        "consequences of an application": f"{sheet}?adjustment={asked.pk}",
        "consequences of an agenda": f"{sheet}?meeting={meeting.pk}",
        "consequences of the draft": f"{sheet}?draft=1",
    }


def _measured(pages: dict[str, str]) -> dict[str, dict]:
    from django.test.utils import override_settings

    from benchmarks.pages import _client, _measure

    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=storages):
        client = _client("bench")
        return {name: _measure(client, url) for name, url in pages.items()}


if __name__ == "__main__":
    for page, seen in run().items():
        print(f"{page:40}", seen)
