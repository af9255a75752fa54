"""Alert pages: who sees what, what a click does, and that more rows cost no more queries."""

import pytest
from django.urls import reverse

from config.access import Role
from formulary.models import Job
from shortage.models import Alert, Notice, Risk
from tests.conftest import NOW, TODAY
from tests.shortage.watch.test_alert_actions import make_alert


@pytest.fixture
def enter(world, client):
    """enter(role) signs that person in."""

    def sign_in(role):
        client.force_login(world.people[role])
        return client

    return sign_in


def test_pharmacist_sees_only_own_alerts_and_another_is_not_found(world, enter):
    mine, other = make_alert(world), make_alert(world, world.h1)
    page = enter(Role.PHARMACIST).get(reverse("alert_list"))
    assert [alert.pk for alert in page.context["page"]] == [mine.pk]
    assert enter(Role.PHARMACIST).get(reverse("alert_detail", args=[other.pk])).status_code == 404
    assert enter(Role.PHARMACIST).post(reverse("alert_act", args=[other.pk, "take_on"])).status_code == 404


def test_list_filters_by_level_state_place_and_words(world, enter):
    red = make_alert(world)
    yellow = make_alert(world, world.h1, level="yellow", presentation=world.drugs["M2"])
    closed = make_alert(world, presentation=world.drugs["M3"], state="closed", closed_on=TODAY)
    client = enter(Role.PROCUREMENT)

    def shown(**filters):
        return [alert.pk for alert in client.get(reverse("alert_list"), filters).context["page"]]

    assert shown() == [red.pk, yellow.pk]
    assert shown(level="yellow") == [yellow.pk]
    assert shown(state="closed") == [closed.pk]
    assert shown(institution=world.h1.pk) == [yellow.pk]
    assert shown(words="阿莫西林") == [yellow.pk]
    assert shown(words="没有这个药") == []


def test_taking_on_from_the_list_answers_with_the_new_row(world, enter):
    alert = make_alert(world)
    client = enter(Role.PHARMACIST)
    answer = client.post(reverse("alert_act", args=[alert.pk, "take_on"]), headers={"HX-Request": "true"})
    assert "处置中" in answer.content.decode()
    assert "success" in answer.headers["HX-Trigger"]
    again = client.post(reverse("alert_act", args=[alert.pk, "take_on"]), follow=True)
    assert "预警已由李强接手" in again.content.decode()


def test_closing_without_outcome_shows_the_form_again(world, enter):
    alert = make_alert(world)
    answer = enter(Role.PHARMACIST).post(reverse("alert_act", args=[alert.pk, "close"]), {"text": "好了"})
    assert answer.status_code == 422
    alert.refresh_from_db()
    assert alert.state == "open"
    enter(Role.PHARMACIST).post(reverse("alert_act", args=[alert.pk, "close"]), {"outcome": "已到货"})
    alert.refresh_from_db()
    assert (alert.state, alert.outcome) == ("closed", "已到货")


@pytest.mark.parametrize("role", [Role.COMMITTEE, Role.HEAD, Role.AUDITOR, Role.PROCUREMENT])
def test_reader_has_no_buttons_and_may_not_act(world, enter, role):
    alert = make_alert(world, world.h1)
    page = enter(role).get(reverse("alert_detail", args=[alert.pk]))
    assert "接手" not in page.content.decode()
    assert enter(role).post(reverse("alert_act", args=[alert.pk, "take_on"])).status_code == 403


def test_detail_shows_curve_working_and_steps(world, facts, night, enter):
    facts.version()
    facts.feeds()
    facts.use(world.t1, "M1", 18)
    facts.level(world.t1, "M1", 3000, days=200)
    facts.lot(world.t1, "M1", 30, expires_in=40)
    facts.level(world.t1, "M1", 30)
    facts.order(world.t1, "M1", 500, ordered=2, due=4)
    night()
    alert = Alert.objects.get()
    page = enter(Role.PHARMACIST).get(reverse("alert_detail", args=[alert.pk]))
    curve = page.context["curve"]
    assert len(curve["labels"]) == 120
    assert curve["history"][:90] == [3000.0] * 89 + [30.0]
    assert curve["median"][89] == 30
    assert curve["low"][95] <= curve["median"][95] <= curve["high"][95]
    assert curve["median"][93] > 400, "the order is counted on its agreed day"
    assert curve["low"][93] < 30, "the lower edge counts no delivery"
    assert "补货点" in page.content.decode()
    assert [step["label"] for step in page.context["steps"]] == ["触发"]


def test_list_costs_the_same_queries_however_long_it_is(world, enter, django_assert_max_num_queries):
    for code in world.drugs:
        for place in (world.t1, world.h1):
            make_alert(world, place, presentation=world.drugs[code])
    client = enter(Role.PROCUREMENT)
    with django_assert_max_num_queries(34) as captured:
        client.get(reverse("alert_list"))
    six = len(captured)
    Alert.objects.exclude(pk=Alert.objects.first().pk).delete()
    with django_assert_max_num_queries(34) as captured:
        client.get(reverse("alert_list"))
    assert len(captured) == six


def test_late_feed_is_said_on_the_list(world, facts, night, enter):
    facts.version()
    facts.feeds(world.h1)
    facts.feeds(world.t1, last=12)
    night()
    page = enter(Role.PROCUREMENT).get(reverse("alert_list")).content.decode()
    assert "没有数据：1 家机构" in page
    assert "湖熟" in page
    assert not Risk.objects.exists()


def test_notice_leads_to_its_alert_and_is_read_then(world, enter):
    alert = make_alert(world)
    person = world.people[Role.PHARMACIST]
    notice = Notice.objects.create(person=person, alert=alert, on=TODAY, level="red", text="红色预警", created_at=NOW)
    client = enter(Role.PHARMACIST)
    assert "红色预警" in client.get(reverse("notice_list")).content.decode()
    assert client.post(reverse("notice_read", args=[notice.pk])).url == reverse("alert_detail", args=[alert.pk])
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert enter(Role.HEAD).post(reverse("notice_read", args=[notice.pk])).status_code == 404


def test_watch_button_starts_one_job_for_those_permitted(world, enter):
    assert enter(Role.PHARMACIST).post(reverse("watch_start")).status_code == 403
    client = enter(Role.PROCUREMENT)
    first = client.post(reverse("watch_start"))
    second = client.post(reverse("watch_start"))
    job = Job.objects.get(kind="watch")
    assert first.url == second.url == f"{reverse('alert_list')}?job={job.pk}"
    assert "排队中" in client.get(first.url).content.decode()
    assert client.get(reverse("watch_status", args=[job.pk])).status_code == 200
