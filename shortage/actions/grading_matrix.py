"""The 分级表: a dated rule value of the alliance, changed as a whole with its 文号."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from formulary.models import Alliance, Person, RuleValue
from shortage.rules import classing

KEY = "shortage.grade_matrix"


class MatrixRefused(Exception):
    """The table cannot be kept so."""


def set_matrix(
    alliance: Alliance, rows: Sequence[Mapping[str, Any]], document: str, *, by: Person, now: dt.datetime
) -> RuleValue:
    """In force from today; what was in force before stays under its own days. Raises MatrixRefused."""
    if not document.strip():
        raise MatrixRefused("请写明文号；没有的写“待确认”")
    try:
        kept = classing.checked(list(rows))
    except ValueError as wrong:
        raise MatrixRefused(str(wrong)) from wrong
    today = timezone.localdate(now)
    with transaction.atomic():
        same = RuleValue.objects.select_for_update().filter(alliance=alliance, key=KEY, valid_from=today)
        if same.exists():
            raise MatrixRefused("今天已改过一次分级表，请明天再改：同一天只能有一个值")
        row = RuleValue.objects.create(
            key=KEY, alliance=alliance, value=kept, valid_from=today, document=document.strip()[:120],
            confirmed_by=str(by)[:60], note="短缺分类分级表，自上而下第一条符合的",
        )  # fmt: skip
        record("修改短缺分级表", row, alliance=alliance, by=by, now=now, data={"rows": kept})
    return row
