"""The next version: drafted from what stands and what was passed, published once, frozen; corrected by a further one."""

from formulary.actions.versions.contents import amend, except_finding, reason_of, take, wish_of
from formulary.actions.versions.drafting import describe, discard, draft_correction, draft_import, draft_next
from formulary.actions.versions.publishing import freeze, publish

__all__ = [
    "amend",
    "describe",
    "discard",
    "draft_correction",
    "draft_import",
    "draft_next",
    "except_finding",
    "freeze",
    "publish",
    "reason_of",
    "take",
    "wish_of",
]
