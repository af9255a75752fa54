"""The table of moves leads every application to an end, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.adjustment_life import MOVES, OVER, Kind, MoveRefused, State, Verb, check, fits, possible


@pytest.mark.parametrize("kind", list(Kind))
def test_every_state_that_can_be_reached_is_over_or_leads_on(kind):
    reached, frontier = set(), {State.DRAFT}
    while frontier:
        state = frontier.pop()
        reached.add(state)
        following = {MOVES[verb].after or state for verb in possible(state, kind)}
        assert following or state in OVER
        frontier |= following - reached
    assert (State.TEMPORARY in reached) == (kind is Kind.EMERGENCY)
    assert (State.EFFECTIVE in reached) == (kind is not Kind.EMERGENCY)


@given(st.sampled_from(list(Kind)), st.lists(st.integers(0, 99), min_size=8, max_size=40))
def test_no_walk_takes_effect_without_vote_and_publicity(kind, turns):
    """Whatever is done in whatever order that the table allows: each way into the list went through every gate."""
    state, gates = State.DRAFT, []
    for turn in turns:
        ways = possible(state, kind)
        if not ways:
            break
        verb = ways[turn % len(ways)]
        after = check(verb, state, kind)
        if after is not state:
            gates.append(verb)
        state = after
    passed = [verb for verb in gates if verb in (Verb.SUBMIT, Verb.ACCEPT, Verb.SCORED, Verb.PASS, Verb.CLEAR)]
    if state is State.EFFECTIVE:
        assert kind is not Kind.EMERGENCY
        assert passed[-2:] == [Verb.PASS, Verb.CLEAR]
        assert {Verb.SUBMIT, Verb.ACCEPT, Verb.SCORED} <= set(passed)
    if state in (State.TEMPORARY, State.RATIFIED):
        assert kind is Kind.EMERGENCY
        assert Verb.APPROVE in gates
    if state in OVER:
        assert possible(state, kind) == []


def test_nothing_leads_out_of_an_ended_application():
    assert {state for state in OVER if possible(state, Kind.ADD)} == set()


def test_a_replacement_runs_from_draft_to_effect():
    state = State.DRAFT
    for verb in (
        *(Verb.SUBMIT, Verb.RETURN, Verb.SUBMIT, Verb.ACCEPT, Verb.SCORED, Verb.SCHEDULE),
        *(Verb.DEFER, Verb.SCHEDULE, Verb.PASS, Verb.ANNOUNCE, Verb.CLEAR, Verb.TAKE_EFFECT),
    ):
        state = check(verb, state, Kind.REPLACE)
    assert state is State.EFFECTIVE


def test_refusal_says_where_the_application_stands():
    with pytest.raises(MoveRefused, match="申请现为“草稿”，不能表决通过"):
        check(Verb.PASS, State.DRAFT, Kind.ADD)


def test_only_an_emergency_goes_by_the_chair_alone():
    assert check(Verb.APPROVE, State.SUBMITTED, Kind.EMERGENCY) is State.TEMPORARY
    with pytest.raises(MoveRefused):
        check(Verb.APPROVE, State.SUBMITTED, Kind.ADD)
    assert not fits(Verb.ACCEPT, Kind.EMERGENCY)
