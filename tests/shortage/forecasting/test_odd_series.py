"""Files that nobody would choose: each is answered with finite, rising, non-negative quantiles, or refused in one sentence."""

import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from shortage.forecasting import outlook
from shortage.forecasting.files import forecast_file, replay_file

TAUS = [0.01, 0.05, 0.5, 0.95, 0.999]
RNG = np.random.default_rng(4)
NAN = np.nan


def gaps(n: int) -> np.ndarray:
    y = RNG.poisson(6, n).astype(float)
    y[RNG.random(n) < 0.5] = NAN
    return y


SERIES = {
    "one row": [[5]],
    "one row, use not known": [[NAN]],
    "all zero": np.zeros((5, 50)),
    "constant": np.full((3, 60), 7),
    "only the last is not zero": [[*[0] * 50, 9]],
    "only the first is not zero": [[9, *[0] * 50]],
    "gaps": [gaps(300)],
    "huge beside small": [RNG.poisson(20, 100) * 1e10, RNG.poisson(3, 100)],
    "millionths": [RNG.random(100) * 1e-6],
    "one slip of the pen": [[*[1] * 150, 1e9, *[1] * 149]],
    "five periods": RNG.poisson(4, (20, 5)),
    "short beside long": [[NAN] * 998 + [1, 1], RNG.poisson(5, 1000)],
    "a step up": [[5] * 200 + [500] * 100],
    "a steady climb": [np.arange(60)],
}


@pytest.mark.parametrize("freq", ["D", "W", "M"])
@pytest.mark.parametrize("name", SERIES)
def test_quantiles_are_finite_rising_and_not_negative(name, freq):
    y = np.array(SERIES[name], dtype=float)
    found = outlook.forecast(y, freq, 24, TAUS, ends=np.full(len(y), 500))
    assert found.mean.shape == (len(y), 24)
    for values in (found.mean, found.quantiles):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    assert (np.diff(found.quantiles, axis=0) >= -1e-9).all()


@pytest.mark.parametrize("each", [1, 7, 300])
def test_what_never_varies_is_forecast_as_it_is(each):
    found = outlook.forecast(np.full((1, 60), float(each)), "M", 6, TAUS)
    assert found.mean == pytest.approx(each, rel=0.1)
    assert found.quantiles[1].min() > 0.7 * each
    assert found.quantiles[3].max() < 1.3 * each


@pytest.mark.parametrize("factor", [0.001, 30, 1e9])
def test_the_forecast_does_not_depend_on_the_unit(factor):
    """The same use in boxes, in tablets, in thousands."""
    y = np.random.default_rng(1).poisson(3, (40, 60)).astype(float)
    plain, scaled = (outlook.forecast(a, "M", 3, TAUS) for a in (y, y * factor))
    assert scaled.mean / factor == pytest.approx(plain.mean, rel=0.25)
    assert scaled.mean.sum() / factor == pytest.approx(plain.mean.sum(), rel=0.05)
    if factor > 1:
        assert scaled.quantiles / factor == pytest.approx(plain.quantiles, rel=1e-6)


def test_a_small_series_is_forecast_alike_beside_a_huge_one():
    small = RNG.poisson(3, 100).astype(float)
    alone = outlook.forecast(small[None], "D", 7, [0.5]).mean[0, 0]
    beside = outlook.forecast(np.stack([RNG.poisson(20, 100) * 1e10, small]), "D", 7, [0.5]).mean[1, 0]
    assert beside == pytest.approx(alone, rel=0.15)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


STOCKED = {
    "one row": [("a", 0, 5, 3)],
    "nothing ever moves": [(f"s{n}", k, 0, 0) for n in range(5) for k in range(40)],
    "never runs out": [(f"s{n}", k, 3, 50) for n in range(5) for k in range(40)],
    "always empty": [("a", k, 0, 0) for k in range(40)],
    "stock not known": [("a", k, 2, "" if k < 39 else 3) for k in range(40)],
    "gaps": [("a", k, 2, k % 5) for k in range(200) if k % 7 not in (2, 3)],
    "huge": [("a", k, 10**9 * (k % 3), 10**11 * (k % 4)) for k in range(60)],
    "fractions": [("a", k, 0.001 * (k % 3), 0.01 * (k % 4)) for k in range(60)],
    "one starts when the other ends": [("a", k, 1, 2) for k in range(30)] + [("b", k, 1, 2) for k in range(30, 60)],
}


@pytest.mark.parametrize("freq", ["D", "W", "M"])
@pytest.mark.parametrize("name", STOCKED)
def test_every_history_is_replayed_to_probabilities(tmp_path, name, freq):
    start = dt.date(2024, 1, 1)
    step = {"D": 1, "W": 7, "M": 31}[freq]
    lines = [f"{uid},{start + dt.timedelta(days=step * k)},{y},{stock}" for uid, k, y, stock in STOCKED[name]]
    source = tmp_path / "h.csv"
    source.write_text("unique_id,ds,y,stock_end\n" + "\n".join(lines), encoding="utf-8")
    told = replay_file(source, freq, 2, dt.date(2020, 1, 1), alerts=tmp_path / "a.csv", scores=tmp_path / "s.csv")
    scores = rows_of(tmp_path / "s.csv")
    assert len(scores) == len(lines)  # from before the first period: every row
    assert all(0 < float(row["risk"]) < 1 for row in scores)
    assert told["series"] == len({line.split(",")[0] for line in lines})


def test_a_horizon_far_beyond_the_history_is_answered(tmp_path):
    source = tmp_path / "s.csv"
    source.write_text("unique_id,ds,y\n" + "\n".join(f"a,2024-{m:02}-01,{m}" for m in range(1, 6)), encoding="utf-8")
    forecast_file(source, tmp_path / "f.csv", "M", 120, [0.05, 0.95])
    rows = rows_of(tmp_path / "f.csv")
    assert (len(rows), rows[-1]["ds"]) == (120, "2034-05-01")
    assert list(rows[0]) == ["unique_id", "ds", "mean", "q0.05", "q0.95"]
