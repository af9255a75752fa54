"""Messages leave the application: one row per channel and event, sent by a job, tried again, and given up in the log.

A person's channel hears what the person is told; a channel of an institution or of the alliance hears of its alerts once,
whoever else is told. Links open the alert. Nothing is sent inside a transaction.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

import apprise
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from formulary.actions import jobs
from formulary.models import Alliance, Job, Membership, Presentation
from shortage.models import Alert, AlertLevel, Delivery, Notice, NoticeChannel
from shortage.queries.settings import notify_settings
from shortage.rules.addresses import AddressRefused, apprise_url
from shortage.rules.notifying import loud_enough, next_try, not_before

Report = Callable[[int, str], None]
State = Delivery.State


def post(
    alliance: Alliance,
    notices: Iterable[Notice],
    alerts: Iterable[Alert],
    drugs: Mapping[int, Presentation],
    *,
    on: dt.date,
    kind: str,
    now: dt.datetime,
) -> int:
    """Writes the messages of these notices (to persons' channels) and alerts (to group channels), and starts the job that
    sends them. A message that was written before is not written again. In the caller's transaction."""
    channels = list(
        NoticeChannel.objects.filter(alliance=alliance, active=True, digest=False).select_related(
            "institution", "person"
        )
    )
    if not channels:
        return 0
    told: dict[int, list[tuple[Alert, str]]] = {}
    for notice in notices:
        if notice.alert is not None:
            told.setdefault(notice.person_id, []).append((notice.alert, notice.text))
    every = [(alert, _text(alert, drugs[alert.presentation_id])) for alert in alerts]
    personal = _of_roles(alliance, [channel for channel in channels if channel.role], timezone.localdate(now))
    rows = []
    for channel in channels:
        if channel.person_id is not None:
            heard = told.get(channel.person_id, [])
        elif channel.role:
            heard = _once(pair for person in personal[channel.pk] for pair in told.get(person, []))
        else:
            heard = [(a, t) for a, t in every if channel.institution_id in (None, a.institution_id)]
        rows += [_row(channel, a, t, on, kind, now) for a, t in heard if loud_enough(a.level, channel.least_level)]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        transaction.on_commit(partial(start, alliance, now=now))
    return len(rows)


def post_words(
    alliance: Alliance, told: Mapping[int, str], path: str, *, on: dt.date, kind: str, now: dt.datetime
) -> int:
    """Writes messages that speak of no alert to persons' own channels; the caller says each thing once a day."""
    channels = NoticeChannel.objects.filter(alliance=alliance, active=True, digest=False, person__in=list(told))
    rows = [
        Delivery(
            channel=channel,
            kind=kind,
            on=on,
            subject=told[channel.person_id].split("。", 1)[0][:200],
            body=f"{told[channel.person_id]}\n{settings.SITE_URL}{path}",
            next_at=due_at(channel, "", now),
            created_at=now,
        )
        for channel in channels
        if channel.person_id is not None
    ]
    Delivery.objects.bulk_create(rows)
    if rows:
        transaction.on_commit(partial(start, alliance, now=now))
    return len(rows)


def _of_roles(alliance: Alliance, channels: Collection[NoticeChannel], today: dt.date) -> dict[int, list[int]]:
    """People by channel of a role (in an institution where one is named): what any of them is told, the channel says."""
    serving = Q(valid_to__isnull=True) | Q(valid_to__gte=today)
    rows = list(
        Membership.objects.filter(serving, alliance=alliance, person__is_active=True).values_list(
            "role", "institution", "person"
        )
    )
    return {
        channel.pk: [
            person for role, place, person in rows if role == channel.role and channel.institution_id in (None, place)
        ]
        for channel in channels
    }


def _once(pairs: Iterable[tuple[Alert, str]]) -> list[tuple[Alert, str]]:
    return list({alert.pk: (alert, text) for alert, text in pairs}.values())


def _row(channel: NoticeChannel, alert: Alert, text: str, on: dt.date, kind: str, now: dt.datetime) -> Delivery:
    head = {"raise": "", "escalate": "【催办】"}.get(kind, "")
    link = f"{settings.SITE_URL}{reverse('alert_detail', args=[alert.pk])}"
    return Delivery(
        channel=channel,
        alert=alert,
        kind=kind,
        on=on,
        level=alert.level,
        subject=f"{head}{text.split('。', 1)[0]}"[:200],
        body=f"{text}\n{link}",
        next_at=due_at(channel, alert.level, now),
        created_at=now,
    )


def due_at(channel: NoticeChannel, level: str, now: dt.datetime) -> dt.datetime:
    """Now, or the end of the channel's quiet hours."""
    if level == AlertLevel.RED and channel.red_always:
        return now
    return not_before(timezone.localtime(now), channel.quiet_from, channel.quiet_to)


def _text(alert: Alert, drug: Presentation) -> str:
    return f"{AlertLevel(alert.level).label}预警：{drug.name} {drug.strength}（{alert.institution.short_name}）。{alert.reason}"


def start(alliance: Alliance, *, now: dt.datetime) -> Job | None:
    """Queues the sending job unless one is queued or nothing is due."""
    due = Delivery.objects.filter(channel__alliance=alliance, state=State.WAITING, next_at__lte=now)
    if not due.exists() or Job.objects.filter(kind="deliver", alliance=alliance, state="queued").exists():
        return None
    return jobs.start("deliver", title="发送通知", alliance=alliance, params={}, by=None, now=now)


def deliver(alliance: Alliance | None, *, now: dt.datetime, report: Report | None = None) -> dict[str, int]:
    """Sends every message that is due. One that fails waits for its next try, and is given up after the set number.

    A row is claimed before it is sent, so that two workers do not send it twice; a worker killed between the two loses
    no message: the claim runs out.
    """
    counts = {"sent": 0, "later": 0, "failed": 0}
    rows = Delivery.objects.filter(state=State.WAITING, next_at__lte=now).select_related("channel__alliance")
    if alliance is not None:
        rows = rows.filter(channel__alliance=alliance)
    due = list(rows.order_by("created_at", "pk")[:500])
    for number, row in enumerate(due, start=1):
        claim = now + dt.timedelta(minutes=10)
        if not Delivery.objects.filter(pk=row.pk, state=State.WAITING, next_at=row.next_at).update(next_at=claim):
            continue
        counts[_attempt(row, now)] += 1
        if report is not None:
            report(100 * number // len(due), f"已处理 {number}/{len(due)}")
    return counts


def _attempt(row: Delivery, now: dt.datetime) -> str:
    error = send(row.channel, row.subject, row.body)
    row.attempts += 1
    if not error:
        row.state, row.sent_at, row.error = State.SENT, now, ""
    else:
        rules = notify_settings(row.channel.alliance, timezone.localdate(now))
        again = next_try(now, row.attempts, rules)
        row.error = error[:300]
        if again is None:
            row.state = State.FAILED
        else:
            row.next_at = again
    row.save()
    return {State.SENT: "sent", State.WAITING: "later", State.FAILED: "failed"}[State(row.state)]


def send(channel: NoticeChannel, subject: str, body: str) -> str:
    """Hands one message over; returns what went wrong, "" when it was taken."""
    try:
        url = apprise_url(channel.kind, channel.address, mail_server=settings.MAIL_SERVER, sender=settings.MAIL_FROM)
    except AddressRefused as refused:
        return str(refused)
    sender = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Yaoheng", app_desc="Yaoheng", async_mode=False))
    if not sender.add(url):
        return "地址不能识别"
    capture: Any = apprise.LogCapture
    with capture(level=logging.WARNING) as said:
        taken = sender.notify(title=subject, body=body)
        words = said.getvalue().strip().splitlines()
    return "" if taken else _without_secret(words[-1] if words else "对方没有接受，也没有说明原因", channel.address)


def _without_secret(text: str, address: str) -> str:
    return text.replace(address, "…")


logging.getLogger("apprise").propagate = False


def tell_of(alliance: Alliance, rows: Iterable[Notice], *, on: dt.date, kind: str, now: dt.datetime) -> int:
    """`post` for notices whose alerts are joined with drug and institution."""
    notices = list(rows)
    alerts = list({notice.alert.pk: notice.alert for notice in notices if notice.alert is not None}.values())
    drugs: dict[int, Any] = {alert.presentation_id: alert.presentation for alert in alerts}
    return post(alliance, notices, alerts, drugs, on=on, kind=kind, now=now)
