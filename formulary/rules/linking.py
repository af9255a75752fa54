"""Plans what an import links: which 品种 each row speaks of, which are new, and which names a person must judge.

Pure: an import action and the measurement run the same plan. 医保目录 defines 品种: two of its names never mean one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from formulary.rules.candidates import Candidate, Ranker
from formulary.rules.dosage_forms import UNKNOWN_GROUP
from formulary.rules.lists.entries import Entry, Item
from formulary.rules.matching import How, Known, Match, Matcher, MedicineId, decision_key
from formulary.rules.names import DrugName, expand_names, parse_name

DEFINING = frozenset({"nrdl"})
# Lists whose different names are different 品种: none of their own names is a candidate for another.
DISTINCT = frozenset({"nrdl", "neml", "vbp_awards", "vbp_volumes"})
# From these scores on a name is a question for a person; below, a drug of its own. Tuned on the real lists
# (docs/measurements-matching.md): the same substance in a near form, or all but the same name.
SAME_SUBSTANCE_SCORE = 0.85
SIMILAR_SCORE = 0.90


@dataclass(frozen=True)
class NewMedicine:
    """A 品种 that a list brings in; stands for its row until it has one."""

    substance: str
    salt: str
    form_group: str
    name: str = field(compare=False)
    route: str = field(compare=False)
    chinese_medicine: bool = field(compare=False)


@dataclass(frozen=True)
class PlannedLink:
    """entry: position in the list given. medicine: an id of the dictionary, or the new 品种."""

    entry: int
    medicine: MedicineId | NewMedicine
    form: str
    strengths: tuple[str, ...]
    how: How


@dataclass
class Question:
    """A name that is similar to known 品种 but not surely one of them."""

    name: str
    form: str
    candidates: tuple[Candidate, ...]
    waiting: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)  # entry, form, strengths


@dataclass
class LinkPlan:
    links: list[PlannedLink] = field(default_factory=list)
    questions: dict[tuple[str, str], Question] = field(default_factory=dict)
    new: dict[NewMedicine, NewMedicine] = field(default_factory=dict)


def known_medicine(medicine: MedicineId, name: str, form_group: str, *, chinese_medicine: bool) -> Known:
    """A stored 品种 as the matcher wants it: every spelling that its name holds ("非洛地平；非洛地平Ⅱ")."""
    group = "" if form_group == UNKNOWN_GROUP else form_group
    spellings = expand_names(name, chinese_medicine=False)
    return Known(medicine, tuple(parse_name(each, group, chinese_medicine=chinese_medicine) for each in spellings))


def new_medicine(name: DrugName) -> NewMedicine:
    """The 品种 that a name founds. What a bracket or a number distinguishes belongs to the substance."""
    numbers = "" if "；" in name.raw else name.variant
    substance = name.substance + numbers + (f"({name.qualifier})" if name.qualifier else "")
    group = name.form_group or UNKNOWN_GROUP
    return NewMedicine(substance, name.salt, group, _display(name), name.route, name.chinese_medicine)


def _display(name: DrugName) -> str:
    """The name as the list writes it; without its form where that stands behind it, for a 品种 has several (波生坦片, 分散片)."""
    raw = name.raw.strip()
    if name.chinese_medicine or "；" in raw or parse_name(raw).form_group == "":
        return raw
    short = name.full + "".join(f"({mark})" for mark in (name.variant, name.qualifier) if mark)
    again = parse_name(short, name.form_group)
    same = (again.full, again.variant, again.qualifier) == (name.full, name.variant, name.qualifier)
    return short if same else raw


def plan_links(
    entries: Sequence[Entry],
    matcher: Matcher,
    *,
    defining: bool = False,
    distinct: bool = False,
    claimed: Iterable[MedicineId] = (),
) -> LinkPlan:
    """Matches every item of every entry. New 品种 enter the matcher at once, so later rows find them.

    defining: two names of this list never mean one 品种. distinct: they are not asked about as if they did. `claimed` are the
    品种 that the list's stored rows name already.
    """
    plan = LinkPlan()
    taken: set[MedicineId] = set(claimed)
    waiting: list[tuple[int, Item]] = []
    # First what is the same beyond doubt, so that nothing similar takes its place.
    for position, item in _items(entries):
        others = () if defining else item.alternatives
        match = matcher.match(item.name, *others, only_same=True, candidates=False)
        if match.found or match.how is How.DECISION:
            _link(plan, position, item, match)
            taken.update(match.medicines)
        else:
            waiting.append((position, item))
    ranker = matcher.ranker.unclaimed(taken) if defining or distinct else matcher.ranker
    for position, item in waiting:
        match = _answer(plan, matcher, ranker, position, item, taken if defining else ())
        taken.update(match.medicines)
    return plan


def _answer(
    plan: LinkPlan, matcher: Matcher, ranker: Ranker, position: int, item: Item, taken: Container[MedicineId]
) -> Match:
    """Links the item, asks about it, or founds a 品种 for it."""
    match = matcher.match(item.name, *item.alternatives, claimed=taken, candidates=False)
    if not match.found:
        ranked = ranker.rank(item.name)
        if _worth_asking(ranked):
            _ask(plan, position, item, ranked)
            return match
        match = _found(plan, matcher, item)
    _link(plan, position, item, match)
    return match


def _worth_asking(ranked: Sequence[Candidate]) -> bool:
    return any(each.score >= (SAME_SUBSTANCE_SCORE if each.same_substance else SIMILAR_SCORE) for each in ranked)


def _items(entries: Iterable[Entry]) -> Iterable[tuple[int, Item]]:
    return ((position, item) for position, entry in enumerate(entries) for item in entry.items)


def _link(plan: LinkPlan, position: int, item: Item, match: Match) -> None:
    form = item.form or item.name.form
    plan.links.extend(PlannedLink(position, medicine, form, item.strengths, match.how) for medicine in match.medicines)


def _ask(plan: LinkPlan, position: int, item: Item, ranked: tuple[Candidate, ...]) -> None:
    key = decision_key(item.name.raw, item.name.form)
    question = plan.questions.setdefault(key, Question(item.name.raw, item.name.form, ranked))
    question.waiting.append((position, item.form or item.name.form, item.strengths))


def _found(plan: LinkPlan, matcher: Matcher, item: Item) -> Match:
    new = new_medicine(item.name)
    chosen = plan.new.setdefault(new, new)
    spellings = known_medicine(chosen, chosen.name, chosen.form_group, chinese_medicine=chosen.chinese_medicine)
    matcher.add(Known(chosen, (item.name, *spellings.names)))
    return Match((chosen,), How.NONE)


def links_by_entry(plan: LinkPlan) -> dict[int, list[PlannedLink]]:
    """The plan's links, by position of the entry."""
    grouped: dict[int, list[PlannedLink]] = defaultdict(list)
    for link in plan.links:
        grouped[link.entry].append(link)
    return grouped
