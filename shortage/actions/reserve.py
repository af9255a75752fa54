"""The reserve list and its stock: set lines, put goods in, count, rotate, write off. Releases are transfers (`transfers`)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Institution, Person
from formulary.queries import scope_of
from shortage.actions import moves, reserve_ledger
from shortage.models import ReserveItem, ReserveMove
from shortage.queries.reserve import reserve_settings
from shortage.queries.reserve_lots import promised_out, reserve_lots
from shortage.queries.shelves import shelves
from shortage.rules import reserve as rules
from shortage.rules import transfers as lots_of
from shortage.rules.reserve_file import Counted, Row
from shortage.rules.transfers import Lot, NotEnough

Kind = ReserveMove.Kind


class ReserveRefused(Exception):
    """The list or its stock cannot be changed so; the message is for the person who asked."""


def set_lines(alliance: Alliance, rows: Sequence[Row], *, by: Person | None, now: dt.datetime) -> dict[str, int]:
    """Brings the named lines to what the rows say: a changed line is ended and begun anew, one that is the same stays.

    Returns counts new, changed, same. Raises ReserveRefused out of reach.
    """
    _reach(by, alliance, {row.institution for row in rows})
    on = timezone.localdate(now)
    counts = {"new": 0, "changed": 0, "same": 0}
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        standing = _standing(alliance, {row.institution for row in rows})
        for row in rows:
            old = standing.get((row.institution, row.presentation))
            if old is not None and line_row(old) == row:
                counts["same"] += 1
                continue
            counts["changed" if old is not None else "new"] += 1
            if old is not None:
                _end(old, on, now)
            ReserveItem.objects.create(
                alliance=alliance, institution_id=row.institution, presentation_id=row.presentation, reason=row.reason,
                document=row.document, covers=row.covers, target_units=row.units, note=row.note, valid_from=on,
                target_months=None if row.months is None else Decimal(str(row.months)), added_by=by, added_at=now,
            )  # fmt: skip
        if counts["new"] or counts["changed"]:
            data = {**counts, "rows": [[row.institution, row.presentation, row.months, row.units] for row in rows]}
            record("修改储备目录", alliance, alliance=alliance, by=by, now=now, data=data)
    return counts


def bring_in(
    alliance: Alliance, rows: Sequence[Row], counted: Sequence[Counted], *, by: Person, now: dt.datetime
) -> str:
    """A file's list and count together, all or nothing; returns what was done, in words."""
    with transaction.atomic():
        done = set_lines(alliance, rows, by=by, now=now)
        lots = count(alliance, counted, by=by, now=now, note="导入盘点")
    told = f"储备目录新增 {done['new']} 行、修改 {done['changed']} 行、不变 {done['same']} 行"
    return told + (f"；盘点更改 {lots} 个批次" if counted else "")


def end_line(item: ReserveItem, *, by: Person, now: dt.datetime) -> None:
    """Takes a line off the list; what lies in the reserve stays there until it is used."""
    _reach(by, item.alliance, {item.institution_id})
    with transaction.atomic():
        row = ReserveItem.objects.select_for_update().get(pk=item.pk)
        if row.ended_at is not None:
            raise ReserveRefused("这一行已移出储备目录")
        _end(row, timezone.localdate(now), now)
        record("移出储备目录", row, alliance=item.alliance, by=by, now=now)


def fill(item: ReserveItem, units: int, *, by: Person, now: dt.datetime) -> int:
    """Moves units from the keeper's shelf into its reserve, the longest-lived lots; returns how many.

    Raises NotEnough where the shelf has not that much that lives long enough.
    """
    _keeper(by, item)
    on = timezone.localdate(now)
    with transaction.atomic():
        reserve_ledger.lock(item.institution)
        chosen = _fresh(item, units, on)
        goods = {item.presentation_id: chosen}
        moves.take(item.institution, goods, name="划入储备", on=on, by=by, now=now)
        reserve_ledger.put(item.institution, goods, kind=Kind.FILL, by=by, now=now)
        record("划入储备", item, alliance=item.alliance, by=by, now=now, data={"units": units})
    return units


