"""What use, price and demand say of the list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from formulary.rules.adjustment_life import Kind
from formulary.rules.triggers.kinds import Demand, Found, Trigger, View
from formulary.rules.triggers.words import monthly

RED = "红"
PRIMARY = "基层"
OPEN_TO_PRIMARY = frozenset({"村", PRIMARY})


def unused(view: View) -> Iterator[Found]:
    """An entry nobody used for 6 or 12 full months, in the version as long and with data as long. Emergency drugs are kept
    for the day they are needed and left out."""
    limits = (view.thresholds.unused_long_months, view.thresholds.unused_months)
    for drug in view.listed:
        known = min(view.known_months, _months_since(drug.since, view))
        months = next((limit for limit in limits if known >= limit and not any(drug.use[:limit])), None)
        if months is None or drug.is_emergency:
            continue
        yield Found(
            key=f"unused:{months}:{drug.pk}:{drug.since}",
            trigger=Trigger.UNUSED,
            words=f"{drug.name}在全医共体连续 {months} 个月没有使用",
            wants=Kind.REMOVE,
            medicine=drug.medicine,
            presentation=drug.pk,
            facts=(
                ("查看范围", f"{view.on} 之前的 {months} 个整月，全部成员机构"),
                ("在目录", f"{drug.since} 起" if drug.since else "未知"),
                ("基药", "是" if drug.status.is_essential else "否"),
                ("国谈", "是" if drug.status.insurance_class == "国谈" else "否"),
            ),
        )


def _months_since(since: dt.date | None, view: View) -> int:
    """Full calendar months that lie between the day an entry began and the month looked at."""
    if since is None:
        return 0
    began = since.year * 12 + since.month + (1 if since.day > 1 else 0)
    return max(0, view.on.year * 12 + view.on.month - began)


def chronic_missing_below(view: View) -> Iterator[Found]:
    """A chronic drug in long-term use at the lead hospital that township centres may not use (六部门 2024: 扩大基层药品种类)."""
    for drug in view.listed:
        months = sum(1 for units in drug.lead_use[:6] if units)
        if not drug.is_chronic or drug.level in OPEN_TO_PRIMARY or months < view.thresholds.chronic_months:
            continue
        lead = round(sum(drug.lead_use[:6]) / min(6, len(drug.lead_use)))
        yield Found(
            key=f"chronic:{drug.pk}:{drug.level}",
            trigger=Trigger.CHRONIC,
            words=f"牵头医院长期使用慢病用药{drug.name}，现只对{drug.level}及以上开放，病人下转后基层拿不到药",
            wants=Kind.LEVEL,
            medicine=drug.medicine,
            presentation=drug.pk,
            lowest_level=PRIMARY,
            weight=lead,
            facts=(
                ("牵头医院月均用量", f"{lead:,} {drug.unit}（近 6 个月中 {months} 个月有使用）"),
                ("现最低使用级别", drug.level),
                ("基药", "是" if drug.status.is_essential else "否"),
                ("医保", drug.status.insurance_class),
            ),
        )


def red_price(view: View) -> Iterator[Found]:
    """An entry of which every offer carries a red label (苏医保发〔2021〕64号)."""
    for drug in view.listed:
        offers = view.prices.get(drug.pk, ())
        if not offers or not all(offer.label.startswith(RED) for offer in offers):
            continue
        mildest = min(offers, key=lambda offer: (offer.label, offer.price / offer.pack_size))
        quarter = f"{view.on.year}Q{(view.on.month + 2) // 3}"
        yield Found(
            key=f"red_price:{quarter}:{drug.pk}",
            trigger=Trigger.RED_PRICE,
            words=f"{drug.name}在售产品价格均为红标（最轻 {mildest.label}），请议价、换厂或调出",
            wants=Kind.REMOVE,
            medicine=drug.medicine,
            presentation=drug.pk,
            weight=drug.monthly,
            facts=(("依据", "苏医保发〔2021〕64号（现行文本待确认）"), monthly(drug)),
            head=("企业", "供应商", "单价（元/包装）", "包装数", "标识"),
            table=tuple((row.maker, row.supplier, f"{row.price:.2f}", str(row.pack_size), row.label) for row in offers),
        )


def asked_for(view: View) -> Iterator[Found]:
    """The same lack registered at several institutions (缺药登记)."""
    for demand in view.demands:
        if len(demand.places) < view.thresholds.demand_places:
            continue
        drug = view.drugs.get(demand.presentation or 0)
        if drug is not None and drug.level in OPEN_TO_PRIMARY:
            continue  # open everywhere: a matter of supply, not of the list
        if (
            drug is None
            and demand.medicine
            and any(d.level in OPEN_TO_PRIMARY for d in view.of_medicine(demand.medicine))
        ):
            continue
        yield _demand(view, demand)


def _demand(view: View, demand: Demand) -> Found:
    drug = view.drugs.get(demand.presentation or 0)
    inside = drug is not None and drug.listed
    return Found(
        key=f"demand:{demand.presentation or ''}:{demand.medicine or demand.name}",
        trigger=Trigger.DEMAND,
        words=f"{len(demand.places)} 家机构登记缺{demand.name}"
        + ("，目录内有而基层未开放" if inside else "，统一目录没有"),
        wants=Kind.LEVEL if inside else Kind.ADD,
        medicine=demand.medicine or (drug.medicine if drug else None),
        presentation=demand.presentation,
        lowest_level=PRIMARY if inside else "",
        weight=demand.times,
        facts=(
            ("登记机构", "、".join(demand.places)),
            ("登记次数", f"{demand.times} 次"),
            ("合计数量", f"{demand.quantity:,}"),
            ("查看范围", f"近 {view.thresholds.demand_days} 天"),
        ),
    )
