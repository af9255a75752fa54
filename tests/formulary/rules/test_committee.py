"""What is wrong with a committee is said in words."""

import datetime as dt

from formulary.rules.committee import Sitting, Size, committee_warnings

ON = dt.date(2026, 11, 21)


def seats(count, *, places=(), chair=True):
    offices = ["chair" if chair else "member", *["member"] * (count - 1)]
    places = [*places, *[None] * (count - len(places))]
    voting = [
        Sitting(f"委员{k}", office, True, place, None)
        for k, (office, place) in enumerate(zip(offices, places, strict=True))
    ]
    return [*voting, Sitting("秘书", "secretary", False, None, None)]


def warned(rows, places=None, **more):
    return committee_warnings(rows, places or {}, Size(), on=ON, **more)


def test_a_committee_of_seventeen_with_chair_and_secretary_has_no_fault():
    assert warned(seats(17, places=[1]), {1: "县医院"}) == []


def test_too_few_and_even_are_said_apart():
    assert warned(seats(14)) == ["表决席位 14 个，应为 15–35 个", "表决席位 14 个是双数，表决可能出现平票，宜为单数"]


def test_members_without_a_vote_do_not_make_the_number_odd():
    assert warned([*seats(16), Sitting("列席", "observer", False, None, None)])[0].startswith("表决席位 16 个是双数")


def test_a_missing_chair_and_secretary_are_named():
    assert warned(seats(17, chair=False)[:-1]) == ["没有主任委员", "没有秘书"]


def test_member_institutions_without_a_seat_are_named():
    assert warned(seats(17, places=[1]), {1: "县医院", 2: "青埠", 3: "永渡"}) == [
        "2 家成员机构没有表决席位（可轮值）：青埠、永渡"
    ]


def test_a_term_that_ends_within_sixty_days_is_told_with_its_day():
    rows = seats(17)
    rows[1] = Sitting("戚文秀", "member", True, None, ON + dt.timedelta(days=60))
    rows[2] = Sitting("他人", "member", True, None, ON + dt.timedelta(days=61))
    assert warned(rows) == ["戚文秀的任期 2027-01-20 届满，还有 60 天"]


def test_a_group_needs_a_head_and_three_seats_but_no_odd_number():
    assert warned(seats(4)[:-1], whole=False) == []
    assert warned(seats(2, chair=False), whole=False) == ["没有组长（主任委员）", "表决席位 2 个，少于 3 个"]
