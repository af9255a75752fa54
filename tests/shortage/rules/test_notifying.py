"""Hours of quiet, waits between tries, tiers; addresses as people paste them."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortage.rules.addresses import AddressRefused, apprise_url, masked
from shortage.rules.notifying import NotifyRules, loud_enough, next_try, not_before, read, tiers_due

DAY = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("at", "start", "end", "then"),
    [
        ("23:30", "22:00", "07:00", "07:00+1"),
        ("03:00", "22:00", "07:00", "07:00"),
        ("07:00", "22:00", "07:00", "07:00"),
        ("12:30", "12:00", "14:00", "14:00"),
        ("11:59", "12:00", "14:00", "11:59"),
        ("11:59", "12:00", "12:00", "11:59"),
    ],
)
def test_quiet_hours_end_when_they_end(at, start, end, then):
    clock = dt.time.fromisoformat
    moment = dt.datetime.combine(DAY.date(), clock(at), tzinfo=dt.UTC)
    hour, _, later = then.partition("+")
    wanted = dt.datetime.combine(DAY.date() + dt.timedelta(days=int(later or 0)), clock(hour), tzinfo=dt.UTC)
    assert not_before(moment, clock(start), clock(end)) == wanted


@given(st.datetimes(timezones=st.just(dt.UTC)).filter(lambda m: m.year < 9999), st.times(), st.times())
def test_a_message_never_goes_out_in_quiet_hours_nor_a_day_late(moment, start, end):
    then = not_before(moment, start, end)
    assert moment <= then <= moment + dt.timedelta(days=1)
    assert not_before(then, start, end) == then


def test_tries_wait_longer_and_end():
    rules = NotifyRules(attempts=4, retry_minutes=(1, 5))
    waits = [next_try(DAY, k, rules) for k in (1, 2, 3, 4)]
    assert [(when - DAY).seconds // 60 if when else None for when in waits] == [1, 5, 5, None]


def test_tiers_are_told_once_each_in_order():
    rules = NotifyRules()
    assert tiers_due(3.9, "red", 0, rules) == []
    assert tiers_due(4, "red", 0, rules) == [0]
    assert tiers_due(30, "red", 1, rules) == [1]
    assert tiers_due(30, "red", 0, rules) == [0, 1]
    assert tiers_due(500, "yellow", 0, rules) == []


def test_settings_are_read_by_name_and_levels_are_ordered():
    assert read(lambda key, default: {"notice.red_hours": [1, 2]}.get(key, default)).red_hours == (1, 2)
    assert loud_enough("red", "orange")
    assert not loud_enough("yellow", "orange")


def test_addresses_become_apprise_urls():
    key = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-1"
    assert apprise_url("wecom", key) == "wecombot://abc-1"
    ding = "https://oapi.dingtalk.com/robot/send?access_token=tok&secret=SEC/1"
    assert apprise_url("dingtalk", ding) == "dingtalk://SEC%2F1@tok"
    assert apprise_url("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/x-1") == "feishu://x-1"
    assert apprise_url("webhook", "https://h.cn/a?b=1") == "jsons://h.cn/a?-b=1"
    mail = apprise_url("mail", "a@b.cn", mail_server="smtps://u:p%40@m.cn", sender="y@m.cn")
    assert mail.startswith("mailtos://u:p%2540@m.cn:465?")
    assert "to=a%40b.cn" in mail


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("wecom", "https://x.cn/send"),
        ("webhook", "x.cn"),
        ("mail", "a,b@c"),
        ("other", "ntfy"),
        ("feishu", "http://a/b"),
    ],
)
def test_what_cannot_be_an_address_says_what_is_expected(kind, address):
    with pytest.raises(AddressRefused, match="应为"):
        apprise_url(kind, address, mail_server="m:25")


def test_secrets_are_masked():
    assert masked("liqiang@hospital.cn") == "li…@hospital.cn"
    assert "0123456789" not in masked("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0123456789abcdef")
