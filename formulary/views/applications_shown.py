"""How an application, its findings and its way are put into words for the pages."""

from django.urls import reverse
from django.utils import timezone

from formulary.rules.adjustment_life import Kind, State, Verb

TONES = {
    State.DRAFT: "gray",
    State.SUBMITTED: "blue",
    State.RETURNED: "orange",
    State.PASSED: "green",
    State.CLEARED: "green",
    State.EFFECTIVE: "green",
    State.RATIFIED: "green",
    State.TEMPORARY: "purple",
    State.FAILED: "red",
    State.REFUSED: "red",
    State.LAPSED: "gray",
    State.WITHDRAWN: "gray",
}
_WAY = (
    State.DRAFT,
    State.SUBMITTED,
    State.SCORING,
    State.READY,
    State.ON_AGENDA,
    State.PUBLICITY,
    State.CLEARED,
    State.EFFECTIVE,
)
_EMERGENCY = (State.DRAFT, State.SUBMITTED, State.TEMPORARY, State.RATIFIED)
_WORDS = {State.SUBMITTED: "主任审批", State.TEMPORARY: "临时使用", State.RATIFIED: "会议追认"}
ENDS = {State.FAILED, State.REFUSED, State.WITHDRAWN, State.LAPSED}
CONFIRM = {
    Verb.SUBMIT: ("提交", "primary"),
    Verb.WITHDRAW: ("撤回", "danger"),
    Verb.ACCEPT: ("通过形式审查", "primary"),
    Verb.RETURN: ("退回补充", ""),
    Verb.REFUSE: ("不予受理", "danger"),
    Verb.APPROVE: ("批准临时使用", "primary"),
    Verb.RATIFY: ("登记追认", "primary"),
    Verb.LAPSE: ("终止临时使用", "danger"),
}
DONE = {
    Verb.SUBMIT: "已提交，等待形式审查",
    Verb.WITHDRAW: "已撤回",
    Verb.ACCEPT: "已通过形式审查，进入评分",
    Verb.RETURN: "已退回补充，等待申请机构答复",
    Verb.REFUSE: "不予受理",
    Verb.APPROVE: "已批准临时使用",
    Verb.RATIFY: "已登记追认",
    Verb.LAPSE: "已终止临时使用",
}


def done(adjustment, verb):
    """What to say after a move."""
    if verb == Verb.SUBMIT and adjustment.kind == Kind.EMERGENCY:
        return "已提交，等待主任委员批准"
    return DONE[Verb(verb)]


ASKS = {
    Verb.SUBMIT: "说明（退回后再提交时，请逐条答复）",
    Verb.WITHDRAW: "撤回原因（可不填）",
    Verb.ACCEPT: "审查意见（可不填）",
    Verb.RETURN: "要补充或回答的问题",
    Verb.REFUSE: "不予受理的理由",
    Verb.APPROVE: "审批意见（可不填）",
    Verb.RATIFY: "追认的会议与决议",
    Verb.LAPSE: "终止原因",
}


def tone(state):
    return TONES.get(State(state), "blue")


def mark(rows):
    for row in rows:
        row.tone = tone(row.state)
    return rows


def way_of(adjustment, steps):
    """The steps component: where the application stands on its way, and where it left it."""
    emergency = adjustment.kind == Kind.EMERGENCY
    way = _EMERGENCY if emergency else _WAY
    when = {}
    for step in steps:
        when[State(step.state)] = step.at
    now = State(adjustment.state)
    reached = {State.RETURNED: State.SUBMITTED, State.PASSED: State.PUBLICITY}.get(now, now)
    at = way.index(reached) if reached in way else max((way.index(s) for s in when if s in way), default=0)
    found = []
    for k, state in enumerate(way):
        label = _WORDS.get(state, state.label) if emergency else state.label
        if k < at or (now in way and k == at == len(way) - 1):
            kind = "done"
        elif k == at:
            kind = "refused" if now in ENDS else "current"
        else:
            kind = "todo"
        note = now.label if k == at and now is not state else ""
        on = timezone.localdate(when[state]) if state in when and kind != "todo" else ""
        found.append({"label": label, "note": note, "state": kind, "when": str(on)})
    return found


def asked_for(adjustment):
    """Pairs for the facts list: what the application asks."""
    drug = adjustment.presentation
    unit = drug.unit if drug else ""
    pairs = [("品规", f"{drug}（{drug.form}）" if drug else "未选")]
    if adjustment.drops:
        pairs.append(("换下", str(adjustment.drops)))
    if adjustment.lowest_level:
        pairs.append(("最低使用级别", adjustment.lowest_level))
        pairs.append(("使用限制", adjustment.get_restriction_display()))
        pairs.append(("遴选层级", str(adjustment.tier)))
    pairs += [("申请机构", str(adjustment.institution)), ("科室", adjustment.department or "未填")]
    pairs.append(
        ("申请人", f"{adjustment.applicant}{'，' + adjustment.applicant.title if adjustment.applicant.title else ''}")
    )
    if adjustment.monthly_use:
        pairs.append(("预计月用量", f"{adjustment.monthly_use:,} {unit}"))
    if adjustment.quantity:
        pairs.append(("临时采购数量", f"{adjustment.quantity:,} {unit}"))
    if adjustment.until:
        pairs.append(("临时使用至", str(adjustment.until)))
    if adjustment.evaluation:
        pairs.append(("1+X 评价编号", adjustment.evaluation))
    return pairs


def elsewhere(adjustment):
    """Where the application left its traces: scores, consequences, meetings, publicity, the version that took it in."""
    found = []
    if hasattr(adjustment, "scoring"):
        words = (
            "评分中"
            if adjustment.scoring.closed_at is None
            else f"{timezone.localdate(adjustment.scoring.closed_at)} 结束"
        )
        found.append(("评分", words, reverse("score_detail", args=[adjustment.pk])))
    elif adjustment.state == State.SCORING:
        found.append(("评分", "待发起", reverse("score_detail", args=[adjustment.pk])))
    if adjustment.presentation_id and adjustment.kind != Kind.EMERGENCY:
        found.append(("影响测算", "目录、费用、库存会怎样变", f"{reverse('consequences')}?adjustment={adjustment.pk}"))
    for item in adjustment.agenda_items.select_related("meeting").order_by("pk"):
        words = f"{item.meeting.title}{'：' + item.get_outcome_display() if item.outcome else ''}"
        found.append(("会议", words, reverse("meeting_topic", args=[item.pk])))
    for shown in adjustment.publicities.order_by("pk"):
        found.append(("公示", f"{shown.number}，至 {shown.closes_on}", reverse("publicity_detail", args=[shown.pk])))
    for change in adjustment.changes.filter(version__published_at__isnull=False).select_related("version"):
        words = f"第 {change.version.number} 版，{change.version.effective_from} 起"
        found.append(("目录", words, reverse("version_changes", args=[change.version.number])))
    return list(dict.fromkeys(found))


def texts_of(adjustment):
    rows = (("申请理由", adjustment.reason), ("适应证", adjustment.indication), ("利益关系声明", adjustment.interests))
    return [(label, text) for label, text in rows if text]
