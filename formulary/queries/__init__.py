"""What other apps and pages may ask of the formulary; one file per noun, all names here."""

from formulary.queries.alike import Alike, alike
from formulary.queries.drugs import drug_classes, drugs, entry_in_force, same_group, source_entries
from formulary.queries.history import events, verbs, verify_history
from formulary.queries.jobs import job_kinds, job_of_scope, jobs
from formulary.queries.lists import (
    EditionRow,
    edition_entries,
    edition_rows,
    kinds_never_imported,
    kinds_without_edition,
    list_uploads,
    with_spoken_of,
)
from formulary.queries.matches import (
    RankedCandidate,
    asking_rows,
    matches,
    medicines_named,
    pending_match_count,
    ranked_candidates,
    with_best_candidate,
)
from formulary.queries.medicines import match_medicine, matcher
from formulary.queries.reach import Scope, scope_of
from formulary.queries.status import drug_status, drug_statuses, editions_in_force, listed_entries
from formulary.queries.suggestions import open_by_trigger, open_suggestion_count, suggestion_states, suggestions
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
    "Alike",
    "EditionRow",
    "RankedCandidate",
    "Scope",
    "alike",
    "asking_rows",
    "drug_classes",
    "drug_status",
    "drug_statuses",
    "drugs",
    "edition_entries",
    "edition_rows",
    "editions_in_force",
    "entries",
    "entry_counts",
    "entry_in_force",
    "events",
    "job_kinds",
    "job_of_scope",
    "jobs",
    "kinds_never_imported",
    "kinds_without_edition",
    "levels_open_to",
    "list_uploads",
    "listed_entries",
    "match_medicine",
    "matcher",
    "matches",
    "matching",
    "medicines_named",
    "open_by_trigger",
    "open_suggestion_count",
    "pending_match_count",
    "ranked_candidates",
    "rule_value",
    "same_group",
    "scope_of",
    "source_entries",
    "suggestion_states",
    "suggestions",
    "therapeutic_classes",
    "verbs",
    "verify_history",
    "version_in_force",
    "with_best_candidate",
    "with_spoken_of",
]
