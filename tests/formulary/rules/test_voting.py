"""Shares are exact, a box keeps no order, and every ballot is counted once."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules import voting
from formulary.rules.voting import Choice, Count, Quorum, Result, VoteRefused, judge

TWO_THIRDS = Fraction(2, 3)
ENOUGH = Quorum(15, 15, TWO_THIRDS)
shares = st.integers(2, 9).flatmap(lambda below: st.integers(1, below).map(lambda above: Fraction(above, below)))
choices = st.lists(st.sampled_from(list(Choice)), max_size=20)


def verdict(agree, against, abstain=0, *, base=None, share=TWO_THIRDS, quorum=ENOUGH, round_=1, rounds=2, again=True):
    counted = Count(agree, against, abstain)
    base = counted.cast if base is None else base
    return judge(counted, base=base, share=share, quorum=quorum, round_=round_, rounds=rounds, second_vote=again)


def made(chosen):
    return [voting.ballot(choice, "意见", f"R{at}") for at, choice in enumerate(chosen)]


@pytest.mark.parametrize(("base", "needed"), [(15, 10), (16, 11), (17, 12), (3, 2), (1, 1), (0, 0)])
def test_two_thirds_are_exact(base, needed):
    assert voting.required(TWO_THIRDS, base) == needed


@given(shares, st.integers(0, 200))
def test_required_is_the_fewest_that_reach_the_share(share, base):
    needed = voting.required(share, base)
    assert needed >= share * base
    assert needed == 0 or needed - 1 < share * base


@given(shares, st.integers(1, 60), st.integers(0, 60))
def test_quorum_is_met_exactly_from_the_share_on(share, seats, present):
    assert Quorum(seats, present, share).met is (Fraction(present, seats) >= share)


def test_body_without_seats_has_no_quorum():
    assert not Quorum(0, 0, TWO_THIRDS).met


def test_quorum_says_its_numbers():
    words = Quorum(15, 9, TWO_THIRDS).words
    assert words == "应到 15 人，到会 9 人，法定人数 10 人（2/3），不足"


def test_ten_of_fifteen_pass_and_nine_do_not():
    assert verdict(10, 5).result is Result.PASSED
    assert verdict(9, 5, 1).result is Result.FAILED
    assert verdict(10, 5).required == 10


def test_who_did_not_cast_counts_as_not_in_favour():
    assert verdict(9, 0, base=15).result is Result.FAILED
    assert "未投 6 人" in verdict(9, 0, base=15).words


def test_without_quorum_nothing_is_decided():
    said = verdict(9, 0, quorum=Quorum(15, 9, TWO_THIRDS))
    assert said.result is Result.DEFERRED
    assert "到会人数不足" in said.words


def test_tie_is_voted_again_then_deferred():
    assert verdict(6, 6).result is Result.AGAIN
    assert verdict(6, 6, round_=2).result is Result.DEFERRED
    assert verdict(6, 6, again=False).result is Result.DEFERRED
    assert verdict(6, 6, share=Fraction(1, 2), again=False).result is Result.DEFERRED


def test_all_abstaining_is_no_tie():
    assert verdict(0, 0, 12).result is Result.FAILED


def test_everybody_recused_decides_nothing():
    assert verdict(0, 0, base=0).result is Result.DEFERRED


def test_more_ballots_than_members_are_an_error():
    with pytest.raises(ValueError, match="多于可表决的 2 人"):
        verdict(3, 0, base=2)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 10), shares, st.booleans())
def test_passing_means_the_share_was_reached_without_a_tie(agree, against, abstain, missing, share, again):
    base = agree + against + abstain + missing
    said = verdict(agree, against, abstain, base=base, share=share, again=again)
    reached = base > 0 and Fraction(agree, base) >= share
    assert (said.result is Result.PASSED) is (reached and not (agree == against > 0))


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(0, 10), shares)
def test_a_member_who_comes_round_to_agree_never_brings_a_topic_down(agree, against, abstain, missing, share):
    base = agree + against + abstain + missing
    before = verdict(agree, against, abstain, base=base, share=share)
    after = verdict(agree + 1, against - 1, abstain, base=base, share=share)
    if before.result is Result.PASSED:
        assert after.result is Result.PASSED or agree + 1 == against - 1
    assert after.required == before.required


@given(st.integers(1, 40), st.integers(0, 40), shares, st.integers(0, 40), st.integers(0, 40))
def test_nothing_passes_or_fails_without_a_quorum(seats, present, share, agree, against):
    quorum = Quorum(seats, min(present, seats), share)
    said = verdict(agree, against, quorum=quorum)
    assert quorum.met or said.result is Result.DEFERRED


@given(st.integers(1, 40), st.integers(0, 39), shares)
def test_one_more_member_in_the_room_never_loses_the_quorum(seats, present, share):
    present = min(present, seats - 1)
    assert not Quorum(seats, present, share).met or Quorum(seats, present + 1, share).met


@given(choices)
def test_every_ballot_is_counted_once(chosen):
    box = []
    for one in made(chosen):
        box = voting.put(box, one)
    counted = voting.count(box)
    assert counted.cast == len(box) == len(chosen)
    assert counted == Count(*(chosen.count(choice) for choice in Choice))


@given(choices, st.randoms())
def test_order_of_votes_leaves_no_trace_in_the_box(chosen, chance):
    ballots = made(chosen)
    shuffled = ballots[:]
    chance.shuffle(shuffled)
    boxes = []
    for order in (ballots, shuffled):
        box = []
        for one in order:
            box = voting.put(box, one)
        boxes.append(box)
    assert boxes[0] == boxes[1]
    assert voting.box_seal(1, 1, boxes[0]) == voting.box_seal(1, 1, boxes[1])


@given(choices.filter(bool), st.data())
def test_any_change_of_a_box_changes_its_seal(chosen, data):
    box = made(chosen)
    at = data.draw(st.integers(0, len(box) - 1))
    other = data.draw(st.sampled_from([choice for choice in Choice if choice != chosen[at]]))
    changed = [{**one, "choice": other} if k == at else one for k, one in enumerate(box)]
    assert voting.box_seal(1, 1, changed) != voting.box_seal(1, 1, box)
    assert voting.box_seal(1, 2, box) != voting.box_seal(1, 1, box)


def test_against_needs_words():
    with pytest.raises(VoteRefused, match="反对票须写明意见"):
        voting.ballot("against", "  ", "R")
    with pytest.raises(VoteRefused, match="请选择"):
        voting.ballot("maybe", "", "R")
    assert voting.ballot("abstain", "", "R")["opinion"] == ""


def test_secret_ballot_names_no_seat():
    assert set(voting.ballot("agree", "", "R")) == {"choice", "opinion", "receipt"}
    assert voting.ballot("agree", "", "R", seat=7)["seat"] == 7


def test_receipt_is_read_as_people_type_it():
    assert voting.receipt_hash("abcd-efgh 2345") == voting.receipt_hash("ABCDEFGH2345")
    assert voting.receipt_hash("ABCD") not in ("ABCD", voting.receipt_hash("ABCE"))
