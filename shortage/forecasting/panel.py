"""The one thing every forecast starts from: many series on one calendar, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Freq = Literal["D", "W", "M"]

HALF_LIVES: dict[str, tuple[float, ...]] = {
    "D": (14, 30, 60, 120, 240, np.inf),
    "W": (2, 4, 8, 16, 32, np.inf),
    "M": (1, 2, 4, 8, 16, np.inf),
}
"""Half-lives of the discounted rates, in periods (forecasting.md §1; weeks are days ÷ 7)."""


class ShapeMismatch(ValueError):
    """Arrays of a panel do not belong together."""


@dataclass(frozen=True)
class Panel:
    """N series over the same T periods, oldest first.

    y: (N, T) issues per period; NaN is missing, not zero.
    exposure: (N, T) the share of ordinary demand that could show in a period: in-stock share × calendar factor;
        0 leaves the period out. None means 1 everywhere.
    ahead: (H,) or (N, H) calendar factors of the periods to come; None means 1. Beyond H the factor is 1.
    """

    y: Floats
    exposure: Floats | None = None
    freq: Freq = "D"
    ahead: Floats | None = None

    def __post_init__(self) -> None:
        y = np.asarray(self.y, dtype=np.float32)
        exposure = None if self.exposure is None else np.asarray(self.exposure, dtype=np.float32)
        if y.ndim != 2 or (exposure is not None and exposure.shape != y.shape):
            raise ShapeMismatch(f"y {y.shape}, exposure {None if exposure is None else exposure.shape}")
        if self.freq not in HALF_LIVES:
            raise ShapeMismatch(f"freq {self.freq!r}")
        # The sum finds a NaN in one read of memory, without the mask that isnan would allocate.
        if y.size and not np.isfinite(y.sum(dtype=np.float64)):
            missing = ~np.isfinite(y)
            y = np.where(missing, np.float32(0), y)
            exposure = np.where(missing, np.float32(0), np.float32(1) if exposure is None else exposure)
        object.__setattr__(self, "y", np.ascontiguousarray(y))
        object.__setattr__(self, "exposure", None if exposure is None else np.ascontiguousarray(exposure))

    @property
    def series(self) -> int:
        return int(self.y.shape[0])

    @property
    def periods(self) -> int:
        return int(self.y.shape[1])

    def seen(self) -> Floats:
        """(N, T) exposure, ones where none was given."""
        return np.ones_like(self.y) if self.exposure is None else self.exposure

    def factors_ahead(self, horizon: int) -> Floats:
        """(N or 1, horizon) calendar factors of the next periods."""
        factors = np.ones((1, horizon), dtype=np.float32)
        if self.ahead is not None:
            given = np.atleast_2d(np.asarray(self.ahead, dtype=np.float32))[:, :horizon]
            factors = np.repeat(factors, given.shape[0], axis=0)
            factors[:, : given.shape[1]] = given
        return factors
