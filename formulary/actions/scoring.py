"""Scoring an application: the secretary opens it, members hand in sheets, the secretary ends it and it waits for a meeting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions import adjustments
from formulary.actions.history import record
from formulary.models import Adjustment, Alliance, Person, Presentation, ScoreSheet, ScoreTemplate, Scoring
from formulary.queries import scope_of
from formulary.queries.charter import charter
from formulary.queries.scoring import current_template, facts_of, form_of, result, shown, words_of
from formulary.rules import scorecard
from formulary.rules.adjustment_life import Kind, State, Verb
from formulary.rules.scorecard import Answer, ScoreRefused, Template

MOST_SUBJECTS = 6
SKIPPING = (Kind.REMOVE, Kind.LEVEL)


def publish_template(
    alliance: Alliance,
    form: str,
    template: Template,
    *,
    title: str,
    source: str = "",
    by: Person | None,
    now: dt.datetime,
) -> ScoreTemplate:
    """The next number of this form. Raises ScoreRefused when nothing changed, or with every fault."""
    if by is not None:
        _may_run(by, alliance)
    faults = scorecard.faults_of(template)
    if faults:
        raise ScoreRefused("；".join(faults))
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        last = current_template(alliance, form)
        if last is not None and last.seal == template.seal:
            raise ScoreRefused(f"内容与第 {last.number} 版相同，没有新建")
        row = ScoreTemplate.objects.create(
            alliance=alliance,
            form=form,
            number=last.number + 1 if last else 1,
            title=title.strip()[:120],
            source=source.strip()[:200],
            content=scorecard.as_data(template),
            seal=template.seal,
            by=by,
            at=now,
        )
        record("制定评分表", row, alliance=alliance, by=by, now=now, data={"seal": row.seal})
    return row


def open_scoring(adjustment: Adjustment, beside: Sequence[Presentation], *, by: Person, now: dt.datetime) -> Scoring:
    """Fixes the form, the subjects and what is known of them today. Raises ScoreRefused."""
    _may_run(by, adjustment.alliance)
    with transaction.atomic():
        row = (
            Adjustment.objects.select_for_update(of=("self",))
            .select_related("presentation__medicine")
            .get(pk=adjustment.pk)
        )
        if row.state != State.SCORING or row.presentation is None:
            raise ScoreRefused(f"申请现为“{row.get_state_display()}”，不能评分")
        if Scoring.objects.filter(adjustment=row).exists():
            raise ScoreRefused("评分已经发起")
        template = current_template(row.alliance, form_of(row.presentation))
        if template is None:
            raise ScoreRefused("还没有适用的评分表，请先制定")
        subjects = [row.presentation, *(one for one in beside if one.pk != row.presentation_id)]
        if len(subjects) > MOST_SUBJECTS:
            raise ScoreRefused(f"对照药品最多 {MOST_SUBJECTS - 1} 个")
        facts = facts_of(row.alliance, subjects, timezone.localtime(now).date())
        scoring = Scoring.objects.create(adjustment=row, template=template, facts=facts, opened_by=by, opened_at=now)
        scoring.subjects.set(subjects)
        data = {"template": str(template), "seal": template.seal, "subjects": [str(one) for one in subjects]}
        record("发起评分", scoring, alliance=row.alliance, by=by, now=now, data=data)
    return scoring


def save_sheet(
    scoring: Scoring,
    subject: Presentation,
    answers: Mapping[str, Answer],
    *,
    submit: bool,
    by: Person,
    now: dt.datetime,
) -> ScoreSheet:
    """One scorer's own sheet; a sheet handed in may be corrected until the scoring ends. Raises ScoreRefused."""
    scope = scope_of(by, Permission.SCORE)
    if scope is None or scope.alliance.pk != scoring.adjustment.alliance_id:
        raise ScoreRefused("只有药事委员可以评分")
    if scoring.adjustment.applicant_id == by.pk:
        raise ScoreRefused("您是该申请的申请人，须回避评分")
    with transaction.atomic():
        row = (
            Scoring.objects.select_for_update(of=("self",))
            .select_related("template", "adjustment__alliance")
            .get(pk=scoring.pk)
        )
        if row.closed_at is not None:
            raise ScoreRefused("评分已经结束")
        if not row.subjects.filter(pk=subject.pk).exists():
            raise ScoreRefused(f"{subject} 不在本次评分对象中")
        template = scorecard.from_data(row.template.content)
        known = {item.key for item in template.items}
        given = {key: answer for key, answer in answers.items() if key in known}
        found = scorecard.checked(template, given, words_of(row, subject.pk))
        if submit and not found.points:
            raise ScoreRefused("还没有评任何一项")
        if not submit and row.sheets.filter(subject=subject, scorer=by, submitted_at__isnull=False).exists():
            raise ScoreRefused("评分已提交，改动后请重新提交")
        handed_in = now if submit else None
        defaults = {"answers": scorecard.store_answers(given), "submitted_at": handed_in}
        sheet, _new = ScoreSheet.objects.update_or_create(scoring=row, subject=subject, scorer=by, defaults=defaults)
        if submit:
            data = {"total": str(found.total), "missing": list(found.missing), "answers": sheet.answers}
            record("提交评分", sheet, alliance=row.adjustment.alliance, by=by, now=now, data=data)
    return sheet


