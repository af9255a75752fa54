"""Nothing is voted outside a session, and nothing changes after the signature, whatever is tried in whatever order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.meeting_life import MeetingRefused, State, Verb, check, possible


@given(st.sampled_from([(), (Verb.NOTIFY, Verb.OPEN)]), st.lists(st.sampled_from(list(Verb)), max_size=20))
def test_a_vote_lies_between_opening_and_closing_and_the_signature_comes_last(begun, deeds):
    state, done = State.PLANNED, []
    for verb in (*begun, *deeds):
        try:
            state = check(verb, state)
        except MeetingRefused:
            assert verb not in possible(state)
            continue
        done.append(verb)
    for at, verb in enumerate(done):
        if verb is Verb.VOTE:
            assert Verb.NOTIFY in done[:at]
            assert Verb.OPEN in done[:at]
            assert Verb.CLOSE not in done[:at]
        if verb in (Verb.SIGN, Verb.CANCEL):
            assert at == len(done) - 1
    assert state is not State.SIGNED or Verb.CLOSE in done


def test_refusal_says_where_the_meeting_stands():
    with pytest.raises(MeetingRefused, match="会议现为“筹备中”，不能表决"):
        check(Verb.VOTE, State.PLANNED)
