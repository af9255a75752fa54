"""Measures on an alert: started with one click, and what came of them returns to the alert as a step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Person, Presentation
from formulary.queries import scope_of
from shortage.models import Alert, AlertState, AlertStep, Disposition, Transfer, TransferLine
from shortage.queries.whatif import bench
from shortage.rules import lifecycle, whatif
from shortage.rules.lifecycle import Verb


class MeasureRefused(Exception):
    """The measure cannot be started or ended so."""


def start(
    alert: Alert,
    kind: str,
    title: str,
    *,
    by: Person,
    now: dt.datetime,
    quantity: int | None = None,
    detail: Mapping[str, Any] | None = None,
    presentation: Presentation | None = None,
    transfer: Transfer | None = None,
    due_on: dt.date | None = None,
    owner: str = "",
    handling: bool = True,
) -> Disposition:
    """Writes a measure down and takes the alert on when nobody has. The same measure is not started twice.

    handling=False: somebody of the alliance starts it for the institution; the alert still waits to be taken on there.
    """
    with transaction.atomic():
        row = _alert(alert, by) if handling else _live(alert)
        same = row.dispositions.filter(kind=kind, state=Disposition.State.STARTED, presentation=presentation)
        if kind not in (Disposition.Kind.TRANSFER, Disposition.Kind.RELEASE) and same.exists():
            raise MeasureRefused("同样的措施已在进行中，请先登记它的结果")
        made = Disposition.objects.create(
            alert=row,
            kind=kind,
            title=title[:200],
            quantity=quantity,
            detail=dict(detail or {}),
            presentation=presentation,
            transfer=transfer,
            by=by,
            at=now,
            due_on=due_on,
            owner=owner[:60],
        )
        if handling and row.state == AlertState.OPEN:
            row.state, row.handler = AlertState.ACTING, by
            row.save(update_fields=["state", "handler"])
        _step(row, Verb.START, str(made), by=by, now=now)
        record(
            "发起处置措施",
            made,
            alliance=row.institution.alliance,
            by=by,
            now=now,
            data={"alert": row.pk, "kind": kind},
        )
    return made


def finish(measure: Disposition, outcome: str, *, worked: bool, by: Person, now: dt.datetime) -> Disposition:
    """Writes down what came of a measure; transfers end by themselves."""
    if not outcome.strip():
        raise MeasureRefused("请写明结果")
    with transaction.atomic():
        row = Disposition.objects.select_for_update(of=("self",)).select_related("alert").get(pk=measure.pk)
        _alert(row.alert, by, live=False)
        if row.state != Disposition.State.STARTED:
            raise MeasureRefused("这项措施已有结果")
        if row.transfer_id:
            raise MeasureRefused("调剂的结果随收货自动登记")
        _end(row, outcome.strip(), worked=worked, by=by, now=now)
    return row


def transfer_arrived(order: Transfer, lines: list[TransferLine], *, by: Person, now: dt.datetime) -> None:
    """After goods came: a step on every alert the trip was made for; when it is over each measure ends, and an alert with
    it whose shelf would raise none. Inside the caller's transaction."""
    measures = {
        measure.alert_id: measure
        for measure in Disposition.objects.filter(transfer=order, state=Disposition.State.STARTED)
    }
    wanted = {*measures, *([order.alert_id] if order.alert_id else [])}
    alerts = Alert.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    for alert in alerts.select_related("institution__alliance", "presentation"):
        got = sum(line.received for line in lines if line.presentation_id == alert.presentation_id)
        told = f"{order.number} 已收货 {got:,} {alert.presentation.unit}"
        if order.closed_at is None:
            _step(alert, Verb.OUTCOME, told, by=by, now=now)
            continue
        if alert.pk in measures:
            words = told if got else f"{order.number} 未收到货"
            _end(measures[alert.pk], words, worked=got > 0, by=by, now=now)
        if alert.state != AlertState.CLOSED:
            _close_if_quiet(alert, order, by=by, now=now)


def _close_if_quiet(alert: Alert, order: Transfer, *, by: Person, now: dt.datetime) -> None:
    """Brings the alert up to what stands on the shelf now, and closes it where that would raise none."""
    found = now_at(alert, timezone.localdate(now))
    if found is None:
        return
    fields = {"risk": round(found[0].p14, 4), "stock": int(found[0].usable), "days_of_supply": found[0].supply}
    Alert.objects.filter(pk=alert.pk).update(**fields)
    if found[1]:
        return
    alert.refresh_from_db()
    alert.state, alert.closed_on, alert.calm_days = AlertState.CLOSED, timezone.localdate(now), 0
    released = order.kind == Transfer.Kind.RELEASE
    alert.outcome = f"{'已动用储备' if released else '已调剂补足'}：{order.number}"
    alert.save()
    _step(alert, Verb.CLOSE, f"{alert.outcome}，14 日缺货概率降至 {found[0].p14:.0%}", by=by, now=now)
    record("结案预警", alert, alliance=alert.institution.alliance, by=by, now=now, data={"transfer": order.number})


def transfer_failed(order: Transfer, *, by: Person, now: dt.datetime) -> None:
    """A refused or cancelled transfer is an outcome too, for every alert it was made for."""
    for measure in Disposition.objects.filter(transfer=order, state=Disposition.State.STARTED).order_by("pk"):
        _end(measure, f"{order.number} {order.get_state_display()}：{order.outcome}", worked=False, by=by, now=now)


def now_at(alert: Alert, on: dt.date) -> tuple[whatif.Outlook, bool] | None:
    """(outlook of the alert's shelf as it stands, would it raise an alert); None before the first pass."""
    seen = bench(alert.institution.alliance, [alert.presentation_id], on)
    place = seen.places.get((alert.institution_id, alert.presentation_id)) if seen else None
    if seen is None or place is None:
        return None
    found = whatif.outlooks([place.shelf], seen.night)[0]
    return found, seen.needs_alert(found)


def _end(row: Disposition, outcome: str, *, worked: bool, by: Person, now: dt.datetime) -> None:
    row.state = Disposition.State.DONE if worked else Disposition.State.FAILED
    row.outcome, row.finished_at, row.finished_by = outcome[:300], now, by
    row.save()
    alert = Alert.objects.select_related("institution__alliance").get(pk=row.alert_id)
    _step(alert, Verb.OUTCOME, f"{row}：{outcome}", by=by, now=now)
    record(
        "登记措施结果",
        row,
        alliance=alert.institution.alliance,
        by=by,
        now=now,
        data={"outcome": outcome, "worked": worked},
    )


def _alert(alert: Alert, by: Person, *, live: bool = True) -> Alert:
    scope = scope_of(by, Permission.HANDLE_ALERTS)
    if scope is None or alert.institution_id not in scope.institution_ids:
        raise lifecycle.NotInReach("只能处置本机构的预警")
    return _live(alert) if live else alert


def _live(alert: Alert) -> Alert:
    row = Alert.objects.select_for_update(of=("self",)).select_related("institution__alliance").get(pk=alert.pk)
    if row.state == AlertState.CLOSED:
        raise lifecycle.AlreadyClosed("预警已解除，不能发起措施；情况有变请先重新打开")
    return row


def _step(alert: Alert, verb: Verb, text: str, *, by: Person, now: dt.datetime) -> None:
    on = timezone.localdate(now)
    AlertStep.objects.create(
        alert=alert, at=now, on=on, verb=verb, level=alert.level, risk=alert.risk, by=by, note=text[:300]
    )
