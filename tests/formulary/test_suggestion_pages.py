"""The pages of suggestions: who sees, who decides, and what they are told."""

import pytest
from django.urls import reverse

from config.access import Role
from formulary.actions.suggestions import scan
from formulary.models import Adjustment, Job, Suggestion
from tests.conftest import NOW, TODAY
from tests.formulary.lists import bring_in
from tests.formulary.test_suggestions import publish


@pytest.fixture
def found(world):
    """Two recalled drugs in the list."""
    publish(world, {"M1": "基层", "M2": "基层"})
    text = "药品名称,规格,批号,召回级别\n阿莫西林胶囊,0.25g,2601,二级\n氨氯地平片,5mg,7,三级\n"
    bring_in("recall", text, edition="召回2026-11", valid_from=TODAY, document="苏药监召〔2026〕1号")
    scan(world.alliance, on=TODAY, by=None, now=NOW)
    return world


@pytest.fixture
def sign_in(client, found):
    def _sign_in(role):
        client.force_login(found.people[role])
        return client

    return _sign_in


def words(answer):
    return answer.content.decode()


def test_everyone_of_governance_sees_the_finding_with_its_evidence(sign_in):
    client = sign_in(Role.BUREAU)
    page = words(client.get(reverse("suggestion_list")))
    assert "二级召回涉及阿莫西林胶囊 0.25g" in page
    assert "不采纳所选" not in page
    one = Suggestion.objects.get(presentation__code="M2")
    detail = words(client.get(reverse("suggestion_detail", args=[one.pk])))
    assert "苏药监召〔2026〕1号" in detail
    assert "2601" in detail
    assert "采纳并起草申请" not in detail


def test_secretary_accepts_and_finds_a_draft(sign_in):
    client = sign_in(Role.SECRETARY)
    one = Suggestion.objects.get(presentation__code="M2")
    answer = client.post(reverse("suggestion_accept", args=[one.pk]), follow=True)
    assert f"已起草申请 {Adjustment.objects.get().number}" in words(answer)
    again = client.post(reverse("suggestion_accept", args=[one.pk]), follow=True)
    assert "已采纳" in words(again)
    assert Adjustment.objects.count() == 1


def test_many_are_set_aside_with_one_reason(sign_in):
    client = sign_in(Role.SECRETARY)
    ids = list(Suggestion.objects.values_list("pk", flat=True))
    answer = client.post(reverse("suggestion_dismiss"), {"pick": ids, "reason": "批号不在库"}, follow=True)
    assert "已记录 2 条不采纳" in words(answer)
    assert "没有符合条件的线索" in words(answer)
    aside = words(client.get(reverse("suggestion_list"), {"state": "dismissed"}))
    assert "批号不在库" in aside


def test_dismissal_without_a_reason_or_of_nothing_is_refused_in_words(sign_in):
    client = sign_in(Role.SECRETARY)
    one = Suggestion.objects.first()
    answer = client.post(reverse("suggestion_dismiss"), {"pick": one.pk, "back": "detail"}, follow=True)
    assert "请写明不采纳的理由" in words(answer)
    assert answer.redirect_chain[-1][0] == reverse("suggestion_detail", args=[one.pk])
    answer = client.post(reverse("suggestion_dismiss"), {"reason": "无"}, follow=True)
    assert "所选线索已处理" in words(answer)
    assert not Suggestion.objects.exclude(state="open").exists()


def test_list_filters_by_trigger_and_word(sign_in):
    client = sign_in(Role.SECRETARY)
    assert "共 <b>1</b> 条" in words(client.get(reverse("suggestion_list"), {"q": "阿莫西林"}))
    assert "没有符合条件的线索" in words(client.get(reverse("suggestion_list"), {"trigger": "unused"}))
    assert "共 <b>2</b> 条" in words(client.get(reverse("suggestion_list"), {"trigger": "recall", "state": "nonsense"}))


def test_the_button_starts_one_job_and_leads_to_it(sign_in):
    client = sign_in(Role.SECRETARY)
    first = client.post(reverse("suggestion_scan"))
    second = client.post(reverse("suggestion_scan"))
    job = Job.objects.get(kind="suggestions")
    assert first.url == second.url == f"{reverse('suggestion_list')}?job={job.pk}"
    assert "查找调整线索" in words(client.get(first.url))
    assert client.get(reverse("suggestion_scan_state", args=[job.pk])).status_code == 200


def test_secretary_sees_the_count_in_the_menu_and_on_the_first_page(sign_in):
    home = words(sign_in(Role.SECRETARY).get(reverse("home")))
    assert "药品召回" in home
    assert "2 条" in home
