"""The first administrator, and passwords that others have set."""

import pytest
from django.core.management import call_command

from config.access import Role
from formulary.actions.people import PersonRefused, appoint_first_administrator
from formulary.models import Event, Person
from tests.conftest import NOW


def appoint(**changes):
    given = {"alliance_code": "LS", "alliance_name": "溧水医共体", "username": "first", "name": "钱进"}
    return appoint_first_administrator(**(given | changes), by=None, now=NOW)


def test_first_administrator_can_sign_in_and_must_change_the_password(db, client):
    password = appoint()
    assert client.post("/sign-in/", {"username": "first", "password": password}).status_code == 302
    assert client.get("/").headers["Location"] == "/password/"
    answer = client.post(
        "/password/", {"old_password": password, "new_password1": "Qiantang-2026", "new_password2": "Qiantang-2026"}
    )
    assert answer.headers["Location"] == "/"
    assert client.get("/").status_code == 200
    assert Event.objects.filter(verb="修改密码", by="first").exists()


def test_second_first_administrator_is_refused(world):
    with pytest.raises(PersonRefused, match="已有系统管理员"):
        appoint()


def test_taken_user_name_is_refused(db):
    Person.objects.create(username="first", name="别人")
    with pytest.raises(PersonRefused, match="已存在"):
        appoint()


def test_command_prints_the_password_once(db, capsys):
    call_command("first_administrator", alliance_code="LS", alliance_name="溧水医共体")
    assert "初始密码" in capsys.readouterr().out
    assert Person.objects.get(username="admin").roles == [Role.ADMINISTRATOR]
