"""Strengths (规格) made comparable: 0.25g = 250mg, 5ml:0.1g = 0.1g/5ml, 40万单位 = 400000单位, 100mg*30 is 100mg in a pack of 30.

`unclear` is an honest answer: "每10丸重1.5g" or "(Ⅰ)" is not compared by guesswork.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from formulary.rules.name_text import canonical, split_outside

# unit as canonical() leaves it (upper-case) → (dimension, factor to the dimension's base unit: μg, μl, 单位)
_UNITS: dict[str, tuple[str, Decimal]] = {
    "KG": ("mass", Decimal(10) ** 9), "G": ("mass", Decimal(10) ** 6), "克": ("mass", Decimal(10) ** 6),
    "MG": ("mass", Decimal(1000)), "毫克": ("mass", Decimal(1000)),
    "μG": ("mass", Decimal(1)), "UG": ("mass", Decimal(1)), "MCG": ("mass", Decimal(1)), "微克": ("mass", Decimal(1)),
    "L": ("volume", Decimal(10) ** 6), "升": ("volume", Decimal(10) ** 6),
    "ML": ("volume", Decimal(1000)), "毫升": ("volume", Decimal(1000)), "μL": ("volume", Decimal(1)), "μl": ("volume", Decimal(1)),
    "万单位": ("activity", Decimal(10) ** 4), "万U": ("activity", Decimal(10) ** 4), "万IU": ("activity", Decimal(10) ** 4),
    "单位": ("activity", Decimal(1)), "国际单位": ("activity", Decimal(1)), "IU": ("activity", Decimal(1)), "U": ("activity", Decimal(1)),
    "%": ("percent", Decimal(1)), "MMOL": ("amount", Decimal(1)), "MBQ": ("radiation", Decimal(1)), "GBQ": ("radiation", Decimal(1000)),
}  # fmt: skip
_AMOUNT = re.compile(
    r"(?<![\dA-Z.])(\d+(?:\.\d+)?)(KG|MCG|MMOL|MBQ|GBQ|μG|UG|MG|G|μL|ML|L|万单位|国际单位|单位|万IU|万U|IU|U|毫克|微克|毫升|克|升|%)(?![A-Z])"
)
_BRACKET = re.compile(r"\([^()]*\)")
_PACK = re.compile(r"[X*]\d+(?![\d.]*(?:MG|G|μG|UG|ML|单位|U)).*$")
_DESCRIBED = re.compile(r"每(?!片$)|相当于|重|装|含")


class Listed(StrEnum):
    """Whether a strength stands among listed ones."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Strength:
    """amounts: (dimension, value in base units), in the order written but volume apart; volume in μl or None.

    `known` is False when the text is not a plain strength.
    """

    amounts: tuple[tuple[str, Decimal], ...]
    volume: Decimal | None
    known: bool
    text: str


@lru_cache(maxsize=65536)
def parse_strength(raw: str) -> Strength:
    """One strength. What stands in brackets (0.5g（80万单位）) says the same thing again and is set aside."""
    text = canonical(raw)
    bare = _PACK.sub("", _drop_brackets(text)).split("/盒")[0]
    shared = re.sub(r"(?<=\d)/(?=\d+(?:\.\d+)?(?:MG|G|μG|UG)\b)", ":", bare)
    amounts, volume = [], None
    for number, unit in _AMOUNT.findall(shared):
        dimension, factor = _UNITS[unit]
        value = (Decimal(number) * factor).normalize()
        if dimension == "volume":
            volume = value if volume is None else volume
        else:
            amounts.append((dimension, value))
    rate = re.search(r"(?:G|%|单位|U)/ML", bare)
    if rate and volume is None:
        volume = Decimal(1000)
    described = bool(_DESCRIBED.search(bare))
    return Strength(tuple(amounts), volume, bool(amounts or volume) and not described, text)


def _drop_brackets(text: str) -> str:
    before = None
    while text != before:
        before, text = text, _BRACKET.sub("", text)
    return text


def same_strength(first: str, second: str) -> bool | None:
    """True, False, or None when one of them cannot be compared."""
    if canonical(first) == canonical(second) and canonical(first):
        return True
    a, b = parse_strength(first), parse_strength(second)
    if not (a.known and b.known):
        return None
    if sorted(a.amounts) != sorted(b.amounts):
        return _by_concentration(a, b)
    if a.volume is None or b.volume is None or a.volume == b.volume:
        return True if a.amounts else a.volume == b.volume
    return False


def _by_concentration(a: Strength, b: Strength) -> bool | None:
    """0.1% against 5ml:5mg: the same only as a concentration; then a person must say whether the volume matters."""
    kinds = {dimension for dimension, _ in a.amounts} ^ {dimension for dimension, _ in b.amounts}
    return None if kinds and ("percent" in kinds or "activity" in kinds or "volume" in kinds) else False


def is_listed(strength: str, listed: tuple[str, ...] | list[str]) -> Listed:
    """Is a strength among those an entry lists? No listed strength means that the list does not restrict it."""
    if not listed:
        return Listed.YES
    answers = [same_strength(strength, each) for each in listed]
    if True in answers:
        return Listed.YES
    return Listed.UNCLEAR if None in answers else Listed.NO


def split_strengths(text: str) -> tuple[str, ...]:
    """ "0.25g（40万单位）、0.5g" → its single strengths; separators inside brackets do not count."""
    return tuple(split_outside(text, "、"))
