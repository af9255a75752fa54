"""A price case under way: opened by its finding, an owner, one talk with the supplier."""

from __future__ import annotations

import datetime as dt

from formulary.models import Person
from procurement.actions import price_cases
from procurement.actions.demo.central import OFFICER
from procurement.actions.demo.steps import Loading
from procurement.models import PriceCase
from procurement.queries.price_cases import uncovered

TERM = dt.timedelta(days=7)
SAID = "厂家称原料涨价，答应一周内书面答复能否降到前价"


def load_price_cases(loading: Loading) -> dict[str, int]:
    """Opens cases of the newest findings (at most three) when the alliance has none; the first has been talked about."""
    alliance = loading.alliance
    if PriceCase.objects.filter(alliance=alliance).exists():
        return {}
    officer = Person.objects.get(username=OFFICER)
    today = loading.now.date()
    events = [one.event for one in sorted(uncovered(alliance, today=today), key=lambda one: one.level != "red")][:3]
    made = price_cases.open_found(alliance, by=officer, now=loading.now, events=events)
    for case in made[:1]:
        case = price_cases.take(case, officer, today + TERM, by=officer, now=loading.now)
        price_cases.talk(
            case,
            today,
            f"{case.supplier.name if case.supplier else ''} 业务经理",
            SAID,
            None,
            by=officer,
            now=loading.now,
        )
    return {"价格个案": len(made)} if made else {}
