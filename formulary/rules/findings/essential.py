"""1+X: what is not on the essential medicines list needs an evaluation of the committee."""

from __future__ import annotations

from collections.abc import Iterator

from formulary.rules.findings.shapes import Case, Hit, rule


@rule(
    "evaluation_missing",
    "1+X 评价",
    hard=False,
    formula="新增的非基药（X）须有药事委员会评价编号；优先集采中选与医保药品",
    document="国办发〔2019〕47号（条文待确认）",
)
def evaluation_missing(case: Case) -> Iterator[Hit]:
    """An added line outside 基药 without an evaluation number."""
    for drug in case.drugs(case.added):
        if not drug.essential and not case.facts.evaluations.get(drug.pk):
            known = "医保" + drug.insurance if drug.insurance in ("甲", "乙") else drug.insurance
            mark = "，集采中选" if drug.winner else ""
            insured = f"（{known}{mark}）" if drug.insurance != "无" else "，也不在医保目录"
            yield Hit(f"{drug.title} 不在基药目录{insured}，尚无 1+X 评价编号", (drug.pk,), drug.code)


@rule(
    "class_unknown",
    "抗菌药物分类未知",
    hard=False,
    formula="新增的抗感染药应有医保药品代码或医保目录分类，才能按抗菌药物计数",
    document="国家医保药品代码",
)
def class_unknown(case: Case) -> Iterator[Hit]:
    """An added drug that no list and no code classifies cannot be counted as antimicrobial or not."""
    for drug in case.drugs(case.added):
        if not drug.class_code:
            yield Hit(
                f"{drug.title} 没有医保分类代码，抗菌药物的核对未包括它，请核对是否为抗菌药物", (drug.pk,), drug.code
            )
