"""会商纪要 as a document to sign: agenda, minutes, decisions."""

from __future__ import annotations

from procurement.models import Consultation
from procurement.rules.consultations import KIND_NAMES
from procurement.rules.document import Paper


def minutes_document(row: Consultation) -> bytes:
    paper = Paper()
    paper.title(row.title)
    paper.facts(
        [("会商日", row.on), ("地点", row.place or "—"), ("参加单位", row.members or "—"), ("召集", row.created_by)]
    )
    paper.heading("议题")
    paper.table(
        ("类别", "议题", "情况"), [(KIND_NAMES[topic["kind"]], topic["title"], topic["facts"]) for topic in row.agenda]
    )
    paper.heading("纪要")
    paper.text(row.minutes or "（尚未召开）")
    paper.heading("决定")
    paper.table(
        ("决定", "责任人", "期限", "办结情况"),
        [
            (each.text, each.owner, each.due_on, each.outcome or "待办")
            for each in row.decisions.select_related("owner")
        ],
    )
    paper.signatures("主持人", "记录人", "日期")
    return paper.content()
