"""The quick way to read a plain CSV of series: column by column, without looking at each cell.

It answers only when nothing is doubtful; whatever is not plain (workbooks, titles above the header, thousands separators,
any fault) is left to the careful reader, which knows how to name a row.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from formulary.rules.tables import DELIMITERS, clean

TEXTS = ("unique_id", "ds", "site", "item")
NUMBERS = ("y", "stock_end", "received")
ROWS_AT_ONCE = 1_000_000
_WORKBOOKS = (b"PK", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class Plain:
    """texts: by column, the number of each row's text and the texts, trimmed, in order of appearance; numbers: by column,
    NaN where blank."""

    texts: dict[str, tuple[NDArray[np.int32], list[str]]]
    numbers: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.numbers["y"])

    @property
    def columns(self) -> set[str]:
        return {*self.texts, *self.numbers}


def read(source: Path) -> Plain | None:
    """The known columns; None when the file is not plain."""
    with source.open("rb") as stream:
        head = stream.readline(65_536)
    if head.startswith(_WORKBOOKS) or b'"' in head:
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return _columns(source, head.decode(encoding), encoding)
        except UnicodeDecodeError:
            continue
        except (ValueError, pd.errors.ParserError, pd.errors.ParserWarning):
            return None
    return None


def _columns(source: Path, head: str, encoding: str) -> Plain | None:
    mark = max(DELIMITERS, key=head.count)
    names = [clean(name) for name in head.rstrip("\r\n").split(mark)]
    wanted = [name for name in names if name in TEXTS + NUMBERS]
    if not {"unique_id", "ds", "y"} <= set(wanted) or len(set(wanted)) < len(wanted):
        return None
    places = [k for k, name in enumerate(names) if name in wanted]
    kinds: dict[Any, Any] = {k: "object" if names[k] in TEXTS else "float64" for k in places}
    blank: dict[Any, Any] = {k: [""] for k in places if names[k] in NUMBERS}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        parts = pd.read_csv(
            source, header=None, skiprows=1, names=range(len(names)), usecols=places, index_col=False, sep=mark,
            dtype=kinds, keep_default_na=False, na_values=blank, encoding=encoding, chunksize=ROWS_AT_ONCE,
        )  # fmt: skip
        return _joined(parts, {names[k]: k for k in places})


def _joined(parts: Iterator[pd.DataFrame], places: dict[str, int]) -> Plain:
    found: dict[str, list[NDArray]] = {name: [] for name in places}
    known: dict[str, dict[str, int]] = {name: {} for name in places if name in TEXTS}
    for part in parts:
        for name, place in places.items():
            if name in NUMBERS:
                found[name].append(part[place].to_numpy(dtype=np.float64))
                continue
            code, texts = pd.factorize(part[place].to_numpy(dtype=object))
            numbers = [known[name].setdefault(str(text).strip(), len(known[name])) for text in texts]
            found[name].append(np.array(numbers, dtype=np.int32)[code])
    whole: dict[str, NDArray] = {
        name: np.concatenate(columns) if columns else np.empty(0) for name, columns in found.items()
    }
    return Plain(
        {name: (whole[name], list(texts)) for name, texts in known.items()},
        {name: whole[name] for name in places if name in NUMBERS},
    )
