"""Initials of a Chinese name, for finding a drug by typing alps for 氨氯地平片."""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin


def initials(name: str, limit: int = 60) -> str:
    """Lower-case initials; Latin letters and digits stay, signs are left out."""
    heads = lazy_pinyin(name, style=Style.FIRST_LETTER, errors="default")
    return "".join(sign for sign in "".join(heads).lower() if sign.isalnum())[:limit]
