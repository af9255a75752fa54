"""The nightly pass: forecast → risk → alerts → notices, for one alliance and day.

Running it twice for a day changes nothing; running it again after new facts came gives what it would have given at
once. Days may be skipped. Running it for a day before the newest one writes that day's numbers and leaves alerts alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from formulary.actions.history import record
from formulary.actions.nightly import tidy
from formulary.models import Alliance, Institution, Job, Person
from shortage.actions import calibrating, derived, findings, quality, raising, telling
from shortage.models import AlertStep, Feed, Notice, WatchRun
from shortage.queries import feed_states, watch_settings
from shortage.rules.assessment import Assessment, assess
from shortage.rules.grading import Thresholds
from shortage.rules.lifecycle import Verb
from shortage.rules.policy import ServiceLevels
from shortage.rules.watching import Habits
from shortage.series import Gathered, gather

Report = Callable[[int, str], None]
EDITION = "9"
"""Raised with every change of the method: a day is then computed anew although its facts are the same."""


class NothingToWatch(Exception):
    """The alliance has no institution in use."""


class DayToCome(Exception):
    """The day is later than today and than every fact: its pass would make the coming days old ones, without alerts."""


def watch(
    alliance: Alliance,
    as_of: dt.date,
    *,
    by: Person | None,
    now: dt.datetime,
    report: Report | None = None,
    job: Job | None = None,
) -> WatchRun:
    """Forecasts every watched series as seen from the end of `as_of`, and brings alerts and notices up to it.

    `report(percent, note)` hears of progress, never inside a transaction. Raises NothingToWatch,
    DayToCome.
    """
    started, say = time.monotonic(), report or _silent
    settings = watch_settings(alliance, as_of)
    _check_day(alliance, as_of, timezone.localdate(now))
    tidy(alliance, timezone.localdate(now), now=now)
    say(2, "核对数据")
    if not WatchRun.objects.filter(alliance=alliance, as_of__gt=as_of).exists():
        quality.check(alliance, as_of, now=now)
    say(8, "读取用量、库存与在途订单")
    seen = gather(alliance, as_of, settings[2])
    listed, names = findings.official_shortages(as_of), findings.supplier_names(alliance)
    past = calibrating.settle(alliance, seen, settings[2])
    facts = (seen.fingerprint(), EDITION, *settings, sorted(listed.items()), sorted(names.items()), past.stored())
    print_ = _fingerprint(*facts)
    same = WatchRun.objects.filter(alliance=alliance, as_of=as_of, fingerprint=print_).first()
    if same is not None:
        say(100, "数据没有变化，沿用已有结果")
        return same
    say(45, f"预测 {seen.series.size} 个机构品规的需求")
    computed = assess(seen.inputs, settings[1], overdue_after=settings[2].overdue_days)
    tonight = findings.night(seen, replace(computed, risk=past.applied(computed.risk)), listed, names)
    say(70, "评估缺货风险，写入结果")
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        counts = _write(alliance, tonight, computed, settings, now)
        calibrating.keep(alliance, tonight, computed, past)
        kept = {"counts": counts, "fingerprint": print_, "calibration": past.stored()}
        run = _run(alliance, seen, kept, by=by, now=now, job=job)
        run.seconds = round(time.monotonic() - started, 2)
        run.save(update_fields=["seconds"])
    say(100, "完成")
    return run


def _check_day(alliance: Alliance, as_of: dt.date, today: dt.date) -> None:
    if not alliance.institutions.filter(active=True).exists():
        raise NothingToWatch(f"{alliance} 没有在用的机构，无需监测")
    last = _last_day(alliance, today)
    if as_of > last:
        raise DayToCome(f"{as_of} 还没有到，应不晚于 {last}")


def _run(
    alliance: Alliance, seen: Gathered, kept: dict[str, Any], *, by: Person | None, now: dt.datetime, job: Job | None
) -> WatchRun:
    """The day's row, made or brought up to date, with its history; older days that nobody asks for go."""
    as_of = seen.series.as_of
    run, _ = WatchRun.objects.update_or_create(
        alliance=alliance,
        as_of=as_of,
        defaults={"finished_at": now, "job": job, "seconds": 0, "laws": seen.inputs.leads.stored(), **kept},
    )
    derived.prune(alliance, as_of)
    record("每日监测", run, alliance=alliance, by=by, now=now, data={"as_of": as_of, **kept["counts"]})
    return run


def _last_day(alliance: Alliance, today: dt.date) -> dt.date:
    """Today, or the newest fact where a clock ahead of ours brought one."""
    newest = Feed.objects.filter(institution__alliance=alliance).aggregate(newest=Max("last_date"))["newest"]
    return max(today, newest or today)


def default_day(alliance: Alliance, today: dt.date) -> dt.date:
    """The day a pass without a date speaks of: today when today's stock is here, else the day that has ended."""
    feeds = Feed.objects.filter(institution__alliance=alliance, kind=Feed.Kind.STOCK, last_date__gte=today)
    return today if feeds.exists() else today - dt.timedelta(days=1)


def _write(
    alliance: Alliance,
    tonight: findings.Night,
    computed: Assessment,
    settings: tuple[Thresholds, ServiceLevels, Habits],
    now: dt.datetime,
) -> dict[str, int]:
    """Rows, alerts, notices; answers what the run's page counts."""
    rules, _, habits = settings
    seen, as_of = tonight.seen, tonight.seen.series.as_of
    newest = not WatchRun.objects.filter(alliance=alliance, as_of__gt=as_of).exists()
    lead = Institution.objects.filter(alliance=alliance, is_lead=True).first()
    book = raising.read(alliance, as_of, habits) if newest else raising.Book(as_of)
    levels, causes, judged = findings.judge(tonight, book, lead, rules, habits)
    wanted = np.flatnonzero(tonight.found.demand.observed > 0)
    derived.replace_day(
        alliance,
        as_of,
        derived.forecast_rows(seen, tonight.found, wanted, use_days=habits.use_days),
        derived.risk_rows(
            seen, tonight.found, tonight.rows, tonight.on_order, tonight.coming, levels, causes, computed.risk.p14
        ),
    )
    counts = {"series": seen.series.size, "forecasts": int(wanted.size), "risks": int(tonight.rows.size)}
    counts |= {level: levels.count(level) for level in ("red", "orange", "yellow", "blue")}
    counts["no_data"] = sum(feed.late for feed in feed_states(alliance, as_of))
    if not newest:
        return counts | _told(alliance, as_of)
    judgeable = set(tonight.rows.tolist())
    unseen = {tonight.key(row) for row in range(seen.series.size) if row not in judgeable} if book.live else set()
    out = raising.settle(book, judged, unseen, habits=habits, now=now)
    raising.write(out)
    telling.tell(alliance, out.told, tonight.drugs, as_of=as_of, most=habits.notices_per_day, now=now)
    return counts | _told(alliance, as_of)


def _told(alliance: Alliance, as_of: dt.date) -> dict[str, int]:
    """What the day's passes together raised and sent."""
    raised = AlertStep.objects.filter(
        on=as_of, verb__in=[Verb.RAISE, Verb.ESCALATE, Verb.RELAPSE], alert__institution__alliance=alliance
    )
    notices = Notice.objects.filter(on=as_of, alert__institution__alliance=alliance)
    return {"raised": raised.count(), "notices": notices.count()}


def _fingerprint(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _silent(_percent: int, _note: str) -> None:
    """Nobody listens."""
