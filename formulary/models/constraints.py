"""Helpers for invariants that every app's tables share."""

from django.db import models
from django.db.models import Q


def both_or_neither(first: str, second: str, *, name: str) -> models.CheckConstraint:
    """Two columns are set together or not at all (decided_at and decided_by)."""
    return models.CheckConstraint(
        name=name,
        condition=Q(**{f"{first}__isnull": True, f"{second}__isnull": True})
        | Q(**{f"{first}__isnull": False, f"{second}__isnull": False}),
    )


def in_order(first: str, second: str, *, name: str) -> models.CheckConstraint:
    """first ≤ second wherever both are known (validity periods)."""
    return models.CheckConstraint(
        name=name,
        condition=Q(**{f"{first}__isnull": True})
        | Q(**{f"{second}__isnull": True})
        | Q(**{f"{first}__lte": models.F(second)}),
    )


def at_least(column: str, minimum: float, *, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(name=name, condition=Q(**{f"{column}__gte": minimum}))


def one_of(column: str, values: object, *, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(name=name, condition=Q(**{f"{column}__in": list(values)}))
