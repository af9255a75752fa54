"""Pages of meetings and votes: what each person may press, what is told, what is kept nowhere."""

import re

import pytest
from django.contrib.sessions.models import Session

from config.access import Role
from formulary.actions import agenda, ballots, meetings
from formulary.models import AgendaItem, Attendance, Declaration, Meeting, VoterMark
from formulary.queries.ballots import waiting_count
from tests.conftest import NOW
from tests.formulary.committee import Committee


@pytest.fixture
def committee(world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return Committee(world)


@pytest.fixture
def voting(committee):
    item = committee.in_session(committee.application()).items.get()
    committee.declare(item, recused=[4])
    return ballots.open_vote(item, by=committee.secretary, now=NOW)


def page(client, person, address, data=None):
    client.force_login(person)
    answer = client.get(address) if data is None else client.post(address, data, follow=True)
    return answer.content.decode()


def member(committee, at):
    return committee.seats[at].person


def test_secretary_plans_a_meeting_and_fills_its_agenda(client, committee):
    waiting = committee.application()
    given = {"body": committee.body.pk, "title": "例会", "occasion": "regular", "place": "三楼"}
    page(client, committee.secretary, "/meetings/new/", given)
    assert not Meeting.objects.exists()
    text = page(client, committee.secretary, "/meetings/new/", {**given, "starts_at": "2026-11-21T17:30"})
    assert "请列入议题" in text
    meeting = Meeting.objects.get()
    text = page(client, committee.secretary, f"/meetings/{meeting.pk}/agenda/", {"adjustment": waiting.pk})
    assert "1. 调入：氨氯地平片 5mg" in text
    page(client, committee.secretary, f"/meetings/{meeting.pk}/agenda/", {"title": "听取通报"})
    assert list(meeting.items.values_list("balloted", flat=True)) == [True, False]
    assert "请写明议题" in page(client, committee.secretary, f"/meetings/{meeting.pk}/agenda/", {"title": ""})


def test_reader_sees_the_meeting_without_buttons(client, committee, world):
    meeting = committee.in_session(topics=["采购"])
    text = page(client, world.people[Role.PHARMACIST], f"/meetings/{meeting.pk}/")
    assert "1. 采购" in text
    assert "开始表决" not in text
    assert "结束会议" not in text


def test_refusal_is_told_on_the_desk(client, committee):
    item = committee.in_session(topics=["采购"]).items.get()
    text = page(client, committee.secretary, f"/meetings/topics/{item.pk}/act/open/", {})
    assert "还有委员没有声明利益关系" in text


def test_desk_answers_nothing_while_nothing_changed(client, committee):
    meeting = committee.in_session(topics=["采购"], absent=[4])
    address = re.search(r'hx-get="([^"]+)"', page(client, committee.secretary, f"/meetings/{meeting.pk}/"))[1]
    address = address.replace("&amp;", "&")
    assert client.get(address).status_code == 204
    committee.attend(meeting, committee.seats[4])
    answer = client.get(address)
    assert answer.status_code == 200
    assert "HX-Refresh" not in answer
    assert "5<small>/ 5 人</small>" in re.sub(r"\s+", " ", answer.content.decode())


def test_member_votes_once_and_gets_a_receipt_once(client, committee, voting):
    address = f"/ballots/topics/{voting.pk}/cast/"
    client.force_login(member(committee, 0))
    answer = client.post(address, {"choice": "agree"})
    assert 'class="receipt"' in answer.content.decode()
    again = client.post(address, {"choice": "against", "opinion": "改主意"})
    assert again.status_code == 409
    assert "您在本轮已投过票" in again.content.decode()
    assert VoterMark.objects.count() == 1


def test_receipt_is_in_no_session(client, committee, voting):
    client.force_login(member(committee, 0))
    answer = client.post(f"/ballots/topics/{voting.pk}/cast/", {"choice": "agree"})
    receipt = re.search(r'class="receipt">\s*([^<\s]+)', answer.content.decode())[1]
    assert "no-store" in answer["Cache-Control"]
    stored = [str(session.get_decoded()) for session in Session.objects.all()]
    assert stored
    assert not any(receipt.split(".")[-1] in text for text in stored)


def test_recused_member_finds_no_ballot(client, committee, voting):
    text = page(client, member(committee, 4), f"/ballots/{voting.meeting_id}/")
    assert "您已回避，不参加本议题表决" in text
    assert 'name="choice"' not in text


def test_against_without_words_is_asked_for_them(client, committee, voting):
    client.force_login(member(committee, 0))
    answer = client.post(f"/ballots/topics/{voting.pk}/cast/", {"choice": "against"})
    assert answer.status_code == 422
    assert "投反对票须写明意见" in answer.content.decode()
    assert not VoterMark.objects.exists()


def test_counts_are_hidden_until_the_vote_is_counted(client, committee, voting):
    committee.cast(voting, 0, "against", "疗效证据不足")
    for address in (f"/meetings/{voting.meeting_id}/", f"/meetings/topics/{voting.pk}/"):
        text = page(client, committee.secretary, address)
        assert "疗效证据不足" not in text
        assert "反对 1" not in text
        assert "1 / 4 人已投" in text or "1<small>/ 4 人已投" in text


def test_menu_counts_declarations_and_ballots_that_wait(client, committee, voting):
    other = committee.planned()
    agenda.add_topic(other, "下次", balloted=True, by=committee.secretary, now=NOW)
    assert [waiting_count(member(committee, at)) for at in (0, 4)] == [1, 0]
    meetings.notify(other, by=committee.secretary, now=NOW)
    assert [waiting_count(member(committee, at)) for at in (0, 4)] == [2, 1]
    committee.cast(voting, 0, "agree")
    assert waiting_count(member(committee, 0)) == 1
    assert waiting_count(committee.secretary) == 0


def test_member_declares_all_and_recuses_from_one(client, committee):
    meeting = committee.in_session(topics=["一", "二"])
    first, second = meeting.items.all()
    address = f"/ballots/topics/{first.pk}/declare/"
    assert "回避须写明事由" in page(client, member(committee, 0), address, {"recused": "on", "reason": ""})
    page(client, member(committee, 0), address, {"recused": "on", "reason": "亲属"})
    page(client, member(committee, 0), f"/ballots/{meeting.pk}/declare-none/", {})
    said = Declaration.objects.filter(seat=committee.seats[0])
    assert dict(said.values_list("item", "recused")) == {first.pk: True, second.pk: False}


def test_member_attends_alone(client, committee):
    meeting = committee.in_session(topics=["一"], absent=[4])
    page(client, member(committee, 4), f"/ballots/{meeting.pk}/attend/arrive/", {})
    assert Attendance.objects.get(meeting=meeting, seat=committee.seats[4]).state == "present"


def test_nobody_reaches_a_meeting_without_a_seat(client, committee, voting, world):
    client.force_login(committee.secretary)
    assert client.get(f"/ballots/{voting.meeting_id}/").status_code == 403
    stranger = committee._person("丁")
    Attendance.objects.filter(seat__person=stranger).delete()
    client.force_login(stranger)
    assert client.get(f"/ballots/{voting.meeting_id}/").status_code == 404


def test_conditions_are_written_before_the_vote(client, committee):
    item = committee.in_session(committee.application()).items.get()
    address = f"/meetings/topics/{item.pk}/conditions/"
    text = page(client, committee.secretary, address, {"lowest_level": "二级", "review_months": "6"})
    assert "二级及以上机构使用，6 个月后复评" in text
    client.force_login(committee.secretary)
    assert client.post(address, {"review_months": "0"}).status_code == 422


def test_chair_signs_on_the_page_and_the_secretary_cannot(client, committee, voting):
    for at in range(4):
        committee.cast(voting, at, "agree")
    ballots.close_vote(voting, by=committee.secretary, now=NOW)
    meeting = meetings.close(voting.meeting, by=committee.secretary, now=NOW)
    assert "签发纪要" not in page(client, committee.secretary, f"/meetings/{meeting.pk}/")
    client.force_login(committee.secretary)
    assert client.post(f"/meetings/{meeting.pk}/minutes/sign/").status_code == 403
    assert "只有" not in page(client, member(committee, 0), f"/meetings/{meeting.pk}/minutes/sign/", {})
    meeting.refresh_from_db()
    assert meeting.state == "signed"
    assert "封存完整" in page(client, committee.secretary, f"/meetings/{meeting.pk}/verify/")
    answer = client.get(f"/meetings/{meeting.pk}/minutes/")
    assert b"".join(answer.streaming_content)[:2] == b"PK"


def test_desk_reads_with_few_queries_whatever_the_length(client, committee, django_assert_max_num_queries):
    meeting = committee.in_session(topics=[f"议题 {number}" for number in range(20)])
    for item in meeting.items.all():
        committee.declare(item)
    client.force_login(committee.secretary)
    with django_assert_max_num_queries(36):
        client.get(f"/meetings/{meeting.pk}/")
    assert AgendaItem.objects.count() == 20
