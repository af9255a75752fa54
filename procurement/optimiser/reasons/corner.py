"""A corner of a case as a case of its own, and the world in which all its limits are still open to question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from procurement.optimiser.case import BLOCKED_LABEL, Case, Commitment, Drug, Institution, Need, Product
from procurement.optimiser.world import WINNING, World, build_world, ceil_div, sensible_most

OPEN = 10**9
NOBODY = Institution("", "其他机构")  # whom suppliers serve that do not deliver to the corner
PLENTY = 8  # a product may be bought for this many times what is asked of its drug (a ratio may call for more winners)


class Lookups:
    """The rows of a case by what one asks them by."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.needs = {(row.institution, row.drug): row for row in case.needs}
        self.products: dict[str, list[Product]] = defaultdict(list)
        self.reach: dict[str, set[str]] = defaultdict(set)
        self.agreed: dict[str, list[Commitment]] = defaultdict(list)
        drug_of = {row.code: row.drug for row in case.products}
        drugs = {row.code: row for row in case.drugs}
        self._product = {row.code: (row, drugs[row.drug]) for row in case.products}
        for product in case.products:
            self.products[product.drug].append(product)
        for supplier, site in case.deliveries:
            self.reach[supplier].add(site)
        for row in case.commitments:
            self.agreed[drug_of[row.product]].append(row)

    def product(self, code: str) -> tuple[Product, Drug]:
        """A product and its drug."""
        return self._product[code]

    def need(self, site: str, drug: str) -> Need:
        return self.needs.get((site, drug)) or Need(site, drug, 0)

    def delivers(self, supplier: str, site: str) -> bool:
        """配送范围: whether the supplier delivers there; one without any row delivers everywhere."""
        return supplier not in self.reach or site in self.reach[supplier]

    def served(self, site: str, drug: str) -> list[Product]:
        """Products of a drug that label and delivery area let the institution buy."""
        return [p for p in self.products.get(drug, []) if p.label != BLOCKED_LABEL and self.delivers(p.supplier, site)]

    def sensible_maximum(self, site: str, drug: str) -> int:
        """U of a line: its 采购上限, or what follows from need, packs and agreed volume. Where a red label or a delivery
        area excludes what is needed or agreed, it is taken as if they did not: they are the fact to tell, not a maximum of
        nothing that follows from them."""
        row = self.need(site, drug)
        if row.limit is not None:
            return row.limit
        served = {p.code: p.pack for p in self.served(site, drug)}
        agreed = [c for c in self.agreed.get(drug, []) if c.institution in (site, None)]
        every = {p.code: p.pack for p in self.products.get(drug, [])}
        packs = served if served and all(c.product in served for c in agreed) else every
        own = [(c.remaining, packs[c.product]) for c in agreed if c.institution is not None]
        return sensible_most(row.net, list(packs.values()), own, alliance=any(c.institution is None for c in agreed))


class Atlas:
    """A world and its plan, with what every corner asks of them worked out once."""

    def __init__(self, world: World, packs: Sequence[int]) -> None:
        self.world, self.packs, self.case = world, packs, world.case
        self.lookups = Lookups(world.case)
        self.sites = {row.code: i for i, row in enumerate(world.case.institutions)}
        self.drugs = {row.code: d for d, row in enumerate(world.case.drugs)}
        self.suppliers: dict[int, set[int]] = defaultdict(set)
        self.quantity: dict[int, int] = defaultdict(int)
        for o, count in enumerate(packs):
            if count:
                offer = world.offers[o]
                self.suppliers[offer.institution].add(offer.supplier)
                self.quantity[offer.line] += count * offer.pack
        self.agreed = {
            (world.case.products[a.product].code, place(world.case, a.institution)): sum(
                world.offers[o].pack * packs[o] for o in a.offers
            )
            for a in world.agreed
        }

    def bought(self, site: str, drug: str) -> int:
        """Minimal units that the plan buys."""
        return self.quantity.get(self.world.line_at.get((self.sites[site], self.drugs[drug]), -1), 0)


