"""Whether a way out that was found in a corner also stands in the whole plan.

What the plan buys elsewhere for demands of the same or a higher goal stays; what it buys for lower goals may yield, but for
what an order needs to reach its minimum. Then the shared limits are counted again with the purchases of the way.
"""

from __future__ import annotations

from collections import defaultdict

from procurement.optimiser.reasons.corner import Atlas
from procurement.optimiser.reasons.nook import Nook, Way

CENT = 0.005


def stands(atlas: Atlas, nook: Nook, way: Way, demanded: list[set[int]], *, agreed: bool) -> bool:
    """`demanded`: by institution, the drugs whose purchases stay; `agreed`: whether the agreed volume of the alliance has to
    stay as well (it yields to emergencies). False where it cannot be shown in this simple way."""
    whole = _Whole(atlas, {(fact.rule, fact.at): amount for fact, amount in way.changes.items()})
    sites = {atlas.sites[row.code] for row in nook.case.institutions if row.code in atlas.sites}
    drugs = {atlas.drugs[row.code] for row in nook.case.drugs}
    for offer, count in zip(nook.world.offers, way.packs, strict=True):
        if count:
            site = atlas.sites[nook.case.institutions[offer.institution].code]
            whole.add(site, nook.case.products[offer.product].code, count)
    for o, count in enumerate(atlas.packs):
        offer = atlas.world.offers[o]
        if count and not (offer.institution in sites and offer.drug in drugs):
            code = atlas.case.products[offer.product].code
            whole.add(offer.institution, code, count, stays=offer.drug in demanded[offer.institution])
    tests = (whole.ordered, whole.supplied, whole.grouped, whole.cooled, whole.paid)
    return all(test() for test in tests) and (not agreed or whole.fulfilled())


class _Whole:
    """Purchases added up against the shared limits, some of which are changed by `more`."""

    def __init__(self, atlas: Atlas, more: dict[tuple[str, tuple[str, ...]], float]) -> None:
        self.atlas, self.case, self.more = atlas, atlas.case, more
        self.spend: dict[int, float] = defaultdict(float)
        self.orders: dict[tuple[int, str], float] = defaultdict(float)
        self.fillers: dict[tuple[int, str], list[tuple[int, str, int]]] = defaultdict(list)
        self.units: dict[str, int] = defaultdict(int)
        self.cold: dict[int, int] = defaultdict(int)
        self.chosen: dict[str, set[str]] = defaultdict(set)

    def add(self, site: int, code: str, count: int, *, stays: bool = True) -> None:
        product, drug = self.atlas.lookups.product(code)
        if not stays:
            self.fillers[site, product.supplier].append((site, code, count))
            return
        money = count * float(product.price)
        self.spend[site] += money
        self.orders[site, product.supplier] += money
        self.units[code] += count * product.pack
        self.cold[site] += count * product.pack if drug.cold else 0
        self.chosen[drug.group].add(code)

    def _more(self, rule: str, *at: str) -> float:
        return self.more.get((rule, at), 0.0)

    def supplied(self) -> bool:
        limits = ((code, self.atlas.lookups.product(code)[0].supply, units) for code, units in self.units.items())
        return all(most is None or units <= most + self._more("供应上限", code) + CENT for code, most, units in limits)

    def grouped(self) -> bool:
        limit = self.case.group_limit
        return limit is None or all(
            not group or len(codes) <= limit + self._more("品规数上限", group) + CENT
            for group, codes in self.chosen.items()
        )

    def cooled(self) -> bool:
        sites = ((self.case.institutions[i], units) for i, units in self.cold.items())
        return all(
            site.cold_capacity is None or units <= site.cold_capacity + self._more("冷藏容量", site.code) + CENT
            for site, units in sites
        )

    def ordered(self) -> bool:
        """Every order reaches its minimum, with all that the plan buys there anyway where need be (it then stays too)."""
        floors = {row.code: float(row.minimum_order) for row in self.case.suppliers}
        for (i, supplier), ordered in list(self.orders.items()):
            lack = floors[supplier] - self._more("起送金额", self.case.institutions[i].code, supplier) - ordered
            if lack > CENT:
                for site, code, count in self.fillers.pop((i, supplier), []):
                    self.add(site, code, count)
                if self.orders[i, supplier] - ordered < lack - CENT:
                    return False
        return True

    def fulfilled(self) -> bool:
        """No agreed volume of the alliance loses by the way."""
        return all(
            self.units[row.product] >= min(row.remaining, self.atlas.agreed[row.product, "全体"])
            for row in self.case.commitments
            if row.institution is None
        )

    def paid(self) -> bool:
        for i, spent in self.spend.items():
            site = self.case.institutions[i]
            if site.budget is not None and spent > float(site.budget) + self._more("机构预算", site.code) + CENT:
                return False
        total = self.case.total_budget
        return total is None or sum(self.spend.values()) <= float(total) + self._more("总预算") + CENT
