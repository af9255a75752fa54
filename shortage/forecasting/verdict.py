"""How a replay did: the figures of its report, and its alerts as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from shortage.forecasting.replay import Replay
from shortage.rules import grading

Flags = NDArray[np.bool_]
FARTHEST = 24
"""An expected stock-out farther off than this many lead times is not dated."""


@dataclass(frozen=True)
class Alarm:
    """One standing alert at the end of one period; periods: until the expected stock-out, 0 now, None not dated."""

    series: int
    period: int
    level: str
    risk: float
    periods: int | None


def alarms(result: Replay, first: int, lead: int) -> Iterator[Alarm]:
    """Every alert that stands at the end of a period from `first`, series by series."""
    for n, t in np.argwhere(result.level > grading.NONE):
        if t < first:
            continue
        stock, rate = result.stock[n, t], result.rate[n, t]
        ahead = 0 if stock <= 0 else int(np.ceil(stock / rate)) if rate > 0 else None
        if ahead is not None and ahead > FARTHEST * lead:
            ahead = None
        yield Alarm(int(n), int(t), grading.NAMES[result.level[n, t]], float(result.risk[n, t]), ahead)


def report(result: Replay, first: int, lead: int, sites: int) -> dict[str, object]:
    """Precision, recall, warning time and load, for warnings given while there was stock, and by level.

    Precision: of the warnings whose outcome is known, how many came true within the next period (or lead time).
    Recall: of the times stock fell from something to nothing, how many had a warning at the period before.
    Median warning: periods in a row, up to that one, that the warning had stood (0 when it had not).
    """
    late = np.arange(result.risk.shape[1]) >= first
    stocked = result.row & (result.stock > 0) & late
    falls = _falls(result, first)
    periods = max(1, int((result.row.any(axis=0) & late).sum()))
    standing = (result.level > grading.NONE) & late & result.row
    levels = {}
    for code in (grading.RED, grading.ORANGE, grading.YELLOW):
        mine = result.level == code
        levels[grading.NAMES[code]] = {
            **_counts(result, mine, stocked),
            "at_zero": int((mine & standing & ~stocked).sum()),
            "recall_at_or_above": _share(_warned(result, falls, code).mean() if len(falls) else np.nan),
        }
    runs = _standing_before(result, falls)
    return {
        "periods": periods,
        "sites": sites,
        "series": int(result.risk.shape[0]),
        "lead_time": lead,
        **_counts(result, result.level > grading.NONE, stocked),
        "at_zero": int((standing & ~stocked).sum()),
        "stockouts": len(falls),
        "recall": _share(_warned(result, falls, grading.YELLOW).mean() if len(falls) else np.nan),
        "median_warning": float(np.median(runs[runs > 0])) if (runs > 0).any() else None,
        "alerts_per_site_and_period": round(int((standing & stocked).sum()) / max(1, sites) / periods, 4),
        "new_alerts_per_site_and_period": round(_new(result, standing) / max(1, sites) / periods, 4),
        "levels": levels,
        "scores": {"stock_on_hand": _scores(result, stocked), "all": _scores(result, result.row & late)},
    }


def _counts(result: Replay, mine: Flags, stocked: Flags) -> dict[str, object]:
    given = mine & stocked
    known = given & result.known
    right = int((known & result.happened).sum())
    return {
        "alerts": int(given.sum()),
        "judged": int(known.sum()),
        "came_true": right,
        "precision": _share(right / known.sum() if known.any() else np.nan),
    }


def _falls(result: Replay, first: int) -> NDArray[np.intp]:
    """(k, 2) series and period at whose end there still was stock, and none at the end of the next."""
    now, after = result.stock[:, :-1] > 0, result.stock[:, 1:] <= 0
    seen = result.row[:, :-1] & result.row[:, 1:]
    seen[:, :first] = False
    return np.argwhere(now & after & seen)


def _warned(result: Replay, falls: NDArray[np.intp], code: int) -> Flags:
    return np.asarray(result.level[falls[:, 0], falls[:, 1]] >= code)


def _standing_before(result: Replay, falls: NDArray[np.intp]) -> NDArray[np.int64]:
    """Periods in a row that an alert had stood, up to and with the one before each fall."""
    on = result.level > grading.NONE
    t = np.arange(on.shape[1])
    broken = np.maximum.accumulate(np.where(on, -1, t), axis=1)
    return np.asarray(falls[:, 1] - broken[falls[:, 0], falls[:, 1]], dtype=np.int64)


def _new(result: Replay, standing: Flags) -> int:
    before = np.zeros_like(standing)
    before[:, 1:] = (result.level > grading.NONE)[:, :-1]
    return int((standing & ~before).sum())


def _scores(result: Replay, asked: Flags) -> dict[str, object]:
    cases = asked & result.known & np.isfinite(result.risk)
    p, came = result.risk[cases], result.happened[cases]
    if came.size == 0 or came.all() or not came.any():
        return {"rows": int(came.size), "events": int(came.sum())}
    hits = int(came.sum())
    auc = (rankdata(p)[came].sum() - hits * (hits + 1) / 2) / (hits * (came.size - hits))
    order = np.argsort(-p, kind="stable")
    f1 = 2 * came[order].cumsum() / (np.arange(1, came.size + 1) + hits)
    ends = np.append(np.diff(p[order]) != 0, True)
    best = int(np.where(ends, f1, 0).argmax())
    brier = float(((p - came) ** 2).mean())
    return {
        "rows": int(came.size),
        "events": hits,
        "auc": round(float(auc), 4),
        "best_f1": round(float(f1[best]), 4),
        "best_f1_at": round(float(p[order][best]), 4),
        "brier": round(brier, 5),
        "brier_skill": round(1 - brier / float(came.mean() * (1 - came.mean())), 4),
    }


def _share(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
