"""Every move of an application leaves a step and a link of the history."""

import pytest

from config.access import Role
from formulary.actions.adjustments import move
from formulary.models import Adjustment, Event
from formulary.rules.adjustment_life import Kind, MoveRefused, Verb
from tests.conftest import NOW


@pytest.fixture
def draft(world):
    return Adjustment.objects.create(
        alliance=world.alliance,
        number="2026-1",
        kind=Kind.ADD,
        presentation=world.drugs["M1"],
        institution=world.t1,
        applicant=world.people[Role.PHARMACIST],
        created_at=NOW,
    )


def test_a_move_leaves_a_step_and_an_event(world, draft):
    move(draft, Verb.SUBMIT, by=world.people[Role.PHARMACIST], now=NOW, note="慢病用药", submitted_at=NOW)
    step = draft.steps.get()
    assert (draft.state, step.verb, step.state, step.note) == ("submitted", "submit", "submitted", "慢病用药")
    assert draft.submitted_at == NOW
    assert Event.objects.latest("number").verb == "提交调整申请"


def test_a_refused_move_changes_nothing(world, draft):
    with pytest.raises(MoveRefused, match="不能表决通过"):
        move(draft, Verb.PASS, by=None, now=NOW, note="x", reason="改")
    draft.refresh_from_db()
    assert (draft.state, draft.reason, draft.steps.count()) == ("draft", "", 0)
    assert not Event.objects.exists()
