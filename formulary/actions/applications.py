"""An application from draft to 形式审查: who may do what, what must be there, and the findings of each step.

A person acts by an own right or as a deputy; whoever wrote or handed in an application never checks it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.adjustments import move
from formulary.actions.history import record
from formulary.models import (
    Adjustment,
    AdjustmentFile,
    AdjustmentStep,
    Alliance,
    Institution,
    Person,
    Presentation,
    RuleException,
)
from formulary.queries.applications import application_faults, own_of
from formulary.queries.deputies import acts_for
from formulary.queries.dossier import dossier
from formulary.queries.numbers import next_in_year
from formulary.queries.rule_check import change_findings
from formulary.queries.rule_values import values
from formulary.rules.adjustment_life import Kind, MoveRefused, State, Verb
from formulary.rules.application import ApplicationFaults
from formulary.rules.attachments import FileRefused, check_file, read_rules
from formulary.rules.findings import Facts, Finding, blocking
from formulary.rules.who import NotAllowed

FIELDS = (
    "presentation", "drops", "lowest_level", "restriction", "tier", "department", "reason", "indication",
    "monthly_use", "interests", "evaluation", "until", "quantity",
)  # fmt: skip
"""What the applicant fills in."""


class Blocked(MoveRefused):
    """Hard findings stand without an exception; `findings` names them."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        super().__init__("以下硬性规则未满足，须写明例外理由：" + "；".join(one.sentence for one in findings))


def create(
    alliance: Alliance,
    *,
    kind: str,
    institution: Institution,
    presentation: Presentation | None = None,
    by: Person,
    now: dt.datetime,
    **fields: Any,
) -> Adjustment:
    """A draft of `by`, or of the person for whom `by` stands in at that institution. Raises NotAllowed."""
    principal = acts_for(by, Permission.PROPOSE, timezone.localdate(now), alliance=alliance, institution=institution.pk)
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        adjustment = Adjustment.objects.create(
            alliance=alliance,
            number=next_in_year(Adjustment.objects.filter(alliance=alliance), timezone.localdate(now).year, 3),
            kind=Kind(kind),
            presentation=presentation,
            institution=institution,
            applicant=principal or by,
            created_at=now,
            **_known(fields),
        )
        AdjustmentStep.objects.create(
            adjustment=adjustment, at=now, verb=Verb.CREATE, state=State.DRAFT, by=by, on_behalf_of=principal
        )
        record("建立调整申请", adjustment, alliance=alliance, by=by, now=now, data={"类型": Kind(kind).label})
    return adjustment


def edit(adjustment: Adjustment, *, by: Person, now: dt.datetime, **fields: Any) -> Adjustment:
    """Writes what changed; nothing is recorded when nothing did."""
    principal = own_of(adjustment, by, timezone.localdate(now))
    new = {name: value for name, value in _known(fields).items() if getattr(adjustment, name) != value}
    if not new:
        return adjustment
    return move(adjustment, Verb.EDIT, by=by, now=now, on_behalf_of=principal, **new)


def submit(adjustment: Adjustment, *, by: Person, now: dt.datetime, note: str = "") -> Adjustment:
    """Hands it in: evidence frozen with its date, findings stored. Raises ApplicationFaults with every fault.

    After 退回补充 the note is the answer and must not be empty.
    """
    on = timezone.localdate(now)
    principal = own_of(adjustment, by, on)
    row = Adjustment.objects.select_related("alliance", "institution", "presentation", "drops").get(pk=adjustment.pk)
    wrong = application_faults(row, on)
    if row.state == State.RETURNED and not note.strip():
        wrong.append("请答复退回时提出的问题")
    if wrong:
        raise ApplicationFaults(wrong)
    findings, facts = change_findings(row, on)
    return move(
        adjustment,
        Verb.SUBMIT,
        by=by,
        now=now,
        note=note.strip(),
        on_behalf_of=principal,
        findings=_stored(findings, facts),
        facts=dossier(row, on),
        submitted_at=now,
    )


def withdraw(adjustment: Adjustment, *, by: Person, now: dt.datetime, note: str = "") -> Adjustment:
    principal = own_of(adjustment, by, timezone.localdate(now))
    return move(adjustment, Verb.WITHDRAW, by=by, now=now, note=note.strip(), on_behalf_of=principal)


def send_back(adjustment: Adjustment, *, by: Person, now: dt.datetime, note: str) -> Adjustment:
    """退回补充, with the questions that the applicant has to answer."""
    principal = checker_of(adjustment, by, timezone.localdate(now))
    return move(adjustment, Verb.RETURN, by=by, now=now, note=_words(note, "请写明要补充什么"), on_behalf_of=principal)


