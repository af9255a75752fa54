"""The alliance that the pages of governance are measured on: lists, products, prices, versions with changes, a draft, a meeting."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import Any

TODAY = dt.date(2026, 11, 22)
QUARTER = dt.date(2026, 10, 1)
SINCE = dt.date(2025, 1, 1)
LEVELS = ("村", "基层", "二级")
MOVED, LEFT = 10, 5
"""A version changes the level of so many 品规 and removes so many."""
HELD = 400
FINDINGS = 2_000
SEATS = 17
MANY = 5_000


@dataclass
class World:
    """ids: primary keys of the 品规; sites: institutions, the lead first; person: secretary."""

    alliance: Any
    person: Any
    sites: list[Any]
    ids: list[int]
    asked: list[Any]


def build(drugs: int, sites: int, versions: int) -> World:
    from formulary.models import Alliance, Institution, Membership, Person

    alliance = Alliance.objects.create(code="B", name="基准医共体", province="江苏")
    Institution.objects.bulk_create(
        Institution(
            alliance=alliance,
            code=f"I{n:03d}",
            name=f"机构{n}",
            short_name=f"机构{n}",
            level="基层" if n else "二级",
            is_lead=not n,
        )
        for n in range(sites)
    )
    person = Person.objects.create(username="bench", name="秘书")
    for role in ("secretary", "committee"):
        Membership.objects.create(person=person, role=role, alliance=alliance, valid_from=SINCE)
    world = World(alliance, person, list(alliance.institutions.order_by("pk")), _catalogue(drugs), [])
    _lists()
    _offers(world)
    held = _held(world)
    _practice(world, held)
    _applications(world)
    _versions(world, versions)
    _meeting(world)
    _draft(world)
    _subsets(world, held)
    return world


def _catalogue(drugs: int) -> list[int]:
    from formulary.models import Medicine, Presentation

    medicines = Medicine.objects.bulk_create(
        (
            Medicine(substance=f"药{n}", name=f"药{n}", form_group="口服常释剂型", route="口服")
            for n in range(max(1, drugs * 2 // 3))
        ),
        batch_size=MANY,
    )
    made = Presentation.objects.bulk_create(
        (
            Presentation(
                medicine=medicines[n % len(medicines)],
                code=f"D{n:05d}",
                name=f"药{n % len(medicines)}片",
                form="片剂",
                strength=f"{n // len(medicines) + 1}mg",
                unit="片",
                spec_group=f"药{n % len(medicines)} 口服",
                therapeutic_class=f"类{n % 60}",
                is_chronic=n % 4 == 0,
            )
            for n in range(drugs)
        ),
        batch_size=MANY,
    )
    return [drug.pk for drug in made]


def _lists() -> None:
    """基药 names one 品种 in eight, 医保 nine in ten: about as many rows as the real lists, spread over more drugs."""
    from django.utils import timezone

    from formulary.models import EntryLink, ListEdition, ListEntry, Medicine

    for kind, edition, every, category in (("neml", "2026年版", 8, ""), ("nrdl", "2024年", 1, "乙")):
        made = ListEdition.objects.create(
            kind=kind,
            edition=edition,
            valid_from=SINCE,
            imported_at=timezone.now(),
            sections=["西药"],
            source_name="x",
            source_sha256="0" * 64,
        )
        named = [row for n, row in enumerate(Medicine.objects.order_by("pk")) if n % every == 0 and n % 10]
        entries = ListEntry.objects.bulk_create(
            (
                ListEntry(
                    edition=made,
                    key=row.name,
                    row=n,
                    name=row.name,
                    category=category,
                    section="西药",
                    attributes=_class(kind, n),
                )
                for n, row in enumerate(named)
            ),
            batch_size=MANY,
        )
        EntryLink.objects.bulk_create(
            (
                EntryLink(entry=entry, medicine=row, form="片剂", how="exact")
                for entry, row in zip(entries, named, strict=True)
            ),
            batch_size=MANY,
        )


def _class(kind: str, place: int) -> dict[str, str]:
    """Two hundred classes, as many drugs in each as in the real list."""
    return {"药品分类代码": f"XA{place % 100:02d}A{'AB'[place % 2]}"} if kind == "nrdl" else {}


def _offers(world: World) -> None:
    """Two products of every 品规, each offered by one of three suppliers."""
    from formulary.models import Product
    from procurement.models import Offer, Supplier

    firms = [Supplier.objects.create(alliance=world.alliance, code=f"S{n}", name=f"公司{n}") for n in range(3)]
    wares = Product.objects.bulk_create(
        (
            Product(
                presentation_id=pk,
                code=f"P{pk}-{n}",
                maker=f"厂{n}",
                pack_size=24,
                nhsa_code="",
                approval_number=f"国药准字H{pk:08d}",
                approval_ends=dt.date(2028, 1, 1),
            )
            for pk in world.ids
            for n in range(2)
        ),
        batch_size=MANY,
    )
    Offer.objects.bulk_create(
        (
            Offer(supplier=firms[n % 3], product=ware, price=10 + n % 90, valid_from=SINCE)
            for n, ware in enumerate(wares)
        ),
        batch_size=MANY,
    )


def _held(world: World) -> dict[int, list[int]]:
    pick = random.Random(1)
    return {site.pk: sorted(pick.sample(world.ids, min(len(world.ids), HELD))) for site in world.sites}


def _practice(world: World, held: dict[int, list[int]]) -> None:
    """A year's use and the stock of today, findings, an assessed quarter."""
    from django.utils import timezone

    from formulary.models import AssessmentFigure, AssessmentRun, Holding, Suggestion
    from shortage.models import MonthlyUse, StockPosition

    pairs = [(site, drug) for site, rows in held.items() for drug in rows]
    MonthlyUse.objects.bulk_create(
        (
            MonthlyUse(institution_id=site, presentation_id=drug, month=dt.date(2026, month, 1), quantity=100)
            for site, drug in pairs
            for month in range(1, 12)
        ),
        batch_size=MANY,
    )
    StockPosition.objects.bulk_create(
        (
            StockPosition(
                institution_id=site,
                presentation_id=drug,
                date=TODAY,
                quantity=240,
                nearest_expiry=dt.date(2027, 9, 1),
            )
            for site, drug in pairs
        ),
        batch_size=MANY,
    )
    Suggestion.objects.bulk_create(
        (
            Suggestion(
                alliance=world.alliance,
                key=f"unused:{pk}",
                trigger="unused",
                wants="remove",
                presentation_id=pk,
                words=f"药{pk}在全医共体连续 6 个月没有使用",
                evidence={"facts": [["基药", "否"]], "head": [], "table": []},
                found_on=TODAY,
                seen_on=TODAY,
            )
            for pk in world.ids[:FINDINGS]
        ),
        batch_size=MANY,
    )
    run = AssessmentRun.objects.create(
        alliance=world.alliance,
        quarter=QUARTER,
        until=TODAY,
        computed_at=timezone.now(),
        edition="2026年版",
        terms={"unit": "最小单位", "exclude": []},
        essential=world.ids[::2],
        winners=world.ids[::9],
    )
    Holding.objects.bulk_create(Holding(run=run, institution_id=pk, presentations=rows) for pk, rows in held.items())
    AssessmentFigure.objects.bulk_create(
        AssessmentFigure(run=run, institution_id=pk, ratio=ratio, essential=70, total=100)
        for pk in [None, *held]
        for ratio in ("varieties", "use", "amount")
    )


