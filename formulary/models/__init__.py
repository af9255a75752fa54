"""Models by noun; other apps import from here."""

from formulary.models.alliance import Alliance, Institution, Level
from formulary.models.history import ChainHead, Event
from formulary.models.job import Job, JobState
from formulary.models.list_upload import ListUpload
from formulary.models.medicine import Medicine, Presentation, Product
from formulary.models.people import Membership, Person
from formulary.models.reference import EntryLink, ListEdition, ListEntry, ListKind, NameMatch
from formulary.models.rule_value import RuleValue
from formulary.models.version import FormularyEntry, FormularyVersion, Restriction

__all__ = [
    "Alliance",
    "ChainHead",
    "EntryLink",
    "Event",
    "FormularyEntry",
    "FormularyVersion",
    "Institution",
    "Job",
    "JobState",
    "Level",
    "ListEdition",
    "ListEntry",
    "ListKind",
    "ListUpload",
    "Medicine",
    "Membership",
    "NameMatch",
    "Person",
    "Presentation",
    "Product",
    "Restriction",
    "RuleValue",
]