def place(case: Case, institution: int | None) -> str:
    """The place of an agreed volume, as in `rules.agreed_volume_is_bought`."""
    return "全体" if institution is None else case.institutions[institution].code


def corner(
    atlas: Atlas,
    sites: Sequence[int],
    drugs: Collection[int],
    *,
    whole: bool,
    fillers: Iterable[tuple[int, int]] = (),
    urgent_only: bool = False,
) -> Case:
    """The part of the case as a case of its own: sensible maxima as in the whole (written out as 采购上限), minimum orders
    only of suppliers from whom the plan does not already buy enough there, agreed volume of the alliance only in `whole`."""
    case, lookups = atlas.case, atlas.lookups
    pairs = sorted({(i, d) for i in sites for d in drugs} | {(i, d) for i, d in fillers if i in set(sites)})
    used = sorted({d for _, d in pairs})
    codes = [case.drugs[d].code for d in used]
    site_codes = {case.institutions[i].code for i in sites}
    products = tuple(row for code in codes for row in lookups.products.get(code, []))
    settled = atlas.suppliers[sites[0]] if len(sites) == 1 else set()
    suppliers = {row.supplier for row in products}
    agreed = [] if urgent_only else [row for code in codes for row in lookups.agreed.get(code, [])]
    deliveries = _deliveries(lookups, suppliers, site_codes)
    nobody = (NOBODY,) if any(i == NOBODY.code for _, i in deliveries) else ()
    named = [(case.institutions[i].code, case.drugs[d].code) for i, d in pairs]
    return replace(
        case,
        institutions=(*(case.institutions[i] for i in sites), *nobody),
        drugs=tuple(case.drugs[d] for d in used),
        products=products,
        suppliers=tuple(
            replace(row, minimum_order=Decimal(0)) if s in settled else row
            for s, row in enumerate(case.suppliers)
            if row.code in suppliers
        ),
        deliveries=deliveries,
        needs=tuple(replace(lookups.need(i, d), limit=lookups.sensible_maximum(i, d)) for i, d in named),
        commitments=tuple(
            row for row in agreed if row.institution in site_codes or (whole and row.institution is None)
        ),
        total_budget=case.total_budget if whole or len(sites) == len(case.institutions) else None,
        pins=(),  # a need that a 固定 keeps open says so by itself (`explain.py`)
    )


def _deliveries(lookups: Lookups, suppliers: set[str], sites: set[str]) -> tuple[tuple[str, str], ...]:
    """Pairs within the corner; a supplier that serves only others keeps one with nobody, or it would serve everybody."""
    named = sorted(s for s in suppliers if s in lookups.reach)
    return tuple((s, i) for s in named for i in sorted(lookups.reach[s] & sites) or [NOBODY.code])


def loosened(case: Case) -> World:
    """The world of a case in which every product is offered everywhere, with the limits of the case for its rows."""
    real, lookups = build_world(case), Lookups(case)
    open_case = replace(
        case,
        institutions=tuple(replace(r, budget=None, cold_capacity=None) for r in case.institutions if r != NOBODY),
        products=tuple(replace(row, label="绿", supply=None) for row in case.products),
        deliveries=(),
        needs=tuple(replace(row, limit=OPEN) for row in case.needs),
        total_budget=None,
    )
    world = build_world(open_case)
    world.case, world.budgets, world.total_budget = case, real.budgets, real.total_budget
    for line in world.lines:
        site, drug = case.institutions[line.institution].code, case.drugs[line.drug].code
        line.most = lookups.sensible_maximum(site, drug)
        kinds = {p.status in WINNING for p in lookups.served(site, drug) if p.status != "非集采"}
        line.ratio_holds = len(kinds) == 2
        asked = sum(row.remaining for row in lookups.agreed.get(drug, []) if row.institution in (site, None))
        wanted = max(line.need, asked, line.most)
        for o in line.offers:
            offer = world.offers[o]
            offer.most = max(offer.least, PLENTY * ceil_div(wanted, offer.pack))
    return world
