"""One count, use, receipt or order entered by hand: the rules of the files apply, and it can be taken back like one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from formulary.actions.history import record
from formulary.models import Person
from formulary.queries import Scope
from formulary.rules.tables import DataRefused, Table
from shortage.actions import intake, quality
from shortage.models import Intake
from shortage.queries import stock as stock_queries
from shortage.rules.stock_file import COLUMNS, Kind
from shortage.rules.stock_rows import check


def enter(
    kind: Kind, values: Mapping[str, str], *, scope: Scope, by: Person, now: dt.datetime, today: dt.date
) -> Intake:
    """values: text by the column names of the files (机构编码, 药品编码, 数量, 日期 …).

    Stock by hand states one lot, or the whole when no 批号 is given. Raises DataRefused with every fault.
    """
    table = Table("", {name: [values.get(name, "")] for name in COLUMNS}, [1])
    checked = check(kind, table, stock_queries.catalogue(scope.alliance, scope.institution_ids), today=today)
    if checked.faults:
        raise DataRefused(checked.faults, source="手工录入")
    with transaction.atomic():
        made = Intake.objects.create(
            alliance=scope.alliance,
            source=Intake.Source.HAND,
            name=f"手工录入{kind.label} · {values.get('机构编码', '')} {values.get('药品编码', '')}"[:200],
            received_at=now,
            by=by,
        )
        counts = intake.put({kind: checked.frame}, intake=made, complete=False, now=now)
        made.counts = {**made.counts, "rows": counts}
        made.save(update_fields=["counts"])
        record("手工录入", made, alliance=scope.alliance, by=by, now=now, data={"kind": kind.value, "rows": counts})
    quality.check(scope.alliance, today, now=now, only=made.institutions.values_list("pk", flat=True))
    return made
