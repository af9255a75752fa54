"""Text of drug names made comparable: width, brackets, ratio signs, Roman numerals, characters that lists write either way.

`canonical` changes spelling only, never meaning, and is idempotent.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_ROMAN = "ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩⅪⅫ"
_SMALL_ROMAN = "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅺⅻ"
_KEPT = {ord(sign): chr(0xE000 + k) for signs in (_ROMAN, _SMALL_ROMAN) for k, sign in enumerate(signs)}
_BACK = {0xE000 + k: sign for k, sign in enumerate(_ROMAN)}
_ASCII_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10}
# Any bracket counts as a round one; a ratio sign as a colon; the lists use 噁/恶, 䓬/卓, 粘/黏, 甙/苷 for one another.
_SAME = str.maketrans(
    {
        "[": "(", "]": ")", "{": "(", "}": ")", "【": "(", "】": ")", "〔": "(", "〕": ")", "〈": "(", "〉": ")",
        "∶": ":", "：": ":", "～": "-",
        "~": "-", "–": "-", "—": "-", "−": "-", "‐": "-", "－": "-", "·": "", "•": "", "・": "",
        "䓬": "卓", "噁": "恶", "粘": "黏", "甙": "苷", "ß": "β", "µ": "μ", "×": "x", "，": ",", "。": ".", "＋": "+",
    }
)  # fmt: skip
_LONE_ROMAN = re.compile(r"(?<![A-Za-z0-9])(VIII|VII|III|II|IX|IV|VI|I|V|X)(?![A-Za-z0-9])", re.IGNORECASE)
_ENDING_ROMAN = re.compile(r"(?<=[\u4e00-\u9fff])(VIII|VII|III|II|IX|IV|VI)(?=$|[\u4e00-\u9fff;(/,])", re.IGNORECASE)
_NAME_HYPHEN = re.compile(r"(?<=[\u4e00-\u9fff])-(?=[\u4e00-\u9fff])")  # 硝呋太尔-制霉菌素
_GREEK_HYPHEN = re.compile(r"([αβγδ])-(?=\d)")  # 干扰素α-1b


@lru_cache(maxsize=65536)
def canonical(raw: str) -> str:
    """The comparable spelling: no blanks, half-width, round brackets, Roman numerals as Ⅰ…Ⅻ, Latin letters upper-case."""
    text, before = raw, None
    while text != before:  # taking blanks out can bring signs together that NFKC then composes
        before, text = text, _once(text)
    return text


def _once(raw: str) -> str:
    text = unicodedata.normalize("NFKC", raw.translate(_KEPT)).translate(_SAME).translate(_BACK)
    text = "".join(text.split()).replace("\ufeff", "").replace("\u200b", "")
    text = "".join(sign.upper() if sign.isascii() else sign for sign in text)
    text = _NAME_HYPHEN.sub("", text)
    text = _GREEK_HYPHEN.sub(r"\1", text)
    text = _ENDING_ROMAN.sub(lambda found: _roman(found[1]), text)
    return "".join(
        _LONE_ROMAN.sub(lambda found: _roman(found[1]), part) if inside else part for part, inside in _by_depth(text)
    )


def _roman(letters: str) -> str:
    return _ROMAN[_ASCII_ROMAN[letters.upper()] - 1]


def _by_depth(text: str) -> Iterator[tuple[str, bool]]:
    """Pieces of the text, each wholly inside brackets or wholly outside."""
    depth, start = 0, 0
    for position, sign in enumerate(text):
        if sign == "(" and depth == 0:
            yield text[start:position], False
            start = position
        depth += (sign == "(") - (sign == ")" and depth > 0)
        if sign == ")" and depth == 0:
            yield text[start : position + 1], True
            start = position + 1
    yield text[start:], depth > 0


def split_outside(text: str, separators: str) -> list[str]:
    """Splits at separators that stand outside every bracket; empty pieces are dropped."""
    pieces, depth, start = [], 0, 0
    for position, sign in enumerate(text):
        depth += (sign in "(（[［") - (sign in ")）]］" and depth > 0)
        if depth == 0 and sign in separators:
            pieces.append(text[start:position])
            start = position + 1
    pieces.append(text[start:])
    return [piece.strip() for piece in pieces if piece.strip()]


def take_last_bracket(text: str) -> tuple[str, str] | None:
    """("X(A)(B)") → ("X(A)", "B") for a canonical text that ends in a bracket; None otherwise."""
    if not text.endswith(")"):
        return None
    depth = 0
    for position in range(len(text) - 1, -1, -1):
        depth += (text[position] == ")") - (text[position] == "(")
        if depth == 0:
            return (text[:position], text[position + 1 : -1]) if position else None
    return None
