"""What can be bought and kept: price labels, approvals, the cold chain."""

from __future__ import annotations

from collections.abc import Iterator

from formulary.rules.findings.shapes import Case, Hit, is_open, rule, some

SUNSHINE = "苏医保发〔2021〕64号"


@rule(
    "price_blocked",
    "价格标识红★★★",
    hard=True,
    formula="品规至少有一个在售产品的价格标识不是红★★★（价格 ≥ 同品种挂网价 10 倍，暂停交易）",
    document=SUNSHINE,
    key="finding.label_block",
)
def price_blocked(case: Case) -> Iterator[Hit]:
    """Every product on offer carries a label that stops trading."""
    for drug in case.drugs():
        if drug.labels and set(drug.labels) <= set(case.limits.label_block):
            yield Hit(f"{drug.title}：在售 {len(drug.labels)} 个报价全部为红★★★，不得采购", (drug.pk,), drug.code)


@rule(
    "price_warned",
    "价格标识红★、红★★",
    hard=False,
    formula="品规至少有一个在售产品的价格标识为绿或黄",
    document=SUNSHINE,
    key="finding.label_warn",
)
def price_warned(case: Case) -> Iterator[Hit]:
    """No product is left that is neither red nor stopped, and not all are stopped."""
    red = {*case.limits.label_warn, *case.limits.label_block}
    for drug in case.drugs():
        labels = set(drug.labels)
        if labels and labels <= red and not labels <= set(case.limits.label_block):
            yield Hit(f"{drug.title}：在售产品全部带红色价格标识，应先谈价再采购", (drug.pk,), drug.code)


@rule(
    "approval_ended",
    "批准文号已过期",
    hard=True,
    formula="品规至少有一个在用产品的批准文号在有效期内（未登记有效期的不核对）",
    document="中华人民共和国药品管理法；药品注册管理办法（五年再注册）",
)
def approval_ended(case: Case) -> Iterator[Hit]:
    """The longest approval of its products ended before the day of the check."""
    for drug in case.drugs():
        if drug.approvals_end is not None and drug.approvals_end < case.facts.on:
            sentence = f"{drug.title}：{drug.products} 个在用产品的批准文号最晚 {drug.approvals_end} 到期，须换用有效文号的产品"
            yield Hit(sentence, (drug.pk,), drug.code)


@rule(
    "cold_chain",
    "冷藏条件",
    hard=True,
    formula="冷藏品规只开放给有冷藏能力的机构（冷藏容量为 0 的机构不能配备）",
    document="药品经营和使用质量监督管理办法（国家市场监督管理总局令第84号，条文待确认）",
)
def cold_chain(case: Case) -> Iterator[Hit]:
    """A cold-chain 品规 is open only where there is a cold store."""
    warm = [site for site in case.facts.sites if not site.cold]
    if not warm:
        return
    for drug in case.drugs():
        if not drug.cold:
            continue
        line = case.lines[drug.pk]
        lacking = [s.name for s in warm if is_open(line, s.level) and (s.subset is None or drug.pk in s.subset)]
        if lacking:
            sentence = f"{drug.title} 需 2–8 ℃ 冷藏，{some(lacking)}没有冷藏条件，请提高最低使用级别或先配冷藏设备"
            yield Hit(sentence, (drug.pk,), drug.code)
