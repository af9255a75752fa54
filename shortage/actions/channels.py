"""Channels are set up by administrators, or by a person for himself; addresses hold secrets and stay out of the history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Person
from formulary.queries import scope_of
from shortage.actions import posting
from shortage.models import NoticeChannel
from shortage.rules.addresses import AddressRefused, apprise_url, masked

OWN_KINDS = ("mail", "wecom", "dingtalk", "feishu")
"""What a person may set for himself: plain URLs reach into the network and are an administrator's."""


class ChannelRefused(Exception):
    """The channel cannot be kept so."""


def save(channel: NoticeChannel | None, values: Mapping[str, Any], *, by: Person, now: dt.datetime) -> NoticeChannel:
    """Makes or changes a channel. Without ADMINISTER only one's own, for one's own messages. Raises ChannelRefused."""
    with transaction.atomic():
        scope, own = _allowed(channel, by)
        row = channel or NoticeChannel(alliance=scope.alliance)
        for name, value in values.items():
            setattr(row, name, value)
        if own:
            row.person, row.role, row.institution = by, "", None
            if row.kind not in OWN_KINDS:
                raise ChannelRefused("网址推送等方式请系统管理员设置")
        if row.institution is not None and row.institution.alliance_id != scope.alliance.pk:
            raise ChannelRefused("机构不属于本医共体")
        try:
            server = settings.MAIL_SERVER or "localhost:25"
            apprise_url(row.kind, row.address, mail_server=server, sender=settings.MAIL_FROM)
        except AddressRefused as refused:
            raise ChannelRefused(f"地址“{masked(row.address)}”有误：{refused}") from refused
        row.save()
        record("设置通知渠道", row, alliance=scope.alliance, by=by, now=now, data=_told(row))
    return row


def drop(channel: NoticeChannel, *, by: Person, now: dt.datetime) -> None:
    """Switches a channel off for good; its log stays."""
    save(channel, {"active": False}, by=by, now=now)


def try_out(channel: NoticeChannel, *, by: Person, now: dt.datetime) -> str:
    """Sends a test message at once; returns what went wrong, "" when it was taken."""
    scope, _ = _allowed(channel, by)
    error = posting.send(channel, "药衡测试通知", f"这是一条测试通知，由 {by} 发出。\n{settings.SITE_URL}")
    record("测试通知渠道", channel, alliance=scope.alliance, by=by, now=now, data={"error": error})
    return error


def _allowed(channel: NoticeChannel | None, by: Person):  # type: ignore[no-untyped-def]
    """(scope, only his own?)"""
    scope = scope_of(by, Permission.ADMINISTER)
    if scope is not None and (channel is None or channel.alliance_id == scope.alliance.pk):
        return scope, False
    scope = scope_of(by, Permission.SEE_ALERTS)
    if scope is None or (channel is not None and channel.person_id != by.pk):
        raise ChannelRefused("只能设置自己的通知渠道")
    return scope, True


def _told(row: NoticeChannel) -> dict[str, Any]:
    return {
        "kind": row.kind, "address": masked(row.address), "person": row.person_id, "role": row.role,
        "institution": row.institution_id, "least_level": row.least_level, "active": row.active, "digest": row.digest,
    }  # fmt: skip
