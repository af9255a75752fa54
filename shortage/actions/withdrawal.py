"""Takes the facts of one intake back, wherever it stands in the order of intakes.

The facts it superseded come back; where a later intake has superseded its own facts in turn, the older ones pass to
that later intake, so that taking that one back later finds them. No row is deleted: a withdrawn fact is superseded by
its own intake.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from formulary.models import Institution
from shortage.actions import bulk, expected, monthly, positions
from shortage.actions.fact_tables import CONSUMPTION, ITEM_DAY, LEVELS, LOTS, TABLES, FactTable
from shortage.models import Intake, Receipt, StockLevel


class LaterFactsDepend(Exception):
    """A later report, or a transfer, changed single lots of the same item and day on top of this intake."""

    def __init__(self, later: Iterable[Intake]) -> None:
        self.later = list(later)
        names = "、".join(f"{x.name}（编号 {x.pk}）" for x in self.later[:5])
        super().__init__(
            f"之后的接口数据或调剂以本次导入为基础更新了部分批次：{names}。请先撤销它们（调剂须另开归还单），再撤销本次导入"
        )


def withdraw(intake: Intake) -> dict[str, int]:
    """Takes all facts of the intake back, inside the caller's transaction. Returns how many rows each table lost."""
    institutions = sorted(intake.institutions.values_list("pk", flat=True))
    list(
        Institution.objects.select_for_update(no_key=True).filter(pk__in=institutions).order_by("pk").values_list("pk")
    )
    _refuse_if_built_upon(intake)
    mine = {table: _rows(table, intake=intake) for table in TABLES}
    before = {table: _rows(table, superseded_by=intake) for table in TABLES}
    for table in TABLES:
        table.model._default_manager.filter(intake=intake).update(superseded_by=intake)
    for table in TABLES:
        _hand_on(table, before[table][before[table]["intake_id"] != intake.pk], mine)
    orders = Receipt.objects.filter(intake=intake).values_list("institution_id", "presentation_id", "order_reference")
    positions.settle_expected(
        pd.DataFrame.from_records(list(orders), columns=["institution_id", "presentation_id", "order_reference"])
    )
    presentations = {int(x) for part in (mine, before) for x in part[LEVELS]["presentation_id"].unique()}
    if presentations:
        positions.refresh(institutions, presentations)
    monthly.refresh(pd.concat([mine[CONSUMPTION], before[CONSUMPTION]]))
    positions.recount_feeds(institutions)
    counts = {table.model.__name__: len(rows) for table, rows in mine.items()}
    return {**counts, "ExpectedReceipt": expected.withdraw(intake)}


def _refuse_if_built_upon(intake: Intake) -> None:
    after = (
        StockLevel.objects.filter(intake=intake, superseded_by__source__in=[Intake.Source.API, Intake.Source.TRANSFER])
        .exclude(superseded_by=intake)
        .values_list("superseded_by", flat=True)
        .distinct()
    )
    later = list(Intake.objects.filter(pk__in=list(after)).order_by("pk"))
    if later:
        raise LaterFactsDepend(later)


def _rows(table: FactTable, **which: Intake) -> pd.DataFrame:
    columns = ["id", "intake_id", "superseded_by_id", *table.keys]
    records = list(table.model._default_manager.filter(**which).order_by().values_list(*columns))
    frame = pd.DataFrame.from_records(records, columns=columns)
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[s]")
    if "product_id" in frame:
        frame["product_id"] = frame["product_id"].fillna(0).astype("int64")
    frame["superseded_by_id"] = frame["superseded_by_id"].fillna(0).astype("int64")
    return frame


def _hand_on(table: FactTable, older: pd.DataFrame, mine: dict[FactTable, pd.DataFrame]) -> None:
    """Each older fact goes back in force, or to the intake that superseded this one's fact of the same key.

    A lot that this intake found gone has no successor of its own; the closing stock of its day tells who came later.
    """
    if older.empty:
        return
    keys = list(table.keys)
    successor = older[keys].merge(mine[table][[*keys, "superseded_by_id"]], on=keys, how="left")["superseded_by_id"]
    if table is LOTS:
        day = list(ITEM_DAY)
        by_level = older[day].merge(mine[LEVELS][[*day, "superseded_by_id"]], on=day, how="left")["superseded_by_id"]
        successor = successor.fillna(by_level)
    after = successor.fillna(0).astype("int64").to_numpy()
    for to in sorted(set(after.tolist())):
        bulk.set_for(table.model, older.loc[after == to, "id"].tolist(), superseded_by_id=to or None)
