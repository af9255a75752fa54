"""Writes what a link plan found: new 品种, links of entries, and questions for a person. Part of an import's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from formulary.models import EntryLink, ListEntry, Medicine, NameMatch
from formulary.rules.linking import LinkPlan, NewMedicine, Question
from formulary.rules.matching import How
from formulary.rules.pinyin import initials

BATCH = 1000
NEW_MEDICINE = "新品种"
WAITING = "待审"


def write_plan(plan: LinkPlan, entries: Sequence[ListEntry], *, kind: str, origin: str) -> None:
    """`entries` are the stored rows in the order that the plan was made for."""
    made = _medicines(plan.new.values(), origin)
    links: dict[tuple[int, int | None, int | None, str], EntryLink] = {}
    for link in plan.links:
        medicine = made[link.medicine] if isinstance(link.medicine, NewMedicine) else int(str(link.medicine))
        how = NEW_MEDICINE if link.how is How.NONE else str(link.how)
        _merge(
            links,
            EntryLink(entry=entries[link.entry], medicine_id=medicine, form=link.form[:120], how=how),
            link.strengths,
        )
    for question in plan.questions.values():
        asked = _question(question, kind, made)
        for position, form, strengths in question.waiting:
            _merge(links, EntryLink(entry=entries[position], question=asked, form=form[:120], how=WAITING), strengths)
    EntryLink.objects.bulk_create(links.values(), batch_size=BATCH)


def _merge(
    links: dict[tuple[int, int | None, int | None, str], EntryLink], link: EntryLink, strengths: Sequence[str]
) -> None:
    """Two salts of one form (苯磺酸盐 and 马来酸盐 tablets) are one link with the strengths of both."""
    kept = links.setdefault((link.entry_id, link.medicine_id, link.question_id, link.form), link)
    kept.strengths = list(dict.fromkeys([*kept.strengths, *strengths]))


def _medicines(new: Any, origin: str) -> dict[NewMedicine, int]:
    """The ids of the new 品种; one that another import made meanwhile is taken as it is."""
    wanted = {(each.substance[:120], each.salt[:40], each.form_group[:40]): each for each in new}
    rows = [
        Medicine(
            substance=substance,
            salt=salt,
            form_group=group,
            name=each.name[:120],
            route=each.route,
            is_chinese_medicine=each.chinese_medicine,
            origin=origin[:40],
            pinyin=initials(each.name),
        )
        for (substance, salt, group), each in wanted.items()
    ]
    Medicine.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    found = (
        Medicine.objects.filter(substance__in=[row.substance for row in rows])
        if len(rows) < BATCH
        else Medicine.objects.all()
    )
    ids = {(m.substance, m.salt, m.form_group): m.pk for m in found.only("substance", "salt", "form_group")}
    return {each: ids[key] for key, each in wanted.items()}


def _question(question: Question, kind: str, made: Mapping[NewMedicine, int]) -> NameMatch:
    candidates = [
        {
            "medicine": made[c.medicine] if isinstance(c.medicine, NewMedicine) else c.medicine,
            "score": c.score,
            "why": c.why,
        }
        for c in question.candidates
    ]
    asked, created = NameMatch.objects.get_or_create(
        name=question.name[:250],
        form=question.form[:250],
        defaults={"kind": kind, "candidates": candidates, "entries": len(question.waiting)},
    )
    if not created:
        asked.candidates = candidates
        asked.entries += len(question.waiting)
        asked.save(update_fields=["candidates", "entries"])
    return asked
