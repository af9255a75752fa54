"""What the tables of moves share: stored words with the words people read, and one move."""

from __future__ import annotations

from enum import StrEnum


class Labelled(StrEnum):
    """A stored word with the words people read."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Labelled:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member
