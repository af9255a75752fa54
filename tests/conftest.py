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
