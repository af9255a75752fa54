"""Histories made of the real series beside the project (../shared/series), in the columns of interfaces.md §3.

Real: LMIS months with their stock; carparts, pharmacy and purchase series without. Where a source has no stock, `stocked`
puts a shelf under its demand: weekly review, order up to a level, late deliveries, so that some run out. What is issued
is then what the shelf could give: demand on an empty shelf is hidden, as it is in life.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

SERIES = Path(__file__).resolve().parents[2] / "shared" / "series"
CHAOYANG_DAYS = 7 * 30


def lmis() -> pd.DataFrame:
    """1,235 series × 36 months, Côte d'Ivoire, with closing stock, receipts, site and item."""
    path = SERIES / "ci-contraceptive-lmis" / "logistics_2016_2018.csv"
    frame = pd.read_csv(path, dtype={"site_code": str, "product_code": str})
    names = {"stock_distributed": "y", "stock_received": "received", "site_code": "site", "product_code": "item"}
    frame = frame.rename(columns=names)
    frame["unique_id"] = frame.site + "_" + frame["item"]
    frame["ds"] = [dt.date(a, b, 1).isoformat() for a, b in zip(frame.year, frame.month, strict=True)]
    return frame[["unique_id", "ds", "y", "stock_end", "received", "site", "item"]]


def carparts() -> np.ndarray:
    """2,674 parts × 51 months."""
    return pd.read_csv(SERIES / "carparts" / "carparts_wide.csv", index_col=0).T.to_numpy(float)


def pharmacy(every: str) -> np.ndarray:
    """8 ATC groups, "daily" or "weekly"; the last, partial period is left out."""
    return pd.read_csv(SERIES / "kaggle-pharma-sales" / f"sales{every}.csv").iloc[:-1, 1:9].T.to_numpy(float)


