"""What every step of a transfer asks first: the locked row, whose side a person speaks for, and the words to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.access import Permission
from formulary.models import Person
from formulary.queries import scope_of
from shortage.models import Transfer, TransferLine
from shortage.rules import transfers as rules
from shortage.rules.transfers import Step

Wanted = Mapping[int, int]


def locked(order: Transfer, step: Step) -> Transfer:
    row = (
        Transfer.objects.select_for_update(of=("self",))
        .select_related("alliance", "donor__alliance", "receiver__alliance", "alert")
        .get(pk=order.pk)
    )
    rules.check(step, row.state)
    return row


def fresh(row: Transfer) -> Transfer:
    row.refresh_from_db()
    return row


def reach(by: Person, permission: Permission) -> frozenset[int]:
    """Institutions the person works in under this permission; nobody signs or moves goods for the whole alliance."""
    scope = scope_of(by, permission)
    return frozenset() if scope is None or scope.whole_alliance else scope.institution_ids


def side(institution: int, by: Person, refusal: str) -> None:
    if institution not in reach(by, Permission.MOVE_TRANSFERS):
        raise rules.NotYourSide(refusal)


def words(text: str, ask: str) -> str:
    if not text.strip():
        raise rules.WordsMissing(ask)
    return text.strip()[:200]


def told(row: Transfer, lines: list[TransferLine]) -> dict[str, Any]:
    told = [[line.presentation_id, line.batch, line.quantity, line.sent] for line in lines]
    return {"donor": row.donor_id, "receiver": row.receiver_id, "kind": row.kind, "lines": told}