def finish_scoring(scoring: Scoring, *, by: Person, now: dt.datetime) -> Adjustment:
    """评分 → 待上会 with the means in the note. Raises ScoreRefused while a subject has too few sheets."""
    adjustment = scoring.adjustment
    _may_run(by, adjustment.alliance)
    with transaction.atomic():
        row = (
            Scoring.objects.select_for_update(of=("self",))
            .select_related("template", "adjustment__alliance")
            .get(pk=scoring.pk)
        )
        if row.closed_at is not None:
            raise ScoreRefused("评分已经结束")
        fewest = charter(adjustment.alliance, timezone.localtime(now).date()).minimum_scorers
        found = result(row)
        short = [
            f"{one}（{found.summaries[one.pk].sheets} 份）"
            for one in found.subjects
            if found.summaries[one.pk].sheets < fewest
        ]
        if short:
            raise ScoreRefused(f"每个评分对象至少 {fewest} 份评分，还不够：{'、'.join(short)}")
        Scoring.objects.filter(pk=row.pk).update(closed_at=now, closed_by=by)
        said = []
        for one in found.subjects:
            summary = found.summaries[one.pk]
            gaps = f"，缺 {len(summary.missing)} 项" if summary.missing else ""
            said.append(
                f"{one} 均分 {shown(summary.mean)}（{shown(summary.low)}–{shown(summary.high)}，{summary.sheets} 份{gaps}）"
            )
        note = f"{row.template}：{'；'.join(said)}。结论：{found.band or '有缺项，不给结论'}"
        record("结束评分", row, alliance=adjustment.alliance, by=by, now=now, data={"note": note})
        return adjustments.move(adjustment, Verb.SCORED, by=by, now=now, note=note)


def skip_scoring(adjustment: Adjustment, reason: str, *, by: Person, now: dt.datetime) -> Adjustment:
    """调出 and 调整级别 may go to the meeting without scores, with a reason. Raises ScoreRefused."""
    _may_run(by, adjustment.alliance)
    if adjustment.kind not in SKIPPING:
        raise ScoreRefused(f"{adjustment.get_kind_display()}必须评分")
    if not reason.strip():
        raise ScoreRefused("请写明不评分的理由")
    if Scoring.objects.filter(adjustment=adjustment).exists():
        raise ScoreRefused("评分已经发起，请完成评分")
    return adjustments.move(adjustment, Verb.SCORED, by=by, now=now, note=f"不评分：{reason.strip()}")


def _may_run(by: Person, alliance: Alliance) -> None:
    scope = scope_of(by, Permission.CHECK_PROPOSALS)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise ScoreRefused("只有委员会秘书可以组织评分")
