"""Who applies: a new drug is asked for by somebody of senior rank (domain: 新药引进申请表, 申请人职称 ≥ 副高)."""

from __future__ import annotations

from collections.abc import Iterator

from formulary.rules.findings.shapes import Case, Hit, rule


@rule(
    "applicant_title",
    "申请人职称",
    hard=False,
    formula="申请调入、替换的人应有副高及以上职称；未达者由秘书核对是否有副高以上人员推荐",
    document="新药引进申请表（通行做法，待确认）",
    key="finding.senior_titles",
)
def applicant_title(case: Case) -> Iterator[Hit]:
    """The applicant's title begins like one of 副高 and above."""
    title = case.facts.applicant_title
    if title is None or title.startswith(case.limits.senior_titles):
        return
    for drug in case.drugs(case.added):
        said = f"申请人职称为{title}，未达副高" if title else "申请人没有登记职称"
        yield Hit(f"{drug.title}：{said}，请核对是否有副高及以上人员推荐", (drug.pk,), drug.code)
