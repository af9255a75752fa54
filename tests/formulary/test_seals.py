"""What was voted, sealed or signed is refused every change by the database, and a change made past it is found."""

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from formulary.actions import ballots, meetings
from formulary.actions import minutes as minutes_actions
from formulary.models import AgendaItem, Attendance, BallotBox, Declaration, Meeting, MeetingPaper, VoterMark
from formulary.queries.seals import verify_meeting
from tests.conftest import NOW
from tests.formulary.committee import Committee

AGREE = dict.fromkeys(range(5), "agree")


@pytest.fixture
def committee(world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return Committee(world)


@pytest.fixture
def item(committee):
    return committee.vote(committee.in_session(topics=["采购"]).items.get(), {**AGREE, 4: "against"})


def refused(words):
    return pytest.raises(IntegrityError, match=words)


def faults(meeting):
    return [one.fault for one in verify_meeting(meeting) if one.fault]


def drop(trigger, table):
    """As someone with the database password would: the guard is taken away first."""
    on = "" if connection.vendor == "sqlite" else f" ON {table}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {trigger}{on}")


def test_sealed_box_is_neither_changed_nor_deleted(item):
    with refused("封存后不能改动"), transaction.atomic():
        BallotBox.objects.update(ballots=[])
    with refused("封存后不能改动"), transaction.atomic():
        BallotBox.objects.update(seal="")
    with refused("票箱不能删除"), transaction.atomic():
        BallotBox.objects.all().delete()


def test_open_box_only_grows_by_marked_ballots(committee):
    item = committee.in_session(topics=["采购"]).items.get()
    committee.declare(item)
    ballots.open_vote(item, by=committee.secretary, now=NOW)
    committee.cast(item, 0, "against")
    box = BallotBox.objects.get()
    forged = {"choice": "agree", "opinion": "", "receipt": "0"}
    for wrong in ([], [forged], [*box.ballots, forged]):
        with refused("票箱只能随投票增加"), transaction.atomic():
            BallotBox.objects.update(ballots=wrong)
    with refused("空箱启用"), transaction.atomic():
        BallotBox.objects.create(item=item, round=2)


def test_marks_stay(item):
    with refused("投票记录不能改动"), transaction.atomic():
        VoterMark.objects.update(round=3)
    with refused("投票记录不能删除"), transaction.atomic():
        VoterMark.objects.all().delete()


def test_database_lets_only_declared_members_vote_once(committee):
    item = committee.in_session(topics=["采购"]).items.get()
    committee.declare(item, recused=[4])
    for seat, words in ((committee.seats[0], "可在表决中投票"), (committee.seats[4], "可在表决中投票")):
        with refused(words), transaction.atomic():
            VoterMark.objects.create(item=item, round=1, seat=seat)
    ballots.open_vote(item, by=committee.secretary, now=NOW)
    with refused("可在表决中投票"), transaction.atomic():
        VoterMark.objects.create(item=item, round=1, seat=committee.seats[4])
    committee.cast(item, 0, "agree")
    with pytest.raises(IntegrityError), transaction.atomic():
        VoterMark.objects.create(item=item, round=1, seat=committee.seats[0])


def test_decided_topic_stays(item):
    with refused("已决议题不能改动"), transaction.atomic():
        AgendaItem.objects.update(title="别的")
    with refused("不能删除"), transaction.atomic():
        AgendaItem.objects.filter(pk=item.pk)._raw_delete(connection.alias)


def test_declarations_stay_after_the_vote(item, committee):
    with refused("不能更改声明"), transaction.atomic():
        Declaration.objects.update(recused=True, reason="x")
    with refused("不能删除声明"), transaction.atomic():
        Declaration.objects.all().delete()


def test_untouched_meeting_verifies(item):
    assert len(verify_meeting(item.meeting)) == 2
    assert faults(item.meeting) == []
    call_command("verify_meetings")


def test_changed_vote_is_found(item, capsys):
    drop("box_only_grows", "formulary_ballotbox")
    box = BallotBox.objects.get()
    BallotBox.objects.update(ballots=[{**one, "choice": "agree"} for one in box.ballots])
    assert "选票与封存哈希不符，曾被改动" in faults(item.meeting)
    with pytest.raises(CommandError, match="封存不完整"):
        call_command("verify_meetings")
    assert "曾被改动" in capsys.readouterr().err


def test_vote_changed_together_with_its_seal_is_found_in_the_history(item):
    from formulary.rules.voting import box_seal

    drop("box_only_grows", "formulary_ballotbox")
    changed = [{**one, "choice": "agree"} for one in BallotBox.objects.get().ballots]
    BallotBox.objects.update(ballots=changed, seal=box_seal(item.pk, 1, changed))
    assert "操作链中没有此封存哈希" in faults(item.meeting)


def test_changed_result_is_found(item):
    drop("item_decided_unchanged", "formulary_agendaitem")
    AgendaItem.objects.update(outcome="failed")
    assert faults(item.meeting) == ["内容与封存哈希不符，曾被改动"]


def test_removed_mark_is_found(item):
    drop("mark_stays", "formulary_votermark")
    VoterMark.objects.filter(seat=VoterMark.objects.first().seat).delete()
    assert faults(item.meeting) == ["票数 5 与投票人数 4 不符"]


class TestSigned:
    @pytest.fixture
    def meeting(self, committee, item):
        meeting = meetings.close(item.meeting, by=committee.secretary, now=NOW)
        minutes_actions.sign(meeting, by=committee.seats[0].person, now=NOW)
        return meeting

    def test_signed_meeting_verifies_and_stays(self, meeting):
        assert faults(meeting) == []
        with refused("纪要已签发的会议不能改动"), transaction.atomic():
            Meeting.objects.update(place="别处")
        with refused("出席不能改动"), transaction.atomic():
            Attendance.objects.update(note="x")
        with refused("会议文件不能改动"), transaction.atomic():
            MeetingPaper.objects.update(sha256="0")
        with refused("会议文件不能删除"), transaction.atomic():
            MeetingPaper.objects.all().delete()

    def test_changed_attendance_is_found(self, meeting):
        drop("attendance_signed_unchanged", "formulary_attendance")
        Attendance.objects.filter(meeting=meeting).update(state="excused")
        assert faults(meeting) == ["出席、议题或纪要与封存哈希不符，曾被改动"]

    def test_changed_file_is_found(self, meeting):
        paper = MeetingPaper.objects.get()
        with open(paper.file.path, "ab") as stream:
            stream.write(b"x")
        assert faults(meeting) == ["文件与校验值不符，曾被改动"]
