"""A supplier's year in a few figures, and one score from the shares that are known. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

PARTS = ("on_time", "fill", "price")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One order of one drug: days it took, days it was promised in (None: no date named)."""

    days: int
    promised: int | None


def lead_days(orders: Sequence[Arrived]) -> float | None:
    """The median: one late truck does not make a slow supplier."""
    return float(median(order.days for order in orders)) if orders else None


def on_time_share(orders: Sequence[Arrived]) -> float | None:
    """Orders that came by the promised day; those without a date are not counted."""
    dated = [order for order in orders if order.promised is not None]
    return (
        sum(order.days <= order.promised for order in dated if order.promised is not None) / len(dated)
        if dated
        else None
    )


def price_share(own: float, lowest: float) -> float | None:
    """How near to the lowest price for the same goods: 1 = the lowest."""
    return min(1.0, lowest / own) if own > 0 else None


def total(figures: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    """0–100 by the weights of what is known; None when nothing is."""
    known = {name: figures[name] for name in PARTS if figures.get(name) is not None and weights.get(name)}
    whole = sum(weights[name] for name in known)
    if not whole:
        return None
    return 100 * sum(weights[name] * (value or 0.0) for name, value in known.items()) / whole
