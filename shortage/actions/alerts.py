"""What people do about an alert: take it on, note, close with an outcome, open again. Each leaves a step and an event."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Person
from formulary.queries import scope_of
from shortage.models import LIVE, Alert, AlertStep
from shortage.rules import lifecycle
from shortage.rules.lifecycle import MOVES, Verb


def take_on(alert: Alert, *, by: Person, now: dt.datetime) -> Alert:
    """待处置 → 处置中. Raises AlreadyTaken when a colleague was quicker."""
    return _move(alert, Verb.TAKE_ON, "", by=by, now=now, handler=by)


def note(alert: Alert, text: str, *, by: Person, now: dt.datetime) -> Alert:
    """Writes down what was done or found; the state stays."""
    return _move(alert, Verb.NOTE, _words(text, "请写明处置情况"), by=by, now=now)


def close(alert: Alert, outcome: str, *, by: Person, now: dt.datetime, text: str = "") -> Alert:
    """Ends the case with one of OUTCOMES; 其他 needs words. The watch opens it again when the risk stays."""
    if outcome not in lifecycle.OUTCOMES:
        raise lifecycle.WordsMissing("请选择处置结果")
    words = _words(text, "结果为“其他”时请写明情况") if outcome == "其他" else text.strip()
    said = f"{outcome}：{words}"[:200] if words else outcome
    on = timezone.localtime(now).date()
    return _move(alert, Verb.CLOSE, said, by=by, now=now, outcome=said, closed_on=on, calm_days=0)


def reopen(alert: Alert, text: str, *, by: Person, now: dt.datetime) -> Alert:
    """已解除 → 待处置, when it was closed too early. Raises Succeeded when a newer alert has taken its place."""
    words = _words(text, "请写明重新打开的原因")
    same = Alert.objects.filter(LIVE, institution=alert.institution_id, presentation=alert.presentation_id)
    if same.exclude(pk=alert.pk).exists():
        raise lifecycle.Succeeded("该机构该药品已有新的预警，请在新预警上处置")
    return _move(alert, Verb.REOPEN, words, by=by, now=now, outcome="", closed_on=None, calm_days=0, handler=None)


def _words(text: str, ask: str) -> str:
    if not text.strip():
        raise lifecycle.WordsMissing(ask)
    return text.strip()[:300]


def _move(alert: Alert, verb: Verb, text: str, *, by: Person, now: dt.datetime, **fields: Any) -> Alert:
    """Guard → conditional update → step → history, in one transaction."""
    move = MOVES[verb]
    with transaction.atomic():
        row = Alert.objects.select_related("institution__alliance", "handler").get(pk=alert.pk)
        scope = scope_of(by, Permission.HANDLE_ALERTS)
        if scope is None or row.institution_id not in scope.institution_ids:
            raise lifecycle.NotInReach("只能处置本机构的预警")
        lifecycle.check(verb, row.state, handler=str(row.handler or ""))
        after = move.after or row.state
        if Alert.objects.filter(pk=row.pk, state=row.state).update(state=after, **fields) != 1:
            raise lifecycle.AlreadyTaken("预警刚被他人处置，请刷新后再试")
        on = timezone.localtime(now).date()
        AlertStep.objects.create(
            alert=row, at=now, on=on, verb=verb, level=row.level, risk=row.risk, by=by, note=text[:300]
        )
        alliance = row.institution.alliance
        record(f"{move.label}预警", row, alliance=alliance, by=by, now=now, data={"state": after, "note": text})
    row.refresh_from_db()
    return row