def refuse(adjustment: Adjustment, *, by: Person, now: dt.datetime, note: str) -> Adjustment:
    """不予受理, with the reason. The findings of the day stay with the step."""
    on = timezone.localdate(now)
    principal = checker_of(adjustment, by, on)
    words = _words(note, "请写明不予受理的理由")
    findings, facts = change_findings(_whole(adjustment), on)
    return move(
        adjustment, Verb.REFUSE, by=by, now=now, note=words, on_behalf_of=principal, findings=_stored(findings, facts)
    )


def accept(
    adjustment: Adjustment,
    *,
    by: Person,
    now: dt.datetime,
    note: str = "",
    exceptions: Mapping[str, str] | None = None,
) -> Adjustment:
    """形式审查通过. exceptions: reason by rule code. Raises Blocked when a hard finding has none."""
    on = timezone.localdate(now)
    principal = checker_of(adjustment, by, on)
    with transaction.atomic():
        row = _whole(adjustment)
        stored = examine(row, on, exceptions or {}, by=by, now=now)
        return move(adjustment, Verb.ACCEPT, by=by, now=now, note=note.strip(), on_behalf_of=principal, findings=stored)


def examine(
    adjustment: Adjustment, on: dt.date, exceptions: Mapping[str, str], *, by: Person, now: dt.datetime
) -> list[dict[str, Any]]:
    """The findings of the day as stored; exceptions given are recorded for the hard ones. Raises Blocked."""
    findings, facts = change_findings(adjustment, on)
    known = set(adjustment.exceptions.values_list("code", flat=True))
    reasons = {code: reason.strip()[:300] for code, reason in exceptions.items() if reason.strip()}
    left = blocking(findings, known | set(reasons))
    if left:
        raise Blocked(left)
    for one in blocking(findings, known):
        RuleException.objects.get_or_create(
            adjustment=adjustment,
            code=one.code,
            defaults={"sentence": one.sentence[:500], "reason": reasons[one.code], "by": by, "at": now},
        )
    return _stored(findings, facts)


def attach(adjustment: Adjustment, name: str, content: bytes, *, by: Person, now: dt.datetime) -> AdjustmentFile:
    """Keeps a file with its checksum while the applicant may still edit. Raises FileRefused."""
    on = timezone.localdate(now)
    own_of(adjustment, by, on)
    rules = read_rules(values(adjustment.alliance, "adjustment.", on).get)
    with transaction.atomic():
        row = Adjustment.objects.select_for_update().select_related("alliance").get(pk=adjustment.pk)
        if row.state not in (State.DRAFT, State.RETURNED):
            raise FileRefused(f"申请现为“{State(row.state).label}”，不能再加附件")
        check_file(name, content, rules, already=row.files.count())
        digest = hashlib.sha256(content).hexdigest()
        if row.files.filter(sha256=digest).exists():
            raise FileRefused(f"{name} 已经上传过")
        file = AdjustmentFile.objects.create(
            adjustment=row,
            name=name[-200:],
            file=ContentFile(content, name=name),
            sha256=digest,
            size=len(content),
            by=by,
            at=now,
        )
        record("上传申请附件", row, alliance=row.alliance, by=by, now=now, data={"文件": name, "校验值": digest})
    return file


def checker_of(adjustment: Adjustment, by: Person, on: dt.date) -> Person | None:
    """The principal under whose right `by` checks. Raises NotAllowed, also for whoever wrote or handed it in."""
    principal = acts_for(by, Permission.CHECK_PROPOSALS, on, alliance=adjustment.alliance)
    not_own(adjustment, by, principal)
    return principal


def not_own(adjustment: Adjustment, *people: Person | None) -> None:
    """Applicant ≠ checker: neither the applicant, nor who acted for the applicant, nor whose right is used."""
    hands = {Verb.CREATE.value, Verb.EDIT.value, Verb.SUBMIT.value}
    wrote = set(adjustment.steps.filter(verb__in=hands).values_list("by_id", flat=True)) | {adjustment.applicant_id}
    if any(person is not None and person.pk in wrote for person in people):
        raise NotAllowed("申请人（含代办人）不能审查自己的申请")


def _whole(adjustment: Adjustment) -> Adjustment:
    return Adjustment.objects.select_related("alliance", "institution", "presentation").get(pk=adjustment.pk)


def _stored(findings: list[Finding], facts: Facts) -> list[dict[str, Any]]:
    return [one.as_stored(facts.drugs) for one in findings]


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in FIELDS}


def _words(note: str, ask: str) -> str:
    if not note.strip():
        raise MoveRefused(ask)
    return note.strip()
