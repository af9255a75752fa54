"""What every change of a version asks first: still a draft, on a day that fits."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from formulary.models import FormularyVersion
from formulary.rules.versions import VersionRefused


def must_be_draft(version: FormularyVersion) -> None:
    if version.is_published:
        raise VersionRefused(f"第 {version.number} 版已发布，不能再改；有误请发布更正版")


def must_fit(effective: dt.date, base: FormularyVersion | None, now: dt.datetime) -> None:
    today = timezone.localdate(now)
    if effective < today:
        raise VersionRefused(f"生效日应不早于今天（{today}）")
    if base is not None and base.effective_from is not None and effective < base.effective_from:
        raise VersionRefused(f"生效日应不早于所依据的第 {base.number} 版的生效日（{base.effective_from}）")


def day_of(version: FormularyVersion) -> dt.date:
    if version.effective_from is None:
        raise VersionRefused("请先定生效日")
    return version.effective_from


def must_have_day(version: FormularyVersion, now: dt.datetime) -> None:
    must_fit(day_of(version), version.based_on, now)
