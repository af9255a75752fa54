"""Applications of fixtures/decisions.csv on their way to a meeting: handed in, checked, scored by several people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

from fixtures.tables import rows
from formulary.actions import applications, emergency, scoring
from formulary.models import Adjustment, Institution, Person, Presentation, Scoring
from formulary.queries.scoring import words_of
from formulary.rules import scorecard
from formulary.rules.adjustment_life import Kind
from formulary.rules.scorecard import Answer, How, Item
from procurement.actions.demo.applications import ANSWERED_AFTER, CHAIR, EMERGENCY_DAYS, subject_of
from procurement.actions.demo.steps import SECRETARY, Loading

SCORERS = ("weiyuan2", "weiyuan7", "weiyuan8", "weiyuan4")
NO_SCORES, REFUSED, WITHDRAWN = "不评分：", "不予受理：", "撤回："
EXCEPTION = "演示：慢病用药按临床需要保留，委员会已知悉"
DAY = dt.timedelta(days=1)
DAILY_COST = Decimal("2.40")
SHELF_LIFE = Decimal(24)


@dataclass(frozen=True)
class Past:
    """What the steps of the past share. made: the application of each row by its key."""

    loading: Loading
    people: Mapping[str, Person]
    sites: Mapping[str, Institution]
    made: dict[str, Adjustment] = field(default_factory=dict)

    @property
    def secretary(self) -> Person:
        return self.people[SECRETARY]

    def ago(self, days: str | int) -> dt.datetime:
        return self.loading.now - dt.timedelta(days=int(days))


def past_of(loading: Loading) -> Past | None:
    """None for a reduced alliance that lacks a drug or a person of the story."""
    people = Person.objects.in_bulk([row["账号"] for row in rows("people.csv")], field_name="username")
    known = set(Presentation.objects.filter(code__in=drugs_named()).values_list("code", flat=True))
    lacking = drugs_named() - known or {row["账号"] for row in decisions()} - people.keys()
    return None if lacking else Past(loading, people, loading.institutions())


def decisions() -> list[dict[str, str]]:
    return rows("decisions.csv")


def drugs_named() -> frozenset[str]:
    """Codes of the catalogue's drugs that the story needs."""
    named = {code for row in decisions() for code in (row["药品编码"], row["换下"], *row["对照"].split())}
    return frozenset(named - {""})


def hand_in(past: Past, wanted: Iterable[dict[str, str]]) -> None:
    """Each row as far as it goes without a meeting."""
    for row in wanted:
        made = _handed_in(past, row)
        past.made[row["键"]] = made
        _checked(past, made, row)
        if row["评分"]:
            _scored(past, made, row)


def _handed_in(past: Past, row: dict[str, str]) -> Adjustment:
    now, by = past.ago(row["提交于几天前"]), past.people[row["账号"]]
    urgent = row["类型"] == Kind.EMERGENCY
    made = applications.create(
        past.loading.alliance,
        kind=row["类型"],
        institution=past.sites[row["机构编码"]],
        presentation=subject_of(row, past.loading, by, now),
        drops=Presentation.objects.get(code=row["换下"]) if row["换下"] else None,
        lowest_level=row["最低使用级别"],
        department=row["科室"],
        reason=row["理由"],
        indication=row["适应证"],
        monthly_use=int(row["月用量"]) if row["月用量"] else None,
        interests="无",
        quantity=20 if urgent else None,
        until=now.date() + dt.timedelta(days=EMERGENCY_DAYS) if urgent else None,
        by=by,
        now=now,
    )
    return applications.submit(made, by=by, now=now)


def _checked(past: Past, made: Adjustment, row: dict[str, str]) -> None:
    now, note = past.ago(row["提交于几天前"]) + ANSWERED_AFTER, row["审查"]
    if note.startswith(WITHDRAWN):
        applications.withdraw(made, by=made.applicant, now=now, note=note.removeprefix(WITHDRAWN))
    elif note.startswith(REFUSED):
        applications.refuse(made, by=past.secretary, now=now, note=note.removeprefix(REFUSED))
    elif row["类型"] == Kind.EMERGENCY:
        emergency.approve(made, by=past.people[CHAIR], now=now, note=note)
    else:
        try:
            applications.accept(made, by=past.secretary, now=now, note=note)
        except applications.Blocked as blocked:
            reasons = {one.code: EXCEPTION for one in blocked.findings}
            applications.accept(made, by=past.secretary, now=now, note=note, exceptions=reasons)


def _scored(past: Past, made: Adjustment, row: dict[str, str]) -> None:
    now, by = past.ago(row["提交于几天前"]) + 2 * DAY, past.secretary
    if row["评分"].startswith(NO_SCORES):
        scoring.skip_scoring(made, row["评分"].removeprefix(NO_SCORES), by=by, now=now)
        return
    beside = list(Presentation.objects.filter(code__in=row["对照"].split()))
    opened = scoring.open_scoring(made, beside, by=by, now=now)
    score_it(past, opened, SCORERS, weak=int(row["印象"]), now=now + DAY)
    scoring.finish_scoring(opened, by=by, now=now + 3 * DAY)


def score_it(past: Past, opened: Scoring, scorers: Iterable[str], *, weak: int, now: dt.datetime) -> None:
    """A sheet for every subject from each scorer; weak 0 (good) to 3 lowers what the candidate gets."""
    template = scorecard.from_data(opened.template.content)
    for username in scorers:
        scorer = past.people[username]
        if scorer.pk == opened.adjustment.applicant_id:
            continue
        for subject in opened.subjects.all():
            known = scorecard.prefilled(template, words_of(opened, subject.pk))
            low = weak if subject.pk == opened.adjustment.presentation_id else 1
            answers = {item.key: known.get(item.key) or _answer(item, username, low) for item in template.items}
            scoring.save_sheet(opened, subject, answers, submit=True, by=scorer, now=now)


def _answer(item: Item, scorer: str, weak: int) -> Answer:
    """Scorers differ a little: most take the option that the drug deserves, some the next one."""
    if item.how is How.COST:
        return Answer(own=DAILY_COST * (weak + 1), lowest=DAILY_COST)
    if item.how is How.CUTOFF:
        return Answer(value=SHELF_LIFE)
    drawn = sha256(f"{scorer} {item.key}".encode()).digest()[0]
    shift = (drawn % 4 == 0) + (weak if drawn % 3 else 0)
    return Answer(option=min(shift, len(item.options) - 1))
