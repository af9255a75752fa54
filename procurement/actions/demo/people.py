"""The alliance, its institutions, and a person for every role."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.hashers import make_password

from config.access import INSTITUTION_ROLES
from fixtures.tables import Files, rows
from formulary.actions.history import record
from formulary.models import Alliance, Institution, Membership, Person
from procurement.actions.demo.steps import ALLIANCE_CODE, ALLIANCE_NAME, BEGAN_DAYS, PASSWORD


def found_alliance(files: Files, *, as_of: dt.date, by: Person | None, now: dt.datetime) -> Alliance:
    """Makes the alliance with its institutions and people; the alliance that is there when it was made before."""
    known = Alliance.objects.filter(code=ALLIANCE_CODE).first()
    if known is not None:
        return known
    alliance = Alliance.objects.create(code=ALLIANCE_CODE, name=ALLIANCE_NAME, region_code="", province="江苏")
    sites = Institution.objects.bulk_create(
        Institution(
            alliance=alliance,
            code=site.code,
            name=site.name,
            short_name=site.short_name,
            level=site.level,
            kind=site.kind,
            is_lead=site.lead,
            latitude=site.latitude,
            longitude=site.longitude,
            cold_capacity=site.cold_capacity,
            review_days=site.review_days,
        )
        for site in files.sites
    )
    people = _people(alliance, {site.code: site for site in sites}, as_of - dt.timedelta(days=BEGAN_DAYS))
    record("建立演示医共体", alliance, alliance=alliance, by=by, now=now, data={"机构": len(sites), "人员": people})
    return alliance


def _people(alliance: Alliance, sites: dict[str, Institution], since: dt.date) -> int:
    """All share one known password, hashed once; `manage.py check --deploy --database default` warns of it."""
    wanted = [row for row in rows("people.csv") if not row["机构编码"] or row["机构编码"] in sites]
    hashed = make_password(PASSWORD)
    people = Person.objects.bulk_create(
        Person(
            username=row["账号"],
            name=row["姓名"],
            title=row["职称"],
            password=hashed,
            must_change_password=False,
            is_staff="administrator" in row["角色"].split(),
        )
        for row in wanted
    )
    Membership.objects.bulk_create(
        Membership(
            person=person,
            role=role,
            alliance=alliance,
            institution=sites[row["机构编码"]] if role in INSTITUTION_ROLES else None,
            valid_from=since,
        )
        for person, row in zip(people, wanted, strict=True)
        for role in row["角色"].split()
    )
    return len(people)
