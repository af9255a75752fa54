"""Votes: who may, what decides, what a tie and a lost quorum do, and that the application moves with the result."""

import pytest

from config.access import Role
from formulary.actions import agenda, attendance, ballots, declarations
from formulary.models import AgendaItem, Attendance, BallotBox, BodyKind, RuleValue, VoterMark
from formulary.queries.ballots import find_receipt
from formulary.rules.adjustment_life import Kind, State
from formulary.rules.voting import VoteRefused
from tests.conftest import NOW, TODAY
from tests.formulary.committee import Committee

ALL_AGREE = dict.fromkeys(range(5), "agree")


@pytest.fixture
def committee(world):
    return Committee(world)


@pytest.fixture
def item(committee):
    return committee.in_session(committee.application()).items.get()


def opened(committee, item, **options):
    committee.declare(item, **options)
    return ballots.open_vote(item, by=committee.secretary, now=NOW)


def test_four_of_five_pass_and_the_application_moves(committee, item):
    decided = committee.vote(item, {**ALL_AGREE, 4: "against"})
    application = decided.adjustment
    application.refresh_from_db()
    assert (decided.outcome, application.state) == ("passed", State.PASSED)
    assert application.steps.last().note == (
        "会议 2026-01 议题 1：同意 4 票，反对 1 票，弃权 0 票，未投 0 人；计票基数 5 人，须同意 4 票（2/3）；通过"
    )


def test_three_of_five_fail(committee, item):
    decided = committee.vote(item, {0: "agree", 1: "agree", 2: "agree", 3: "against", 4: "abstain"})
    decided.adjustment.refresh_from_db()
    assert (decided.outcome, decided.adjustment.state) == ("failed", State.FAILED)


def test_conditions_go_with_the_application(committee, item):
    given = {"lowest_level": "二级", "review_months": 6}
    agenda.set_conditions(item, given, by=committee.secretary, now=NOW)
    assert committee.vote(item, ALL_AGREE).adjustment.conditions == given


def test_conditions_cannot_change_once_the_vote_is_open(committee, item):
    opened(committee, item)
    with pytest.raises(Exception, match="不能再调整"):
        agenda.set_conditions(item, {"review_months": 3}, by=committee.secretary, now=NOW)


def test_nobody_votes_before_all_present_have_declared(committee, item):
    for seat in committee.seats[:4]:
        declarations.declare(item, seat, recused=False, by=seat.person, now=NOW)
    with pytest.raises(VoteRefused, match="还有委员没有声明利益关系：丁"):
        ballots.open_vote(item, by=committee.secretary, now=NOW)


def test_recused_member_neither_votes_nor_counts(committee, item):
    opened(committee, item, recused=[4])
    with pytest.raises(VoteRefused, match="您已回避该议题，不能投票"):
        committee.cast(item, 4, "agree")
    for at in range(3):
        committee.cast(item, at, "agree")
    committee.cast(item, 3, "against")
    decided = ballots.close_vote(item, by=committee.secretary, now=NOW)
    assert (decided.outcome, decided.tally["base"], decided.tally["required"]) == ("passed", 4, 3)
    assert decided.tally["recused"] == [committee.seats[4].pk]


def test_recused_members_count_for_the_quorum_only_where_the_charter_says_so(committee, item):
    """Five there, two recused: three are left, the quorum is four."""
    assert opened(committee, item, recused=[3, 4]).state == "voting"


def test_recused_members_leave_the_quorum_under_another_charter(committee):
    RuleValue.objects.create(key="charter.recused_count", value=False, valid_from=TODAY)
    item = committee.in_session(topics=["采购"]).items.get()
    committee.declare(item, recused=[3, 4])
    with pytest.raises(VoteRefused, match="应到 5 人，到会 3 人，法定人数 4 人"):
        ballots.open_vote(item, by=committee.secretary, now=NOW)


def test_recusal_needs_a_reason_and_the_applicant_must_recuse(committee):
    member = committee.seats[2]
    item = committee.in_session(committee.application(applicant=member.person)).items.get()
    with pytest.raises(VoteRefused, match="回避须写明事由"):
        declarations.declare(item, member, recused=True, by=member.person, now=NOW)
    with pytest.raises(VoteRefused, match="申请人，须回避"):
        declarations.declare(item, member, recused=False, by=member.person, now=NOW)
    assert declarations.declare_none([item], member, by=member.person, now=NOW) == 0
    assert declarations.declare(item, member, recused=True, reason="申请人", by=member.person, now=NOW).recused


def test_nobody_declares_for_a_colleague(committee, item):
    with pytest.raises(VoteRefused, match="只能声明本人"):
        declarations.declare(item, committee.seats[1], recused=False, by=committee.seats[0].person, now=NOW)


def test_declaration_stays_as_it_was_at_the_vote(committee, item):
    opened(committee, item)
    committee.cast(item, 0, "agree")
    with pytest.raises(VoteRefused, match="已经投票"):
        declarations.declare(
            item, committee.seats[0], recused=True, reason="亲属", by=committee.seats[0].person, now=NOW
        )


