"""The list excerpts of fixtures/lists, through the same import as any list."""

from __future__ import annotations

import datetime as dt

from fixtures.tables import LISTS, rows
from formulary.actions.reference import import_reference
from formulary.models import ListEdition
from formulary.rules.lists.files import TENDER_KINDS
from procurement.actions.demo.steps import Loading
from procurement.actions.demo.supply import tender_period


def load_lists(loading: Loading) -> dict[str, int]:
    """Imports the kinds of editions.csv that the database holds no edition of; counts rows by kind."""
    known = set(ListEdition.objects.values_list("kind", flat=True))
    return {row["目录"]: _import(row, loading) for row in rows("editions.csv") if row["目录"] not in known}


def _import(row: dict[str, str], loading: Loading) -> int:
    start, end = tender_period(loading.as_of)
    result = import_reference(
        row["目录"],
        LISTS / row["文件"],
        edition=row["版本"],
        valid_from=start if row["目录"] in TENDER_KINDS else dt.date.fromisoformat(row["生效日"]),
        valid_to=end if row["目录"] in TENDER_KINDS else None,
        document=row["文号"],
        by=loading.by,
        now=loading.now,
    )
    return result.new
