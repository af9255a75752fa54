"""Accounts: the first administrator, new passwords."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from config.access import Role
from formulary.actions.history import record
from formulary.models import Alliance, FormerPassword, Membership, Person

# Letters and digits that are not mistaken for one another when read from a screen.
READABLE = "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY34679"


class PersonRefused(Exception):
    """An account cannot be made or changed as asked."""


def appoint_first_administrator(
    *, alliance_code: str, alliance_name: str, username: str, name: str, by: Person | None, now: dt.datetime
) -> str:
    """Makes the alliance, an administrator and an initial password, which is returned once.

    Raises PersonRefused when an administrator exists or the user name is taken.
    """
    if Membership.objects.filter(role=Role.ADMINISTRATOR, valid_to__isnull=True).exists():
        raise PersonRefused("已有系统管理员，请由其在系统管理中建立账号")
    if Person.objects.filter(username=username).exists():
        raise PersonRefused(f"账号 {username} 已存在")
    password = get_random_string(14, READABLE)
    with transaction.atomic():
        alliance, _made = Alliance.objects.get_or_create(code=alliance_code, defaults={"name": alliance_name})
        person = Person(username=username, name=name, must_change_password=True, password_set_at=now)
        person.set_password(password)
        person.save()
        Membership.objects.create(
            person=person, role=Role.ADMINISTRATOR, alliance=alliance, valid_from=timezone.localdate(now)
        )
        record("建立首位管理员", person, alliance=alliance, by=by, now=now)
    return password


def change_password(person: Person, password: str, *, by: Person, now: dt.datetime) -> None:
    """Sets a password chosen by its owner and lifts the duty to change it; the old one is remembered, as a hash."""
    with transaction.atomic():
        FormerPassword.objects.create(person=person, password=person.password, until=now)
        person.set_password(password)
        person.must_change_password = False
        person.password_set_at = now
        person.save(update_fields=["password", "must_change_password", "password_set_at"])
        membership = person.memberships.select_related("alliance").first()
        record("修改密码", person, alliance=membership.alliance if membership else None, by=by, now=now)
