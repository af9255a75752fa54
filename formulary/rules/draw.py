"""Drawing experts from the pool so that anybody can draw them again.

Each expert's place is sha256(seed:number) in hexadecimal; the smallest come first. Drawing one more therefore keeps those
drawn before, and nobody who knows the pool can foresee the draw before the seed is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


class DrawRefused(Exception):
    """Fewer experts are left than are wanted."""


def draw(pool: Iterable[int], wanted: int, seed: str) -> list[int]:
    """`wanted` numbers out of the pool, in the order drawn. Raises DrawRefused."""
    left = sorted(set(pool), key=lambda number: place(number, seed))
    if wanted < 1:
        raise DrawRefused("抽取人数应不少于 1")
    if len(left) < wanted:
        raise DrawRefused(f"可抽取的专家只有 {len(left)} 人，少于要抽取的 {wanted} 人")
    return left[:wanted]


def place(number: int, seed: str) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
