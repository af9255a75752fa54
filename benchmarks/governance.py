"""Server time of the pages of governance at the promised size: 10,000 品规, 40 institutions, 30 versions, in a database of its own.

python -m benchmarks.run governance        GOVERNANCE=2000x10x5 for a smaller one
"""

from __future__ import annotations

import datetime as dt
import os
import random
import tempfile
import time
from pathlib import Path

SIZE = "10000x40x30"
HELD = 400
FINDINGS = 2_000
QUARTER, TODAY = dt.date(2026, 10, 1), dt.date(2026, 11, 22)
LEVELS = ("村", "基层", "二级")


def run() -> dict:
    """Seconds to build, and for each page median wall and CPU ms with its queries."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"YAOHENG_VAR": folder, "DATABASE_URL": f"sqlite:///{Path(folder) / 'governance.sqlite3'}"}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        began = time.perf_counter()
        drugs, sites, versions = (int(part) for part in os.environ.get("GOVERNANCE", SIZE).split("x"))
        _build(drugs, sites, versions)
        return {"size": f"{drugs}×{sites}×{versions}", "built in s": round(time.perf_counter() - began), **_measured()}


def _build(drugs: int, sites: int, versions: int) -> None:
    from formulary.models import Alliance, Institution, Membership, Person

    alliance = Alliance.objects.create(code="B", name="基准医共体")
    Institution.objects.bulk_create(
        Institution(
            alliance=alliance, code=f"I{n:03d}", name=f"机构{n}", short_name=f"机构{n}", level="基层" if n else "二级",
            is_lead=not n,
        )
        for n in range(sites)
    )  # fmt: skip
    person = Person.objects.create(username="bench", name="秘书")
    Membership.objects.create(person=person, role="secretary", alliance=alliance, valid_from=dt.date(2025, 1, 1))
    ids = _catalogue(drugs)
    _versions(alliance, person, ids, versions)
    _practice(alliance, person, ids)


def _catalogue(drugs: int) -> list[int]:
    from formulary.models import Medicine, Presentation

    medicines = Medicine.objects.bulk_create(
        (
            Medicine(substance=f"药{n}", name=f"药{n}", form_group="口服常释剂型", route="口服")
            for n in range(max(1, drugs * 2 // 3))
        ),
        batch_size=2000,
    )
    made = Presentation.objects.bulk_create(
        (
            Presentation(
                medicine=medicines[n % len(medicines)], code=f"D{n:05d}", name=f"药{n % len(medicines)}片", form="片剂",
                strength=f"{n // len(medicines) + 1}mg", unit="片", spec_group=f"药{n % len(medicines)} 口服",
                therapeutic_class=f"类{n % 60}", is_chronic=n % 4 == 0,
            )
            for n in range(drugs)
        ),
        batch_size=2000,
    )  # fmt: skip
    return [drug.pk for drug in made]


def _versions(alliance, person, ids: list[int], versions: int) -> None:
    from django.utils import timezone

    from formulary.models import FormularyEntry, FormularyVersion

    before = None
    for number in range(1, versions + 1):
        begins = TODAY - dt.timedelta(days=30 * (versions - number) + 10)
        version = FormularyVersion.objects.create(
            alliance=alliance, number=number, title="统一用药目录", effective_from=begins, based_on=before
        )
        FormularyEntry.objects.bulk_create(
            (FormularyEntry(version=version, presentation_id=pk, lowest_level=LEVELS[pk % 3]) for pk in ids),
            batch_size=5000,
        )
        FormularyVersion.objects.filter(pk=version.pk).update(published_at=timezone.now(), published_by=person)
        before = version


def _practice(alliance, person, ids: list[int]) -> None:
    """Two thousand findings, a year's applications, an assessed quarter, lists of every institution."""
    from django.utils import timezone

    from formulary.models import (
        Adjustment,
        AssessmentFigure,
        AssessmentRun,
        FormularyEntry,
        Holding,
        SubsetEntry,
        Suggestion,
    )

    pick, now = random.Random(1), timezone.now()
    sites = list(alliance.institutions.order_by("pk"))
    Suggestion.objects.bulk_create(
        (
            Suggestion(
                alliance=alliance, key=f"unused:{pk}", trigger="unused", wants="remove", presentation_id=pk,
                words=f"药{pk}在全医共体连续 6 个月没有使用", evidence={"facts": [["基药", "否"]], "head": [], "table": []},
                found_on=TODAY, seen_on=TODAY,
            )
            for pk in ids[:FINDINGS]
        ),
        batch_size=1000,
    )  # fmt: skip
    Adjustment.objects.bulk_create(
        Adjustment(
            alliance=alliance, number=f"2026-{n:04d}", kind="add", state="submitted", presentation_id=ids[n],
            institution=sites[0], applicant=person, created_at=now, submitted_at=now,
        )
        for n in range(min(1000, len(ids)))
    )  # fmt: skip
    run = AssessmentRun.objects.create(
        alliance=alliance, quarter=QUARTER, until=TODAY, computed_at=now, edition="2026年版",
        terms={"unit": "最小单位", "exclude": []}, essential=ids[::2], winners=ids[::9],
    )  # fmt: skip
    held = {site.pk: sorted(pick.sample(ids, min(len(ids), HELD))) for site in sites}
    Holding.objects.bulk_create(Holding(run=run, institution_id=pk, presentations=rows) for pk, rows in held.items())
    AssessmentFigure.objects.bulk_create(
        AssessmentFigure(run=run, institution_id=pk, ratio=ratio, essential=70, total=100)
        for pk in [None, *held]
        for ratio in ("varieties", "use", "amount")
    )
    _use(held)
    lines = dict(
        FormularyEntry.objects.filter(version=alliance.versions.order_by("-number")[0])
        .exclude(lowest_level="二级")
        .values_list("presentation_id", "pk")
    )
    SubsetEntry.objects.bulk_create(
        (
            SubsetEntry(
                institution_id=pk,
                presentation_id=drug,
                entry_id=lines[drug],
                valid_from=TODAY,
                added_by=person,
                added_at=now,
            )
            for pk, rows in held.items()
            for drug in rows
            if drug in lines
        ),
        batch_size=5000,
    )


def _use(held: dict[int, list[int]]) -> None:
    from shortage.models import MonthlyUse

    MonthlyUse.objects.bulk_create(
        (
            MonthlyUse(institution_id=pk, presentation_id=drug, month=dt.date(2026, month, 1), quantity=100)
            for pk, rows in held.items()
            for drug in rows
            for month in range(1, 12)
        ),
        batch_size=5000,
    )


def _measured() -> dict:
    from django.test.utils import override_settings
    from django.urls import NoReverseMatch, reverse

    from benchmarks.pages import _client, _measure

    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    pages: tuple[tuple[str, tuple], ...] = (
        ("home", ()), ("suggestion_list", ()), ("assessment_list", ()), ("assessment_detail", ("I001",)),
        ("cohesion", ()), ("subset_list", ()), ("subset_detail", ("I001",)), ("review_list", ()),
        ("adjustment_list", ()), ("version_list", ()), ("version_current", ()),
    )  # fmt: skip
    found = {}
    with override_settings(ALLOWED_HOSTS=["testserver"], STORAGES=storages):
        client = _client("bench")
        for name, args in pages:
            try:
                found[name] = _measure(client, reverse(name, args=args))
            except NoReverseMatch:
                found[name] = {"failed": True, "missing": name}
    return found


if __name__ == "__main__":
    for page, seen in run().items():
        print(f"{page:24}", seen)
