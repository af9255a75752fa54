"""Bodies, seats, experts and rules change only through their actions, and nothing of the past is rewritten."""

import datetime as dt

import pytest

from config.access import Permission, Role
from formulary.actions import committee
from formulary.actions.committee import CommitteeRefused
from formulary.actions.deputies import DeputyRefused, end_deputy, name_deputy
from formulary.models import Event, Office, RuleValue
from formulary.queries.charter import charter, seats_on
from formulary.queries.committee import body_warnings, charter_rows
from formulary.queries.deputies import acts_for, principals
from formulary.rules.who import NotAllowed
from tests.conftest import NOW, TODAY

BEGIN = dt.date(2026, 1, 1)


@pytest.fixture
def secretary(world):
    return world.people[Role.SECRETARY]


@pytest.fixture
def body(world, secretary):
    return committee.found_body(
        world.alliance, kind="committee", name="药事委员会", founded_on=BEGIN, by=secretary, now=NOW
    )


def appoint(body, person, by, office=Office.MEMBER, **more):
    return committee.appoint(
        body, person, office=office, valid_from=more.pop("valid_from", BEGIN), by=by, now=NOW, **more
    )


def test_there_is_one_committee_at_a_time(world, body, secretary):
    with pytest.raises(CommitteeRefused, match="已存在"):
        committee.found_body(world.alliance, kind="committee", name="又一个", founded_on=BEGIN, by=secretary, now=NOW)


def test_only_the_office_may_appoint(world, body):
    for role in set(Role) - {Role.SECRETARY}:
        with pytest.raises(NotAllowed):
            appoint(body, world.people[Role.COMMITTEE], world.people[role])
    assert not body.seats.exists()


def test_a_person_sits_once_at_a_time_and_there_is_one_chair(world, body, secretary):
    appoint(body, world.people[Role.HEAD], secretary, Office.CHAIR, institution=world.h1)
    with pytest.raises(CommitteeRefused, match="刘洋在此期间已有席位"):
        appoint(body, world.people[Role.HEAD], secretary)
    with pytest.raises(CommitteeRefused, match="已有主任委员"):
        appoint(body, world.people[Role.COMMITTEE], secretary, Office.CHAIR)


def test_an_ended_seat_stays_for_the_meetings_of_its_time(world, body, secretary):
    seat = appoint(body, world.people[Role.COMMITTEE], secretary)
    committee.end_seat(seat, on=TODAY, reason="调离", by=secretary, now=NOW)
    assert list(seats_on(body, TODAY)) == [seat]
    assert not seats_on(body, TODAY + dt.timedelta(days=1)).exists()
    again = appoint(body, world.people[Role.COMMITTEE], secretary, valid_from=TODAY + dt.timedelta(days=1))
    assert again.pk != seat.pk
    with pytest.raises(CommitteeRefused, match="任期已于"):
        committee.end_seat(seat, on=TODAY, reason="再次", by=secretary, now=NOW)


def test_warnings_name_the_places_without_a_seat(world, body, secretary):
    appoint(body, world.people[Role.HEAD], secretary, Office.CHAIR, institution=world.h1)
    assert "1 家成员机构没有表决席位（可轮值）：湖熟" in body_warnings(body, TODAY)


def test_dissolving_ends_the_seats(world, body, secretary):
    seat = appoint(body, world.people[Role.COMMITTEE], secretary)
    committee.dissolve_body(body, on=TODAY, by=secretary, now=NOW)
    seat.refresh_from_db()
    assert seat.valid_to == TODAY
    body.refresh_from_db()
    with pytest.raises(CommitteeRefused, match="已撤销"):
        appoint(body, world.people[Role.HEAD], secretary)


