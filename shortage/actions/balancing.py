"""The alliance's transfer plan: computed as a job, kept line by line, each line accepted into a draft transfer or left."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Job, Person, Presentation
from formulary.queries import scope_of
from shortage.actions import relief, transfers
from shortage.balancing.flow import Balance, Costs, Need, Spare, balance
from shortage.models import LIVE, Alert, BalanceLine, BalanceRun, Disposition, Transfer, TransferLine
from shortage.queries.whatif import Bench, bench
from shortage.rules import whatif
from shortage.rules.transfers import distance_km, draw

WEIGHTS = {"A": 9.0, "B": 3.0, "C": 1.0}
"""What a day of use is worth by 保障等级: an emergency drug's day before three ordinary ones."""
Report = Callable[[int, str], None]


class NothingToBalance(Exception):
    """No pass of the watch, or no alert that a transfer could help."""


def plan_alliance(
    alliance: Alliance,
    *,
    by: Person | None,
    now: dt.datetime,
    job: Job | None = None,
    report: Report | None = None,
    seconds: float = 20.0,
) -> BalanceRun:
    """All live alerts against all spare stock. Raises NothingToBalance."""
    on, say = timezone.localdate(now), report or _silent
    alerts = {
        (row.institution_id, row.presentation_id): row
        for row in Alert.objects.filter(LIVE, institution__alliance=alliance)
    }
    seen = bench(alliance, {drug for _, drug in alerts}, on)
    if seen is None or not alerts:
        raise NothingToBalance("没有未解除的预警，或还没有运行每日监测，无需调剂")
    say(20, f"比对 {len(alerts)} 条预警与各机构余量")
    needs, spares, before = _sides(seen, alerts)
    kms = _distances(seen)
    say(40, "求解调剂方案")
    found = balance(needs, spares, kms, Costs(seconds=seconds))
    say(80, f"{found.trips} 趟，{len(found.moves)} 行，写入")
    with transaction.atomic():
        counts = {
            "alerts": len(needs), "lines": len(found.moves), "trips": found.trips, "km": round(found.km),
            "covered": found.covered, "lacking": found.lacking, "proven": found.proven,
        }  # fmt: skip
        run = BalanceRun.objects.create(alliance=alliance, as_of=seen.as_of, made_at=now, by=by, counts=counts, job=job)
        BalanceLine.objects.bulk_create(_lines(run, seen, found, before, kms))
        record("计算调剂建议", run, alliance=alliance, by=by, now=now, data=counts)
    say(100, "完成")
    return run


def _sides(
    seen: Bench, alerts: dict[tuple[int, int], Alert]
) -> tuple[list[Need], list[Spare], dict[tuple[int, int], float]]:
    """Needs of the alerts (less what is already promised to them), spares of everybody else."""
    drugs = Presentation.objects.in_bulk({drug for _, drug in seen.places})
    rows = TransferLine.objects.filter(
        transfer__alliance=next(iter(seen.institutions.values())).alliance_id,
        transfer__state__in=["planned", "approved"],
    ).order_by()
    shelf = rows.exclude(transfer__kind=Transfer.Kind.RELEASE)
    sums = {
        side: {
            (place, drug): units
            for place, drug, units in found.values_list(f"transfer__{side}", "presentation").annotate(Sum("quantity"))
        }
        for side, found in (("receiver", rows), ("donor", shelf))
    }
    coming, going = sums["receiver"], sums["donor"]
    keys = [key for key in alerts if key in seen.places]
    outlooks = dict(zip(keys, whatif.outlooks([seen.places[key].shelf for key in keys], seen.night), strict=True))
    needs, spares = [], []
    for key, outlook in outlooks.items():
        rate = max(seen.places[key].rate, 1e-6)
        units = seen.wanted(key, outlook) - coming.get(key, 0)
        needs.append(Need(*key, max(0, units), WEIGHTS[drugs[key[1]].criticality] / rate))
    givers = [key for key in seen.places if key not in alerts]
    soon = whatif.outlooks([seen.places[key].shelf for key in givers], seen.night)
    for key, outlook in zip(givers, soon, strict=True):
        spares.append(Spare(*key, max(0, seen.spare(key)[0] - going.get(key, 0)), round(outlook.expiring)))
    return needs, spares, {key: outlook.p14 for key, outlook in outlooks.items()}


def _distances(seen: Bench) -> dict[tuple[int, int], float]:
    rows = [row for row in seen.institutions.values() if row.latitude is not None and row.longitude is not None]
    return {
        (a.pk, b.pk): distance_km((a.latitude, a.longitude), (b.latitude, b.longitude))  # type: ignore[arg-type]
        for a in rows
        for b in rows
        if a.pk != b.pk
    }


