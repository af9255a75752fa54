"""Where the demonstration must not be loaded, and what is said without one."""

import pytest
from django.core.management import CommandError, call_command

from formulary.models import Alliance
from procurement.actions.demo import ALLIANCE_CODE, DemoRefused, load_demo
from procurement.checks import demo_accounts
from tests.conftest import NOW


def test_a_database_with_a_real_alliance_is_refused(world):
    with pytest.raises(DemoRefused, match="江宁医共体"):
        list(load_demo(by=None, now=NOW))
    with pytest.raises(CommandError, match="只能装入空库"):
        call_command("load_demo")
    assert not Alliance.objects.filter(code=ALLIANCE_CODE).exists()


def test_the_summary_of_an_empty_database_asks_for_the_load_first(db):
    with pytest.raises(CommandError, match="load_demo"):
        call_command("demo_summary")


def test_without_a_demonstration_there_is_nothing_to_warn_of(world):
    assert demo_accounts(databases=["default"]) == []