def test_a_changed_rule_is_a_new_dated_row_and_the_old_day_keeps_its_value(world, secretary):
    tomorrow = TODAY + dt.timedelta(days=1)
    committee.change_rule(
        world.alliance, "pass_share", "1/2", valid_from=tomorrow, document="药事〔2026〕9号", confirmed_by="刘洋",
        by=secretary, now=NOW,
    )  # fmt: skip
    assert str(charter(world.alliance, TODAY).pass_share) == "2/3"
    assert str(charter(world.alliance, tomorrow).pass_share) == "1/2"
    row = next(row for row in charter_rows(world.alliance, tomorrow) if row.field == "pass_share")
    assert (row.value, row.row.document, row.row.confirmed_by, row.confirmed) == (
        "1/2",
        "药事〔2026〕9号",
        "刘洋",
        True,
    )
    before = next(row for row in charter_rows(world.alliance, TODAY) if row.field == "pass_share")
    assert (before.value, before.row, [c.value for c in before.coming]) == ("2/3", None, ["1/2"])


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("pass_share", "3/2", "不大于 1"),
        ("pass_share", "三分之二", "应为分数"),
        ("publicity_days", "0", "1 到 1000"),
        ("secret", "yes", "应为“是”或“否”"),
        ("unknown", "1", "没有这条"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_words(world, secretary, field, text, told):
    with pytest.raises(CommitteeRefused, match=told):
        committee.change_rule(
            world.alliance, field, text, valid_from=TODAY, document="x", confirmed_by="y", by=secretary, now=NOW
        )
    assert not RuleValue.objects.exists()


def test_a_rule_cannot_begin_in_the_past_nor_without_a_document(world, secretary):
    given = {"document": "药事〔2026〕9号", "confirmed_by": "刘洋", "by": secretary, "now": NOW}
    with pytest.raises(CommitteeRefused, match="不能早于今天"):
        committee.change_rule(world.alliance, "rounds", "3", valid_from=TODAY - dt.timedelta(days=1), **given)
    with pytest.raises(CommitteeRefused, match="文号"):
        committee.change_rule(world.alliance, "rounds", "3", valid_from=TODAY, **given | {"document": " "})


def test_a_draw_keeps_pool_seed_and_the_reason_of_every_exclusion(world, secretary):
    pool = [
        committee.add_expert(
            world.alliance, name=f"专家{k}", title="主任药师", unit="市一院", specialty="药学", by=secretary, now=NOW
        )
        for k in range(5)
    ]
    drawn = committee.draw_experts(
        world.alliance, wanted=3, purpose="评分", conflicts={pool[0].pk: "受聘于生产企业"}, by=secretary, now=NOW
    )
    assert len(drawn.drawn) == 3
    assert pool[0].pk not in drawn.drawn
    assert {row["expert"]: row["excluded"] for row in drawn.pool}[pool[0].pk] == "受聘于生产企业"
    again = committee.draw_experts(
        world.alliance, wanted=3, purpose="复核", conflicts={pool[0].pk: "同"}, seed=drawn.seed, by=secretary, now=NOW
    )
    assert again.drawn == drawn.drawn
    assert Event.objects.latest("number").data["种子"] == drawn.seed


def test_a_retired_expert_is_not_drawn(world, secretary):
    one = committee.add_expert(
        world.alliance, name="专家", title="主任药师", unit="市一院", specialty="药学", by=secretary, now=NOW
    )
    committee.retire_expert(one, by=secretary, now=NOW)
    with pytest.raises(CommitteeRefused, match="只有 0 人"):
        committee.draw_experts(world.alliance, wanted=1, purpose="评分", by=secretary, now=NOW)


def test_a_deputy_acts_within_the_days_named_and_for_that_person(world):
    head, pharmacist = world.people[Role.HEAD], world.people[Role.PHARMACIST]
    row = name_deputy(
        world.alliance, pharmacist, valid_from=TODAY, valid_to=TODAY + dt.timedelta(days=6), reason="外出学习",
        by=head, now=NOW,
    )  # fmt: skip
    assert principals(pharmacist, TODAY) == [head]
    given = {"alliance": world.alliance, "institution": world.h1.pk}
    assert acts_for(pharmacist, Permission.PROPOSE, TODAY, **given) == head
    assert acts_for(head, Permission.PROPOSE, TODAY, **given) is None
    with pytest.raises(NotAllowed):
        acts_for(pharmacist, Permission.PROPOSE, TODAY + dt.timedelta(days=7), **given)
    end_deputy(row, by=head, now=NOW)
    assert principals(pharmacist, TODAY) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"valid_from": TODAY - dt.timedelta(days=1)}, "不能早于今天"),
        ({"valid_to": TODAY - dt.timedelta(days=1)}, "不能早于"),
        ({"valid_to": TODAY + dt.timedelta(days=400)}, "不超过一年"),
        ({"reason": " "}, "事由"),
    ],
)
def test_a_deputy_named_wrongly_is_refused(world, change, told):
    given = {"valid_from": TODAY, "valid_to": TODAY, "reason": "休假"} | change
    with pytest.raises(DeputyRefused, match=told):
        name_deputy(world.alliance, world.people[Role.PHARMACIST], **given, by=world.people[Role.HEAD], now=NOW)


def test_nobody_is_the_own_deputy(world):
    head = world.people[Role.HEAD]
    with pytest.raises(DeputyRefused, match="自己"):
        name_deputy(world.alliance, head, valid_from=TODAY, valid_to=TODAY, reason="x", by=head, now=NOW)
