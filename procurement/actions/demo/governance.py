"""The committee of the demonstration alliance, appointed through the same actions as any committee."""

from __future__ import annotations

import datetime as dt

from fixtures.tables import rows
from formulary.actions import committee
from formulary.models import Body, Expert, Institution, Person
from procurement.actions.demo.steps import SECRETARY, Loading

DRAWN_DAYS = 21


def load_committee(loading: Loading) -> dict[str, int]:
    """Bodies, seats and the pool of experts with one draw, when there are none."""
    if Body.objects.filter(alliance=loading.alliance).exists():
        return {}
    people = Person.objects.in_bulk([row["账号"] for row in rows("people.csv")], field_name="username")
    secretary = people[SECRETARY]
    bodies = {row["类型"]: _body(row, loading, secretary) for row in rows("bodies.csv")}
    seats = [row for row in rows("committee.csv") if row["账号"] in people]
    places = loading.institutions()
    for row in seats:
        _seat(row, bodies[row["委员会"]], people[row["账号"]], places.get(row["代表机构"]), loading, secretary)
    experts = [_expert(row, loading, people, secretary) for row in rows("experts.csv")]
    committee.draw_experts(
        loading.alliance,
        wanted=3,
        purpose="本季度新申请品规的评分（演示）",
        conflicts={expert.pk: "本院药房人员，参与了申请" for expert in experts if expert.person_id},
        seed=f"{loading.seed:016x}",
        by=secretary,
        now=loading.now - dt.timedelta(days=DRAWN_DAYS),
    )
    return {"委员会与工作组": len(bodies), "席位": len(seats), "专家": len(experts)}


def _body(row: dict[str, str], loading: Loading, by: Person) -> Body:
    return committee.found_body(
        loading.alliance,
        kind=row["类型"],
        name=row["名称"],
        duties=row["职责"],
        document=row["文号"],
        founded_on=loading.began,
        by=by,
        now=loading.now,
    )


def _seat(
    row: dict[str, str], body: Body, person: Person, place: Institution | None, loading: Loading, by: Person
) -> None:
    committee.appoint(
        body,
        person,
        office=row["职务"],
        institution=place,
        specialty=row["专业"],
        valid_from=loading.began,
        valid_to=loading.as_of + dt.timedelta(days=int(row["任期剩余天数"])),
        by=by,
        now=loading.now,
    )


def _expert(row: dict[str, str], loading: Loading, people: dict[str, Person], by: Person) -> Expert:
    return committee.add_expert(
        loading.alliance,
        name=row["姓名"],
        title=row["职称"],
        unit=row["单位"],
        specialty=row["专业"],
        person=people.get(row["账号"]),
        by=by,
        now=loading.now,
    )
