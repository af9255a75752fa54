"""A person's answer to a name that the matcher could not place: remembered, and applied to every row that asked."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from formulary.actions.history import home_alliance, record
from formulary.models import EntryLink, Medicine, NameMatch, Person
from formulary.rules.linking import new_medicine
from formulary.rules.lists.entries import item_of
from formulary.rules.matching import How, decision_key
from formulary.rules.names import DrugName, parse_name
from formulary.rules.pinyin import initials

State = NameMatch.State


class MatchRefused(Exception):
    """The answer does not fit: already given, no 品种 chosen, or unknown."""


def decide_match(
    match: NameMatch, *, state: str, medicine: Medicine | None = None, note: str = "", by: Person, now: dt.datetime
) -> NameMatch:
    """Answers one question: same 品种 (give it), a new one (founded from the name), or not applicable.

    Equal names that wait elsewhere get the same answer. Raises MatchRefused.
    """
    if state not in (State.SAME, State.NEW, State.IGNORED):
        raise MatchRefused("请选择：同一品种、新品种或不适用")
    if state == State.SAME and medicine is None:
        raise MatchRefused("请选择与哪一个品种相同")
    with transaction.atomic():
        waiting = NameMatch.objects.select_for_update().filter(state=State.PENDING)
        if not waiting.filter(pk=match.pk).exists():
            raise MatchRefused(f"“{match.name}”已由他人处理")
        chosen = _found(match) if state == State.NEW else medicine if state == State.SAME else None
        asked = decision_key(match.name, match.form)
        equal = [row for row in waiting if row.pk == match.pk or decision_key(row.name, row.form) == asked]
        for row in equal:
            row.state, row.medicine, row.note = state, chosen, note[:200]
            row.decided_by, row.decided_at = by, now
            row.save(update_fields=["state", "medicine", "note", "decided_by", "decided_at"])
            if chosen is not None:
                _answer_links(row, chosen)
        facts = {"answer": State(state).label, "medicine": str(chosen or ""), "entries": sum(r.entries for r in equal)}
        record("确认名称匹配", match, alliance=home_alliance(by), by=by, now=now, data={**facts, "note": note})
    match.refresh_from_db()
    return match


def _answer_links(match: NameMatch, medicine: Medicine) -> None:
    """Every row that asked now speaks of the 品种; one that already does under the same form takes over the strengths."""
    for link in match.links.select_related("entry"):
        same = EntryLink.objects.filter(entry=link.entry, medicine=medicine, form=link.form).first()
        if same is None:
            link.medicine, link.how = medicine, How.DECISION
            link.save(update_fields=["medicine", "how"])
        else:
            same.strengths = list(dict.fromkeys([*same.strengths, *link.strengths]))
            same.save(update_fields=["strengths"])
            link.delete()


def _found(match: NameMatch) -> Medicine:
    new = new_medicine(_reading(match))
    made, _ = Medicine.objects.get_or_create(
        substance=new.substance[:120],
        salt=new.salt[:40],
        form_group=new.form_group[:40],
        defaults={
            "name": new.name[:120],
            "route": new.route,
            "is_chinese_medicine": new.chinese_medicine,
            "origin": f"人工确认 {match.get_kind_display()}"[:40],
            "pinyin": initials(new.name),
        },
    )
    return made


def _reading(match: NameMatch) -> DrugName:
    """A name whose candidates are all 中成药 is one too."""
    ids = [candidate["medicine"] for candidate in match.candidates]
    kinds = set(Medicine.objects.filter(pk__in=ids).values_list("is_chinese_medicine", flat=True))
    return parse_name(match.name, chinese_medicine=True) if kinds == {True} else item_of(match.name, match.form).name
