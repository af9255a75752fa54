"""Scans for what should move the list, and keeps what a person says of each finding."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from formulary.actions.drafts import draft
from formulary.actions.history import record
from formulary.models import Adjustment, Alliance, Person, Presentation, Suggestion
from formulary.queries.trigger_facts import view
from formulary.rules.triggers import Found, find

State = Suggestion.State
BATCH = 500


class SuggestionRefused(Exception):
    """A suggestion cannot be decided as asked."""


@dataclass(frozen=True)
class Scan:
    """new: findings never seen before (or seen again after they had gone); again: still there; gone: no longer there."""

    new: int
    again: int
    gone: int

    @property
    def words(self) -> str:
        return f"新增 {self.new} 条，仍在 {self.again} 条，已消除 {self.gone} 条"


def scan(alliance: Alliance, *, on: dt.date, by: Person | None, now: dt.datetime) -> Scan:
    """Looks at everything once. A second scan of the same facts adds nothing and changes nothing.

    An open finding that is not seen any more is 已消除; one that follows from an edition stays while another edition is
    looked at. What a person decided stays decided.
    """
    seen = view(alliance, on)
    found = {one.key[:200]: one for one in find(seen)}
    editions = {edition.title for edition in seen.editions.values()}
    with transaction.atomic():
        Alliance.objects.select_for_update(no_key=True).get(pk=alliance.pk)
        known = {row.key: row for row in Suggestion.objects.filter(alliance=alliance)}
        fresh = [_row(alliance, one, on) for key, one in found.items() if key not in known]
        back = [row for key, row in known.items() if row.state == State.GONE and key in found]
        still = [row for key, row in known.items() if row.state == State.OPEN and key in found]
        for row in back + still:
            _renew(row, found[row.key], on)
        gone = [
            row for key, row in known.items() if row.state == State.OPEN and key not in found and _may_go(row, editions)
        ]
        for row in gone:
            row.state = State.GONE
        Suggestion.objects.bulk_create(fresh, batch_size=BATCH)
        Suggestion.objects.bulk_update(
            [*back, *still, *gone],
            ["words", "evidence", "weight", "seen_on", "state", "wants", "presentation", "other"],
            batch_size=BATCH,
        )
        done = Scan(len(fresh) + len(back), len(still), len(gone))
        if done.new or done.gone:
            record("查找调整线索", alliance, alliance=alliance, by=by, now=now, data={"on": str(on), **vars(done)})
    return done


def accept(suggestion: Suggestion, *, by: Person, now: dt.datetime) -> Adjustment | None:
    """Drafts the application that the finding asks for, reason filled in; one that asks for none is only marked.

    Raises SuggestionRefused when it was decided already.
    """
    with transaction.atomic():
        row = _open(suggestion)
        drafted = _drafted(row, by=by, now=now) if row.wants else None
        row.adjustment = drafted
        _decide(row, State.ACCEPTED, "", by=by, now=now)
        record("采纳调整线索", row, alliance=row.alliance, by=by, now=now, data={"申请": str(drafted or "无需申请")})
    suggestion.refresh_from_db()
    return drafted


def dismiss(
    alliance: Alliance, suggestions: Collection[int], *, reason: str, by: Person, now: dt.datetime
) -> list[Suggestion]:
    """Sets findings aside with one reason; those decided meanwhile are left as they are. Raises SuggestionRefused without
    a reason or when none is open."""
    said = reason.strip()
    if not said:
        raise SuggestionRefused("请写明不采纳的理由")
    if len(said) > 300:
        raise SuggestionRefused("理由应不超过 300 字")
    with transaction.atomic():
        rows = list(
            Suggestion.objects.select_for_update().filter(alliance=alliance, pk__in=suggestions, state=State.OPEN)
        )
        if not rows:
            raise SuggestionRefused("所选线索已处理，请刷新后再试")
        for row in rows:
            row.state, row.reason, row.decided_by, row.decided_at = State.DISMISSED, said, by, now
        Suggestion.objects.bulk_update(rows, ["state", "reason", "decided_by", "decided_at"], batch_size=BATCH)
        data = {"理由": said, "线索": [row.words for row in rows]}
        record("不采纳调整线索", alliance, alliance=alliance, by=by, now=now, data=data)
    return rows


def _row(alliance: Alliance, one: Found, on: dt.date) -> Suggestion:
    return Suggestion(
        alliance=alliance,
        key=one.key[:200],
        trigger=one.trigger,
        medicine_id=one.medicine,
        lowest_level=one.lowest_level,
        edition=one.edition[:60],
        found_on=on,
        **_told(one, on),
    )


def _told(one: Found, on: dt.date) -> dict[str, Any]:
    return {
        "words": one.words[:300],
        "wants": one.wants or "",
        "presentation_id": one.presentation,
        "other_id": one.other,
        "weight": one.weight,
        "seen_on": on,
        "evidence": {"facts": [list(pair) for pair in one.facts], "head": list(one.head), "table": [*map(list, one.table)]},
    }  # fmt: skip


def _renew(row: Suggestion, one: Found, on: dt.date) -> None:
    told: Mapping[str, Any] = _told(one, on)
    for name, value in told.items():
        setattr(row, name, value)
    row.state = State.OPEN


def _may_go(row: Suggestion, editions: Collection[str]) -> bool:
    return not row.edition or row.edition in editions or row.trigger in ("recall", "vbp_won", "shortage")


def _open(suggestion: Suggestion) -> Suggestion:
    row = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    if row.state != State.OPEN:
        raise SuggestionRefused(f"线索已是“{row.get_state_display()}”，请刷新后再试")
    return row


def _decide(row: Suggestion, state: State, reason: str, *, by: Person, now: dt.datetime) -> None:
    row.state, row.reason, row.decided_by, row.decided_at = state, reason, by, now
    row.save(update_fields=["state", "reason", "decided_by", "decided_at", "adjustment"])


def _drafted(row: Suggestion, *, by: Person, now: dt.datetime) -> Adjustment:
    other: Presentation | None = row.other if row.wants == "replace" else None
    facts = "；".join(f"{label}：{value}" for label, value in row.evidence.get("facts", []))
    return draft(
        alliance=row.alliance,
        kind=row.wants,
        presentation=row.presentation,
        drops=other,
        lowest_level=row.lowest_level,
        reason=f"{row.words}。{facts}（系统线索，{row.seen_on} 所见）",
        by=by,
        now=now,
    )
