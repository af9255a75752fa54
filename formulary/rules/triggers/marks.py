"""Lists that only mark: recalls, 重点监控, 短缺."""

from __future__ import annotations

from collections.abc import Iterator

from formulary.rules.adjustment_life import Kind
from formulary.rules.strengths import same_strength
from formulary.rules.triggers.kinds import Drug, Found, Row, Trigger, View
from formulary.rules.triggers.words import monthly, source


def recalled(view: View) -> Iterator[Found]:
    """An entry that a recall in force names: by 品种, by strength where the notice says one, by maker where it says one and
    the catalogue knows the makers. Using up the stock is for the institution to stop at once; the list is for the committee."""
    for medicine, rows in view.rows.get("recall", {}).items():
        for drug in view.of_medicine(medicine):
            named = [row for row in rows if drug.listed and _means(row, drug)]
            for title in dict.fromkeys(row.edition for row in named):
                yield _recall(drug, [row for row in named if row.edition == title])


def _means(row: Row, drug: Drug) -> bool:
    if row.strength and same_strength(drug.strength, row.strength) is False:
        return False
    return not row.company or not drug.makers or any(_same_firm(row.company, maker) for maker in drug.makers)


def _same_firm(one: str, other: str) -> bool:
    return one in other or other in one


def _recall(drug: Drug, rows: list[Row]) -> Found:
    first = rows[0]
    makers = "、".join(dict.fromkeys(row.company for row in rows if row.company))
    return Found(
        key=f"recall:{first.edition}:{drug.pk}",
        trigger=Trigger.RECALL,
        words=f"{first.category or ''}召回涉及{drug.name}{f'（{makers}）' if makers else ''}：先停用、封存、退回，再评议去留",
        wants=Kind.REMOVE,
        medicine=drug.medicine,
        presentation=drug.pk,
        edition=first.edition,
        weight=drug.monthly,
        facts=(
            ("通知", f"{first.edition}{f'（{first.document}）' if first.document else '（无文号，非官方）'}"),
            ("药品库中的企业", "、".join(drug.makers) or "未登记，请核对在库产品"),
            monthly(drug),
        ),
        head=("药品", "规格", "企业", "批号", "级别", "原因"),
        table=tuple(
            (
                row.name,
                row.strength,
                row.company,
                _of(row, "批号", "产品批号", "召回批号"),
                row.category,
                _of(row, "召回原因", "原因"),
            )
            for row in rows
        ),
    )


def _of(row: Row, *columns: str) -> str:
    return next((row.attributes[column] for column in columns if row.attributes.get(column)), "")


def monitored(view: View) -> Iterator[Found]:
    """An entry that the 重点监控 list in force names: not removed, but its level and restriction are looked at."""
    edition = view.editions.get("monitored")
    if edition is None:
        return
    for drug in view.listed:
        if not drug.status.monitored:
            continue
        yield Found(
            key=f"monitored:{edition.title}:{drug.pk}",
            trigger=Trigger.MONITORED,
            words=f"{drug.name}列入重点监控，请核定使用级别和限制（监控不等于调出）",
            wants=Kind.LEVEL,
            medicine=drug.medicine,
            presentation=drug.pk,
            lowest_level=drug.level,
            edition=edition.title,
            weight=drug.monthly,
            facts=(*source(edition), ("现使用级别", f"{drug.level}及以上"), monthly(drug)),
        )


def short(view: View) -> Iterator[Found]:
    """An entry on an official shortage list: a substitute should be known before it runs out. Nothing to apply for when
    the version already holds another presentation of the same substance and route."""
    for drug in view.listed:
        official = [mark for mark in drug.status.shortage if mark.official]
        if not official:
            continue
        peers = [other for other in view.of_group(drug.spec_group) if other.pk != drug.pk]
        inside = [other.name for other in peers if other.listed]
        outside = [other for other in peers if not other.listed]
        yield Found(
            key=f"shortage:{official[0].edition}:{drug.pk}",
            trigger=Trigger.SHORTAGE,
            words=f"{drug.name}列入短缺清单，"
            + (f"目录内同通用名有 {'、'.join(inside)}" if inside else "目录内没有同通用名品规，请备替代"),
            wants=Kind.ADD if outside and not inside else None,
            medicine=drug.medicine,
            presentation=outside[0].pk if outside and not inside else drug.pk,
            other=drug.pk if outside and not inside else None,
            edition=official[0].edition,
            weight=drug.monthly,
            facts=(
                ("清单", official[0].edition),
                ("目录外同通用名", "、".join(x.name for x in outside) or "无"),
                monthly(drug),
            ),
        )
