"""Models by noun; other apps import from here."""

from formulary.models.adjustment import Adjustment, AdjustmentFile, AdjustmentStep
from formulary.models.alliance import Alliance, Institution, Level
from formulary.models.assessment import AssessmentFigure, AssessmentRun, Holding, PrescriptionCount
from formulary.models.committee import VOTING_OFFICES, Body, BodyKind, Expert, Office, Seat
from formulary.models.deputy import Deputy
from formulary.models.drug_request import DrugRequest, DrugRequestStep
from formulary.models.expert_draw import ExpertDraw
from formulary.models.formulary_import import FormularyImport
from formulary.models.history import ChainHead, Event
from formulary.models.job import Job, JobState
from formulary.models.list_upload import ListUpload
from formulary.models.medicine import Medicine, Presentation, Product
from formulary.models.meeting import (
    AgendaItem,
    Attendance,
    BallotBox,
    Declaration,
    Meeting,
    MeetingState,
    Outcome,
    VoterMark,
)
from formulary.models.meeting_paper import MeetingPaper
from formulary.models.notice import RunDown, VersionNotice
from formulary.models.people import FormerPassword, Membership, Person
from formulary.models.publicity import Objection, Publicity
from formulary.models.reference import EntryLink, ListEdition, ListEntry, ListKind, NameMatch
from formulary.models.review import EntryReview
from formulary.models.rule_exception import RuleException
from formulary.models.rule_value import RuleValue
from formulary.models.scorecard import ScoreSheet, ScoreTemplate, Scoring
from formulary.models.subset import SubsetEntry, SubsetProposal
from formulary.models.suggestion import Suggestion
from formulary.models.version import FormularyEntry, FormularyVersion, Restriction, VersionChange

__all__ = [
    "VOTING_OFFICES",
    "Adjustment",
    "AdjustmentFile",
    "AdjustmentStep",
    "AgendaItem",
    "Alliance",
    "AssessmentFigure",
    "AssessmentRun",
    "Attendance",
    "BallotBox",
    "Body",
    "BodyKind",
    "ChainHead",
    "Declaration",
    "Deputy",
    "DrugRequest",
    "DrugRequestStep",
    "EntryLink",
    "EntryReview",
    "Event",
    "Expert",
    "ExpertDraw",
    "FormerPassword",
    "FormularyEntry",
    "FormularyImport",
    "FormularyVersion",
    "Holding",
    "Institution",
    "Job",
    "JobState",
    "Level",
    "ListEdition",
    "ListEntry",
    "ListKind",
    "ListUpload",
    "Medicine",
    "Meeting",
    "MeetingPaper",
    "MeetingState",
    "Membership",
    "NameMatch",
    "Objection",
    "Office",
    "Outcome",
    "Person",
    "PrescriptionCount",
    "Presentation",
    "Product",
    "Publicity",
    "Restriction",
    "RuleException",
    "RuleValue",
    "RunDown",
    "ScoreSheet",
    "ScoreTemplate",
    "Scoring",
    "Seat",
    "SubsetEntry",
    "SubsetProposal",
    "Suggestion",
    "VersionChange",
    "VersionNotice",
    "VoterMark",
]
