"""储备 as the board shows it: every line with its target, what lies there, what is missing, and what has to be rotated."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Max, QuerySet
from django.utils import timezone

from formulary.models import Alliance, Institution
from formulary.queries import Scope, matching
from shortage.models import ReserveItem, ReserveMove
from shortage.queries.reserve_lots import promised_out, reserve_lots
from shortage.queries.settings import rule_values
from shortage.queries.shelves import Item, shelves, usable
from shortage.queries.use_rates import use_rates
from shortage.rules import reserve as rules
from shortage.rules.reserve import ReserveRules, Rotation, Standing, Target, User
from shortage.rules.transfers import Lot
from shortage.rules.use_rate import UseRate

ORDER = (rules.EMPTY, rules.SHORT, rules.UNSET, rules.ROTATE, rules.ENOUGH)


def reserve_settings(alliance: Alliance, on: dt.date) -> ReserveRules:
    """Keys `reserve.<name>`, as `watch_settings` reads its own."""
    return rules.read(rule_values(alliance, on, "reserve.").get)


@dataclass(frozen=True)
class Line:
    """One line of the list. daily_use: of the institutions it covers, None where nothing is known; refill_by: until when
    what was released should be made good."""

    item: ReserveItem
    lots: tuple[Lot, ...]
    target: Target
    standing: Standing
    rotations: tuple[Rotation, ...]
    daily_use: float | None
    released_on: dt.date | None
    refill_by: dt.date | None

    @property
    def word(self) -> str:
        return rules.STATES[self.standing.state][0]

    @property
    def tone(self) -> str:
        return rules.STATES[self.standing.state][1]

    @property
    def soonest(self) -> dt.date | None:
        return min((lot.expiry for lot in self.lots if lot.expiry is not None), default=None)

    @property
    def months(self) -> float | None:
        """Months that the reserve lasts at the use it is meant for."""
        return self.standing.usable / (self.daily_use * rules.MONTH) if self.daily_use else None


@dataclass(frozen=True)
class ReserveBoard:
    """All lines of the alliance; the list and its figures are seen by whoever sees stock: a reserve serves everybody."""

    scope: Scope
    on: dt.date

    @cached_property
    def rules(self) -> ReserveRules:
        return reserve_settings(self.scope.alliance, self.on)

    @cached_property
    def members(self) -> dict[int, Institution]:
        return {row.pk: row for row in self.scope.alliance.institutions.filter(active=True)}

    def items(self, *, words: str = "", institution: int | None = None, reason: str = "") -> QuerySet[ReserveItem]:
        rows = ReserveItem.objects.filter(alliance=self.scope.alliance, ended_at__isnull=True)
        rows = rows.filter(matching(words, prefix="presentation__"))
        if institution:
            rows = rows.filter(institution=institution)
        if reason:
            rows = rows.filter(reason=reason)
        return rows.select_related("institution", "presentation__medicine")

    def lines(
        self, *, words: str = "", institution: int | None = None, reason: str = "", state: str = ""
    ) -> list[Line]:
        """The worst first, a rescue drug before others. A fixed number of queries."""
        found = self.of(list(self.items(words=words, institution=institution, reason=reason)))
        found = [line for line in found if not state or line.standing.state == state]
        return sorted(
            found,
            key=lambda one: (
                ORDER.index(one.standing.state),
                one.item.reason != ReserveItem.Reason.RESCUE,
                one.standing.share if one.standing.share is not None else 2.0,
                one.item.presentation.name,
                one.item.pk,
            ),
        )

    def of(self, items: list[ReserveItem]) -> list[Line]:
        """The lines of these items, in their order."""
        drugs = {item.presentation_id for item in items}
        keepers = {item.institution_id for item in items}
        kept, promised = reserve_lots(keepers, drugs), promised_out(keepers, drugs)
        rates = use_rates(self.scope.alliance, drugs)
        standing = shelves(list(self.members), drugs)
        released = _released(keepers, drugs)
        return [
            self._line(item, kept, promised, rates, standing, released.get((item.institution_id, item.presentation_id)))
            for item in items
        ]

    def _line(
        self,
        item: ReserveItem,
        kept: dict[Item, list[Lot]],
        promised: dict[Item, list[Lot]],
        rates: dict[Item, UseRate],
        standing: dict[Item, tuple[dt.date, list[Lot]]],
        released: dt.date | None,
    ) -> Line:
        key = (item.institution_id, item.presentation_id)
        lots = kept.get(key, [])
        covered = list(self.members) if item.covers == ReserveItem.Covers.ALLIANCE else [item.institution_id]
        known = {pk: rates[pk, item.presentation_id].per_day for pk in covered if (pk, item.presentation_id) in rates}
        uses = {pk: rate for pk, rate in known.items() if rate is not None}
        daily = sum(uses.values()) if uses else None
        wanted = rules.target(
            units=item.target_units,
            months=float(item.target_months) if item.target_months is not None else None,
            daily_use=daily,
            default_months=self.rules.months(item.covers, item.institution.level),
        )
        users = [
            User(pk, pk == item.institution_id, rate, usable(standing.get((pk, key[1]), (self.on, []))[1], self.on))
            for pk, rate in uses.items()
            if rate > 0
        ]
        turning = tuple(rules.rotations(lots, users, self.on, self.rules))
        going = sum(lot.quantity for lot in promised.get(key, []))
        found = rules.standing(lots, wanted.units, self.on, promised=going, due=bool(turning))
        refill = released + dt.timedelta(days=self.rules.refill_days) if released and found.gap else None
        return Line(item, tuple(lots), wanted, found, turning, daily, released, refill)

    @cached_property
    def all(self) -> list[Line]:
        return self.lines()

    @cached_property
    def counts(self) -> Counter[str]:
        """Lines by state, before any filter."""
        return Counter(line.standing.state for line in self.all)

    def by_level(self) -> list[tuple[str, int, int]]:
        """(level of the keeping institutions, lines, lines that are whole)."""
        lines: dict[str, list[Line]] = defaultdict(list)
        for line in self.all:
            lines[line.item.institution.level].append(line)
        return [(level, len(rows), sum(row.standing.gap == 0 for row in rows)) for level, rows in lines.items()]

    def rotations(self) -> list[tuple[Line, Rotation, Institution | None]]:
        """Proposals, the nearest day first."""
        found = [
            (line, turn, self.members.get(turn.user) if turn.user else None)
            for line in self.all
            for turn in line.rotations
        ]
        return sorted(found, key=lambda one: (one[1].by, one[0].item.presentation.name))


def _released(keepers: Collection[int], drugs: Collection[int]) -> dict[Item, dt.date]:
    """Day of the newest release of each item."""
    rows = ReserveMove.objects.filter(
        institution__in=list(keepers), presentation__in=list(drugs), kind=ReserveMove.Kind.RELEASE
    ).order_by()
    newest = rows.values_list("institution", "presentation").annotate(Max("at"))
    return {(place, drug): timezone.localdate(at) for place, drug, at in newest}


def reserve_moves(scope: Scope, item: ReserveItem) -> QuerySet[ReserveMove]:
    """What went in and out under this line's drug and place, the newest first."""
    rows = ReserveMove.objects.filter(
        institution=item.institution_id, institution__alliance=scope.alliance, presentation=item.presentation_id
    )
    return rows.select_related("by", "transfer", "product")


def reserve_versions(scope: Scope, item: ReserveItem) -> QuerySet[ReserveItem]:
    """The line as it stood from time to time, the newest first."""
    rows = ReserveItem.objects.filter(alliance=scope.alliance, institution=item.institution_id)
    return rows.filter(presentation=item.presentation_id).select_related("added_by").order_by("-added_at", "-pk")


def reserve_gaps(scope: Scope, on: dt.date) -> list[Line]:
    """Lines below their target: what purchasing should buy for the reserve."""
    return [line for line in ReserveBoard(scope, on).all if line.standing.gap]