def test_nobody_votes_twice(committee, item):
    opened(committee, item)
    committee.cast(item, 0, "agree")
    with pytest.raises(VoteRefused, match="一人一票"):
        committee.cast(item, 0, "against")
    assert VoterMark.objects.count() == len(BallotBox.objects.get().ballots) == 1


def test_against_without_opinion_leaves_nothing(committee, item):
    opened(committee, item)
    with pytest.raises(VoteRefused, match="反对票须写明意见"):
        ballots.cast(item, "against", " ", by=committee.seats[0].person, now=NOW)
    assert (VoterMark.objects.count(), BallotBox.objects.get().ballots) == (0, [])


@pytest.mark.parametrize("role", [Role.SECRETARY, Role.ADMINISTRATOR, Role.HEAD, Role.AUDITOR])
def test_only_seated_members_vote(committee, item, world, role):
    opened(committee, item)
    with pytest.raises(VoteRefused, match="您不是本次会议的表决委员"):
        ballots.cast(item, "agree", by=world.people[role], now=NOW)


def test_member_who_is_not_there_does_not_vote(committee):
    item = committee.in_session(topics=["采购"], absent=[4]).items.get()
    opened(committee, item)
    with pytest.raises(VoteRefused, match="没有签到或已离会"):
        committee.cast(item, 4, "agree")


def test_latecomer_declares_and_votes_while_the_round_is_open(committee):
    meeting = committee.in_session(topics=["采购"], absent=[4])
    item = opened(committee, meeting.items.get())
    committee.attend(meeting, committee.seats[4])
    with pytest.raises(VoteRefused, match="请先声明利益关系"):
        committee.cast(item, 4, "agree")
    declarations.declare(item, committee.seats[4], recused=False, by=committee.seats[4].person, now=NOW)
    assert committee.cast(item, 4, "agree")


def test_quorum_is_watched_while_people_vote(committee):
    """Four of five are there. One votes, another leaves without voting: three are left."""
    meeting = committee.in_session(topics=["采购"], absent=[4])
    item = opened(committee, meeting.items.get())
    committee.cast(item, 0, "agree")
    committee.attend(meeting, committee.seats[3], "leave")
    with pytest.raises(VoteRefused, match="到会人数不足，暂停投票：应到 5 人，到会 3 人"):
        committee.cast(item, 1, "agree")
    decided = ballots.close_vote(item, by=committee.secretary, now=NOW)
    assert decided.outcome == "deferred"
    assert "到会人数不足" in decided.tally["words"]


def test_who_voted_and_left_was_there_for_the_vote(committee):
    meeting = committee.in_session(topics=["采购"], absent=[4])
    item = opened(committee, meeting.items.get())
    committee.cast(item, 3, "agree")
    committee.attend(meeting, committee.seats[3], "leave")
    for at in range(3):
        committee.cast(item, at, "agree")
    assert ballots.close_vote(item, by=committee.secretary, now=NOW).outcome == "passed"


def test_present_member_who_casts_nothing_is_not_in_favour(committee, item):
    decided = committee.vote(item, dict.fromkeys(range(3), "agree"))
    assert (decided.outcome, decided.tally["missing"], decided.tally["base"]) == ("failed", 2, 5)


def test_deferred_application_waits_for_another_meeting(committee, item):
    ballots.defer(item, "缺药物经济学材料", by=committee.secretary, now=NOW)
    item.adjustment.refresh_from_db()
    assert item.adjustment.state == State.READY


def test_tie_is_voted_again_and_the_second_round_decides(committee, item):
    tied = {0: "agree", 1: "agree", 2: "against", 3: "against", 4: "abstain"}
    again = committee.vote(item, tied)
    assert (again.state, again.round, again.outcome) == ("voting", 2, "")
    decided = committee.vote(again, {**ALL_AGREE, 4: "abstain"})
    assert (decided.outcome, decided.tally["round"]) == ("passed", 2)
    assert [(told["agree"], told["against"]) for told in decided.tally["rounds"]] == [(2, 2), (4, 0)]
    assert list(BallotBox.objects.order_by("round").values_list("round", flat=True)) == [1, 2]


def test_second_tie_defers(committee, item):
    tied = {0: "agree", 1: "agree", 2: "against", 3: "against", 4: "abstain"}
    decided = committee.vote(committee.vote(item, tied), tied)
    assert decided.outcome == "deferred"
    assert "相等，暂缓" in decided.tally["words"]


def test_one_topic_is_voted_at_a_time(committee):
    first, second = committee.in_session(topics=["一", "二"]).items.all()
    opened(committee, first)
    committee.declare(second)
    with pytest.raises(VoteRefused, match="另一个议题正在表决"):
        ballots.open_vote(second, by=committee.secretary, now=NOW)


