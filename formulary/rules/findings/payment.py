"""医保: from which level it pays, agreements that end, 国谈药 that must not be pushed out."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from formulary.rules.findings.shapes import LEVELS, Case, Hit, rule

_PLACE = re.compile(r"限(?:在)?(二级|三级)(?:及|或)?(?:以上)?(?:定点)?(?:医疗机构|医院)")


def payable_from(restriction: str) -> str:
    """The level from which 医保 pays, out of 备注: 限二级及以上医疗机构 … → 二级; "" when no level is named.

    首次处方时需由二级及以上医疗机构专科医师开具 says who begins, not where it is paid, and names no level here.
    """
    found = _PLACE.search(restriction.replace(" ", ""))
    return found.group(1) if found else ""


@rule(
    "payment_level",
    "医保支付限定机构级别",
    hard=False,
    formula="目录最低使用级别 ≥ 医保“限定支付范围”写明的机构级别；低于它的机构用药医保不付",
    document="国家医保药品目录“备注”栏",
)
def payment_level(case: Case) -> Iterator[Hit]:
    """lowest level of the line ≥ level from which 医保 pays."""
    for drug in case.drugs():
        level = case.lines[drug.pk].lowest_level
        if drug.payable_from and LEVELS.index(level) < LEVELS.index(drug.payable_from):
            sentence = f"{drug.title}：医保限{drug.payable_from}及以上机构支付，目录却开放到{level}"
            yield Hit(sentence, (drug.pk,), drug.code)


@rule(
    "agreement_ended",
    "国谈协议已到期",
    hard=False,
    formula="国谈（竞价）协议最后一日 ≥ 核对日；到期后以新版医保目录为准",
    document="国家医保药品目录“协议有效期”栏",
    key="finding.agreement_days",
)
def agreement_ended(case: Case) -> Iterator[Hit]:
    """No line rests on an agreement that has run out or is about to."""
    soon = case.facts.on + dt.timedelta(days=case.limits.agreement_days)
    for drug in case.drugs():
        if drug.agreement_ended is not None and drug.insurance == "无":
            yield Hit(f"{drug.title}：医保协议 {drug.agreement_ended} 已到期，未见续约", (drug.pk,), drug.code)
        elif drug.insurance_ends is not None and drug.insurance_ends <= soon:
            yield Hit(f"{drug.title}：医保协议 {drug.insurance_ends} 到期", (drug.pk,), drug.code)


@rule(
    "negotiated_removed",
    "国谈药应配尽配",
    hard=True,
    formula="协议期内的国谈药不得以总额控制、目录数量、药占比为由调出或不予引进",
    document="医保函〔2021〕182号；医保发〔2024〕33号（条文待确认）",
)
def negotiated_removed(case: Case) -> Iterator[Hit]:
    """A 国谈 drug within its agreement leaves the list."""
    for drug in case.drugs(case.gone):
        if drug.insurance == "国谈":
            until = f"（协议至 {drug.insurance_ends}）" if drug.insurance_ends else ""
            sentence = f"{drug.title} 是国谈药{until}，不得以总额、品种数或药占比为由调出；有安全等其他理由请写明"
            yield Hit(sentence, (drug.pk,), drug.code)


def refusal_warning(insurance: str, title: str) -> str:
    """What the one who refuses a 国谈 application is told; "" for other drugs."""
    return f"{title} 是国谈药：不得以总额控制、目录数量或药占比为由不予受理" if insurance == "国谈" else ""
