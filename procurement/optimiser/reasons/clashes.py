"""Why a plan cannot do all that is asked: the smallest sets of clashing facts, and the least changes that end each.

The model is always feasible (what cannot be met stays open), so a contradiction is a demand that stays short: a 短缺急救
need (goal 1), an agreed volume (goal 2); for the floors of goal 7 see `floors.py`. Every such demand is asked in full
while all others are asked as far as the plan meets them. The plan is optimal, so that is impossible, and what remains when
fact after fact is left out as long as it stays impossible is a smallest clash. It is looked for where it most likely
is: within an institution (money, cold store, minimum order), within a 品规组 over all institutions (supply, number of
products), then within the whole. HiGHS names the suspects of an LP; questions of whole packs and yes/no rules are
settled by branching. Demands that the same limits keep short are told as one clash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from procurement.optimiser.audit import is_clean, packs_of
from procurement.optimiser.lexico import Clock
from procurement.optimiser.plan import Clash, WayOut
from procurement.optimiser.reasons.changes import changed
from procurement.optimiser.reasons.corner import Atlas
from procurement.optimiser.reasons.demands import Short, demanded_drugs, fillers_of, shortfalls
from procurement.optimiser.reasons.nook import AGREED, BLOCKED, LIMITS, REACH, URGENT, Fact, Nook, Way
from procurement.optimiser.reasons.standing import stands
from procurement.optimiser.reasons.words import Words
from procurement.optimiser.rules import Layout
from procurement.optimiser.world import World, build_world

MOST = 40  # clashes told; more are counted
ASKED = 400  # short demands looked at
WIDE = 20_000  # offers beyond which the whole alliance is not asked as one

Scope = tuple[str, int]  # ("site", i), ("group", first drug of the 品规组) or ("all", 0)


@dataclass(slots=True)
class Finding:
    """Demands that the same limits keep short."""

    rule: str
    limits: frozenset[Fact]
    scope: Scope
    short: list[Fact] = field(default_factory=list)


def find_clashes(world: World, packs: Sequence[int], clock: Clock) -> tuple[list[Clash], int]:
    """The clashes, most weighty goal first, and the number of short demands that stay without explanation."""
    told: list[Clash] = []
    left, atlas = 0, Atlas(world, packs)
    for rule in (URGENT, AGREED):
        search = Search(atlas, rule, Clock(clock.left() / 2), clock)
        findings, open_ones = search.findings()
        for finding in findings:
            if len(told) < MOST and not clock.over():
                told.append(search.tell(finding))
            else:
                left += len(finding.short)
        left += open_ones
    return told, left


@dataclass(frozen=True, slots=True)
class Found:
    """A way out, its words, and whether it stands in the whole plan."""

    way: Way
    words: str
    checked: bool


class Search:
    """The demands of one goal that stay short, and the nooks in which the reason is looked for."""

    def __init__(self, atlas: Atlas, rule: str, clock: Clock, limit: Clock) -> None:
        """`clock` ends the search for findings, `limit` everything."""
        self.atlas, self.world, self.rule, self.clock, self.limit = atlas, atlas.world, rule, clock, limit
        self.demanded = demanded_drugs(atlas, urgent_only=rule == URGENT)
        self.short = sorted(shortfalls(atlas, rule), key=lambda row: (-row.size, row.fact))
        self.cut = max(0, len(self.short) - ASKED)
        self.short = self.short[:ASKED]
        self.nooks: dict[Scope, Nook] = {}
        self.words = Words(atlas.case)

    def findings(self) -> tuple[list[Finding], int]:
        """What keeps each demand short, demands with the same limits together; and how many stay unexplained."""
        waiting = {row.fact: row for row in self.short}
        found: dict[tuple[frozenset[Fact], int], Finding] = {}
        for scope_of in (self._own, self._group, self._whole):
            scopes = dict.fromkeys(scope for row in waiting.values() if (scope := scope_of(row)) is not None)
            for scope in scopes:
                mine = [fact for fact, row in waiting.items() if scope_of(row) == scope]
                for limits, explained in self._explain(scope, mine):
                    for fact in explained:
                        # without any limit (nobody sells it) every 品规组 is told by itself
                        apart = -1 if limits else self._group_of(waiting.pop(fact))
                        waiting.pop(fact, None)
                        finding = found.setdefault((limits, apart), Finding(self.rule, limits, scope))
                        finding.short.append(fact)
                        finding.scope = scope if scope[0] != "site" else finding.scope
        return list(found.values()), len(waiting) + self.cut

    def _explain(self, scope: Scope, mine: list[Fact]) -> Iterable[tuple[frozenset[Fact], list[Fact]]]:
        """Clash after clash of one nook: its limits, and the demands of `mine` that they alone keep short."""
        asking = list(mine)
        while asking and not self.clock.over():
            nook = self.nook(scope)
            asked = {fact: 0 if fact in asking else demand.short for fact, demand in nook.demands.items()}
            if nook.possible(asked):
                return
            kept, limits = smallest(nook, asked)
            others = set(nook.limits) - limits
            as_planned = {fact: demand.short for fact, demand in nook.demands.items()}
            explained = [
                fact for fact in asking if fact in kept or not nook.possible(as_planned | {fact: 0}, aside=others)
            ]
            yield frozenset(limits), explained
            asking = [fact for fact in asking if fact not in explained]

    def tell(self, finding: Finding) -> Clash:
        """The clash in words: its smallest set of facts, and the ways out."""
        nook, asked = self.scene(finding)
        others = set(nook.limits) - finding.limits
        needed = trimmed(
            _asked(nook, asked),
            lambda kept: not nook.possible({fact: asked[fact] for fact in kept}, aside=others),
        )
        ways = self.ways(nook, asked, finding)
        facts = [self.words.limit(fact) for fact in sorted(finding.limits, key=_weight)]
        facts += self.words.demands([(fact, nook.demands[fact], asked[fact]) for fact in reversed(needed)])
        shorts = [(fact, nook.demands[fact]) for fact in finding.short if fact in nook.demands]
        sites = sorted({place for fact in (*finding.short, *needed) for place in self.words.sites(fact)})
        changes = [found.way for found in ways]
        said = self.words.headline(self.rule, sorted(finding.limits, key=_weight), changes, shorts)
        outs = tuple(WayOut(found.words, found.checked) for found in ways)
        return Clash(
            kind="短缺急救" if self.rule == URGENT else "约定量",
            sites=tuple(sites),
            said=said,
            facts=tuple(facts),
            ways=(*outs, *self.words.giving_way(self.rule, shorts)),
            given_up=self.words.given_up(self.rule, shorts),
        )

    def scene(self, finding: Finding) -> tuple[Nook, dict[Fact, int]]:
        """The nook that holds all demands of a finding, and what is asked in it: they in full, the others as planned."""
        scope = finding.scope
        if len({row.site for row in self.short if row.fact in finding.short}) > 1 and scope[0] == "site":
            scope = ("group", self._group_of(next(row for row in self.short if row.fact in finding.short)))
        nook = self.nook(scope)
        asked = {fact: demand.short for fact, demand in nook.demands.items()} | dict.fromkeys(finding.short, 0)
        return nook, {fact: amount for fact, amount in asked.items() if fact in nook.demands}

    def ways(self, nook: Nook, asked: Mapping[Fact, int], finding: Finding) -> list[Found]:
        """Each limit of the clash alone; where none is enough alone, the least change of several together."""
        yielding = [fact for fact in sorted(finding.limits, key=_weight) if fact in nook.limits]
        packs_bind = any(fact.rule == "起订包数" for fact in yielding)
        derived = {fact for fact in yielding if not (packs_bind or self.words.is_set(fact))}
        tries = [[fact] for fact in yielding if fact not in derived] or [[fact] for fact in yielding]
        found = [made for each in tries if (made := self._way(nook, asked, each)) is not None]
        if found or not yielding:
            return found
        everything = [fact for fact in nook.limits if fact.rule not in (BLOCKED, REACH)]
        for together in (yielding, sorted({*yielding, *everything}, key=_weight)):
            made = self._way(nook, asked, together)
            if made is not None:
                return [made]
        return []

    def _way(self, nook: Nook, asked: Mapping[Fact, int], yielding: list[Fact]) -> Found | None:
        """The least change, taken only when the changed corner, in whole numbers, keeps every rule and all that is asked;
        checked when it stands in the whole plan too."""
        way = nook.least(asked, yielding)
        if way is None or not way.changes:
            return None
        case, words = changed(nook, way, self.words)
        world = build_world(case)
        lines = {
            (nook.case.institutions[offer.institution].code, nook.case.products[offer.product].code): count
            for offer, count in zip(nook.world.offers, way.packs, strict=True)
            if count
        }
        packs, strays = packs_of(world, lines)
        if strays or not is_clean(world, Layout(world), packs) or not _kept(nook, asked, lines):
            return None
        return Found(way, words, stands(self.atlas, nook, way, self.demanded, agreed=self.rule == AGREED))

    def nook(self, scope: Scope) -> Nook:
        """The nook of a scope, built once."""
        if scope not in self.nooks:
            kind, key = scope
            sites = [key] if kind == "site" else list(range(len(self.world.case.institutions)))
            drugs = set().union(*(self.demanded[i] for i in sites))
            if kind == "group":
                drugs = {d for d in drugs if self._group_key(d) == key}
            fillers = fillers_of(self.atlas, key, drugs) if kind == "site" else []
            urgent = self.rule == URGENT
            self.nooks[scope] = Nook(
                self.atlas,
                sites,
                drugs,
                whole=kind != "site",
                fillers=fillers,
                urgent_only=urgent,
                clock=self.limit,
            )
        return self.nooks[scope]

    def _own(self, row: Short) -> Scope | None:
        return None if row.site is None else ("site", row.site)

    def _group(self, row: Short) -> Scope | None:
        return "group", self._group_of(row)

    def _whole(self, _: Short) -> Scope | None:
        return ("all", 0) if len(self.world.offers) <= WIDE else None

    def _group_of(self, row: Short) -> int:
        return self._group_key(row.drug)

    def _group_key(self, drug: int) -> int:
        """The first drug of the same 品规组; drugs without a group stand alone."""
        group = self.world.case.drugs[drug].group
        return self.words.first_of_group.get(group, drug) if group else drug


def smallest(nook: Nook, asked: Mapping[Fact, int]) -> tuple[set[Fact], set[Fact]]:
    """A smallest clash of the demands `asked` and the limits: small demands and soft rules are left out first, so that few
    and weighty facts remain."""
    suspects = nook.suspects(asked)
    held = sorted(nook.limits, key=_weight, reverse=True)
    if suspects is not None:
        few = [fact for fact in held if fact in suspects]
        if not nook.possible(asked, aside=set(held) - set(few)):
            held = few
    limits = trimmed(held, lambda kept: not nook.possible(asked, aside=set(nook.limits) - set(kept)))
    aside = set(nook.limits) - set(limits)
    demands = trimmed(
        _asked(nook, asked),
        lambda kept: not nook.possible({fact: asked[fact] for fact in kept}, aside=aside),
    )
    return set(demands), set(limits)


def trimmed(facts: list[Fact], clashes: Callable[[list[Fact]], bool]) -> list[Fact]:
    """Leaves out what is not needed for the clash, in the given order: the same as one by one, asked by halves."""
    kept: list[Fact] = []

    def settle(part: list[Fact], rest: list[Fact]) -> None:
        if not part or clashes([*kept, *rest]):
            return
        if len(part) == 1:
            kept.append(part[0])
            return
        half = len(part) // 2
        settle(part[:half], [*part[half:], *rest])
        settle(part[half:], rest)

    settle(facts, [])
    return kept


def _asked(nook: Nook, asked: Mapping[Fact, int]) -> list[Fact]:
    """Demands of which anything is asked, small ones first: the order of leaving out."""
    amount = {fact: (nook.demands[fact].asked - most) * nook.demands[fact].weight for fact, most in asked.items()}
    return sorted((fact for fact in asked if amount[fact] > 0), key=lambda fact: (amount[fact], fact))


def _weight(fact: Fact) -> tuple[int, Fact]:
    return LIMITS.index(fact.rule), fact


def _kept(nook: Nook, asked: Mapping[Fact, int], lines: Mapping[tuple[str, str], int]) -> bool:
    """Whether the purchases meet every demand as far as it is asked, in whole units."""
    case = nook.case
    pack = {row.code: (row.drug, row.pack) for row in case.products}
    for fact, most in asked.items():
        if fact.rule == URGENT:
            site, drug = fact.at
            came = sum(n * pack[p][1] for (i, p), n in lines.items() if i == site and pack[p][0] == drug)
        else:
            product, place = fact.at
            came = sum(n * pack[p][1] for (i, p), n in lines.items() if p == product and place in (i, "全体"))
        if came < nook.demands[fact].asked - most:
            return False
    return True
