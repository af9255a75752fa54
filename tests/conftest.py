"""The small world of the tests: one alliance, a lead hospital and a township centre, people with names."""

import datetime as dt
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
TODAY = dt.date(2026, 11, 21)
NOW = dt.datetime(2026, 11, 21, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def shared() -> Path:
    """The real lists and series beside the project; a test that needs them says so when they are absent."""
    if not SHARED.is_dir():
        pytest.skip("真实数据目录 ../shared 不存在")
    return SHARED


@pytest.fixture
def world(db):
    """See tests/world.py."""
    from tests.world import make_world

    return make_world()


@pytest.fixture(autouse=True, scope="session")
def _sqlite_may_be_emptied():
    """Between transactional tests SQLite empties its tables by DELETE, which frozen rows refuse: lift their triggers then.

    PostgreSQL truncates, which asks no row trigger.
    """
    from django.db.backends.sqlite3.operations import DatabaseOperations

    plain = DatabaseOperations.sql_flush

    def without_triggers(self, *args, **kwargs):
        statements = plain(self, *args, **kwargs)
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
        return [*(f'DROP TRIGGER "{name}"' for name, _ in triggers), *statements, *(sql for _, sql in triggers)]

    DatabaseOperations.sql_flush = without_triggers
    yield
    DatabaseOperations.sql_flush = plain
