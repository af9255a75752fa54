"""What received goods cost: units × the price of their order, else the price of the day, exact to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from formulary.rules.evidence import PurchaseRow

CENT = Decimal("0.01")
KEY = ["institution", "presentation", "month"]


def priced(received: pd.DataFrame, offers: pd.DataFrame) -> list[PurchaseRow]:
    """Purchases by institution, presentation and month.

    received: institution, presentation, product (NaN when the file named none), supplier (code), date, quantity; optionally
    ordered_price (yuan per pack) and ordered_pack of the order line that the goods came under, NaN where there is none.
    offers: presentation, product, supplier, pack_size, price (yuan per pack, two decimals), valid_from, valid_to.
    The price of a receipt is that of its order line; where no order is known, the offer that ran that day: of its product and supplier; else of its product, the cheapest;
    else of its presentation, the cheapest per unit. Units that no offer fits are counted in `unpriced`, not in the amount.
    """
    if received.empty:
        return []
    goods = received.reset_index(drop=True).assign(
        date=pd.to_datetime(received["date"].to_numpy()).astype("datetime64[s]"),
        product=received["product"].fillna(0).astype("int64").to_numpy(),
    )
    offered = _in_cents(offers)
    goods[["cents", "pack_size"]] = pd.DataFrame(index=goods.index, columns=["cents", "pack_size"], dtype="Int64")
    if "ordered_price" in goods:
        known = goods["ordered_price"].notna()
        goods.loc[known, "cents"] = [int(price * 100) for price in goods.loc[known, "ordered_price"]]
        goods.loc[known, "pack_size"] = goods.loc[known, "ordered_pack"].astype("int64")
    for by in (["product", "supplier"], ["product"], ["presentation"]):
        found = _prices_of(goods[goods["cents"].isna()], offered, by)
        goods.loc[found.index, ["cents", "pack_size"]] = found
    goods["month"] = goods["date"].dt.to_period("M").dt.start_time
    return list(_summed(goods))


def _in_cents(offers: pd.DataFrame) -> pd.DataFrame:
    rows = offers.assign(
        cents=[int(price * 100) for price in offers["price"]],
        valid_from=pd.to_datetime(offers["valid_from"]).astype("datetime64[s]"),
        valid_to=pd.to_datetime(offers["valid_to"]).astype("datetime64[s]"),
    )
    return rows.assign(each=rows["cents"] / rows["pack_size"])


def _prices_of(goods: pd.DataFrame, offers: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """cents and pack_size, by row of goods, of the cheapest offer per unit of the same `by` that ran on the day."""
    asked = goods[[*by, "date"]].drop_duplicates()
    pairs = asked.merge(offers[[*by, "valid_from", "valid_to", "cents", "pack_size", "each"]], on=by)
    ran = (pairs["valid_from"] <= pairs["date"]) & (pairs["valid_to"].isna() | (pairs["valid_to"] >= pairs["date"]))
    cheapest = pairs[ran].sort_values(["each", "cents"], kind="stable").drop_duplicates([*by, "date"])
    found = goods[[*by, "date"]].reset_index(names="at").merge(cheapest, on=[*by, "date"])
    return found.set_index("at")[["cents", "pack_size"]].astype("Int64")


def _summed(goods: pd.DataFrame) -> Iterator[PurchaseRow]:
    """Amounts in exact arithmetic: one multiplication for each price met, rounded once for each row."""
    sums = goods.groupby([*KEY, "cents", "pack_size"], dropna=False, as_index=False)["quantity"].sum()
    totals: dict[tuple[int, int, pd.Timestamp], tuple[int, Decimal, int]] = {}
    for institution, presentation, month, cents, pack, units in sums[
        [*KEY, "cents", "pack_size", "quantity"]
    ].itertuples(index=False, name=None):
        quantity, amount, unpriced = totals.get((institution, presentation, month), (0, Decimal(0), 0))
        if pd.isna(cents):
            unpriced += int(units)
        else:
            amount += Decimal(int(units) * int(cents)) / (100 * int(pack))
        totals[institution, presentation, month] = (quantity + int(units), amount, unpriced)
    for (institution, presentation, month), (quantity, amount, unpriced) in totals.items():
        yield PurchaseRow(
            int(institution), int(presentation), month.date(), quantity,
            amount.quantize(CENT, rounding=ROUND_HALF_UP), unpriced,
        )  # fmt: skip
