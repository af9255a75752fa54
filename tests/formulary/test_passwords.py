"""Passwords: kinds, age, reuse, and a door that closes after wrong ones."""

import datetime as dt

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

import config.settings
from config.access import Role
from formulary.actions.people import change_password

GOOD = "Huashan-2026"


@pytest.fixture
def secretary(world):
    person = world.people[Role.SECRETARY]
    change_password(person, GOOD, by=person, now=timezone.now())
    return person


@pytest.mark.parametrize(
    ("password", "words"),
    [("huashan2026", "至少 3 种"), ("Hs-2026", "8"), (GOOD, "最近 5 次")],
)
def test_a_weak_or_used_password_is_refused_in_words(secretary, password, words):
    with pytest.raises(ValidationError, match=words):
        validate_password(password, secretary)


def test_an_administrator_needs_ten_letters(world):
    validate_password("Ning-2026", world.people[Role.SECRETARY])
    with pytest.raises(ValidationError, match="系统管理员的密码至少 10 位"):
        validate_password("Ning-2026", world.people[Role.ADMINISTRATOR])


def test_the_sixth_password_back_may_be_taken_again(secretary):
    later = timezone.now()
    for number in range(4):
        later += dt.timedelta(days=1)
        change_password(secretary, f"Huashan-next-{number}", by=secretary, now=later)
    with pytest.raises(ValidationError, match="最近 5 次"):
        validate_password(GOOD, secretary)
    change_password(secretary, "Huashan-next-9", by=secretary, now=later + dt.timedelta(days=1))
    validate_password(GOOD, secretary)


def test_an_old_password_must_be_changed_before_anything_else(secretary, client):
    client.force_login(secretary)
    assert client.get(reverse("home")).status_code == 200
    with override_settings(PASSWORD_DAYS=0):
        answer = client.get(reverse("home"), follow=True)
    assert answer.redirect_chain == [(reverse("password_change"), 302)]
    assert "请更换密码" in answer.content.decode()


def test_five_wrong_passwords_close_the_account_for_a_while(secretary, client):
    address = reverse("login")
    wrong = {"username": secretary.username, "password": "Wrong-2026"}
    for _ in range(4):
        assert client.post(address, wrong).status_code == 200
    closed = client.post(address, wrong)
    assert closed.status_code == 429
    assert "账号已暂时锁定" in closed.content.decode()
    right = {"username": secretary.username, "password": GOOD}
    assert client.post(address, right).status_code == 429
    with override_settings(AXES_COOLOFF_TIME=dt.timedelta(0)):
        assert client.post(address, right).status_code == 302


@override_settings(MIDDLEWARE=config.settings.MIDDLEWARE)
def test_a_session_ends_a_while_after_the_last_request(secretary, client):
    client.force_login(secretary)
    client.get(reverse("home"))
    session = client.session
    session["minute"] -= 1
    session.set_expiry(60)
    session.save()
    client.get(reverse("home"))
    assert client.session["minute"] > session["minute"]


def test_a_password_given_by_an_administrator_must_be_changed(world, client):
    administrator, person = world.people[Role.ADMINISTRATOR], world.people[Role.SECRETARY]
    administrator.is_staff = True
    administrator.save()
    client.force_login(administrator)
    address = reverse("admin:auth_user_password_change", args=[person.pk])
    answer = client.post(address, {"password1": GOOD, "password2": GOOD, "usable_password": "true"})
    assert answer.status_code == 302
    person.refresh_from_db()
    assert person.must_change_password
    assert person.check_password(GOOD)
