"""What the 抗菌药物工作组 must agree to before the committee votes (卫生部令第84号, text to be confirmed)."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from formulary.rules.adjustment_life import Kind
from formulary.rules.charter import Charter

CLASSES_KEY = "antimicrobial.classes"
CLASSES: tuple[str, ...] = ("抗感染药", "抗菌药", "抗真菌药")
"""Therapeutic classes that count as 抗菌药物 unless a rule value says otherwise: not 抗结核, 抗病毒, 抗寄生虫."""


def is_antimicrobial(therapeutic_class: str, classes: Collection[str] = CLASSES) -> bool:
    return therapeutic_class in classes


def group_share(kind: str, charter: Charter) -> Fraction | None:
    """The share of the group that must agree first; None where the committee decides alone (级别, 紧急 already in use)."""
    if kind in (Kind.ADD, Kind.REPLACE):
        return charter.antimicrobial_group_share
    return charter.antimicrobial_removal_share if kind == Kind.REMOVE else None
