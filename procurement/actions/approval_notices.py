"""Tells those for whom a round waits that it waits; in the caller's transaction."""

from __future__ import annotations

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from procurement.models import PurchaseRound
from procurement.queries.approvals import approvers, awaited
from procurement.rules import rounds as rules
from shortage.actions import notices

KIND = "approve"


def tell_approvers(row: PurchaseRound, *, now: dt.datetime) -> int:
    """Nothing when no approval is awaited. Returns how many were told."""
    today = timezone.localdate(now)
    step = awaited(row, today) if row.state == rules.APPROVING else None
    if step is None:
        return 0
    text = f"采购轮次“{row.title}”等您审批（{step.label}）：金额 {row.amount or 0:,.2f} 元，送审人 {row.applicant}"
    path = reverse("round_detail", args=[row.pk])
    return notices.tell(row.alliance, approvers(row, step, today), text, path, kind=KIND, now=now)
