"""Tonight's levels become alerts: one live alert per drug and institution, its changes kept as steps.

Evaluating the same day again starts from where the day started (`level_before`, `calm_before`), so the same facts
change nothing and corrected facts give the alert they would have given at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from formulary.models import Alliance
from shortage.models import LIVE, Alert, AlertState, AlertStep
from shortage.rules.grading import NAMES
from shortage.rules.lifecycle import Verb
from shortage.rules.watching import Habits

Key = tuple[int, int]
CALMED = "风险已解除（每日监测）"
CORRECTED = "数据更正后未达到预警线"
UNWATCHED = "该机构不再使用此品规"


@dataclass(frozen=True)
class Finding:
    """What tonight says of one series that has, or had, a level."""

    level: str
    calm: int
    cause: str
    reason: str
    risk: float
    drug_short: bool
    stock: int
    supply: float | None
    stockout_on: dt.date | None


@dataclass
class Book:
    """The alerts of an alliance that tonight may touch, by (institution, presentation)."""

    as_of: dt.date
    live: dict[Key, Alert] = field(default_factory=dict)
    ended_today: dict[Key, Alert] = field(default_factory=dict)
    lately: dict[Key, tuple[Alert, bool]] = field(default_factory=dict)

    def before(self, key: Key) -> tuple[str, int]:
        """(level, calm days) at the end of the last evaluated day before tonight."""
        alert = self.live.get(key) or self.ended_today.get(key)
        if alert is None:
            return "", 0
        if alert.updated_on == self.as_of:
            return alert.level_before, alert.calm_before
        return alert.level, alert.calm_days


def read(alliance: Alliance, as_of: dt.date, habits: Habits) -> Book:
    """Live alerts, those that the watch itself closed today, and those closed lately (with: by a person?)."""
    book = Book(as_of)
    mine = Alert.objects.filter(institution__alliance=alliance)
    for alert in mine.filter(LIVE):
        book.live[alert.institution_id, alert.presentation_id] = alert
    since = as_of - dt.timedelta(days=habits.relapse_days)
    closed = list(mine.filter(state=AlertState.CLOSED, closed_on__gte=since).order_by("closed_on", "pk"))
    steps = AlertStep.objects.filter(alert__in=closed, verb__in=[Verb.CLEAR, Verb.CLOSE]).order_by("at", "pk")
    endings = {step.alert_id: step for step in steps}
    for alert in closed:
        key, ending = (alert.institution_id, alert.presentation_id), endings.get(alert.pk)
        by_person = ending is not None and ending.verb == Verb.CLOSE
        book.lately[key] = (alert, by_person)
        if alert.updated_on == as_of and not by_person:
            book.ended_today[key] = alert
    return book


@dataclass
class Outcome:
    """What the night changed: steps to write, alerts to create, to rewrite, and those to tell people about."""

    created: list[Alert] = field(default_factory=list)
    changed: list[Alert] = field(default_factory=list)
    steps: list[AlertStep] = field(default_factory=list)
    told: list[Alert] = field(default_factory=list)


def settle(
    book: Book, findings: Mapping[Key, Finding], blind: set[Key], *, habits: Habits, now: dt.datetime
) -> Outcome:
    """Compares tonight's findings with the book. `blind`: series whose feed is late; their alerts stay as they are.

    Live alerts with neither a finding nor a blind series belong to drugs that are no longer watched: they end.
    """
    out = Outcome()
    for key, found in findings.items():
        alert = book.live.get(key)
        if alert is not None:
            _evaluate(out, alert, found, book, now)
        elif found.level:
            _begin(out, key, found, book, habits, now)
    for key, alert in book.live.items():
        if key not in findings and key not in blind:
            _end(out, alert, UNWATCHED, book.as_of, now)
    return out


def write(out: Outcome) -> None:
    """Inside the caller's transaction."""
    Alert.objects.bulk_create(out.created)
    Alert.objects.bulk_update(out.changed, FIELDS, batch_size=200)
    AlertStep.objects.bulk_create(out.steps)


FIELDS = (
    "level", "state", "cause", "reason", "risk", "drug_short", "stock", "days_of_supply", "stockout_on", "updated_on", "calm_days",
    "level_before", "calm_before", "closed_on", "outcome", "handler",
)  # fmt: skip


def _evaluate(out: Outcome, alert: Alert, found: Finding, book: Book, now: dt.datetime) -> None:
    old, previous = alert.level, _values(alert)
    before = book.before((alert.institution_id, alert.presentation_id))
    _describe(alert, found, book.as_of, before)
    if not found.level:
        alert.level = old
        _end(out, alert, CALMED if before[0] else CORRECTED, book.as_of, now)
        return
    alert.level = found.level
    if found.level != old:
        up = NAMES.index(found.level) > NAMES.index(old)
        _step(out, alert, Verb.ESCALATE if up else Verb.LOWER, now, book.as_of)
        if up:
            out.told.append(alert)
    if _values(alert) != previous:
        out.changed.append(alert)


def _begin(out: Outcome, key: Key, found: Finding, book: Book, habits: Habits, now: dt.datetime) -> None:
    """A new alert, or the old one again when it ended lately."""
    old, by_person = book.lately.get(key, (None, False))
    if old is None:
        alert = Alert(institution_id=key[0], presentation_id=key[1], state=AlertState.OPEN, opened_on=book.as_of)
        out.created.append(alert)
    elif by_person and _snoozed(old, found, book.as_of, habits):
        return
    else:
        alert = old
        alert.state, alert.closed_on, alert.outcome, alert.handler = AlertState.OPEN, None, "", None
        out.changed.append(alert)
    _describe(alert, found, book.as_of, book.before(key))
    alert.level = found.level
    _step(out, alert, Verb.RAISE if old is None else Verb.RELAPSE, now, book.as_of)
    out.told.append(alert)


def _snoozed(alert: Alert, found: Finding, as_of: dt.date, habits: Habits) -> bool:
    """A person closed it a moment ago and it is no worse: it stays closed for some days."""
    since = (as_of - alert.closed_on).days if alert.closed_on else habits.snooze_days
    return since < habits.snooze_days and NAMES.index(found.level) <= NAMES.index(alert.level)


def _end(out: Outcome, alert: Alert, why: str, as_of: dt.date, now: dt.datetime) -> None:
    alert.state, alert.closed_on, alert.outcome = AlertState.CLOSED, as_of, why
    _step(out, alert, Verb.CLEAR, now, as_of, why)
    out.changed.append(alert)


def _describe(alert: Alert, found: Finding, as_of: dt.date, before: tuple[str, int]) -> None:
    alert.cause, alert.reason, alert.risk = found.cause, found.reason, found.risk
    alert.drug_short = found.drug_short
    alert.stock, alert.days_of_supply, alert.stockout_on = found.stock, found.supply, found.stockout_on
    alert.updated_on, alert.calm_days = as_of, found.calm
    alert.level_before, alert.calm_before = before


def _step(out: Outcome, alert: Alert, verb: Verb, now: dt.datetime, on: dt.date, note: str = "") -> None:
    said = note or alert.reason
    out.steps.append(AlertStep(alert=alert, at=now, on=on, verb=verb, level=alert.level, risk=alert.risk, note=said))


def _values(alert: Alert) -> tuple:
    return tuple(alert.handler_id if name == "handler" else getattr(alert, name) for name in FIELDS)
