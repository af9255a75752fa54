"""The minutes say what the record says; the chair signs them once."""

import datetime as dt
import hashlib
import io

import pytest
from docx import Document

from config.access import Role
from formulary.actions import meetings
from formulary.actions import minutes as actions
from formulary.models import MeetingPaper
from formulary.queries.minutes import conditions_words, minutes_of, notice_of
from formulary.rules import meeting_docx
from formulary.rules.meeting_life import MeetingRefused
from tests.conftest import NOW
from tests.formulary.committee import Committee


@pytest.fixture
def committee(world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return Committee(world)


@pytest.fixture
def meeting(committee):
    """四人到会, 丁 excused; one application, one member recused: three vote, two agree."""
    meeting = committee.in_session(committee.application(reason="慢病患者需要"), absent=[4])
    item = meeting.items.get()
    committee.vote(item, {0: "agree", 1: "agree", 2: "against"}, recused=[3])
    actions.write_item(
        item, discussion="讨论了替代品种。", owner="药学部", due=dt.date(2026, 12, 1), by=committee.secretary, now=NOW
    )
    actions.write_summary(meeting, "下次会议定于一季度。", by=committee.secretary, now=NOW)
    return meetings.close(meeting, by=committee.secretary, now=NOW)


def words_of(content):
    doc = Document(io.BytesIO(content))
    cells = [cell.text for table in doc.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in doc.paragraphs), *cells])


def test_minutes_tell_people_votes_decision_owner_and_due_date(meeting):
    text = words_of(meeting_docx.minutes(minutes_of(meeting)))
    for said in (
        "第四季度例会纪要",
        "三楼会议室",
        "到会委员（4 人）：王芳（主任委员）、甲（副主任委员）、乙（委员）、丙（委员）",
        "缺席委员（1 人）：丁（委员）",
        "回避：丙（本科室申请）",
        "理由：慢病患者需要",
        "讨论：讨论了替代品种。",
        "书面意见：反对：价格偏高",
        "决定：通过。同意 2 票，反对 1 票，弃权 0 票，未投 0 人；计票基数 3 人，须同意 2 票（2/3）；通过",
        "责任人：药学部　完成期限：2026-12-01",
        "下次会议定于一季度。",
        "（草稿，尚未签发）",
        "本纪要保存至 2031 年。",
    ):
        assert said in text


def test_minutes_of_a_secret_vote_name_no_voter(meeting):
    text = words_of(meeting_docx.minutes(minutes_of(meeting)))
    assert "无记名投票" in text
    assert "乙 反对" not in text


def test_notice_lists_topics_and_what_to_do(meeting):
    text = words_of(meeting_docx.notice(notice_of(meeting)))
    assert "第四季度例会通知" in text
    assert "1. 调入：氨氯地平片 5mg" in text
    assert "对每个议题声明利益关系" in text


@pytest.mark.parametrize("who", [Role.SECRETARY, Role.ADMINISTRATOR, Role.HEAD])
def test_only_the_chair_signs(meeting, world, who):
    with pytest.raises(MeetingRefused, match="由主任委员签发"):
        actions.sign(meeting, by=world.people[who], now=NOW)


def test_vice_chair_does_not_sign_while_the_chair_was_there(meeting, committee):
    with pytest.raises(MeetingRefused, match="由主任委员签发"):
        actions.sign(meeting, by=committee.seats[1].person, now=NOW)


def test_vice_chair_signs_where_the_chair_was_absent(committee):
    meeting = committee.in_session(topics=["采购"], absent=[0])
    committee.vote(meeting.items.get(), dict.fromkeys(range(1, 5), "agree"))
    meetings.close(meeting, by=committee.secretary, now=NOW)
    assert actions.sign(meeting, by=committee.seats[1].person, now=NOW).by == committee.seats[1].person


def test_signed_minutes_are_kept_with_checksum_and_term(meeting, committee):
    paper = actions.sign(meeting, by=committee.seats[0].person, now=NOW)
    with paper.file.open("rb") as stream:
        content = stream.read()
    assert hashlib.sha256(content).hexdigest() == paper.sha256
    assert (paper.size, paper.keep_until) == (len(content), dt.date(2031, 12, 31))
    assert "签发：王芳　2026-11-21" in words_of(content)
    assert (meeting.state, len(meeting.seal)) == ("signed", 64)


def test_nothing_is_written_after_the_signature(meeting, committee):
    actions.sign(meeting, by=committee.seats[0].person, now=NOW)
    with pytest.raises(MeetingRefused, match="不能填写纪要"):
        actions.write_summary(meeting, "补充", by=committee.secretary, now=NOW)
    with pytest.raises(MeetingRefused, match="不能签发纪要"):
        actions.sign(meeting, by=committee.seats[0].person, now=NOW)
    assert MeetingPaper.objects.count() == 1


def test_open_meeting_is_not_signed(committee):
    meeting = committee.in_session(topics=["采购"])
    with pytest.raises(MeetingRefused, match="会议现为“进行中”"):
        actions.sign(meeting, by=committee.seats[0].person, now=NOW)


def test_conditions_read_as_words():
    given = {"lowest_level": "二级", "restriction": "review", "review_months": 6}
    assert conditions_words(given) == "二级及以上机构使用，限制：限期评估，6 个月后复评"
    assert conditions_words({}) == ""
