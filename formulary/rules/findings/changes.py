"""What an application would make of the lines of a version: the "this change" of the check."""

from __future__ import annotations

from collections.abc import Mapping

from formulary.rules.adjustment_life import Kind
from formulary.rules.findings.shapes import Entry, Line


def changed(
    lines: Mapping[int, Line], kind: str, presentation: int, line: Line, *, drops: int | None = None
) -> dict[int, Line]:
    """The lines after the application took effect. 紧急临时采购 is read as if the 品规 were listed at its level."""
    after = dict(lines)
    if kind == Kind.REMOVE:
        after.pop(presentation, None)
        return after
    after[presentation] = Entry(line.lowest_level, line.restriction, getattr(line, "tier", 1))
    if kind == Kind.REPLACE and drops is not None:
        after.pop(drops, None)
    return after
