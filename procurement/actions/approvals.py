"""Levels of approval of a round, deputies, and that nobody approves his own application."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from formulary.models import Person
from procurement.actions.approval_notices import tell_approvers
from procurement.actions.rounds import note_step
from procurement.models import Approval, PurchaseRound
from procurement.queries.approvals import awaited, principals_of
from procurement.round_audit import audit_round
from procurement.rules import approvals as levels
from procurement.rules import rounds as rules
from procurement.rules.edits import broken_in_words, refusal
from procurement.rules.rounds import NotYours, RoundRefused, Verb, WordsMissing


def decide(row: PurchaseRound, agreed: bool, note: str, *, by: Person, now: dt.datetime) -> PurchaseRound:
    """Gives the awaited level. The last agreement locks the round; a refusal sends it back with words.

    Lines that were changed since the plan and now break a rule need a reason from everyone who agrees to them.
    """
    if not agreed and not note.strip():
        raise WordsMissing("退回时请写明意见")
    with transaction.atomic():
        PurchaseRound.objects.select_for_update().get(pk=row.pk)
        found = PurchaseRound.objects.select_related("alliance", "applicant").get(pk=row.pk)
        rules.check(Verb.APPROVE, found.state)
        today = timezone.localdate(now)
        step = awaited(found, today)
        if step is None:
            raise RoundRefused("没有待办的审批环节")
        principals = principals_of(by, found.alliance, step.role, today)
        if not principals:
            raise NotYours(f"本环节为{step.label}，您没有此项审批权，也没有有效的代理授权")
        earlier = list(found.approvals.filter(attempt=found.attempt, agreed=True).values_list("by_id", "instead_of_id"))
        ids = [pk for pair in earlier for pk in pair if pk is not None]
        why = ""
        for principal in principals:
            why = levels.objection(
                applicant=found.applicant_id,
                person=by.pk,
                principal=None if principal.pk == by.pk else principal.pk,
                earlier=ids,
            )
            if not why:
                break
        if why:
            raise NotYours(why)
        audit = found.audit or audit_round(found)
        if agreed and (why := refusal(audit, note)):
            raise WordsMissing(why)
        stand_in = None if principal.pk == by.pk else principal
        Approval.objects.create(
            round=found,
            attempt=found.attempt,
            number=step.number,
            label=step.label,
            agreed=agreed,
            by=by,
            instead_of=stand_in,
            note=note.strip()[:300],
            at=now,
        )
        data = {"level": step.number, "instead_of": stand_in and stand_in.username, "amount": found.amount}
        data["broken"] = broken_in_words(audit)
        verb = Verb.APPROVE if agreed else Verb.REJECT
        label = f"{step.label}{'同意' if agreed else '退回'}" + (f"（代{stand_in}）" if stand_in else "")
        found.state = rules.MOVES[verb].after or found.state
        if agreed and awaited(found, today) is None:
            found.state = rules.MOVES[Verb.PASS].after
        found.save(update_fields=["state"])
        note_step(found, verb, by=by, now=now, note=note, label=label, data=data)
        tell_approvers(found, now=now)
    return found