def _applications(world: World) -> None:
    """A thousand handed in, ten on an agenda, ten cleared: level changes, which every drug can have."""
    from django.utils import timezone

    from formulary.models import Adjustment

    now = timezone.now()
    states = ["cleared"] * 10 + ["on_agenda"] * 10 + ["submitted"] * 980
    wanted = min(len(states), len(world.ids) // 4)
    Adjustment.objects.bulk_create(
        Adjustment(
            alliance=world.alliance,
            number=f"2026-{n + 1:03d}",
            kind="remove",
            state=states[n],
            presentation_id=world.ids[-n - 1],
            institution=world.sites[0],
            applicant=world.person,
            department="药学部",
            reason="近一年没有使用，同类药品已能满足临床需要",
            interests="无",
            created_at=now,
            submitted_at=now,
        )
        for n in range(wanted)
    )
    world.asked = list(Adjustment.objects.filter(alliance=world.alliance).order_by("pk"))


def _versions(world: World, versions: int) -> None:
    """Each removes the next few 品规 and moves the level of others; the last has notices and a run-down."""
    from django.utils import timezone

    from formulary.actions.versions import freeze
    from formulary.models import FormularyEntry, FormularyVersion, RunDown, VersionChange, VersionNotice

    before = None
    for number in range(1, versions + 1):
        version = FormularyVersion.objects.create(
            alliance=world.alliance,
            number=number,
            title="统一用药目录",
            effective_from=TODAY - dt.timedelta(days=30 * (versions - number) + 10),
            based_on=before,
        )
        gone, moved = (number - 1) * LEFT, (number - 1) * MOVED
        FormularyEntry.objects.bulk_create(
            (
                FormularyEntry(version=version, presentation_id=pk, lowest_level=LEVELS[(pk + (n < moved)) % 3])
                for n, pk in enumerate(world.ids[versions * LEFT :])
            ),
            batch_size=MANY,
        )
        FormularyEntry.objects.bulk_create(
            FormularyEntry(version=version, presentation_id=pk, lowest_level="二级")
            for pk in world.ids[gone : versions * LEFT]
        )
        if before is not None:
            left = world.ids[gone - LEFT : gone]
            changed = world.ids[versions * LEFT + moved - MOVED : versions * LEFT + moved]
            line = {"lowest_level": "二级", "restriction": "none", "tier": 1, "reason": "", "review_on": None}
            VersionChange.objects.bulk_create(
                VersionChange(
                    version=version,
                    presentation_id=pk,
                    kind="removed" if pk in left else "changed",
                    before=line,
                    after={} if pk in left else line | {"lowest_level": "基层"},
                    reason="近一年没有使用",
                )
                for pk in [*left, *changed]
            )
        version.published_at, version.published_by = timezone.now(), world.person
        version.save(update_fields=["published_at", "published_by"])
        if number == versions:
            freeze(version)
        before = version
    VersionNotice.objects.bulk_create(
        VersionNotice(version=before, institution=site, sent_at=timezone.now()) for site in world.sites
    )
    RunDown.objects.bulk_create(
        RunDown(
            version=before,
            institution=site,
            presentation_id=pk,
            as_of=TODAY,
            quantity=240,
            daily_use=3,
            cover_days=80,
            last_order_on=TODAY,
            use_up=240,
        )
        for site in world.sites
        for pk in world.ids[(versions - 2) * LEFT : (versions - 1) * LEFT]
    )


def _meeting(world: World) -> None:
    """Ten applications on the agenda of a committee of seventeen; a publicity of ten more."""
    from django.contrib.auth.hashers import make_password
    from django.utils import timezone

    from formulary.models import AgendaItem, Attendance, Body, Meeting, Person, Publicity, Seat

    now = timezone.now()
    body = Body.objects.create(alliance=world.alliance, kind="committee", name="药事委员会", founded_on=SINCE)
    people = Person.objects.bulk_create(
        Person(username=f"member{n}", name=f"委员{n}", password=make_password(None)) for n in range(SEATS)
    )
    seats = Seat.objects.bulk_create(
        Seat(body=body, person=person, office="member", valid_from=SINCE) for person in people
    )
    meeting = Meeting.objects.create(
        alliance=world.alliance,
        body=body,
        number="2026-01",
        title="例会",
        starts_at=now,
        place="会议室",
        state="notified",
    )
    Attendance.objects.bulk_create(Attendance(meeting=meeting, seat=seat) for seat in seats)
    on_agenda = [row for row in world.asked if row.state == "on_agenda"]
    AgendaItem.objects.bulk_create(
        AgendaItem(meeting=meeting, position=n, title=f"调出：{row.number}", adjustment=row)
        for n, row in enumerate(on_agenda, start=1)
    )
    shown = Publicity.objects.create(
        alliance=world.alliance,
        number="2026-1",
        title="公示",
        slug="bench",
        opens_on=TODAY - dt.timedelta(days=20),
        closes_on=TODAY - dt.timedelta(days=10),
        working_days=5,
        announced_by=world.person,
        announced_at=now,
        ended_at=now,
    )
    shown.adjustments.set([row for row in world.asked if row.state == "cleared"])


def _draft(world: World) -> None:
    from django.utils import timezone

    from formulary.actions.versions import draft_next

    now = timezone.now()
    draft_next(world.alliance, effective_from=timezone.localdate(now) + dt.timedelta(days=9), by=world.person, now=now)


def _subsets(world: World, held: dict[int, list[int]]) -> None:
    from django.utils import timezone

    from formulary.models import FormularyEntry, SubsetEntry

    version = world.alliance.versions.filter(published_at__isnull=False).order_by("-number")[0]
    entries = FormularyEntry.objects.filter(version=version).exclude(lowest_level="二级")
    lines = dict(entries.values_list("presentation_id", "pk"))
    SubsetEntry.objects.bulk_create(
        (
            SubsetEntry(
                institution_id=site,
                presentation_id=drug,
                entry_id=lines[drug],
                valid_from=TODAY,
                added_by=world.person,
                added_at=timezone.now(),
            )
            for site, rows in held.items()
            for drug in rows
            if drug in lines
        ),
        batch_size=MANY,
    )
