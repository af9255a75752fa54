"""What happens when nobody acts: the next tier is told, idle handlers are reminded, the day is summed up.

Quiet as soon as somebody takes the alert on or starts a measure; a relapse starts the hours anew.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from config.access import Role
from formulary.actions.history import record
from formulary.models import Alliance, Membership
from shortage.actions import posting, status
from shortage.models import LIVE, Alert, AlertLevel, AlertState, AlertStep, Delivery, Notice, NoticeChannel
from shortage.queries.settings import notify_settings, watch_settings
from shortage.queries.status import late_reports
from shortage.rules.lifecycle import Verb
from shortage.rules.notifying import TIER_NAMES, TIERS, NotifyRules, tiers_due

RISES = (Verb.RAISE, Verb.ESCALATE, Verb.RELAPSE, Verb.REOPEN)
TIER_ROLES = {"institution": (Role.HEAD,), "alliance": (Role.PROCUREMENT, Role.BUREAU)}


def tick(*, now: dt.datetime) -> dict[str, int]:
    """One round for every alliance; the worker calls it every minute, `manage.py remind` by hand."""
    done: Counter[str] = Counter()
    for alliance in Alliance.objects.order_by("pk"):
        done["escalated"] += escalate(alliance, now=now)
        done["digests"] += digest(alliance, now=now)
        done["rounds"] += status.open_due(alliance, now=now)
        done["late"] += remind_status(alliance, now=now)
        done["jobs"] += posting.start(alliance, now=now) is not None
    return dict(done)


def escalate(alliance: Alliance, *, now: dt.datetime) -> int:
    """Tells the next tier of alerts that nobody took on in time, and handlers of those that stand still. Returns notices."""
    on = timezone.localdate(now)
    rules, habits = notify_settings(alliance, on), watch_settings(alliance, on)[2]
    levels = [level for level in AlertLevel.values if rules.hours(level)]
    alerts = list(
        Alert.objects.filter(LIVE, institution__alliance=alliance, level__in=levels).select_related(
            "institution", "presentation"
        )
    )
    if not alerts:
        return 0
    steps: dict[int, list[AlertStep]] = defaultdict(list)
    for step in AlertStep.objects.filter(alert__in=alerts).order_by("at", "pk"):
        steps[step.alert_id].append(step)
    people = _people(alliance, on)
    sent_today = Counter(
        Notice.objects.filter(on=on, alert__institution__alliance=alliance).values_list("person", flat=True)
    )
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        notices: list[Notice] = []
        for alert in alerts:
            for label, wanted in _due(alert, steps[alert.pk], people, rules, now):
                fresh = [person for person in wanted if sent_today[person] < habits.notices_per_day]
                sent_today.update(fresh)
                notices += [_notice(alert, person, label, on, now) for person in fresh]
                AlertStep.objects.create(
                    alert=alert, at=now, on=on, verb=Verb.REMIND, level=alert.level, risk=alert.risk, note=label
                )
        Notice.objects.bulk_create(notices, ignore_conflicts=True)
        if notices:
            posting.tell_of(alliance, notices, on=on, kind="escalate", now=now)
            record("催办预警", alliance, alliance=alliance, by=None, now=now, data={"notices": len(notices)})
    return len(notices)


def _due(
    alert: Alert,
    steps: list[AlertStep],
    people: dict[tuple[str, int | None], list[int]],
    rules: NotifyRules,
    now: dt.datetime,
) -> list[tuple[str, list[int]]]:
    """(what the step says, whom to tell) for one alert now."""
    risen = max((step.at for step in steps if step.verb in RISES), default=None)
    if risen is None:
        return []
    since = [step for step in steps if step.at >= risen]
    if alert.state == AlertState.ACTING:
        last = max(step.at for step in since)
        idle = (now - last).total_seconds() / 3600
        if alert.handler_id and idle >= rules.idle_hours:
            return [(f"已接手，{idle:.0f} 小时没有进展", [alert.handler_id])]
        return []
    told = sum(step.verb == Verb.REMIND for step in since)
    hours = (now - risen).total_seconds() / 3600
    found = []
    for number in tiers_due(hours, alert.level, told, rules):
        tier = TIERS[number]
        place = alert.institution_id if tier == "institution" else None
        wanted = [person for role in TIER_ROLES[tier] for person in people.get((role, place), [])]
        told_to = f"已告知{TIER_NAMES[tier]}" if wanted else f"{TIER_NAMES[tier]}没有登记人员"
        found.append((f"触发 {hours:.0f} 小时无人接手，{told_to}", wanted))
    return found


def _people(alliance: Alliance, today: dt.date) -> dict[tuple[str, int | None], list[int]]:
    serving = Q(valid_to__isnull=True) | Q(valid_to__gte=today)
    rows = Membership.objects.filter(serving, alliance=alliance, person__is_active=True).order_by("pk")
    found: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    for role, place, person in rows.values_list("role", "institution", "person"):
        found[role, place].append(person)
    return found


def _notice(alert: Alert, person: int, label: str, on: dt.date, now: dt.datetime) -> Notice:
    text = f"{AlertLevel(alert.level).label}预警：{alert.presentation}（{alert.institution.short_name}）。{label}；{alert.reason}"
    return Notice(
        person_id=person, alert=alert, on=on, level=alert.level, kind="escalate", text=text[:300], created_at=now
    )


def remind_status(alliance: Alliance, *, now: dt.datetime) -> int:
    """Tells pharmacists and heads of institutions whose weekly status is late, once a day. Returns notices."""
    on = timezone.localdate(now)
    late = late_reports(alliance, now)
    if not late:
        return 0
    people = _people(alliance, on)
    known = set(Notice.objects.filter(kind="status", on=on).values_list("person", flat=True))
    told: dict[int, str] = {}
    for report in late:
        for role in (Role.PHARMACIST, Role.HEAD):
            for person in people.get((role, report.institution_id), []):
                hours = (now - report.round.due_at).total_seconds() / 3600
                text = f"{report.institution.short_name}{report.round}尚未确认，已逾期 {hours:.0f} 小时。没有短缺也请零报告"
                told.setdefault(person, text)
    fresh = {person: text for person, text in told.items() if person not in known}
    if fresh:
        with transaction.atomic():
            Notice.objects.bulk_create(
                [
                    Notice(person_id=person, on=on, kind="status", text=text[:300], created_at=now)
                    for person, text in fresh.items()
                ],
                ignore_conflicts=True,
            )
            posting.post_words(alliance, fresh, reverse("status_list"), on=on, kind="status", now=now)
            record("催报短缺状态", alliance, alliance=alliance, by=None, now=now, data={"notices": len(fresh)})
    return len(fresh)


def digest(alliance: Alliance, *, now: dt.datetime) -> int:
    """Once a day, after the hour set, a summary to every channel that wants one; none where there is nothing to say."""
    moment = timezone.localtime(now)
    on = moment.date()
    if moment.hour < notify_settings(alliance, on).digest_hour:
        return 0
    summed = Delivery.objects.filter(channel__alliance=alliance, kind="digest", on=on).values("channel")
    channels = NoticeChannel.objects.filter(alliance=alliance, active=True, digest=True).exclude(pk__in=summed)
    written = 0
    for channel in channels:
        text = _summary(alliance, channel)
        if text:
            written += 1
            Delivery.objects.get_or_create(
                channel=channel,
                on=on,
                kind="digest",
                defaults={
                    "subject": f"药衡 {on:%m-%d} 短缺预警摘要", "body": text, "next_at": now, "created_at": now,
                },
            )  # fmt: skip
    return written


def _summary(alliance: Alliance, channel: NoticeChannel) -> str:
    """Counts and the most pressing five, within what the channel may see."""
    rows = Alert.objects.filter(LIVE, institution__alliance=alliance).select_related("institution", "presentation")
    places = _places(alliance, channel)
    if places is not None:
        rows = rows.filter(institution__in=places)
    order = {level: number for number, level in enumerate(("red", "orange", "blue", "yellow"))}
    alerts = sorted(rows, key=lambda alert: (order[alert.level], -alert.risk, alert.pk))
    if not alerts:
        return ""
    counted = Counter(alert.level for alert in alerts)
    open_ = sum(alert.state == AlertState.OPEN for alert in alerts)
    head = "，".join(f"{AlertLevel(level).label} {counted[level]}" for level in order if counted[level])
    lines = [
        f"· {AlertLevel(alert.level).label} {alert.presentation}（{alert.institution.short_name}）{alert.reason}"
        for alert in alerts[:5]
    ]
    link = f"{settings.SITE_URL}{reverse('alert_list')}"
    return "\n".join([f"未解除预警 {len(alerts)} 条：{head}；待处置 {open_} 条", *lines, link])


def _places(alliance: Alliance, channel: NoticeChannel) -> list[int] | None:
    """Institutions the channel speaks for; None is the whole alliance."""
    if channel.institution_id is not None:
        return [channel.institution_id]
    if channel.person_id is None:
        return None
    rows = list(
        Membership.objects.filter(person=channel.person_id, alliance=alliance).values_list("institution", flat=True)
    )
    return None if None in rows else [pk for pk in rows if pk is not None]