def chaoyang(every: int = 1) -> np.ndarray:
    """78 items of a Chinese pharmacy by days (or `every` days together), returns left out."""
    frame = pd.read_csv(SERIES / "chaoyang-pharmacy" / "chaoyang_pharmacy_sales_2018.csv", dtype={"商品编码": str})
    frame["day"] = pd.to_datetime(frame["推断真实日期"], errors="coerce")
    frame = frame[frame.day.notna() & (frame["销售数量"] > 0)]
    number = (frame.day - frame.day.min()).dt.days
    frame = frame.assign(period=number // every)[number < CHAOYANG_DAYS // every * every]
    wide = frame.pivot_table(index="商品编码", columns="period", values="销售数量", aggfunc="sum", fill_value=0)
    return wide.reindex(columns=range(CHAOYANG_DAYS // every), fill_value=0).to_numpy(float)


def purchases() -> np.ndarray:
    """Units bought a month by product, 20 hospitals of Barcelona together; products with at least 12 orders."""
    frame = pd.read_csv(SERIES / "bcn-hospital-purchases" / "purchase_lines.csv")
    day = pd.to_datetime(frame.FECHAPEDIDO)
    frame = frame.assign(month=day.dt.year * 12 + day.dt.month - 1)
    frame = frame[frame.CANTIDADCOMPRA > 0]
    wide = frame.pivot_table(index="PRODUCTO", columns="month", values="CANTIDADCOMPRA", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=range(wide.columns.min(), wide.columns.max()), fill_value=0)
    return wide[(wide > 0).sum(axis=1) >= 12].to_numpy(float)


def thinned(demand: np.ndarray, sites: int, seed: int = 1) -> np.ndarray:
    """(rows × sites, T): every unit of a row goes to one of the sites, large and small."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.full(sites, 0.8))
    return np.concatenate([rng.multinomial(np.round(row).astype(int), share).T for row in demand]).astype(float)


def stocked(
    demand: np.ndarray, *, lead: float, review: int, cover: float, late: float = 0.12, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(issued, closing stock, received), each (N, T). Order up to mean demand of lead + review + cover periods at every
    review; a delivery takes about `lead` periods, one in 1/late takes four times that."""
    rng = np.random.default_rng(seed)
    n, t = demand.shape
    shelf, coming = np.zeros(n), np.zeros((n, t + 20 * max(1, round(lead)) + 20))
    issued, stock, received = (np.zeros((n, t)) for _ in range(3))
    phase = rng.integers(0, review, n)
    generous = rng.lognormal(0, 0.35, n)
    smooth = demand[:, : max(4, t // 8)].mean(axis=1)
    shelf[:] = np.ceil(smooth * (lead + review + cover) * generous)
    for k in range(t):
        received[:, k] = coming[:, k]
        shelf += coming[:, k]
        issued[:, k] = np.minimum(demand[:, k], np.floor(shelf))
        shelf -= issued[:, k]
        stock[:, k] = shelf
        smooth += (issued[:, k] - smooth) * 0.5 ** (1 / 4) * (4 / t if t < 60 else 0.03)
        wanted = np.ceil(smooth * (lead + review + cover) * generous - shelf - coming[:, k + 1 :].sum(axis=1))
        ordering = ((k + phase) % review == 0) & (wanted > 0)
        takes = np.maximum(1, np.round(lead * rng.lognormal(0, 0.4, n) * np.where(rng.random(n) < late, 4, 1)))
        rows = np.flatnonzero(ordering)
        np.add.at(coming, (rows, np.minimum(k + takes[rows].astype(int), coming.shape[1] - 1)), wanted[rows])
    return issued, stock, received


def as_rows(
    issued: np.ndarray, stock: np.ndarray, received: np.ndarray, freq: str, *, sites: int = 1, first: str = "2022-01-03"
) -> pd.DataFrame:
    """The long file; rows of one item follow each other site by site as `thinned` lays them."""
    n, t = issued.shape
    days = pd.date_range(first, periods=t, freq={"D": "D", "W": "7D", "M": "MS"}[freq]).strftime("%Y-%m-%d").to_numpy()
    names = np.array([f"S{k % sites:02}-I{k // sites:04}" for k in range(n)])
    frame = {"unique_id": np.repeat(names, t), "ds": np.tile(days, n), "y": issued.ravel(), "stock_end": stock.ravel()}
    frame |= {"received": received.ravel()}
    frame |= {"site": np.repeat([name[:3] for name in names], t), "item": np.repeat([name[4:] for name in names], t)}
    return pd.DataFrame(frame)


def by_weeks(*daily: np.ndarray) -> tuple[np.ndarray, ...]:
    """Issued and received summed over weeks, stock as it stands at their end."""
    issued, stock, received = daily
    t = issued.shape[1] // 7 * 7
    total = [a[:, :t].reshape(len(a), -1, 7).sum(axis=2) for a in (issued, received)]
    return total[0], stock[:, 6:t:7], total[1]


def worlds() -> dict[str, tuple[pd.DataFrame, str, int, str]]:
    """name → (file, freq, lead time, first day scored) of the replay benchmark."""
    daily = thinned(pharmacy("daily"), 12)[:, -900:]
    from_days = stocked(daily, lead=5, review=7, cover=5)
    few = stocked(pharmacy("weekly"), lead=2, review=1, cover=1.2)
    town = stocked(chaoyang(), lead=4, review=7, cover=4)
    parts = stocked(carparts()[:600], lead=1, review=1, cover=2.5)
    frame = lmis()
    return {
        "lmis M": (frame, "M", 1, "2017-01-01"),
        "lmis M, no received/site/item": (frame.drop(columns=["received", "site", "item"]), "M", 1, "2017-01-01"),
        "lmis M, lead 3": (frame, "M", 3, "2017-01-01"),
        "lmis M, 20 sites": (frame[frame.site.isin(sorted(frame.site.unique())[::8])], "M", 1, "2017-01-01"),
        "pharmacy D 96": (as_rows(*from_days, "D", sites=12), "D", 7, "2022-07-01"),
        "pharmacy W 96": (as_rows(*by_weeks(*from_days), "W", sites=12), "W", 1, "2022-07-01"),
        "pharmacy W 96, lead 2": (as_rows(*by_weeks(*from_days), "W", sites=12), "W", 2, "2022-07-01"),
        "pharmacy W 8": (as_rows(*few, "W"), "W", 1, "2022-07-01"),
        "chaoyang D 78": (as_rows(*town, "D"), "D", 7, "2022-03-01"),
        "chaoyang W 78": (as_rows(*by_weeks(*town), "W"), "W", 1, "2022-03-01"),
        "carparts M 600": (as_rows(*parts, "M"), "M", 1, "2023-01-01"),
    }
