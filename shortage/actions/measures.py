"""One click on the alert page: the option is looked at again, then started; guards of what it makes hold as always."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from formulary.models import Institution, Person
from shortage.actions import relief, transfers
from shortage.models import Alert, Disposition, Transfer
from shortage.queries.option import Option
from shortage.queries.options import choices
from shortage.queries.settings import act_settings


def _option(alert: Alert, kind: str, on: dt.date, **which: object) -> Option:
    """The option as it stands now; raises MeasureRefused when it is gone."""
    for option in choices(alert, on).options:
        fits = {
            "institution": option.institution.pk if option.institution else None,
            "presentation": option.presentation.pk if option.presentation else None,
            "supplier": option.supplier,
        }
        if option.kind == kind and all(fits[name] == value for name, value in which.items()):
            return option
    raise relief.MeasureRefused("情况已变，这项措施现在不可行，请看最新的建议")


def ask_neighbour(
    alert: Alert, institution: int, *, by: Person, now: dt.datetime, quantity: int | None = None, way: str = ""
) -> Disposition:
    """Plans a transfer from the neighbour to the alert's institution; the asker's own side is signed."""
    with transaction.atomic():
        option = _option(alert, "transfer", timezone.localdate(now), institution=institution)
        donor = Institution.objects.select_related("alliance").get(pk=institution)
        units = quantity or option.quantity
        order = transfers.plan(
            donor,
            alert.institution,
            {alert.presentation_id: units},
            reason=f"{alert.get_level_display()}预警：{alert.presentation}",
            kind=way or Transfer.Kind.GIVEN,
            alert=alert,
            by=by,
            now=now,
        )
        title = f"{option.title} {units:,} {alert.presentation.unit}（{order.number}）"
        return relief.start(
            alert,
            Disposition.Kind.TRANSFER,
            title,
            quantity=units,
            transfer=order,
            detail=_effect(option),
            by=by,
            now=now,
        )


def release_reserve(
    alert: Alert, institution: int, *, by: Person, now: dt.datetime, quantity: int | None = None
) -> Disposition:
    """Asks for goods from the reserve that `institution` keeps: drawn up and signed for the asker, then to be approved."""
    with transaction.atomic():
        option = _option(alert, "release", timezone.localdate(now), institution=institution)
        keeper = Institution.objects.select_related("alliance").get(pk=institution)
        units = quantity or option.quantity
        order = transfers.plan(
            keeper,
            alert.institution,
            {alert.presentation_id: units},
            reason=f"{alert.get_level_display()}预警：{alert.presentation}",
            kind=Transfer.Kind.RELEASE,
            alert=alert,
            by=by,
            now=now,
        )
        title = f"{option.title} {units:,} {alert.presentation.unit}（{order.number}）"
        return relief.start(
            alert,
            Disposition.Kind.RELEASE,
            title,
            quantity=units,
            transfer=order,
            detail=_effect(option),
            by=by,
            now=now,
        )


def suggest_order(
    alert: Alert, supplier: str, *, by: Person, now: dt.datetime, quantity: int | None = None
) -> Disposition:
    """Puts the need before the purchasers; they order, and the order comes back as an expected receipt."""
    option = _option(alert, "order", timezone.localdate(now), supplier=supplier)
    units = quantity or option.quantity
    title = f"{option.title} {units:,} {alert.presentation.unit}"
    detail = {"supplier": supplier, **_effect(option)}
    return relief.start(alert, Disposition.Kind.ORDER, title, quantity=units, detail=detail, by=by, now=now)


def suggest_substitute(alert: Alert, presentation: int, *, by: Person, now: dt.datetime) -> Disposition:
    """Tells the doctors which drug can stand in, with dose and warnings; a doctor decides."""
    option = _option(alert, "substitute", timezone.localdate(now), presentation=presentation)
    detail = {"facts": list(option.facts), "warnings": list(option.warnings), **_effect(option)}
    return relief.start(
        alert,
        Disposition.Kind.SUBSTITUTE,
        option.title,
        presentation=option.presentation,
        detail=detail,
        by=by,
        now=now,
    )


def call_meeting(alert: Alert, *, by: Person, now: dt.datetime) -> Disposition:
    """Puts the shortage on the agenda of the next 会商, with a term and an owner."""
    on = timezone.localdate(now)
    due = on + dt.timedelta(days=act_settings(alert.institution.alliance, on).meeting_days)
    title = f"{alert.presentation}：{alert.reason}"
    return relief.start(alert, Disposition.Kind.MEETING, title, due_on=due, owner=str(by), by=by, now=now)


def _effect(option: Option) -> dict[str, float]:
    return {"before": round(option.before.p14, 4), "after": round(option.after.p14, 4)}
