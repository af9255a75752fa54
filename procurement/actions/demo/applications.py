"""Applications and 缺药登记 of the demonstration in different states, each carried there by the real actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from fixtures.tables import rows
from formulary.actions import applications, drug_requests, emergency, presentations
from formulary.models import Adjustment, DrugRequest, Institution, Medicine, Person, Presentation
from formulary.rules.adjustment_life import Kind
from formulary.rules.request_life import BY_CENTRE, Verb
from procurement.actions.demo.steps import SECRETARY, Loading

CHAIR, BUYER = "yuanzhang", "caigou"
EMERGENCY_DAYS = 60
ANSWERED_AFTER = dt.timedelta(hours=20)


def load_applications(loading: Loading) -> dict[str, int]:
    """Nothing that is there already; rows whose people or drugs a reduced alliance lacks are left out."""
    known = set(Adjustment.objects.filter(alliance=loading.alliance).values_list("reason", flat=True))
    people = Person.objects.in_bulk([row["账号"] for row in rows("people.csv")], field_name="username")
    sites = loading.institutions()
    wanted = [row for row in rows("applications.csv") if row["账号"] in people and row["机构编码"] in sites]
    made = [_application(row, loading, people, sites) for row in wanted if row["理由"] not in known]
    if DrugRequest.objects.filter(institution__alliance=loading.alliance).exists():
        return {}
    asked = [row for row in rows("drug_requests.csv") if row["账号"] in people and row["机构编码"] in sites]
    for row in asked:
        _request(row, loading, people, sites)
    return {"调整申请": sum(one is not None for one in made), "缺药登记": len(asked)}


def _application(
    row: dict[str, str], loading: Loading, people: dict[str, Person], sites: dict[str, Institution]
) -> Adjustment | None:
    now, by = _before(loading, row["提交于几天前"]), people[row["账号"]]
    drug = subject_of(row, loading, by, now)
    if drug is None:
        return None
    urgent = row["类型"] == Kind.EMERGENCY
    made = applications.create(
        loading.alliance,
        kind=row["类型"],
        institution=sites[row["机构编码"]],
        presentation=drug,
        lowest_level=row["最低使用级别"],
        department=row["科室"],
        reason=row["理由"],
        indication=row["适应证"],
        monthly_use=int(row["月用量"]) if row["月用量"] else None,
        interests="无",
        quantity=20 if urgent else None,
        until=now.date() + dt.timedelta(days=EMERGENCY_DAYS) if urgent else None,
        by=by,
        now=now,
    )
    applications.submit(made, by=by, now=now)
    then: dict[str, Callable[[], Adjustment]] = {
        "submit": lambda: made,
        "accept": lambda: applications.accept(made, by=people[SECRETARY], now=now + ANSWERED_AFTER, note=row["说明"]),
        "return": lambda: applications.send_back(
            made, by=people[SECRETARY], now=now + ANSWERED_AFTER, note=row["说明"]
        ),
        "approve": lambda: emergency.approve(made, by=people[CHAIR], now=now + ANSWERED_AFTER, note=row["说明"]),
    }
    return then[row["走到"]]()


def subject_of(row: dict[str, str], loading: Loading, by: Person, now: dt.datetime) -> Presentation | None:
    """The 品规 of the code, or a new one of the 品种 that the lists name."""
    if row["药品编码"]:
        return Presentation.objects.filter(code=row["药品编码"]).first()
    medicine = Medicine.objects.filter(name=row["品种"], form_group=row["剂型组"]).first()
    if medicine is None:
        return None
    return presentations.register(
        loading.alliance,
        medicine,
        name=row["通用名"],
        form=row["剂型"],
        strength=row["规格"],
        unit=row["单位"],
        daily_dose=Decimal(row["日用量"]),
        by=by,
        now=now,
    )


def _request(
    row: dict[str, str], loading: Loading, people: dict[str, Person], sites: dict[str, Institution]
) -> DrugRequest:
    now, by = _before(loading, row["登记于几天前"]), people[row["账号"]]
    made = drug_requests.register(
        loading.alliance,
        institution=sites[row["机构编码"]],
        name=row["所缺药品"],
        strength=row["规格"],
        quantity=int(row["数量"]),
        unit=row["单位"],
        note=row["说明"],
        presentation=Presentation.objects.filter(name=row["所缺药品"], strength=row["规格"]).first(),
        by=by,
        now=now,
    )
    for k, word in enumerate(row["走到"].split(), start=1):
        verb = Verb(word)
        who = people[BUYER] if verb in BY_CENTRE else by
        note = "已列入下月采购，预计两周内到" if verb is Verb.ANSWER else ""
        drug_requests.act(made, verb, by=who, now=now + k * ANSWERED_AFTER, note=note)
    return made


def _before(loading: Loading, days: str) -> dt.datetime:
    return loading.now - dt.timedelta(days=int(days))
