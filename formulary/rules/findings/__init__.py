"""The rule check of a version of the 统一用药目录: short labelled rules, each with its formula, 文号, and hard or soft.

check_version(lines, facts)                   what is not kept in a whole version
check_version(lines, facts, before=old)       the same, with the rules about additions and removals
check_change(before, after, facts)            what one change brings: new findings, and those that touch a changed line
"""

from __future__ import annotations

from formulary.rules.findings import antimicrobials, applicants, cover, essential, payment, specs, supply
from formulary.rules.findings.limits import Limits, read_limits
from formulary.rules.findings.shapes import (
    RULES,
    Case,
    Drug,
    Entry,
    Facts,
    Finding,
    Line,
    Lines,
    Rule,
    Site,
)

ROOMS = (specs, antimicrobials, essential, payment, supply, cover, applicants)
"""Importing a room puts its rules into the check."""


def check_version(lines: Lines, facts: Facts, *, before: Lines | None = None) -> list[Finding]:
    """Every finding, the hard ones first, in the order of the rules."""
    case = Case(lines, facts, before)
    found = [finding for one in RULES for finding in one.run(case)]
    return sorted(found, key=lambda finding: not finding.hard)


def check_change(before: Lines, after: Lines, facts: Facts) -> list[Finding]:
    """What going from `before` to `after` brings: findings that were not there, or that rest on a changed line.

    A fault that stood before and is not touched blocks nobody.
    """
    stood = {finding.key for finding in check_version(before, facts)}
    changed = {pk for pk in after if before.get(pk) != after[pk]}
    found = check_version(after, facts, before=before)
    return [one for one in found if one.key not in stood or changed & set(one.drugs)]


def blocking(findings: list[Finding], excepted: set[str]) -> list[Finding]:
    """Hard findings whose rule has no recorded exception."""
    return [finding for finding in findings if finding.hard and finding.code not in excepted]


__all__ = [
    "ROOMS",
    "RULES",
    "Case",
    "Drug",
    "Entry",
    "Facts",
    "Finding",
    "Limits",
    "Line",
    "Lines",
    "Rule",
    "Site",
    "blocking",
    "check_change",
    "check_version",
    "read_limits",
]
