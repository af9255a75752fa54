"""The hash chain of the history: each link covers its content and the link before it (SHA-256)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


def canonical(content: Mapping[str, Any]) -> str:
    """The same text for the same content, whatever the order of its keys."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(previous: str, content: Mapping[str, Any]) -> str:
    """SHA-256 over the previous digest and the canonical content, in hex."""
    return hashlib.sha256(f"{previous}\n{canonical(content)}".encode()).hexdigest()


@dataclass(frozen=True)
class Link:
    number: int
    content: Mapping[str, Any]
    previous: str
    digest: str


@dataclass(frozen=True)
class Break:
    """Where a chain does not hold, in words."""

    number: int
    reason: str


def verify(links: Iterable[Link], *, head_number: int, head_digest: str) -> list[Break]:
    """Every place where the chain does not hold; links in order of number. An empty list means intact."""
    breaks: list[Break] = []
    expected, previous = 1, ""
    for link in links:
        if link.number != expected:
            breaks.append(Break(expected, f"缺少第 {expected} 至 {link.number - 1} 条记录"))
        elif link.previous != previous:
            breaks.append(Break(link.number, f"第 {link.number} 条与前一条不相接"))
        if digest(link.previous, link.content) != link.digest:
            breaks.append(Break(link.number, f"第 {link.number} 条内容与哈希不符，曾被改动"))
        expected, previous = link.number + 1, link.digest
    if expected - 1 != head_number or previous != head_digest:
        breaks.append(Break(head_number, f"链尾应为第 {head_number} 条，实际为第 {expected - 1} 条"))
    return breaks
