"""医保: entries that lost their status or changed class, new 国谈 drugs, agreements about to end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from formulary.rules.adjustment_life import Kind
from formulary.rules.status import NONE
from formulary.rules.triggers.kinds import Found, Trigger, View
from formulary.rules.triggers.words import monthly, source

NRDL = "nrdl"
NEGOTIATED = "国谈"
HEAD = ("目录名称", "剂型", "协议止", "版本")


def no_longer_insured(view: View) -> Iterator[Found]:
    """An entry that was insured under the edition before and is not under the new one."""
    yield from _changes(view, lost=True)


def class_changed(view: View) -> Iterator[Found]:
    """An entry whose class (甲, 乙, 国谈) is another under the new edition."""
    yield from _changes(view, lost=False)


def _changes(view: View, *, lost: bool) -> Iterator[Found]:
    edition = view.editions.get(NRDL)
    if edition is None or not edition.before:
        return
    for drug in view.listed:
        before = drug.before.get(NRDL)
        if before is None or before.insurance is None:
            continue
        was, now = before.insurance_class, drug.status.insurance_class
        if was == now or (now == NONE) is not lost:
            continue
        words = f"{edition.title}医保目录不再列{drug.name}" if lost else f"{drug.name}医保类别由“{was}”变为“{now}”"
        yield Found(
            key=f"nrdl_{'lost' if lost else 'changed'}:{edition.title}:{drug.pk}",
            trigger=Trigger.NRDL_LOST if lost else Trigger.NRDL_CHANGED,
            words=f"{words}，请评议是否{'保留' if lost else '调整使用级别或限制'}",
            wants=Kind.REMOVE if lost else Kind.LEVEL,
            medicine=drug.medicine,
            presentation=drug.pk,
            lowest_level="" if lost else drug.level,
            edition=edition.title,
            weight=drug.monthly,
            facts=(
                *source(edition),
                ("前一版类别", was),
                ("新类别", now),
                ("基药", "是" if drug.status.is_essential else "否"),
                monthly(drug),
            ),
        )


def newly_negotiated(view: View) -> Iterator[Found]:
    """A 品种 negotiated in the new edition, not in the one before, without a presentation in the version
    (医保函〔2021〕182号 应配尽配: not to be refused for number, share or budget)."""
    edition = view.editions.get(NRDL)
    if edition is None or not edition.before:
        return
    before = view.rows_before.get(NRDL, {})
    for medicine, rows in view.rows.get(NRDL, {}).items():
        negotiated = [row for row in rows if row.category == NEGOTIATED]
        was = any(row.category == NEGOTIATED for row in before.get(medicine, ()))
        drugs = view.of_medicine(medicine)
        if not negotiated or was or any(drug.listed for drug in drugs):
            continue
        yield Found(
            key=f"negotiated:{edition.title}:{medicine}",
            trigger=Trigger.NRDL_NEGOTIATED,
            words=f"{negotiated[0].medicine_name}新进国谈，统一目录没有该品种（应配尽配）",
            wants=Kind.ADD,
            medicine=medicine,
            presentation=drugs[0].pk if drugs else None,
            edition=edition.title,
            facts=(
                *source(edition),
                ("可选品规", "、".join(drug.name for drug in drugs) or "药品库中还没有，请先建品规"),
                ("限定支付", negotiated[0].attributes.get("备注限定支付范围", "") or "无"),
            ),
            head=HEAD,
            table=tuple((row.name, row.form, str(row.valid_to or "未载明"), row.edition) for row in negotiated),
        )


def agreement_ends(view: View) -> Iterator[Found]:
    """An entry whose agreement ends within the days of the rule."""
    until = view.on + dt.timedelta(days=view.thresholds.agreement_days)
    for drug in view.listed:
        insured = drug.status.insurance
        if insured is None or insured.ends is None or not view.on <= insured.ends <= until:
            continue
        days = (insured.ends - view.on).days
        yield Found(
            key=f"agreement_ends:{drug.pk}:{insured.ends}",
            trigger=Trigger.AGREEMENT_ENDS,
            words=f"{drug.name}的国谈协议 {insured.ends} 到期（{days} 天后），续约前请评议去留和备货",
            wants=Kind.REMOVE,
            medicine=drug.medicine,
            presentation=drug.pk,
            weight=drug.monthly,
            facts=(
                ("医保目录", insured.edition),
                ("协议止", str(insured.ends)),
                ("支付标准", insured.payment or "未载明"),
                monthly(drug),
            ),
        )
