"""A secret ballot has no owner in the database: not in rows, not in their order, not in the history, not in a session."""

import contextlib
import itertools
import json
from collections import Counter

from django.core import serializers
from django.db import models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formulary import models as house
from formulary.actions import ballots
from formulary.models import AgendaItem, BallotBox, Event, VoterMark
from formulary.rules import voting
from tests.conftest import NOW
from tests.formulary.committee import Committee

DIGESTS = {"receipt", "seal", "box", "digest", "previous"}
SLOW_DATABASE = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
EVERYBODY = st.lists(st.sampled_from(["agree", "against", "abstain"]), min_size=5, max_size=5)


class Undo(Exception):
    pass


def without_digests(value):
    """Receipts are random and seals follow from them; everything else has to be the same."""
    if isinstance(value, dict):
        plain = {name: without_digests(inner) for name, inner in value.items() if name not in DIGESTS}
        return plain | {"subject": plain["subject"].split(":")[0]} if "subject" in plain else plain
    if isinstance(value, list):
        plain = [without_digests(inner) for inner in value]
        return sorted(plain, key=json.dumps) if plain and isinstance(plain[0], dict) and "choice" in plain[0] else plain
    return value


def everything_stored():
    """All rows of all tables of the formulary, in the order of their keys."""
    tables = [model for model in vars(house).values() if isinstance(model, type) and issubclass(model, models.Model)]
    rows = [row for model in tables for row in model.objects.order_by("pk")]
    return [without_digests(one) for one in json.loads(serializers.serialize("json", rows))]


@contextlib.contextmanager
def undone():
    """What happens inside leaves nothing."""
    with contextlib.suppress(Undo), transaction.atomic():
        yield
        raise Undo


def test_two_members_who_swap_their_votes_leave_the_same_rows(world, monkeypatch):
    numbers = itertools.count()
    monkeypatch.setattr(ballots, "_new_receipt", lambda: f"AAAA-{next(numbers)}")
    committee = Committee(world)
    votes = {0: "agree", 1: "against", 2: "agree", 3: "abstain", 4: "agree"}
    swapped = {**votes, 1: "agree", 4: "against"}
    item = committee.in_session(topics=["采购"]).items.get()
    stored = []
    for one in (votes, swapped):
        point = transaction.savepoint()
        committee.vote(item, one)
        stored.append(everything_stored())
        transaction.savepoint_rollback(point)
        item.refresh_from_db()
    assert len(stored[0]) > 30
    changing = {"formulary.votermark", "formulary.ballotbox", "formulary.event", "formulary.declaration"}
    for first, second in zip(*stored, strict=True):
        if first["model"] in changing:
            first, second = first | {"pk": 0}, second | {"pk": 0}
        assert first == second


@SLOW_DATABASE
@given(votes=EVERYBODY, order=st.permutations(range(5)))
def test_boxes_of_any_order_hold_the_same_ballots(world, votes, order):
    boxes = []
    for turn in (range(5), order):
        with undone():
            committee = Committee(world)
            item = committee.in_session(topics=["采购"]).items.get()
            committee.vote(item, {at: votes[at] for at in turn})
            box = BallotBox.objects.order_by("round").first()
            assert box.ballots == sorted(box.ballots, key=voting.canonical)
            assert all(set(one) == {"choice", "opinion", "receipt"} for one in box.ballots)
            boxes.append(without_digests({"ballots": box.ballots}))
    assert boxes[0] == boxes[1]


@SLOW_DATABASE
@given(votes=EVERYBODY, recused=st.sets(st.integers(0, 4), max_size=3))
def test_ballots_are_conserved(world, votes, recused):
    """Ballots = marks = the sum of the counts; nobody recused among them."""
    with undone():
        committee = Committee(world)
        item = committee.in_session(topics=["采购"]).items.get()
        committee.vote(item, {at: votes[at] for at in range(5) if at not in recused}, recused=recused)
        item.refresh_from_db()
        told = item.tally["rounds"][0]
        box, marks = BallotBox.objects.get(round=1), VoterMark.objects.filter(round=1)
        away = {committee.seats[at].pk for at in recused}
        assert marks.count() == len(box.ballots) == 5 - len(recused)
        assert told["agree"] + told["against"] + told["abstain"] + told["missing"] == told["base"] == 5 - len(recused)
        assert Counter(one["choice"] for one in box.ballots) == Counter(
            votes[at] for at in range(5) if at not in recused
        )
        assert not away & set(marks.values_list("seat", flat=True))
        assert set(told["voted"]) == set(marks.values_list("seat", flat=True))


def test_casting_leaves_no_event_and_no_time(world):
    committee = Committee(world)
    item = committee.in_session(topics=["采购"]).items.get()
    committee.declare(item)
    ballots.open_vote(item, by=committee.secretary, now=NOW)
    before = Event.objects.count()
    for at in range(5):
        committee.cast(item, at, "agree")
    assert Event.objects.count() == before
    for model in (VoterMark, BallotBox):
        assert not [field for field in model._meta.get_fields() if isinstance(field, models.DateTimeField)]


def test_history_of_a_vote_says_counts_and_nothing_of_members(world):
    committee = Committee(world)
    item = committee.in_session(topics=["采购"]).items.get()
    committee.vote(item, {0: "against", 1: "agree", 2: "agree", 3: "agree", 4: "agree"})
    told = Event.objects.get(verb="封存表决").data
    assert "反对 1 票" in told["words"]
    assert not {"seat", "ballots", "choice", "receipt"} & set(told)
    assert "价格偏高" not in json.dumps(list(Event.objects.values_list("data", flat=True)), ensure_ascii=False)


def test_the_count_is_not_stored_before_the_vote_ends(world):
    committee = Committee(world)
    item = committee.in_session(topics=["采购"]).items.get()
    committee.declare(item)
    ballots.open_vote(item, by=committee.secretary, now=NOW)
    committee.cast(item, 0, "agree")
    assert AgendaItem.objects.get().tally == {}
