"""储备: how much should be kept, what is missing, and when a lot has to go into use before it expires. Pure.

目标 = 指定数量，或 月数 × 月用量（日均用量 × 30）       缺口 = 目标 − 未过期储备 + 已批动用
轮换日 = min(有效期 − 轮换提前天数, 有效期 − 用完所需天数)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from math import ceil
from typing import Any

from shortage.rules.transfers import Lot

MONTH = 30
REASONS = {"necessary": "临床必需", "small": "用量小", "rescue": "急抢救", "fragile": "易短缺"}
COVERS = {"alliance": "全医共体", "own": "本机构"}
EMPTY, SHORT, ROTATE, ENOUGH, UNSET = "empty", "short", "rotate", "enough", "unset"
STATES = {
    EMPTY: ("无储备", "red"),
    SHORT: ("不足", "orange"),
    ROTATE: ("待轮换", "yellow"),
    ENOUGH: ("足额", "green"),
    UNSET: ("目标不明", "gray"),
}


@dataclass(frozen=True)
class ReserveRules:
    """Dated rule values `reserve.<field>` (domain.md §6.4: ≥ 3 months at alliance level, to be confirmed). months_*: target
    by level of the institution where a line names none; rotate_days: a lot goes into use at the latest so long before it
    expires; ahead_days: proposals are listed so long before; refill_days: until a release is made good; fresh_days: life
    that goods put into the reserve must have."""

    months_alliance: float = 3.0
    months_tertiary: float = 1.0
    months_secondary: float = 1.0
    months_primary: float = 0.5
    months_village: float = 0.5
    rotate_days: int = 180
    ahead_days: int = 30
    refill_days: int = 30
    fresh_days: int = 365

    def months(self, covers: str, level: str) -> float:
        """Target months of a line that names no target of its own."""
        if covers == "alliance":
            return self.months_alliance
        return {"三级": self.months_tertiary, "二级": self.months_secondary, "基层": self.months_primary}.get(
            level, self.months_village
        )


def read(value_of: Callable[[str, Any], Any]) -> ReserveRules:
    """Each field asked as `value_of("reserve.<field>", default)`, kept in its default's type."""
    found: dict[str, Any] = {}
    for one in fields(ReserveRules):
        default: Any = one.default
        found[one.name] = type(default)(value_of(f"reserve.{one.name}", default))
    return ReserveRules(**found)


@dataclass(frozen=True)
class Target:
    """units to keep; None where months are asked and the use is not known. how: its working in words."""

    units: int | None
    how: str


def target(*, units: int | None, months: float | None, daily_use: float | None, default_months: float) -> Target:
    """Units named on the line, else months of use (the line's own, else those of the level). Never below one unit."""
    if units is not None:
        return Target(units, f"指定数量 {units:,}")
    asked = months if months is not None else default_months
    said = f"{asked:g} 个月" + ("" if months is not None else "（按级别规则值）")
    if daily_use is None:
        return Target(None, f"{said}，用量数据不足，无法折算数量")
    found = max(1, ceil(asked * daily_use * MONTH - 1e-9))
    return Target(found, f"{said} × 日均用量 {daily_use:.4g} × {MONTH} 天 = {found:,}")


@dataclass(frozen=True)
class Standing:
    """usable: units not expired; promised: in releases not yet sent; gap: units missing to the target after them (None:
    target not known)."""

    state: str
    usable: int
    expired: int
    promised: int
    gap: int | None

    @property
    def share(self) -> float | None:
        """Of the target, at most 1; None where it is not known."""
        if self.gap is None:
            return None
        free = max(0, self.usable - self.promised)
        return 1.0 if self.gap == 0 else free / (free + self.gap)


def standing(lots: Sequence[Lot], wanted: int | None, on: dt.date, *, promised: int = 0, due: bool = False) -> Standing:
    """`due`: a lot has to be rotated now. What expires on a day may not be given out on it."""
    usable = sum(lot.quantity for lot in lots if lot.expiry is None or lot.expiry > on)
    expired = sum(lot.quantity for lot in lots) - usable
    free = max(0, usable - promised)
    if free == 0:
        return Standing(EMPTY, usable, expired, promised, wanted)
    if wanted is None:
        return Standing(UNSET, usable, expired, promised, None)
    gap = max(0, wanted - free)
    state = SHORT if gap else ROTATE if due or expired else ENOUGH
    return Standing(state, usable, expired, promised, gap)


@dataclass(frozen=True)
class User:
    """An institution that could use a lot: key, whether it keeps the reserve itself, use a day, usable units on its shelf."""

    key: int
    keeper: bool
    daily_use: float
    on_shelf: int


@dataclass(frozen=True)
class Rotation:
    """`units` of a lot go into use at `user` by `by`; wasted: units nobody would use before they expire."""

    lot: Lot
    by: dt.date
    user: int | None
    units: int
    wasted: int


def rotations(lots: Sequence[Lot], users: Sequence[User], on: dt.date, rules: ReserveRules) -> list[Rotation]:
    """Lots whose day comes within `ahead_days`, the first to expire first; the keeper before others where it can use all.

    Shelf stock is used before the lot (it is there already), so a user has room for use × days − shelf.
    """
    found = []
    soon = [lot for lot in lots if lot.expiry is not None and lot.expiry > on and lot.quantity > 0]
    taken: dict[int, int] = {}
    for lot in sorted(soon, key=lambda one: (one.expiry or on, one.batch)):
        assert lot.expiry is not None
        days = (lot.expiry - on).days
        rooms = [
            (user, min(lot.quantity, max(0, int(user.daily_use * days) - user.on_shelf - taken.get(user.key, 0))))
            for user in users
        ]
        rooms.sort(key=lambda pair: (-pair[1], not pair[0].keeper, pair[0].key))
        user, units = rooms[0] if rooms and rooms[0][1] > 0 else (None, 0)
        needed = ceil((user.on_shelf + units) / user.daily_use) if user else 0
        by = lot.expiry - dt.timedelta(days=max(rules.rotate_days, needed))
        if (by - on).days > rules.ahead_days:
            continue
        if user is not None:
            taken[user.key] = taken.get(user.key, 0) + units
        found.append(Rotation(lot, max(by, on), user.key if user else None, units, lot.quantity - units))
    return found


def changes(before: Sequence[Lot], counted: Sequence[Lot]) -> list[Lot]:
    """What a count changes, lot by lot; quantities are differences and may be negative. Lots not counted are gone."""
    was = {(lot.product, lot.batch): lot for lot in before}
    now = {(lot.product, lot.batch): lot for lot in counted}
    found = []
    for key in was.keys() | now.keys():
        old, new = was.get(key), now.get(key)
        moved = (new.quantity if new else 0) - (old.quantity if old else 0)
        if moved:
            lot = new or old
            assert lot is not None
            found.append(Lot(lot.product, lot.batch, lot.expiry, moved))
    return sorted(found, key=lambda lot: (lot.batch, lot.product))
