"""A meeting from plan to close: notice, quorum, attendance, agenda."""

import pytest

from config.access import Role
from formulary.actions import agenda, attendance, ballots, meetings
from formulary.models import AgendaItem, Attendance, Event, RuleValue
from formulary.rules.adjustment_life import State
from formulary.rules.meeting_life import MeetingRefused
from tests.conftest import NOW, TODAY
from tests.formulary.committee import Committee


@pytest.fixture
def committee(world):
    return Committee(world)


def test_meetings_are_numbered_by_year(committee):
    assert [committee.planned().number for _ in range(2)] == ["2026-01", "2026-02"]


def test_only_the_secretary_runs_meetings(committee, world):
    for role in (Role.COMMITTEE, Role.ADMINISTRATOR, Role.HEAD):
        with pytest.raises(MeetingRefused, match="只有委员会秘书"):
            meetings.plan(
                committee.body, title="x", occasion="extra", starts_at=NOW, place="x", by=world.people[role], now=NOW
            )


def test_notice_invites_every_seat_of_the_day(committee):
    meeting = committee.planned()
    agenda.add_topic(meeting, "年度计划", balloted=True, by=committee.secretary, now=NOW)
    gone = committee.seats[4]
    gone.valid_to = TODAY.replace(day=1)
    gone.save()
    meetings.notify(meeting, by=committee.secretary, now=NOW)
    assert set(meeting.attendances.values_list("seat__person__name", flat=True)) == {"王芳", "甲", "乙", "丙", "周敏"}
    assert meeting.state == "notified"


def test_empty_agenda_is_not_sent(committee):
    with pytest.raises(MeetingRefused, match="议程还是空的"):
        meetings.notify(committee.planned(), by=committee.secretary, now=NOW)


def test_meeting_opens_with_four_of_five_and_not_with_three(committee):
    meeting = committee.planned()
    agenda.add_topic(meeting, "年度计划", balloted=True, by=committee.secretary, now=NOW)
    meetings.notify(meeting, by=committee.secretary, now=NOW)
    for seat in committee.seats[:3]:
        committee.attend(meeting, seat)
    with pytest.raises(MeetingRefused, match="应到 5 人，到会 3 人，法定人数 4 人"):
        meetings.open_meeting(meeting, by=committee.secretary, now=NOW)
    meeting.refresh_from_db()
    assert (meeting.state, meeting.charter) == ("notified", {})
    committee.attend(meeting, committee.seats[3])
    assert meetings.open_meeting(meeting, by=committee.secretary, now=NOW).state == "in_session"


def test_charter_is_frozen_when_the_meeting_opens(committee, world):
    RuleValue.objects.create(key="charter.pass_share", value="3/5", valid_from=TODAY, document="章程第9条")
    item = committee.in_session(topics=["年度计划"]).items.get()
    assert item.meeting.charter["values"]["charter.pass_share"] == "3/5"
    assert item.meeting.charter["sources"]["charter.pass_share"]["document"] == "章程第9条"
    RuleValue.objects.update(value="1/1")
    decided = committee.vote(item, {0: "agree", 1: "agree", 2: "agree", 3: "against", 4: "against"})
    assert (decided.outcome, decided.tally["required"]) == ("passed", 3)


def test_secretary_does_not_count_for_the_quorum(committee):
    meeting = committee.planned()
    agenda.add_topic(meeting, "年度计划", balloted=True, by=committee.secretary, now=NOW)
    meetings.notify(meeting, by=committee.secretary, now=NOW)
    attendance.mark(
        Attendance.objects.get(meeting=meeting, seat__person=committee.secretary),
        "arrive",
        by=committee.secretary,
        now=NOW,
    )
    for seat in committee.seats[:3]:
        committee.attend(meeting, seat)
    with pytest.raises(MeetingRefused, match="到会 3 人"):
        meetings.open_meeting(meeting, by=committee.secretary, now=NOW)


def test_a_member_signs_in_alone_and_not_for_others(committee):
    meeting = committee.in_session(topics=["年度计划"], absent=[4])
    row = Attendance.objects.get(meeting=meeting, seat=committee.seats[4])
    with pytest.raises(MeetingRefused, match="只能登记本人"):
        attendance.mark(row, "arrive", by=committee.seats[0].person, now=NOW)
    assert attendance.mark(row, "arrive", by=committee.seats[4].person, now=NOW).state == "present"
    with pytest.raises(MeetingRefused, match="现为“到会”，不能签到"):
        attendance.mark(row, "arrive", by=committee.seats[4].person, now=NOW)


