"""How much of a period's demand could show: stock-outs hide it, holidays move it (forecasting.md §3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shortage.forecasting.panel import Floats

SOLD_OUT = 0.5
"""Weight of the period in which stock ran out: demand was seen, but not all of it. Dropping it costs 8 % of RMS."""


def from_stock(y: Floats, stock_end: Floats, freq: str) -> NDArray[np.float32]:
    """(N, T) in-stock share of each period from issues and closing stock; NaN in `stock_end` is not known, counts 1.

    Days: ½ where stock ran out on the day, 0 where the day began and ended empty and nothing was issued.
    Weeks and months: ½ wherever the period ended empty. Paper records of whole empty months are often "not offered",
    and leaving them out makes forecasts of what will be handed out worse (forecasting.md §10).
    """
    empty = np.asarray(stock_end) <= 0
    exposure = np.where(empty, np.float32(SOLD_OUT), np.float32(1))
    if freq == "D":
        before = np.zeros_like(empty)
        before[:, 1:] = empty[:, :-1]
        issued = np.nan_to_num(np.asarray(y)) > 0
        exposure[empty & before & ~issued] = 0
    return exposure


def combine(*parts: Floats | None) -> NDArray[np.float32] | None:
    """Product of the exposures that are given; None when none is."""
    given = [np.asarray(part, dtype=np.float32) for part in parts if part is not None]
    if not given:
        return None
    product = given[0]
    for part in given[1:]:
        product = product * part
    return product
