"""What other apps and pages may ask of the formulary; one file per noun, all names here."""

from formulary.queries.history import events, verbs, verify_history
from formulary.queries.reach import Scope, scope_of
from formulary.queries.versions import (
    entries,
    entry_counts,
    levels_open_to,
    matching,
    rule_value,
    therapeutic_classes,
    version_in_force,
)

__all__ = [
    "Scope",
    "entries",
    "entry_counts",
    "events",
    "levels_open_to",
    "matching",
    "rule_value",
    "scope_of",
    "therapeutic_classes",
    "verbs",
    "verify_history",
    "version_in_force",
]