def _fresh(item: ReserveItem, units: int, on: dt.date) -> list[Lot]:
    """So many units of the shelf that live long enough for a reserve. Raises NotEnough."""
    if units < 1:
        raise lots_of.QuantityWrong("数量应为不小于 1 的整数")
    taken = _longest(item, units, on)
    got = sum(lot.quantity for lot in taken)
    if got < units:
        days = reserve_settings(item.alliance, on).fresh_days
        raise NotEnough(f"本机构药房效期 {days} 天以上的库存只有 {got:,}，不足 {units:,}；请减少数量或先采购")
    return taken


def _longest(item: ReserveItem, units: int, on: dt.date, beside: Iterable[Lot] = ()) -> list[Lot]:
    """Up to so many units of the shelf, the last to expire first; `beside` are left alone."""
    key = (item.institution_id, item.presentation_id)
    left = lots_of.without(shelves([key[0]], [key[1]]).get(key, (on, []))[1], list(beside))
    until = on + dt.timedelta(days=reserve_settings(item.alliance, on).fresh_days)
    fit = sorted(
        (lot for lot in left if lot.expiry is None or lot.expiry >= until),
        key=lambda lot: (lot.expiry is None, -(lot.expiry or on).toordinal(), lot.batch),
    )
    taken, rest = [], units
    for lot in fit:
        part = min(lot.quantity, rest)
        if part:
            taken.append(Lot(lot.product, lot.batch, lot.expiry, part))
            rest -= part
    return taken


def rotate(item: ReserveItem, batch: str, product: int, units: int, *, by: Person, now: dt.datetime) -> tuple[int, int]:
    """Units of an old lot go onto the keeper's shelf and fresh ones of the shelf take their place as far as there are any.

    Returns (units put into use, units replaced). Raises NotEnough where the lot has not that much that is free.
    """
    _keeper(by, item)
    on, keeper, drug = timezone.localdate(now), item.institution, item.presentation_id
    with transaction.atomic():
        reserve_ledger.lock(keeper)
        old = [_part(item, batch, product, units)]
        if old[0].expiry is not None and old[0].expiry <= on:
            raise ReserveRefused("已过期的批次不能转入使用，请报损")
        reserve_ledger.take(keeper, {drug: old}, kind=Kind.ROTATE, by=by, now=now, note="转入使用")
        moves.put(keeper, {drug: old}, name="储备轮换转入使用", on=on, by=by, now=now)
        fresh = _longest(item, units, on, beside=old)
        if fresh:
            moves.take(keeper, {drug: fresh}, name="储备轮换补入", on=on, by=by, now=now)
            reserve_ledger.put(keeper, {drug: fresh}, kind=Kind.ROTATE, by=by, now=now, note="补入新批次")
        replaced = sum(lot.quantity for lot in fresh)
        data = {"batch": batch, "units": units, "replaced": replaced}
        record("储备轮换", item, alliance=item.alliance, by=by, now=now, data=data)
    return units, replaced


def write_off(
    item: ReserveItem, batch: str, product: int, units: int, why: str, *, by: Person, now: dt.datetime
) -> None:
    """Units of a lot are lost: expired, broken, returned."""
    _keeper(by, item)
    if not why.strip():
        raise ReserveRefused("请写明报损原因")
    with transaction.atomic():
        reserve_ledger.lock(item.institution)
        goods = {item.presentation_id: [_part(item, batch, product, units)]}
        reserve_ledger.take(item.institution, goods, kind=Kind.WRITE_OFF, by=by, now=now, note=why.strip())
        record(
            "储备报损", item, alliance=item.alliance, by=by, now=now, data={"batch": batch, "units": units, "why": why}
        )


