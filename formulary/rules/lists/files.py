"""The registry of list kinds, and the one way to read a list file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from formulary.rules.lists import neml, nhsa_codes, nrdl, shortage_list, vbp_awards, vbp_volumes
from formulary.rules.lists.entries import Entry, Layout, with_ordinals
from formulary.rules.tables import DataRefused, Fault, Table, read_tables

_KINDS: dict[str, tuple[Layout, Callable[[Table, list[Fault]], list[Entry]]]] = {
    "neml": (neml.LAYOUT, neml.read),
    "nrdl": (nrdl.LAYOUT, nrdl.read),
    "vbp_awards": (vbp_awards.LAYOUT, vbp_awards.read),
    "vbp_volumes": (vbp_volumes.LAYOUT, vbp_volumes.read),
    "nhsa_codes": (nhsa_codes.LAYOUT, nhsa_codes.read),
    "shortage_list": (shortage_list.LAYOUT, shortage_list.read),
}
KINDS = tuple(_KINDS)
TENDER_KINDS = frozenset({"vbp_awards", "vbp_volumes"})


def read_list(kind: str, source: Path | bytes, *, name: str = "") -> list[Entry]:
    """Every row of the file as one entry, in file order.

    Raises DataRefused with all faults: columns that do not fit (saying what is expected), cells that cannot be read.
    """
    layout, read = _KINDS[kind]
    label = name or (source.name if isinstance(source, Path) else "文件")
    tables = [table for table in read_tables(source, name=label, headers=layout.headers()).values() if table.columns]
    fitting = [table for table in tables if layout.fits(table)]
    if not fitting:
        raise DataRefused([layout.refuse(tables)], source=label)
    faults: list[Fault] = []
    entries = [entry for table in fitting for entry in read(table, faults)]
    if not entries and not faults:
        faults.append(Fault(fitting[0].name, None, "", "", "没有数据行"))
    if faults:
        raise DataRefused(faults, source=label)
    return with_ordinals(entries)
