"""`solved`: the ready world with one finished plan (see tests/procurement/world.py for its numbers)."""

import pytest

from config.access import Role
from formulary.actions import jobs
from procurement.actions import plans
from procurement.models import Plan
from procurement.rules.plan_settings import PlanSettings
from tests.conftest import NOW
from tests.procurement.world import END, START


@pytest.fixture
def draft(ready):
    """A plan that waits in the queue."""
    return plans.create_plan(
        ready.alliance,
        "十二月采购计划",
        (START, END),
        PlanSettings(time_limit=20),
        by=ready.people[Role.PROCUREMENT],
        now=NOW,
    )


@pytest.fixture
def solved(draft):
    jobs.perform(draft.job_id)
    return Plan.objects.get(pk=draft.pk)


@pytest.fixture
def sign_in(ready, client):
    """Signs in as a role and answers the client."""

    def _sign_in(role):
        client.force_login(ready.people[role])
        return client

    return _sign_in