def _part(item: ReserveItem, batch: str, product: int, units: int) -> Lot:
    """So many units of one lot of the reserve, beside what is promised. Raises NotEnough, ReserveRefused."""
    key = (item.institution_id, item.presentation_id)
    kept, promised = reserve_lots([key[0]], [key[1]]), promised_out([key[0]], [key[1]])
    free = lots_of.without(kept.get(key, []), promised.get(key, []))
    lot = next((one for one in free if (one.batch, one.product) == (batch, product)), None)
    if lot is None or units < 1 or lot.quantity < units:
        raise NotEnough(f"批号 {batch or '未分批'} 可动 {lot.quantity if lot else 0:,}，不能动 {units:,}")
    return Lot(lot.product, lot.batch, lot.expiry, units)


def count(
    alliance: Alliance, counted: Sequence[Counted], *, by: Person | None, now: dt.datetime, note: str = ""
) -> int:
    """The named drugs of the named reserves hold exactly the counted lots; returns how many lots changed."""
    _reach(by, alliance, {one.institution for one in counted}, Permission.SET_RESERVE, Permission.KEEP_RESERVE)
    by_place: dict[int, dict[int, list[Lot]]] = defaultdict(lambda: defaultdict(list))
    for one in counted:
        by_place[one.institution][one.presentation].append(Lot(one.product, one.batch, one.expiry, one.quantity))
    changed = 0
    with transaction.atomic():
        for keeper in Institution.objects.filter(pk__in=by_place).order_by("pk"):
            changed += _count_one(keeper, by_place[keeper.pk], by=by, now=now, note=note)
        if changed:
            record("盘点储备", alliance, alliance=alliance, by=by, now=now, data={"lots": changed})
    return changed


def _count_one(
    keeper: Institution, drugs: dict[int, list[Lot]], *, by: Person | None, now: dt.datetime, note: str
) -> int:
    reserve_ledger.lock(keeper)
    kept, changed = reserve_lots([keeper.pk], list(drugs)), 0
    for drug, lots in drugs.items():
        for lot in rules.changes(kept.get((keeper.pk, drug), []), lots):
            write = reserve_ledger.put if lot.quantity > 0 else reserve_ledger.take
            goods = {drug: [Lot(lot.product, lot.batch, lot.expiry, abs(lot.quantity))]}
            write(keeper, goods, kind=Kind.COUNT, by=by, now=now, note=note)
            changed += 1
    return changed


def _end(row: ReserveItem, on: dt.date, now: dt.datetime) -> None:
    row.valid_to, row.ended_at = on, now
    row.save(update_fields=["valid_to", "ended_at"])


def _standing(alliance: Alliance, institutions: Iterable[int]) -> dict[tuple[int, int], ReserveItem]:
    rows = ReserveItem.objects.filter(alliance=alliance, institution__in=list(institutions), ended_at__isnull=True)
    return {(row.institution_id, row.presentation_id): row for row in rows}


def line_row(item: ReserveItem) -> Row:
    """A line as a file would say it."""
    months = None if item.target_months is None else float(item.target_months)
    return Row(
        item.institution_id, item.presentation_id, item.reason, item.document, item.covers, months, item.target_units,
        item.note,
    )  # fmt: skip


def _reach(
    by: Person | None,
    alliance: Alliance,
    institutions: set[int],
    *permissions: Permission,
) -> None:
    """The system itself reaches everything; a person only what one of the permissions opens."""
    if by is None:
        return
    scopes = [scope_of(by, permission) for permission in permissions or (Permission.SET_RESERVE,)]
    mine: set[int] = set()
    for scope in scopes:
        if scope is not None and scope.alliance.pk == alliance.pk:
            mine |= scope.institution_ids
    if not institutions <= mine:
        raise ReserveRefused("只能维护您权限范围内机构的储备")


def _keeper(by: Person, item: ReserveItem) -> None:
    _reach(by, item.alliance, {item.institution_id}, Permission.KEEP_RESERVE)
    if item.ended_at is not None:
        raise ReserveRefused("这一行已移出储备目录")
