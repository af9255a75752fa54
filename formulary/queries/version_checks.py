"""What stands in the way of publishing a draft, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from formulary.models import Adjustment, FormularyVersion
from formulary.queries.publicity import last_publicity, shortness, unanswered
from formulary.queries.version_lines import latest_published, published
from formulary.rules.adjustment_life import State


@dataclass
class Checked:
    """blocking: sentences that forbid publishing. findings: rule findings as stored with the version."""

    blocking: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)


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
    if not draft.changes.exists():
        checked.blocking.append("草案与前一版本相同，没有要发布的变化")
    if not draft.entries.exists():
        checked.blocking.append("草案没有任何品规")
    return checked


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
