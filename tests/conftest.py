"""The small world of the tests: one alliance, a lead hospital and a township centre, people with names."""

import datetime as dt
from pathlib import Path

import pytest
from django.db import connection

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


@pytest.fixture(scope="session", autouse=True)
def guards_rest_while_tables_are_emptied():
    """SQLite empties its tables by DELETE after a test that commits, which the database's own guards refuse.

    PostgreSQL truncates, which they do not see. Nothing else may take them away.
    """
    if connection.vendor != "sqlite":
        yield
        return
    flush = type(connection.ops).execute_sql_flush

    def without_guards(operations, statements):
        with operations.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            guards = cursor.fetchall()
            for name, _sql in guards:
                cursor.execute(f"DROP TRIGGER {name}")
            try:
                flush(operations, statements)
            finally:
                for _name, sql in guards:
                    cursor.execute(sql)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "execute_sql_flush", without_guards)
        yield
