"""The two 评分表 of the demonstration: 西药 after the guide, 中成药 of the project's own making."""

from __future__ import annotations

from fixtures.tables import HERE
from formulary.actions.scoring import publish_template
from formulary.models import ScoreTemplate
from formulary.rules.scorecard_file import read_template
from procurement.actions.demo.steps import Loading

FORMS = (
    ("western", "西药评价与遴选评分表", "药品评价与遴选快速指南（第二版），据第二手资料整理，待确认"),
    ("chinese", "中成药评价与遴选评分表", "自拟，待委员会确认"),
)


def load_scorecards(loading: Loading) -> dict[str, int]:
    made = 0
    for form, title, source in FORMS:
        if not ScoreTemplate.objects.filter(alliance=loading.alliance, form=form).exists():
            template = read_template(HERE / f"scorecard_{form}.csv")
            publish_template(
                loading.alliance, form, template, title=title, source=source, by=loading.by, now=loading.now
            )
            made += 1
    return {"评分表": made} if made else {}
