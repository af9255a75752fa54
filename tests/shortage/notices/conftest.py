"""Facts by hand and nights, as the watch tests have them."""

import datetime as dt

import pytest

from shortage.actions.watch import watch
from tests.conftest import NOW, TODAY
from tests.shortage.watch.small import Facts


@pytest.fixture
def facts(world):
    return Facts(world)


@pytest.fixture
def night(world):
    """night(days) runs the watch for TODAY + days."""

    def run(days=0):
        moment = dt.timedelta(days=days)
        return watch(world.alliance, TODAY + moment, by=None, now=NOW + moment)

    return run
