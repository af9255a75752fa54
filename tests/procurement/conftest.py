"""`ready`: the small world with everything a purchase plan needs (tests/procurement/world.py)."""

import pytest


@pytest.fixture
def ready(world):
    from tests.procurement.world import make_ready

    return make_ready(world)
