"""A year of governance: what was decided before today, and what waits for somebody now. All of it through the real actions.

A reduced alliance, which lacks the drugs of the story, has none.
"""

from __future__ import annotations

from formulary.actions.scoring import open_scoring
from formulary.models import Adjustment, Meeting
from formulary.rules.adjustment_life import Kind, State
from procurement.actions.demo import practice, releases
from procurement.actions.demo.decisions import Past, decisions, hand_in, past_of, score_it
from procurement.actions.demo.sessions import convene
from procurement.actions.demo.steps import Loading

FIRST, SECOND, NEXT, GROUP = "A", "B", "C", "G"


def load_past(loading: Loading) -> dict[str, int]:
    """One meeting with signed minutes, its publicity and the version that followed; nothing when there is any meeting."""
    past = _untouched(loading)
    if past is None:
        return {}
    practice.keep_own_lists(past)
    hand_in(past, [row for row in decisions() if FIRST in row["会议"].split()])
    held = convene(past, FIRST)
    shown = releases.announce(past, held, "1", "关于拟调整统一用药目录品规的公示")
    text = "25mg规格老年患者仍有少量使用，调出后是否影响用药？"
    answer = "同品种75mg规格在目录内且为中选产品，药师已拟定换算与衔接办法，予以调出。"
    releases.objection(past, shown, "A1", "yaoshi-t05", text, answer)
    version = releases.publish_second(past, shown)
    releases.follow_up(past, version)
    return {"会议": 1, "目录版本": version.number, "处方数": practice.count_prescriptions(past)}


def load_present(loading: Loading) -> dict[str, int]:
    """A group's opinion, a meeting whose publicity runs, the next meeting's agenda, scores half in, findings answered."""
    past = past_of(loading)
    done = Meeting.objects.filter(alliance=loading.alliance).count()
    if past is None or done != 1:
        return {}
    hand_in(past, [row for row in decisions() if FIRST not in row["会议"].split()])
    convene(past, GROUP)
    held = convene(past, SECOND)
    shown = releases.announce(past, held, "2", "关于雾化用药与慢病用药调整的公示")
    text = "调出福辛普利后，我院两名肾功能不全患者如何衔接？"
    releases.objection(past, shown, "B2", "yaoshi-t11", text)
    temporary = Adjustment.objects.filter(alliance=loading.alliance, state=State.TEMPORARY).order_by("number")
    convene(past, NEXT, also=list(temporary))
    _half_scored(past)
    return {"会议": 3, "线索": practice.answer_findings(past)}


def _untouched(loading: Loading) -> Past | None:
    return None if Meeting.objects.filter(alliance=loading.alliance).exists() else past_of(loading)


def _half_scored(past: Past) -> None:
    """An application that is being scored: two of the sheets are in."""
    waiting = Adjustment.objects.filter(
        alliance=past.loading.alliance, state=State.SCORING, scoring=None, kind=Kind.ADD
    )
    for row in waiting.select_related("presentation")[:1]:
        opened = open_scoring(row, [], by=past.secretary, now=past.ago(5))
        score_it(past, opened, ("weiyuan2", "weiyuan8"), weak=1, now=past.ago(3))
