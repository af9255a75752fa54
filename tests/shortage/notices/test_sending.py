"""Messages go out to a real mail server and a real web server, once, at their hour, and again when refused."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from config.access import Role
from formulary.actions import jobs
from formulary.models import Event, Job, RuleValue
from shortage.actions import alerts as people
from shortage.actions import channels, posting, reminding
from shortage.models import Alert, Delivery, Notice, NoticeChannel
from tests.conftest import NOW, TODAY
from tests.shortage.notices.servers import mail_server, web_server

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def short(world, facts):
    facts.version()
    facts.feeds()
    facts.use(world.t1, "M1", 18)
    facts.level(world.t1, "M1", 3000, days=200)
    facts.level(world.t1, "M1", 20)
    return world


def channel(world, kind, address, **more):
    fields = {"alliance": world.alliance, "name": kind, "kind": kind, "address": address, "active": True} | more
    return NoticeChannel.objects.create(**fields)


def test_a_red_alert_reaches_mail_and_webhook_once(short, night, settings):
    with mail_server() as (box, server), web_server() as (received, url):
        settings.MAIL_SERVER, settings.SITE_URL = server, "http://yaoheng.local"
        channel(short, "mail", "liqiang@hospital.cn", person=short.people[Role.PHARMACIST])
        channel(short, "webhook", f"{url}/hook?room=7", institution=short.t1)
        night()
        night()
        assert posting.deliver(short.alliance, now=NOW) == {"sent": 2, "later": 0, "failed": 0}
        assert posting.deliver(short.alliance, now=NOW + HOUR) == {"sent": 0, "later": 0, "failed": 0}
    alert = Alert.objects.get()
    ((subject, text),) = box.texts()
    assert "红色预警" in subject
    assert f"http://yaoheng.local/alerts/{alert.pk}/" in text
    ((path, body),) = received
    assert path == "/hook?room=7"
    assert "氨氯地平片 5mg" in body["message"]
    assert {row.state for row in Delivery.objects.all()} == {"sent"}


def test_the_job_sends_what_the_night_wrote(short, night, settings, django_capture_on_commit_callbacks):
    with web_server() as (received, url):
        channel(short, "webhook", url)
        with django_capture_on_commit_callbacks(execute=True):
            night()
        job = Job.objects.get(kind="deliver")
        Delivery.objects.update(next_at=NOW - HOUR)
        jobs.perform(job.pk)
    assert len(received) == 1
    assert Job.objects.get(pk=job.pk).result["sent"] == 1


def test_a_refused_message_is_tried_again_later_and_then_given_up(short, night):
    RuleValue.objects.create(key="notice.attempts", value=2, valid_from=TODAY, document="院内")
    with web_server([500, 500]) as (received, url):
        row = channel(short, "webhook", url)
        night()
        assert posting.deliver(short.alliance, now=NOW)["later"] == 1
        first = Delivery.objects.get()
        assert (first.attempts, first.next_at) == (1, NOW + dt.timedelta(minutes=1))
        assert first.error
        assert url not in first.error
        assert posting.deliver(short.alliance, now=NOW)["later"] == 0, "not before its time"
        assert posting.deliver(short.alliance, now=NOW + HOUR)["failed"] == 1
        assert len(received) == 2
    assert (Delivery.objects.get().state, row.deliveries.count()) == ("failed", 1)


def test_nobody_listening_is_said_and_not_thrown(short):
    row = channel(short, "webhook", "http://127.0.0.1:9/x")
    assert posting.send(row, "a", "b") != ""
    assert "发信服务器" in posting.send(channel(short, "mail", "a@b.cn"), "a", "b")


def test_quiet_hours_hold_orange_back_and_let_red_through(short, night):
    early = {"quiet_from": dt.time(8), "quiet_to": dt.time(18)}
    channel(short, "webhook", "http://127.0.0.1:9/red", **early)
    held = channel(short, "webhook", "http://127.0.0.1:9/held", red_always=False, **early)
    night()
    when = {row.channel_id: row.next_at for row in Delivery.objects.all()}
    assert timezone.localtime(when.pop(held.pk)).time() == dt.time(18)
    assert set(when.values()) == {NOW}


def test_a_channel_hears_only_its_level_place_and_role(short, night):
    channel(short, "webhook", "http://127.0.0.1:9/other", institution=short.h1)
    channel(short, "webhook", "http://127.0.0.1:9/off", active=False)
    channel(short, "webhook", "http://127.0.0.1:9/head", role="head")
    mine = channel(short, "webhook", "http://127.0.0.1:9/role", role="pharmacist", least_level="red")
    night()
    assert [row.channel for row in Delivery.objects.all()] == [mine]


def test_silence_goes_up_tier_by_tier_and_ends_when_somebody_acts(short, night):
    night()
    head = short.people[Role.HEAD]
    head.memberships.update(institution=short.t1)
    assert reminding.escalate(short.alliance, now=NOW + 3 * HOUR) == 0
    assert reminding.escalate(short.alliance, now=NOW + 4 * HOUR) == 1
    assert reminding.escalate(short.alliance, now=NOW + 5 * HOUR) == 0
    assert [row.person for row in Notice.objects.filter(kind="escalate")] == [head]
    assert reminding.escalate(short.alliance, now=NOW + 24 * HOUR) == 2
    told = set(Notice.objects.filter(kind="escalate").values_list("person__username", flat=True))
    assert told == {"liuyang", "zhangwei", "sunli"}
    alert = Alert.objects.get()
    people.take_on(alert, by=short.people[Role.PHARMACIST], now=NOW + 25 * HOUR)
    assert reminding.escalate(short.alliance, now=NOW + 60 * HOUR) == 0
    assert reminding.escalate(short.alliance, now=NOW + 98 * HOUR) == 1, "a handler who stands still is reminded"
    assert [step.verb for step in alert.steps.all()] == ["raise", "remind", "remind", "take_on", "remind"]


def test_the_cap_of_a_day_holds_for_reminders_too(short, night):
    night()
    head = short.people[Role.HEAD]
    head.memberships.update(institution=short.t1)
    RuleValue.objects.create(key="watch.notices_per_day", value=0, valid_from=TODAY, document="院内")
    assert reminding.escalate(short.alliance, now=NOW + 4 * HOUR) == 0


def test_digest_comes_once_a_day_after_its_hour_and_only_when_there_is_news(short, night):
    channel(short, "webhook", "http://127.0.0.1:9/x", digest=True)
    assert reminding.digest(short.alliance, now=NOW) == 0
    night()
    assert Delivery.objects.count() == 0, "a digest channel hears no single alert"
    assert reminding.digest(short.alliance, now=NOW - 10 * HOUR) == 0
    assert reminding.digest(short.alliance, now=NOW) == 1
    assert reminding.digest(short.alliance, now=NOW + HOUR) == 0
    assert "未解除预警 1 条：红色 1；待处置 1 条" in Delivery.objects.get().body


def test_tick_queues_what_is_due(short, night):
    channel(short, "webhook", "http://127.0.0.1:9/x")
    night()
    Job.objects.all().delete()
    assert reminding.tick(now=NOW + HOUR)["jobs"] == 1
    assert reminding.tick(now=NOW + HOUR)["jobs"] == 0


def test_people_set_their_own_channels_only_and_secrets_stay_out_of_the_history(short):
    pharmacist, other = short.people[Role.PHARMACIST], short.people[Role.HEAD]
    mine = channels.save(None, {"name": "我", "kind": "mail", "address": "liqiang@x.cn"}, by=pharmacist, now=NOW)
    assert mine.person == pharmacist
    with pytest.raises(channels.ChannelRefused):
        channels.save(mine, {"address": "a@b.cn"}, by=other, now=NOW)
    with pytest.raises(channels.ChannelRefused, match="系统管理员"):
        channels.save(None, {"name": "x", "kind": "webhook", "address": "http://10.0.0.1/"}, by=pharmacist, now=NOW)
    with pytest.raises(channels.ChannelRefused, match="完整网址"):
        channels.save(None, {"name": "x", "kind": "wecom", "address": "abc"}, by=pharmacist, now=NOW)
    admin = short.people[Role.ADMINISTRATOR]
    address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
    channels.save(None, {"name": "群", "kind": "wecom", "address": address, "role": ""}, by=admin, now=NOW)
    assert "693a91f6-7xxx" not in str(list(Event.objects.values_list("data", flat=True)))


def test_pages_make_test_and_list_channels(short, client):
    client.force_login(short.people[Role.ADMINISTRATOR])
    with web_server() as (received, url):
        given = {"name": "值班群", "kind": "webhook", "address": url, "least_level": "orange", "active": "on"}
        assert client.post(reverse("channel_new"), given | {"address": "ftp://x"}).status_code == 422
        assert client.post(reverse("channel_new"), given | {"quiet_from": "22:00"}).status_code == 422
        assert client.post(reverse("channel_new"), given).status_code == 302
        row = NoticeChannel.objects.get()
        page = client.post(reverse("channel_test", args=[row.pk]), follow=True).content.decode()
    assert "测试通知已送出" in page
    assert "值班群" in page
    assert "测试通知" in received[0][1]["title"]
    client.force_login(short.people[Role.PHARMACIST])
    assert client.get(reverse("my_channels")).status_code == 200
    assert client.post(reverse("my_channel_edit", args=[row.pk])).status_code == 404
