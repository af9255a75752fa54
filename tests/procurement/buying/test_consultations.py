"""会商: the agenda builds itself, decisions have an owner and a day, and what is not done comes back."""

import datetime as dt
import io

import pytest
from django.urls import reverse
from docx import Document

from config.access import Permission, Role
from formulary.queries import scope_of
from procurement.actions import consultations as actions
from procurement.models import Consultation, Decision
from procurement.queries.consultations import decision_duty_count, topics_of
from procurement.rules.consultations import ConsultationRefused, Topic, agenda, problems
from shortage.models import Alert
from tests.conftest import NOW, TODAY
from tests.procurement.world import offer

SOON = TODAY + dt.timedelta(days=14)


@pytest.fixture
def troubled(ready):
    """A tender behind its time (600 of 1000 with 40 days left is 67 %), one red alert, one price that jumped."""
    from procurement.models import Supplier

    Alert.objects.create(
        institution=ready.h1, presentation=ready.drugs["M3"], level="red", cause="x", reason="y", risk=0.9,
        opened_on=TODAY, updated_on=TODAY,
    )  # fmt: skip
    offer(ready, Supplier.objects.get(code="S1"), "M2-P1", "6.00", valid_from=dt.date(2026, 11, 1))
    return ready


def kinds(world):
    scope = scope_of(world.people[Role.PROCUREMENT], Permission.RUN_PLANS)
    return {topic.kind: (topic.level, topic.facts) for topic in topics_of(scope, today=TODAY)}


def call(world):
    return actions.call("四季度会商", TODAY, "三楼", "卫健、医保", by=world.people[Role.PROCUREMENT], now=NOW)


def test_agenda_names_what_is_wrong_today(troubled):
    found = kinds(troubled)
    assert set(found) == {"tender", "alert", "price"}
    assert found["tender"] == ("yellow", "执行 100.0%，时间 89.0%；落后 1 项（严重 0 项），距到期 40 天")
    assert found["alert"] == ("orange", "1 家机构红色预警")
    assert found["price"] == ("yellow", "由 5.00 调为 6.00")


def test_agenda_keeps_the_worst_of_each_kind():
    topics = [Topic("price", "yellow", str(k), "") for k in range(5)] + [Topic("price", "red", "worst", "")]
    assert [topic.title for topic in agenda(topics, most_of_a_kind=2)] == ["worst", "0"]


def test_meeting_keeps_the_agenda_it_had(troubled):
    meeting = call(troubled)
    assert {topic["kind"] for topic in meeting.agenda} == {"tender", "alert", "price"}
    actions.hold(meeting, "逐项讨论。", by=troubled.people[Role.PROCUREMENT], now=NOW)
    with pytest.raises(ConsultationRefused, match="已召开，不能更新议题"):
        actions.refresh(meeting, by=troubled.people[Role.PROCUREMENT], now=NOW)


def test_decision_needs_words_owner_and_a_day_to_come(troubled):
    meeting, buyer = call(troubled), troubled.people[Role.PROCUREMENT]
    with pytest.raises(ConsultationRefused, match="写明决定内容；请指定责任人；办结期限"):
        actions.decide(meeting, " ", None, TODAY - dt.timedelta(days=1), by=buyer, now=NOW)
    assert problems("做", buyer, TODAY, today=TODAY) == []


def test_decision_is_followed_to_its_end_before_the_meeting_closes(troubled):
    meeting, buyer = call(troubled), troubled.people[Role.PROCUREMENT]
    owner, other = troubled.people[Role.PHARMACIST], troubled.people[Role.HEAD]
    made = actions.decide(meeting, "联系备供企业", owner, SOON, by=buyer, now=NOW)
    assert (decision_duty_count(owner), decision_duty_count(other)) == (1, 0)
    actions.hold(meeting, "纪要", by=buyer, now=NOW)
    with pytest.raises(ConsultationRefused, match="1 项决定没有办结"):
        actions.close(meeting, by=buyer, now=NOW)
    with pytest.raises(ConsultationRefused, match="只有责任人"):
        actions.finish(made, "已联系", by=other, now=NOW)
    actions.finish(made, "已联系", by=owner, now=NOW)
    actions.close(meeting, by=buyer, now=NOW)
    assert Consultation.objects.get().state == "closed"


def test_overdue_decision_heads_the_next_agenda(troubled):
    meeting = call(troubled)
    actions.decide(meeting, "催货", troubled.people[Role.HEAD], SOON, by=troubled.people[Role.PROCUREMENT], now=NOW)
    Decision.objects.update(due_on=TODAY - dt.timedelta(days=3))
    assert kinds(troubled)["carried"] == ("red", f"刘洋 应于 {TODAY - dt.timedelta(days=3)} 办结，已逾期 3 天")
    assert call(troubled).agenda[0]["kind"] == "carried"


def test_only_the_buyer_calls_and_readers_read(troubled, client):
    with pytest.raises(ConsultationRefused, match="不能组织会商"):
        actions.call("会", TODAY, "", "", by=troubled.people[Role.BUREAU], now=NOW)
    meeting = call(troubled)
    client.force_login(troubled.people[Role.BUREAU])
    assert "集采执行" in client.get(reverse("consultation_detail", args=[meeting.pk])).content.decode()


def test_meeting_is_called_decided_and_taken_away_on_the_pages(troubled, client):
    client.force_login(troubled.people[Role.PROCUREMENT])
    client.post(reverse("consultation_list"), {"title": "会商", "on": TODAY, "place": "", "members": ""})
    meeting = Consultation.objects.get()
    wrong = client.post(reverse("consultation_decide", args=[meeting.pk]), {"text": "催货"})
    assert wrong.status_code == 422
    owner = troubled.people[Role.HEAD]
    form = {"text": "催货", "owner": owner.pk, "due_on": dt.date.today() + dt.timedelta(days=9), "topic": ""}
    client.post(reverse("consultation_decide", args=[meeting.pk]), form)
    client.post(reverse("consultation_act", args=[meeting.pk, "hold"]), {"minutes": "已议"})
    client.force_login(owner)
    assert "会商决定由您办理" in client.get(reverse("consultation_list")).content.decode()
    client.post(reverse("consultation_finish", args=[meeting.pk, Decision.objects.get().pk]), {"outcome": "已到货"})
    assert Decision.objects.get().outcome == "已到货"
    paper = Document(io.BytesIO(client.get(reverse("consultation_file", args=[meeting.pk])).content))
    assert "催货" in paper.tables[-1].rows[1].cells[0].text
