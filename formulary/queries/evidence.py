"""Asks the sources that settings.EVIDENCE names; a source that is not configured knows nothing.

presentations None asks for every drug: a page asks for the drugs it shows, a nightly scan for all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from formulary.models import Alliance
from formulary.rules import evidence as shapes

Drugs = Collection[int] | None


def use(
    alliance: Alliance, presentations: Drugs, on: dt.date, *, months: int = 12, institutions: Drugs = None
) -> list[shapes.UseRow]:
    """Use of the `months` calendar months before the month of `on`, and that month so far. institutions None: all."""
    return _ask("use", alliance, presentations, on, months=months, institutions=institutions)


def used(alliance: Alliance, on: dt.date, *, months: int) -> set[tuple[int, int]]:
    """(institution, presentation) of everything used in those months: asked of a whole alliance without its amounts."""
    return {(site, drug) for site, drug in _ask("used", alliance, None, on, months=months)}


def stock(alliance: Alliance, presentations: Drugs, on: dt.date) -> list[shapes.StockRow]:
    return _ask("stock", alliance, presentations, on)


def prices(alliance: Alliance, presentations: Drugs, on: dt.date) -> list[shapes.PriceRow]:
    return _ask("price", alliance, presentations, on)


def purchases(
    alliance: Alliance, presentations: Drugs, on: dt.date, *, months: int = 12, institutions: Drugs = None
) -> list[shapes.PurchaseRow]:
    return _ask("purchase", alliance, presentations, on, months=months, institutions=institutions)


def commitments(alliance: Alliance, presentations: Drugs, on: dt.date) -> list[shapes.CommitmentRow]:
    return _ask("commitment", alliance, presentations, on)


def _ask(source: str, alliance: Alliance, presentations: Drugs, on: dt.date, **more: Any) -> list[Any]:
    path = settings.EVIDENCE.get(source, "")
    return list(import_string(path)(alliance, presentations, on, **more)) if path else []