def test_named_vote_keeps_the_names(committee):
    RuleValue.objects.create(key="charter.secret", value=False, valid_from=TODAY)
    item = committee.in_session(topics=["采购"]).items.get()
    committee.vote(item, {**ALL_AGREE, 2: "against"})
    seats = {one["seat"]: one["choice"] for one in BallotBox.objects.get().ballots}
    assert seats == {seat.pk: "against" if at == 2 else "agree" for at, seat in enumerate(committee.seats)}


def test_receipt_finds_its_own_ballot_once_the_box_is_sealed(committee, item, world):
    opened(committee, item)
    receipt = committee.cast(item, 0, "against", "疗效证据不足")
    assert find_receipt(world.alliance, receipt).ballot is None
    for at in range(1, 5):
        committee.cast(item, at, "agree")
    ballots.close_vote(item, by=committee.secretary, now=NOW)
    found = find_receipt(world.alliance, f" {receipt.lower()} ")
    assert (found.item, found.ballot["choice"], found.ballot["opinion"]) == (item, "against", "疗效证据不足")
    assert find_receipt(world.alliance, receipt[:-1] + ("A" if receipt[-1] != "A" else "B")) is None
    assert find_receipt(world.alliance, "乱写") is None


class TestAntimicrobials:
    """抗菌药物: the group first, and shares of all members (卫生部令第84号)."""

    @pytest.fixture
    def application(self, committee, world):
        drug = world.drugs["M2"]
        drug.therapeutic_class = "抗感染药"
        drug.save()
        return committee.application(drug="M2")

    def test_committee_does_not_vote_before_the_group(self, committee, application):
        item = committee.in_session(application).items.get()
        committee.declare(item)
        with pytest.raises(VoteRefused, match="须先经抗菌药物管理工作组审议"):
            ballots.open_vote(item, by=committee.secretary, now=NOW)

    def test_group_leaves_the_application_where_it_is_and_opens_the_way(self, committee, world, application):
        group = Committee(world, BodyKind.ANTIMICROBIAL)
        group.vote(group.in_session(application).items.get(), {**ALL_AGREE, 4: "against"})
        application.refresh_from_db()
        assert application.state == State.READY
        decided = committee.vote(committee.in_session(application).items.get(), ALL_AGREE)
        assert decided.outcome == "passed"

    def test_committee_does_not_vote_against_the_group(self, committee, world, application):
        group = Committee(world, BodyKind.ANTIMICROBIAL)
        group.vote(group.in_session(application).items.get(), {**dict.fromkeys(range(3), "agree"), 3: "abstain"})
        item = committee.in_session(application).items.get()
        committee.declare(item)
        with pytest.raises(VoteRefused, match="抗菌药物管理工作组没有同意（会议 2026-01：同意 3 票"):
            ballots.open_vote(item, by=committee.secretary, now=NOW)

    def test_share_is_taken_of_all_members(self, committee, world, application):
        """Four of five there, all in favour but one: three of four present would pass, three of five do not."""
        group = Committee(world, BodyKind.ANTIMICROBIAL)
        item = group.in_session(application, absent=[4]).items.get()
        decided = group.vote(item, {0: "agree", 1: "agree", 2: "agree", 3: "abstain"})
        assert (decided.outcome, decided.tally["base"], decided.tally["missing"]) == ("failed", 5, 1)

    def test_removal_needs_half_of_the_group(self, committee, world, application):
        application.kind = Kind.REMOVE
        application.save()
        group = Committee(world, BodyKind.ANTIMICROBIAL)
        decided = group.vote(
            group.in_session(application).items.get(), {0: "agree", 1: "agree", 2: "agree", 3: "against"}
        )
        assert (decided.outcome, decided.tally["required"]) == ("passed", 3)

    def test_change_of_level_is_the_committees_alone(self, committee, application):
        application.kind = Kind.LEVEL
        application.save()
        item = committee.in_session(application).items.get()
        assert opened(committee, item).state == "voting"


def test_temporary_use_is_ratified_or_ends(committee):
    stays = committee.application("2026-1", kind=Kind.EMERGENCY, state=State.TEMPORARY, until=TODAY)
    ends = committee.application("2026-2", drug="M2", kind=Kind.EMERGENCY, state=State.TEMPORARY, until=TODAY)
    meeting = committee.in_session(stays, ends)
    committee.vote(meeting.items.get(adjustment=stays), ALL_AGREE)
    committee.vote(meeting.items.get(adjustment=ends), dict.fromkeys(range(5), "abstain"))
    for one in (stays, ends):
        one.refresh_from_db()
    assert (stays.state, ends.state) == (State.RATIFIED, State.LAPSED)


def test_attendance_of_one_meeting_is_not_the_others(committee):
    first = committee.in_session(topics=["一"])
    second = committee.in_session(topics=["二"])
    attendance.mark(
        Attendance.objects.get(meeting=second, seat=committee.seats[0]), "leave", by=committee.secretary, now=NOW
    )
    item = opened(committee, first.items.get())
    assert committee.cast(item, 0, "agree")
    assert AgendaItem.objects.filter(state="voting").count() == 1
