"""A round of the small world carried to any station: see tests/procurement/world.py for its numbers.

reported  H1: M1 300, M2 240, M3 15 (as forecast)      T1: M1 60
planned   H1: M1 10 × S2 9.50, M2 10 × S1 5.00, M3 2 × S1 20.00      T1: M1 3 × S1 10.00       = 215.00 yuan
"""

import datetime as dt

import pytest

from config.access import Role
from formulary.actions import jobs
from procurement.actions import approvals, orders, reports, rounds
from procurement.models import NeedReport, PurchaseRound
from procurement.rules.plan_settings import PlanSettings
from tests.conftest import NOW, TODAY
from tests.procurement.world import END, START

DUE = TODAY + dt.timedelta(days=5)


class Walk:
    """Carries a round on by the people who may."""

    def __init__(self, world):
        self.world, self.people = world, world.people
        self.buyer = world.people[Role.PROCUREMENT]

    def open(self, **more):
        period = more.pop("period", (START, END))
        self.row = rounds.open_round(self.world.alliance, "十二月采购", period, DUE, by=self.buyer, now=NOW, **more)
        return self.fresh()

    def fresh(self):
        self.row = PurchaseRound.objects.select_related("alliance", "tender", "plan", "plan__job").get(pk=self.row.pk)
        return self.row

    def report(self, code):
        return NeedReport.objects.get(round=self.row, institution__code=code)

    def reported(self):
        self.open()
        for code, role in (("T1", Role.PHARMACIST), ("H1", Role.HEAD)):
            reports.submit(self.report(code), by=self.people[role], now=NOW)
        return self.fresh()

    def checked(self):
        self.reported()
        rounds.gather(self.row, by=self.buyer, now=NOW)
        return self.fresh()

    def presented(self):
        self.checked()
        rounds.optimise(self.row, PlanSettings(time_limit=20), by=self.buyer, now=NOW)
        jobs.perform(self.fresh().plan.job_id)
        rounds.present(self.fresh(), by=self.buyer, now=NOW)
        return self.fresh()

    def submitted(self):
        self.presented()
        for code, role in (("T1", Role.PHARMACIST), ("H1", Role.HEAD)):
            reports.confirm(self.report(code), by=self.people[role], now=NOW)
        rounds.submit(self.row, by=self.buyer, now=NOW)
        return self.fresh()

    def locked(self):
        self.submitted()
        approvals.decide(self.row, True, "同意", by=self.people[Role.COMMITTEE], now=NOW)
        return self.fresh()

    def sent(self):
        self.locked()
        orders.send_round(self.row, by=self.buyer, now=NOW)
        return self.fresh()


@pytest.fixture
def walk(ready):
    return Walk(ready)
