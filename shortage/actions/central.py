"""Which institution is the alliance's central store."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Institution, Person
from formulary.queries import scope_of
from shortage.models import CentralStore, DeliveryRun
from shortage.rules import runs as rules
from shortage.rules.runs import RunRefused


def mark(institution: Institution, *, by: Person | None, now: dt.datetime) -> CentralStore:
    """Makes `institution` the central store of its alliance, in place of the former. Not while a run is under way.

    `by` None: a command that founds the alliance.
    """
    if by is not None:
        scope = scope_of(by, Permission.RUN_PLANS)
        if scope is None or scope.alliance.pk != institution.alliance_id:
            raise RunRefused("只有采购员可以设定中心药房")
    with transaction.atomic():
        former = CentralStore.objects.select_for_update().filter(alliance=institution.alliance_id).first()
        if former is not None and former.institution_id == institution.pk:
            return former
        if DeliveryRun.objects.filter(alliance=institution.alliance_id, state__in=rules.OPEN).exists():
            raise RunRefused("还有未完成的配送单，完成或取消后才能更换中心药房")
        store, _ = CentralStore.objects.update_or_create(
            alliance=institution.alliance, defaults={"institution": institution, "set_at": now, "set_by": by}
        )
        data = {"institution": institution.code, "former": former.institution.code if former else ""}
        record("设定中心药房", store, alliance=institution.alliance, by=by, now=now, data=data)
    return store
