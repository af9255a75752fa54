"""Applications walked to a state, publicities run out, versions published: what tests of versions begin with."""

import datetime as dt

from config.access import Role
from formulary.actions import publicity, versions
from formulary.actions.adjustments import move
from formulary.models import Adjustment, AgendaItem, Body, BodyKind, FormularyEntry, FormularyVersion, Meeting
from formulary.rules.adjustment_life import Kind, Verb
from formulary.rules.versions import Line

MONDAY = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)
"""A week without holidays follows: five working days after it end on Monday 9 November."""
AFTER = MONDAY + dt.timedelta(days=8)
BEGINS = dt.date(2026, 12, 1)
WAY = (Verb.SUBMIT, Verb.ACCEPT, Verb.SCORED, Verb.SCHEDULE, Verb.PASS)


def first_version(world, codes=("M1", "M2"), *, effective=dt.date(2026, 1, 1), sealed=True):
    """Version 1, as the demonstration loads it: every code for everyone."""
    secretary = world.people[Role.SECRETARY]
    version = FormularyVersion.objects.create(
        alliance=world.alliance, number=1, title="统一用药目录", effective_from=effective,
        published_at=MONDAY - dt.timedelta(days=300), published_by=secretary, document="江宁药事〔2026〕1号",
    )  # fmt: skip
    for code in codes:
        FormularyEntry.objects.create(version=version, presentation=world.drugs[code], lowest_level="村")
    if sealed:
        versions.freeze(version)
    return version


def passed(world, code, kind=Kind.ADD, *, number=None, drops=None, now=MONDAY, conditions=None, **given):
    """An application that the committee passed, with its decided topic: nine for, one against, one abstained."""
    number = number or f"2026-{Adjustment.objects.count() + 1}"
    row = Adjustment.objects.create(
        alliance=world.alliance, number=number, kind=kind, presentation=world.drugs[code],
        drops=world.drugs[drops] if drops else None, institution=world.t1,
        applicant=world.people[Role.PHARMACIST], reason="基层慢病患者需要", created_at=now,
        **{"lowest_level": "基层", **given},
    )  # fmt: skip
    for verb in WAY:
        move(row, verb, by=None, now=now)
    Adjustment.objects.filter(pk=row.pk).update(conditions=conditions or {})
    decide(world, row, now=now)
    row.refresh_from_db()
    return row


def decide(world, row, *, now=MONDAY):
    body, _ = Body.objects.get_or_create(
        alliance=world.alliance,
        kind=BodyKind.COMMITTEE,
        defaults={"name": "药事委员会", "founded_on": dt.date(2026, 1, 1)},
    )
    meeting, _ = Meeting.objects.get_or_create(
        alliance=world.alliance,
        number="2026-1",
        defaults={"body": body, "title": "例会", "starts_at": now, "place": "会议室"},
    )
    return AgendaItem.objects.create(
        meeting=meeting, position=meeting.items.count() + 1, title=str(row), adjustment=row, state="decided",
        outcome="passed", tally={"agree": 9, "against": 1, "abstain": 1}, decided_at=now, seal="x" * 64,
    )  # fmt: skip


def announced(world, *rows, now=MONDAY):
    secretary = world.people[Role.SECRETARY]
    return publicity.announce(world.alliance, rows, title="调整结果公示", contact="药学部 88", by=secretary, now=now)


def cleared(world, *rows, now=MONDAY):
    """Shown for the days that the charter sets, and over."""
    shown = announced(world, *rows, now=now)
    publicity.end(shown, by=None, now=now + dt.timedelta(days=8))
    for row in rows:
        row.refresh_from_db()
    return shown


def drafted(world, *, effective=BEGINS, now=AFTER):
    return versions.draft_next(world.alliance, effective_from=effective, by=world.people[Role.SECRETARY], now=now)


def published_with(world, *rows, effective=BEGINS, now=AFTER):
    """The next version with these passed applications, through publicity."""
    cleared(world, *rows, now=now - dt.timedelta(days=8))
    draft = drafted(world, effective=effective, now=now)
    return versions.publish(draft, by=world.people[Role.SECRETARY], now=now)


def corrected(world, base, code, line, *, effective=BEGINS, now=AFTER, reason="录入有误"):
    secretary = world.people[Role.SECRETARY]
    draft = versions.draft_correction(base, wrong="级别录错", effective_from=effective, by=secretary, now=now)
    versions.amend(draft, world.drugs[code].pk, line, reason=reason, by=secretary, now=now)
    return versions.publish(draft, by=secretary, now=now)


def at(level, **more):
    return Line(level, **more)
