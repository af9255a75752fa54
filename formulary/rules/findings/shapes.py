"""What the rule check reads and answers. Ids are those of 品规; everything else is a plain value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from formulary.rules.findings.limits import Limits

LEVELS = ("村", "基层", "二级", "三级")
"""Low to high: a line is open to its lowest level and everything above."""


class Line(Protocol):
    """What a version says of one 品规; the lines of `rules.versions` and the stored entries both fit."""

    @property
    def lowest_level(self) -> str: ...
    @property
    def restriction(self) -> str: ...


class Entry(NamedTuple):
    """A plain line."""

    lowest_level: str
    restriction: str = "none"
    tier: int = 1


Lines = Mapping[int, Line]


@dataclass(frozen=True)
class Drug:
    """One 品规 on one day. class_code: NHSA class without its X (J01DD); "" unknown. payable_from: level from which 医保
    pays, "" everywhere. agreement_ended: last day of an agreement that ran out and has no successor. labels: those of all
    products on offer. approvals_end: last day of the longest approval of its products, None when not registered."""

    pk: int
    code: str
    name: str
    strength: str
    medicine: int
    substance: str
    spec_group: str = ""
    route: str = ""
    class_code: str = ""
    essential: bool = False
    insurance: str = "无"
    insurance_ends: dt.date | None = None
    agreement_ended: dt.date | None = None
    payable_from: str = ""
    winner: bool = False
    shortage: bool = False
    chronic: bool = False
    emergency: bool = False
    child: bool = False
    cold: bool = False
    labels: tuple[str, ...] = ()
    approvals_end: dt.date | None = None
    products: int = 0

    @property
    def title(self) -> str:
        return f"{self.name} {self.strength}"


@dataclass(frozen=True)
class Site:
    """A member institution. cold: it can store at 2–8 °C. subset: the 品规 it keeps, None for all open to its level."""

    pk: int
    name: str
    level: str
    kind: str = ""
    cold: bool = True
    subset: frozenset[int] | None = None


@dataclass(frozen=True)
class Facts:
    """Everything the rules read besides the lines. removed: the day a 品规 last left the list; evaluations: 1+X evaluation
    of a 品规; documents: 文号 of the rule values in force by key; applicant_title: of who applies, None when nobody does (a
    draft) or it does not matter."""

    on: dt.date
    drugs: Mapping[int, Drug]
    sites: Sequence[Site]
    limits: Limits = field(default_factory=Limits)
    removed: Mapping[int, dt.date] = field(default_factory=dict)
    evaluations: Mapping[int, str] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)
    applicant_title: str | None = None


@dataclass(frozen=True)
class Finding:
    """One rule that is not kept. hard: it blocks unless an exception with a reason is recorded. drugs: the rows behind it.
    subject: what it speaks of, so that the same finding before and after a change is recognised."""

    code: str
    label: str
    hard: bool
    sentence: str
    drugs: tuple[int, ...]
    subject: str
    formula: str
    document: str

    @property
    def key(self) -> tuple[str, str]:
        return self.code, self.subject

    def as_stored(self, drugs: Mapping[int, Drug]) -> dict[str, Any]:
        """JSON for a step of an application, with the rows in words."""
        rows = [{"code": drugs[pk].code, "title": drugs[pk].title} for pk in self.drugs if pk in drugs]
        return {key: value for key, value in asdict(self).items() if key != "drugs"} | {"rows": rows}


@dataclass(frozen=True)
class Hit:
    """What one rule says; its label, formula and 文号 are added by the check."""

    sentence: str
    drugs: tuple[int, ...]
    subject: str


@dataclass(frozen=True)
class Place:
    """Institutions for which the same lines are open: one row of the check instead of forty."""

    level: str
    type: str
    names: tuple[str, ...]
    open: frozenset[int]

    @property
    def title(self) -> str:
        """县医院, or 青埠等 12 家基层机构."""
        return self.names[0] if len(self.names) == 1 else f"{self.names[0]}等 {len(self.names)} 家{self.level}机构"


@dataclass(frozen=True)
class Case:
    """One version to check; `before` is what it replaces, None when nothing is compared."""

    lines: Lines
    facts: Facts
    before: Lines | None = None

    @property
    def limits(self) -> Limits:
        return self.facts.limits

    @cached_property
    def added(self) -> frozenset[int]:
        """Lines that are new; none when there is nothing to compare with."""
        return frozenset(self.lines.keys() - self.before.keys()) if self.before is not None else frozenset()

    @cached_property
    def gone(self) -> frozenset[int]:
        return frozenset(self.before.keys() - self.lines.keys()) if self.before is not None else frozenset()

    @cached_property
    def places(self) -> tuple[Place, ...]:
        return places(self.lines, self.facts)

    def drugs(self, wanted: Iterable[int] | None = None) -> Iterator[Drug]:
        """The drugs of the lines (or of those wanted) that the facts know, in a fixed order."""
        known = self.facts.drugs
        for pk in sorted(self.lines if wanted is None else wanted):
            if pk in known:
                yield known[pk]


def places(lines: Lines, facts: Facts) -> tuple[Place, ...]:
    """Sites gathered by level, type and kept subset."""
    open_to = {level: frozenset(pk for pk, line in lines.items() if is_open(line, level)) for level in LEVELS}
    gathered: dict[tuple[str, str, frozenset[int] | None], list[str]] = {}
    for site in facts.sites:
        gathered.setdefault((site.level, type_of(site), site.subset), []).append(site.name)
    return tuple(
        Place(level, type_, tuple(names), open_to[level] if subset is None else open_to[level] & subset)
        for (level, type_, subset), names in gathered.items()
    )


def is_open(line: Line, level: str) -> bool:
    return LEVELS.index(line.lowest_level) <= LEVELS.index(level)


def type_of(site: Site) -> str:
    """The type by which antimicrobial varieties are capped: 三级综合, 二级综合, 儿童, 妇产, 口腔, 肿瘤, 精神; 基层 has no number."""
    if site.level in ("基层", "村"):
        return site.level
    special = {"儿童": "儿童", "妇": "妇产", "口腔": "口腔", "肿瘤": "肿瘤", "精神": "精神"}
    return next((type_ for word, type_ in special.items() if word in site.kind), f"{site.level}综合")


@dataclass(frozen=True)
class Rule:
    """One rule of the check. key: the rule value whose 文号 stands for it, where one is recorded."""

    code: str
    label: str
    hard: bool
    formula: str
    document: str
    key: str
    look: Callable[[Case], Iterator[Hit]]

    def run(self, case: Case) -> list[Finding]:
        hard = case.limits.hard.get(self.code, self.hard)
        document = case.facts.documents.get(self.key, "") or self.document
        return [
            Finding(self.code, self.label, hard, hit.sentence, hit.drugs, hit.subject, self.formula, document)
            for hit in self.look(case)
        ]


RULES: list[Rule] = []


def rule(
    code: str, label: str, *, hard: bool, formula: str, document: str, key: str = ""
) -> Callable[[Callable[[Case], Iterator[Hit]]], Callable[[Case], Iterator[Hit]]]:
    """Puts a function into the check."""

    def known(look: Callable[[Case], Iterator[Hit]]) -> Callable[[Case], Iterator[Hit]]:
        RULES.append(Rule(code, label, hard, formula, document, key or f"finding.{code}", look))
        return look

    return known


def some(titles: Sequence[str], most: int = 4) -> str:
    """A、B、C 等 7 个."""
    return "、".join(titles[:most]) + (f" 等 {len(titles)} 个" if len(titles) > most else "")
