"""The registry of list kinds, and the one way to read a list file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from formulary.rules.lists import (
    monitored,
    neml,
    nhsa_codes,
    nrdl,
    recalls,
    shortage_list,
    vbp_awards,
    vbp_bids,
    vbp_volumes,
)
from formulary.rules.lists.entries import Entry, Layout, with_ordinals
from formulary.rules.tables import DataRefused, Fault, Table, read_tables

Reading = tuple[Layout, Callable[[Table, list[Fault]], list[Entry]]]
# The list itself first, then the tables that belong to it under other columns.
_KINDS: dict[str, tuple[Reading, ...]] = {
    "neml": ((neml.LAYOUT, neml.read), (neml.DERIVED_LAYOUT, neml.read_derived)),
    "nrdl": ((nrdl.LAYOUT, nrdl.read), (nrdl.PIECES_LAYOUT, nrdl.read_pieces)),
    "vbp_awards": (
        (vbp_awards.LAYOUT, vbp_awards.read),
        (vbp_bids.LAYOUT, vbp_bids.read),
        (vbp_bids.TRIAL_LAYOUT, vbp_bids.read_trial),
    ),
    "vbp_volumes": ((vbp_volumes.LAYOUT, vbp_volumes.read), (vbp_volumes.CITY_LAYOUT, vbp_volumes.read_cities)),
    "nhsa_codes": ((nhsa_codes.LAYOUT, nhsa_codes.read),),
    "shortage_list": ((shortage_list.LAYOUT, shortage_list.read),),
    "monitored": ((monitored.LAYOUT, monitored.read),),
    "recall": ((recalls.LAYOUT, recalls.read),),
}
KINDS = tuple(_KINDS)
TENDER_KINDS = frozenset({"vbp_awards", "vbp_volumes"})


def read_list(kind: str, source: Path | bytes, *, name: str = "") -> list[Entry]:
    """Every row of the file as one entry, in file order; several sheets may each hold a table of the kind.

    Raises DataRefused with all faults: columns that do not fit (saying what is expected), cells that cannot be read.
    """
    label = name or (source.name if isinstance(source, Path) else "文件")
    headers = {header for layout, _ in _KINDS[kind] for header in layout.headers()}
    tables = [table for table in read_tables(source, name=label, headers=headers).values() if table.columns]
    fitting = [(table, read) for table in tables if (read := _reading(kind, table)) is not None]
    if not fitting:
        nearest = max((layout for layout, _ in _KINDS[kind]), key=lambda each: max(map(each.share, tables), default=0))
        raise DataRefused([nearest.refuse(tables)], source=label)
    faults: list[Fault] = []
    entries = [entry for table, read in fitting for entry in read(table, faults)]
    if not entries and not faults:
        faults.append(Fault(fitting[0][0].name, None, "", "", "没有数据行"))
    if faults:
        raise DataRefused(faults, source=label)
    return with_ordinals(entries)


def _reading(kind: str, table: Table) -> Callable[[Table, list[Fault]], list[Entry]] | None:
    return next((read for layout, read in _KINDS[kind] if layout.fits(table)), None)
