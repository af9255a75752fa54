"""What several tests of the formulary begin with."""

import pytest

from tests.formulary import sources


@pytest.fixture
def evidence(settings):
    """The rows that the other rooms would answer with: fill evidence["use"] and so on."""
    settings.EVIDENCE = sources.EVIDENCE
    sources.ROWS.clear()
    yield sources.ROWS
    sources.ROWS.clear()
