"""What stands in the way of publishing a draft, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from formulary.models import Adjustment, FormularyVersion, RuleException
from formulary.queries.publicity import last_publicity, shortness, unanswered
from formulary.queries.rule_check import facts_around
from formulary.queries.version_lines import latest_published, lines_of, published, touched_by
from formulary.rules.adjustment_life import State
from formulary.rules.findings import Drug, Finding, check_change


@dataclass(frozen=True)
class Judged:
    """One rule finding of the draft; `exception`: the recorded reason why a hard one may stand, "" for none."""

    finding: Finding
    exception: str
    drugs: Mapping[int, Drug]

    @property
    def blocks(self) -> bool:
        return self.finding.hard and not self.exception

    @property
    def key(self) -> str:
        return f"{self.finding.code}|{self.finding.subject}"

    def as_stored(self) -> dict[str, Any]:
        return {**self.finding.as_stored(self.drugs), "exception": self.exception}


@dataclass
class Checked:
    """blocking: sentences that forbid publishing. findings: what the rules say of what the draft changes."""

    blocking: list[str] = field(default_factory=list)
    findings: list[Judged] = field(default_factory=list)


def obstacles(draft: FormularyVersion) -> Checked:
    """Everything at once; an empty `blocking` means that the draft may be published."""
    checked = Checked()
    _order(draft, checked)
    applications = list(
        Adjustment.objects.filter(changes__version=draft).distinct().select_related("alliance").order_by("number")
    )
    for one in applications:
        _publicity(one, checked)
    for objection in unanswered(applications):
        checked.blocking.append(f"{objection.adjustment.number}：{objection.institution}的异议没有答复")
    checked.findings = judged(draft, applications)
    checked.blocking += [f"规则“{one.finding.label}”：{one.finding.sentence}" for one in checked.findings if one.blocks]
    if not draft.changes.exists():
        checked.blocking.append("草案与前一版本相同，没有要发布的变化")
    if not draft.entries.exists():
        checked.blocking.append("草案没有任何品规")
    return checked


def judged(draft: FormularyVersion, applications: list[Adjustment]) -> list[Judged]:
    """What the rules say of the draft's changes on its effective day. A hard finding may stand by an exception recorded
    with an application that touches its drugs, or with the draft itself (`draft.findings` until it is published)."""
    if draft.effective_from is None:
        return []
    changed = touched_by(draft.based_on, draft)
    facts = facts_around(draft.alliance, changed, draft.effective_from)
    near = {*facts.drugs, *changed}
    before, after = lines_of(draft.based_on, near), lines_of(draft, near)
    own = {(row["code"], row["subject"]): row["reason"] for row in draft.findings}
    touched = {row.pk: {row.presentation_id, row.drops_id} for row in applications}
    given = list(RuleException.objects.filter(adjustment__in=applications).select_related("adjustment"))
    found = []
    for one in check_change(before, after, facts):
        reason = own.get(one.key, "")
        for row in given:
            if not reason and row.code == one.code and touched[row.adjustment_id] & set(one.drugs):
                reason = f"{row.reason}（申请 {row.adjustment.number}）"
        found.append(Judged(one, reason if one.hard else "", facts.drugs))
    return found


def _order(draft: FormularyVersion, checked: Checked) -> None:
    """A draft builds on the last version; a correction on the one it corrects, before anything later begins."""
    if draft.effective_from is None:
        checked.blocking.append("请先定生效日")
        return
    if not draft.is_correction:
        latest = latest_published(draft.alliance)
        if (latest and latest.pk) != draft.based_on_id:
            checked.blocking.append("起草后已发布新的版本，请重新起草")
        return
    base = draft.based_on
    later = published(draft.alliance).filter(effective_from__lte=draft.effective_from)
    newest = later.first()
    if base is not None and newest is not None and newest.pk != base.pk:
        checked.blocking.append(
            f"到 {draft.effective_from} 时在用的是第 {newest.number} 版，请改为更正第 {newest.number} 版"
        )


def _publicity(one: Adjustment, checked: Checked) -> None:
    if one.state != State.CLEARED:
        checked.blocking.append(f"{one.number}：现为“{one.get_state_display()}”，不能随本版发布")
        return
    shown = last_publicity(one)
    if shown is None or shown.ended_at is None:
        checked.blocking.append(f"{one.number}：没有完成公示")
        return
    short = shortness(shown)
    if short is not None:
        checked.blocking.append(f"{one.number}：{short}")
