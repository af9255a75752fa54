"""Handlers of jobs (settings.JOBS): long work started by a button, with progress."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from formulary.actions.assessments import assess_recent
from formulary.actions.jobs import JobRun
from formulary.actions.suggestions import scan
from shortage.actions import backtesting, posting, replaying
from shortage.actions.balancing import plan_alliance
from shortage.actions.watch import watch as watch_once
from shortage.models import Trial


def watch(run: JobRun) -> dict[str, Any]:
    """The nightly pass at the press of a button. params: {"as_of": ISO date}."""
    as_of = dt.date.fromisoformat(run.params["as_of"])
    done = watch_once(run.job.alliance, as_of, by=run.job.owner, now=timezone.now(), report=run.report, job=run.job)
    today, now = timezone.localdate(), timezone.now()
    scan(run.job.alliance, on=today, by=run.job.owner, now=now)
    assess_recent(run.job.alliance, today=today, now=now)
    return {"as_of": as_of.isoformat(), "seconds": done.seconds, **done.counts}


def balance(run: JobRun) -> dict[str, Any]:
    """The alliance's transfer plan. params: {}."""
    done = plan_alliance(run.job.alliance, by=run.job.owner, now=timezone.now(), report=run.report, job=run.job)
    return {"run": done.pk, **done.counts}


def deliver(run: JobRun) -> dict[str, Any]:
    """Sends what waits; what fails is tried again later. params: {}."""
    return posting.deliver(run.job.alliance, now=timezone.now(), report=run.report)


def replay(run: JobRun) -> dict[str, Any]:
    """The warnings on the alliance's own history. params: first, last (ISO dates), step_days. A second run finds it done."""
    done = Trial.objects.filter(job=run.job).first()
    if done is None:
        first, last = (dt.date.fromisoformat(run.params[name]) for name in ("first", "last"))
        done = replaying.replay(
            run.job.alliance, first, last, int(run.params["step_days"]), by=run.job.owner, now=timezone.now(),
            report=run.report, job=run.job,
        )  # fmt: skip
    return {"trial": done.pk, "falls": done.result["falls"], "nights": done.result["nights"]}


def backtest(run: JobRun) -> dict[str, Any]:
    """The forecasts against simpler rules. params: {"month": ISO date of a day in the month to test}."""
    done = Trial.objects.filter(job=run.job).first()
    if done is None:
        month = dt.date.fromisoformat(run.params["month"])
        done = backtesting.backtest(
            run.job.alliance, month, by=run.job.owner, now=timezone.now(), report=run.report, job=run.job
        )
    return {"trial": done.pk, "series": done.result["series"]}