def _lines(
    run: BalanceRun, seen: Bench, found: Balance, before: dict[tuple[int, int], float], kms: dict
) -> list[BalanceLine]:
    """With the chances after the whole plan, at both ends."""
    shelves = {key: place.shelf for key, place in seen.places.items()}
    first: dict[tuple[int, int, int], dt.date | None] = {}
    for move in found.moves:
        giver, taker = (move.donor, move.drug), (move.receiver, move.drug)
        lots = draw(seen.spare(giver)[1], move.units, on=seen.on, least_days=seen.rules.least_life_days)
        first[move.donor, move.receiver, move.drug] = lots[0].expiry
        added = [
            (float("inf") if lot.expiry is None else float((lot.expiry - seen.as_of).days), float(lot.quantity))
            for lot in lots
        ]
        shelves[taker] = shelves[taker].with_lots(*added)
        shelves[giver] = shelves[giver].without(move.units)
    keys = list({key for move in found.moves for key in ((move.donor, move.drug), (move.receiver, move.drug))})
    after = dict(zip(keys, whatif.outlooks([shelves[key] for key in keys], seen.night), strict=True))
    return [
        BalanceLine(
            run=run, donor_id=move.donor, receiver_id=move.receiver, presentation_id=move.drug, quantity=move.units,
            expiry=first[move.donor, move.receiver, move.drug], km=kms.get((move.donor, move.receiver)),
            before=before[move.receiver, move.drug], after=after[move.receiver, move.drug].p14,
            donor_after=after[move.donor, move.drug].p14,
        )
        for move in found.moves
    ]  # fmt: skip


def accept(lines: Sequence[BalanceLine], *, by: Person, now: dt.datetime) -> list[Transfer]:
    """Drafts one transfer per pair of institutions with the chosen lines. All or none; the guards of `transfers.plan` hold."""
    made = []
    with transaction.atomic():
        rows = list(
            BalanceLine.objects.select_for_update(of=("self",))
            .filter(pk__in=[line.pk for line in lines], state=BalanceLine.State.OPEN)
            .select_related("donor__alliance", "receiver__alliance", "presentation", "run")
        )
        trips: dict[tuple[int, int], list[BalanceLine]] = defaultdict(list)
        for row in rows:
            trips[row.donor_id, row.receiver_id].append(row)
        for chosen in trips.values():
            wanted = {row.presentation_id: row.quantity for row in chosen}
            order = transfers.plan(
                chosen[0].donor, chosen[0].receiver, wanted, reason=f"调剂建议（{chosen[0].run.as_of}）", by=by, now=now
            )
            BalanceLine.objects.filter(pk__in=[row.pk for row in chosen]).update(
                state=BalanceLine.State.TAKEN, transfer=order
            )
            _link(order, chosen, by=by, now=now)
            made.append(order)
    return made


def _link(order: Transfer, chosen: list[BalanceLine], *, by: Person, now: dt.datetime) -> None:
    """Every drug of the trip is a measure on its own alert, so that the outcome returns to each."""
    mine = scope_of(by, Permission.HANDLE_ALERTS)
    handling = mine is not None and order.receiver_id in mine.institution_ids
    units = {row.presentation_id: row.quantity for row in chosen}
    alerts = list(Alert.objects.filter(LIVE, institution=order.receiver, presentation__in=units).order_by("pk"))
    if len(chosen) == 1 and alerts:
        order.alert = alerts[0]
        order.save(update_fields=["alert"])
    giver = order.donor.short_name or order.donor.name
    for alert in alerts:
        quantity = units[alert.presentation_id]
        relief.start(
            alert, Disposition.Kind.TRANSFER, f"从{giver}调剂 {quantity:,}（{order.number}）", quantity=quantity,
            transfer=order, handling=handling, by=by, now=now,
        )  # fmt: skip


def leave(lines: Sequence[BalanceLine], *, by: Person, now: dt.datetime) -> int:
    """Sets suggestions aside."""
    with transaction.atomic():
        rows = BalanceLine.objects.filter(pk__in=[line.pk for line in lines], state=BalanceLine.State.OPEN)
        run = lines[0].run if lines else None
        count = rows.update(state=BalanceLine.State.LEFT)
        if run is not None and count:
            record("不采纳调剂建议", run, alliance=run.alliance, by=by, now=now, data={"lines": count})
    return count


def _silent(_percent: int, _note: str) -> None:
    """Nobody listens."""
