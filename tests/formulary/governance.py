"""A committee, a version in force and a second secretary for the small world: what applications need around them.

Version 1: M1 氨氯地平片 5mg (基层), M3 肾上腺素注射液 (村). M2 阿莫西林胶囊 is known and not listed. Chair: 刘洋 (head of H1).
"""

import datetime as dt

from config.access import Role
from formulary.actions import applications, committee
from formulary.models import FormularyEntry, FormularyVersion, Membership, Office, Person
from formulary.rules.adjustment_life import Kind
from tests.conftest import NOW

SINCE = dt.date(2026, 1, 1)
FULL = {
    "lowest_level": "二级",
    "department": "全科",
    "reason": "门诊常见感染缺少口服青霉素类选择",
    "indication": "敏感菌所致呼吸道感染",
    "monthly_use": 600,
    "interests": "无",
}


def govern(world):
    """Adds `chair`, `office` (a second secretary) and `body` to the world."""
    secretary = world.people[Role.SECRETARY]
    world.office = Person.objects.create(username="qinhua", name="秦华")
    Membership.objects.create(person=world.office, role=Role.SECRETARY, alliance=world.alliance, valid_from=SINCE)
    world.chair = world.people[Role.HEAD]
    world.body = committee.found_body(
        world.alliance, kind="committee", name="药事委员会", founded_on=SINCE, by=secretary, now=NOW
    )
    committee.appoint(
        world.body, world.chair, office=Office.CHAIR, valid_from=SINCE, institution=world.h1, by=secretary, now=NOW
    )
    world.version = FormularyVersion.objects.create(
        alliance=world.alliance,
        number=1,
        title="统一目录",
        effective_from=SINCE,
        published_at=NOW,
        published_by=secretary,
    )
    for code, level in (("M1", "基层"), ("M3", "村")):
        FormularyEntry.objects.create(version=world.version, presentation=world.drugs[code], lowest_level=level)
    return world


def draft(world, *, by=None, kind=Kind.ADD, code="M2", at=None, **fields):
    return applications.create(
        world.alliance,
        kind=kind,
        institution=at or world.t1,
        presentation=world.drugs[code],
        by=by or world.people[Role.PHARMACIST],
        now=NOW,
        **FULL | fields,
    )


def submitted(world, **given):
    row = draft(world, **given)
    return applications.submit(row, by=row.applicant, now=NOW)
