"""Which parts of which edition speak on a day: a later edition replaces the parts it lists, and no others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def speaking(
    editions: Iterable[tuple[Key, str, Sequence[str]]], *, together: frozenset[str]
) -> dict[Key, frozenset[str]]:
    """The parts in force by edition, from (edition, kind, its parts), the latest to begin first.

    Of a kind in `together` (tenders, shortage lists) every running edition speaks whole. An edition with nothing left to say is
    left out.
    """
    replaced: dict[str, set[str]] = {}
    answer: dict[Key, frozenset[str]] = {}
    for key, kind, parts in editions:
        own, later = frozenset(parts), replaced.setdefault(kind, set())
        rest = own if kind in together else own - later
        if rest:
            answer[key] = rest
        later |= own
    return answer
