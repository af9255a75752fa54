"""Keeps 机构目录 inside the unified list: change, propose, decide, take a whole file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from formulary.models import FormularyEntry, Institution, Person, Presentation, SubsetEntry, SubsetProposal
from formulary.queries.versions import levels_open_to, version_in_force
from formulary.rules.subsets import Difference

State, Verb = SubsetProposal.State, SubsetProposal.Verb
BATCH = 1000


class SubsetRefused(Exception):
    """A change would leave the unified list, or somebody was quicker."""


def change(
    institution: Institution,
    *,
    add: Collection[int] = (),
    drop: Collection[int] = (),
    by: Person,
    now: dt.datetime,
    note: str = "",
) -> Difference:
    """Takes 品规 in and out from today. What is there already, or gone already, is left alone. Open proposals of the same
    品规 that this fulfils are closed with it.

    Raises SubsetRefused naming every 品规 that the unified list does not open to the institution's level.
    """
    today = timezone.localdate(now)
    with transaction.atomic():
        site = Institution.objects.select_for_update(no_key=True).select_related("alliance").get(pk=institution.pk)
        lines = _lines(site, add, today)
        rows = SubsetEntry.objects.filter(institution=site, ended_at__isnull=True)
        there = set(rows.values_list("presentation_id", flat=True))
        new = [pk for pk in lines if pk not in there]
        SubsetEntry.objects.bulk_create(
            (
                SubsetEntry(
                    institution=site, presentation_id=pk, entry=lines[pk], valid_from=today, note=note[:200], added_by=by,
                    added_at=now,
                )
                for pk in new
            ),
            batch_size=BATCH,
        )  # fmt: skip
        gone = sorted(there & set(drop))
        _end(site, gone, by=by, now=now)
        _close(site, Verb.ADD, new, by=by, now=now)
        _close(site, Verb.DROP, gone, by=by, now=now)
        done = Difference(tuple(new), tuple(gone), len(there) - len(gone))
        if new or gone:
            data = {"纳入": _codes(new), "移出": _codes(gone), "备注": note}
            record("调整机构目录", site, alliance=site.alliance, by=by, now=now, data=data)
    return done


def propose(
    institution: Institution, presentations: Collection[int], *, verb: str, reason: str, by: Person, now: dt.datetime
) -> int:
    """Writes wishes of a pharmacist; those already wished for, or already so, are left alone. Returns how many are new."""
    said = reason.strip()
    if not said:
        raise SubsetRefused("请写明理由")
    with transaction.atomic():
        site = Institution.objects.select_for_update(no_key=True).select_related("alliance").get(pk=institution.pk)
        if verb == Verb.ADD:
            _lines(site, presentations, timezone.localdate(now))
        rows = SubsetEntry.objects.filter(institution=site, ended_at__isnull=True)
        there = set(rows.values_list("presentation_id", flat=True))
        asked = SubsetProposal.objects.filter(institution=site, state=State.OPEN)
        waiting = set(asked.values_list("presentation_id", flat=True))
        fitting = [pk for pk in presentations if (pk in there) is (verb == Verb.DROP) and pk not in waiting]
        SubsetProposal.objects.bulk_create(
            SubsetProposal(institution=site, presentation_id=pk, verb=Verb(verb), reason=said[:200], by=by, at=now)
            for pk in dict.fromkeys(fitting)
        )
        if fitting:
            data = {"建议": Verb(verb).label, "品规": _codes(fitting), "理由": said}
            record("建议调整机构目录", site, alliance=site.alliance, by=by, now=now, data=data)
    return len(set(fitting))


def decide(institution: Institution, drugs: Collection[int], *, accept: bool, by: Person, now: dt.datetime) -> int:
    """Accepts or refuses the open proposals for these 品规; accepting changes the list. Returns how many were decided."""
    with transaction.atomic():
        rows = list(
            SubsetProposal.objects.select_for_update().filter(
                institution=institution, presentation__in=drugs, state=State.OPEN
            )
        )
        if not rows:
            raise SubsetRefused("所选品规没有待审核的建议，或刚被他人处理")
        if accept:
            wanted = {verb: [row.presentation_id for row in rows if row.verb == verb] for verb in Verb.values}
            change(institution, add=wanted[Verb.ADD], drop=wanted[Verb.DROP], by=by, now=now, note=rows[0].reason)
        left = SubsetProposal.objects.filter(pk__in=[row.pk for row in rows], state=State.OPEN)
        left.update(state=State.ACCEPTED if accept else State.REFUSED, decided_by=by, decided_at=now)
        data = {"结论": "同意" if accept else "不同意", "品规": _codes([row.presentation_id for row in rows])}
        record("审核机构目录建议", institution, alliance=institution.alliance, by=by, now=now, data=data)
    return len(rows)


def _lines(site: Institution, wanted: Collection[int], on: dt.date) -> dict[int, FormularyEntry]:
    if not wanted:
        return {}
    version = version_in_force(site.alliance, on)
    if version is None:
        raise SubsetRefused("还没有生效的统一用药目录")
    lines = version.entries.filter(lowest_level__in=levels_open_to(site.level))
    found = {line.presentation_id: line for line in lines if line.presentation_id in set(wanted)}
    outside = [pk for pk in wanted if pk not in found]
    if outside:
        names = "、".join(_codes(outside[:10]))
        more = f"等 {len(outside)} 个" if len(outside) > 10 else ""
        raise SubsetRefused(f"不在统一目录对{site.level}机构开放的范围内：{names}{more}")
    return found


def _end(site: Institution, drugs: Collection[int], *, by: Person, now: dt.datetime) -> None:
    """Yesterday is its last day; what was taken in today ends with today."""
    today = timezone.localdate(now)
    rows = SubsetEntry.objects.filter(institution=site, presentation__in=drugs, ended_at__isnull=True)
    rows.filter(valid_from=today).update(valid_to=today, ended_by=by, ended_at=now)
    rows.filter(valid_from__lt=today).update(valid_to=today - dt.timedelta(days=1), ended_by=by, ended_at=now)


def _close(site: Institution, verb: str, drugs: Collection[int], *, by: Person, now: dt.datetime) -> None:
    rows = SubsetProposal.objects.filter(institution=site, verb=verb, presentation__in=drugs, state=State.OPEN)
    rows.update(state=State.ACCEPTED, decided_by=by, decided_at=now)


def _codes(drugs: Collection[int]) -> list[str]:
    found = Presentation.objects.in_bulk(drugs)
    return [f"{found[pk].code} {found[pk]}" if pk in found else str(pk) for pk in drugs]


def replace(lists: Collection[tuple[Institution, Collection[int]]], *, by: Person, now: dt.datetime) -> tuple[int, int]:
    """Makes each institution's list exactly these 品规, all or none. Returns how many were taken in and out."""
    added = dropped = 0
    with transaction.atomic():
        for site, wanted in lists:
            rows = SubsetEntry.objects.filter(institution=site, ended_at__isnull=True)
            there = set(rows.values_list("presentation_id", flat=True))
            drop = there - set(wanted)
            done = change(site, add=[pk for pk in wanted if pk not in there], drop=drop, by=by, now=now, note="按文件")
            added, dropped = added + len(done.add), dropped + len(done.drop)
    return added, dropped