def test_application_on_the_agenda_is_上会_and_goes_back_when_taken_off(committee):
    application = committee.application()
    meeting = committee.planned()
    item = agenda.add_application(meeting, application, by=committee.secretary, now=NOW)
    assert application.state == State.ON_AGENDA
    with pytest.raises(MeetingRefused, match="不能列入"):
        agenda.add_application(committee.planned(), application, by=committee.secretary, now=NOW)
    agenda.add_topic(meeting, "其他", balloted=False, by=committee.secretary, now=NOW)
    agenda.remove(item, by=committee.secretary, now=NOW)
    application.refresh_from_db()
    assert application.state == State.READY
    assert list(meeting.items.values_list("position", "title")) == [(1, "其他")]


def test_topics_change_places(committee):
    meeting = committee.in_session(topics=["一", "二"])
    agenda.move_up(meeting.items.get(title="二"), by=committee.secretary, now=NOW)
    assert list(meeting.items.values_list("title", flat=True)) == ["二", "一"]
    with pytest.raises(MeetingRefused, match="没有可以交换"):
        agenda.move_up(meeting.items.get(title="二"), by=committee.secretary, now=NOW)


def test_cancelled_meeting_gives_its_applications_back(committee):
    application = committee.application()
    meeting = committee.planned()
    agenda.add_application(meeting, application, by=committee.secretary, now=NOW)
    with pytest.raises(MeetingRefused, match="原因"):
        meetings.cancel(meeting, " ", by=committee.secretary, now=NOW)
    meetings.cancel(meeting, "主任出差", by=committee.secretary, now=NOW)
    application.refresh_from_db()
    assert (meeting.state, application.state) == ("cancelled", State.READY)


def test_meeting_is_not_closed_with_an_open_topic(committee):
    meeting = committee.in_session(topics=["一", "二"])
    committee.vote(meeting.items.get(title="一"), dict.fromkeys(range(5), "agree"))
    with pytest.raises(MeetingRefused, match="还有 1 个议题没有结果，不能结束会议：2"):
        meetings.close(meeting, by=committee.secretary, now=NOW)
    ballots.defer(meeting.items.get(title="二"), "材料不全", by=committee.secretary, now=NOW)
    assert meetings.close(meeting, by=committee.secretary, now=NOW).state == "closed"


def test_topic_only_heard_ends_with_its_conclusion(committee):
    meeting = committee.planned()
    item = agenda.add_topic(meeting, "通报处方点评", balloted=False, by=committee.secretary, now=NOW)
    agenda.add_topic(meeting, "年度计划", balloted=True, by=committee.secretary, now=NOW)
    meetings.notify(meeting, by=committee.secretary, now=NOW)
    for seat in committee.seats:
        committee.attend(meeting, seat)
    meetings.open_meeting(meeting, by=committee.secretary, now=NOW)
    with pytest.raises(ballots.VoteRefused, match="不需要表决"):
        ballots.open_vote(item, by=committee.secretary, now=NOW)
    done = ballots.note(item, "各机构按点评结果整改", by=committee.secretary, now=NOW)
    assert (done.outcome, done.tally["words"]) == ("noted", "各机构按点评结果整改")


def test_conditions_are_known_words(committee):
    meeting = committee.planned()
    item = agenda.add_application(meeting, committee.application(), by=committee.secretary, now=NOW)
    for wrong in ({"lowest_level": "省级"}, {"restriction": "secret"}, {"review_months": 99}):
        with pytest.raises(MeetingRefused):
            agenda.set_conditions(item, wrong, by=committee.secretary, now=NOW)
    given = {"lowest_level": "二级", "restriction": "review", "review_months": 6}
    assert agenda.set_conditions(item, given, by=committee.secretary, now=NOW).conditions == given


def test_every_step_is_in_the_history(committee):
    meeting = committee.in_session(committee.application())
    committee.vote(meeting.items.get(), dict.fromkeys(range(5), "agree"))
    meetings.close(meeting, by=committee.secretary, now=NOW)
    verbs = list(Event.objects.order_by("number").values_list("verb", flat=True))
    assert verbs[:4] == ["筹备会议", "列入议程调整申请", "列入议题", "发出通知"]
    assert verbs[-3:] == ["封存表决", "表决通过调整申请", "结束会议"]
    assert AgendaItem.objects.get().state == "decided"
