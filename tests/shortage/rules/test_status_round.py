import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from shortage.rules import status_round as rules
from shortage.rules.status_round import Filing, StatusRules

NOW = dt.datetime(2026, 11, 21, 18, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def filed(place, late=None, due=-HOUR):
    """Confirmed `late` hours after the end; None: not at all."""
    return Filing(place, NOW + due, None if late is None else NOW + due + late * HOUR)


def test_the_complete_come_first_then_the_punctual_and_equals_share_a_place():
    rows = [filed(1, 0), filed(1, -2), filed(2, 0), filed(2, 5), filed(3, -1), filed(3), filed(4, -3), filed(4, -1)]
    ranks = {one.institution: one for one in rules.ranking(rows, NOW)}
    assert {place: one.place for place, one in ranks.items()} == {1: 1, 4: 1, 2: 3, 3: 4}
    assert (ranks[2].completeness, ranks[2].punctuality, ranks[2].hours) == (1.0, 0.5, 5.0)
    assert (ranks[3].asked, ranks[3].filed, ranks[3].hours) == (2, 1, None)


def test_an_open_round_counts_only_once_it_is_confirmed():
    (waiting,) = rules.ranking([filed(1, due=HOUR)], NOW)
    assert (waiting.asked, waiting.completeness) == (0, 0.0)
    (done,) = rules.ranking([filed(1, -2, due=HOUR)], NOW)
    assert (done.asked, done.on_time) == (1, 1)


def test_round_opens_on_friday_noon_or_later_in_the_week():
    plain = StatusRules()
    assert not rules.opens_now(dt.datetime(2026, 11, 20, 11, 59), plain)
    assert rules.opens_now(dt.datetime(2026, 11, 20, 12), plain)
    assert rules.opens_now(dt.datetime(2026, 11, 21, 3), plain)
    assert not rules.opens_now(dt.datetime(2026, 11, 23, 15), plain), "the next week waits for its Friday"
    assert rules.monday(dt.date(2026, 11, 22)) == dt.date(2026, 11, 16)


def test_alert_levels_are_filled_in_as_the_rule_value_says():
    assert [StatusRules().supply(level) for level in ("red", "orange", "blue", "yellow")] == [4, 3, 3, 2]
    read = rules.read({"status.of_alert": {"red": 3}, "status.weekday": "4"}.get)
    assert (read.supply("red"), read.weekday) == (3, 4)


@given(st.lists(st.tuples(st.integers(1, 5), st.one_of(st.none(), st.integers(-5, 5))), max_size=30))
def test_ranking_counts_everybody_once_and_places_never_fall(rows):
    ranks = rules.ranking([filed(place, late) for place, late in rows], NOW)
    assert sorted(one.institution for one in ranks) == sorted({place for place, _ in rows})
    assert [one.place for one in ranks] == sorted(one.place for one in ranks)
    assert all(one.on_time <= one.filed <= one.asked for one in ranks)
    assert sum(one.asked for one in ranks) == len(rows)
