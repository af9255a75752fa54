"""Finds the 品种 that a listed name speaks of: exact, then normalised, then without salt, then by another name of it.

An automatic match must be certain: same substance, same form group, no salt, variant or bracket that says otherwise, and one
品种 only. Whatever is merely similar becomes a question with ranked candidates (`candidates.py`). A person's decision comes
before every rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from formulary.rules.candidates import Candidate, Ranker
from formulary.rules.dosage_forms import UNKNOWN_GROUP
from formulary.rules.name_text import canonical
from formulary.rules.names import DrugName, parse_name
from formulary.rules.salts import conflicting
from formulary.rules.synonyms import main_name

MedicineId = Hashable


class How(StrEnum):
    """The step that decided."""

    DECISION = "人工确认"
    EXACT = "名称相同"
    NORMALISED = "规范名相同"
    SALT = "除盐基外相同"
    VARIANT = "除Ⅰ/Ⅱ型外相同"
    ALIAS = "别名相同"
    NONE = "未匹配"


@dataclass(frozen=True)
class Known:
    """A 品种 of the dictionary with every spelling known of it (the first is its own name)."""

    id: MedicineId
    names: tuple[DrugName, ...]


@dataclass(frozen=True)
class Match:
    """medicines: the 品种 found (several only for a name without a form). candidates: ranked, when none was certain."""

    medicines: tuple[MedicineId, ...]
    how: How
    candidates: tuple[Candidate, ...] = ()

    @property
    def found(self) -> bool:
        return bool(self.medicines)


class Matcher:
    """Answers for one state of the dictionary; `add` keeps it growing during an import.

    decisions: (canonical name, canonical form) → medicine id, or None for "none of those known".
    """

    def __init__(
        self, known: Iterable[Known] = (), decisions: Mapping[tuple[str, str], MedicineId | None] | None = None
    ) -> None:
        self._exact: dict[tuple[str, ...], set[MedicineId]] = defaultdict(set)
        self._full: dict[tuple[str, ...], set[MedicineId]] = defaultdict(set)
        self._base: dict[tuple[str, str, str], dict[MedicineId, set[tuple[str, str]]]] = defaultdict(dict)
        self._alias: dict[tuple[str, str, str], set[MedicineId]] = defaultdict(set)
        self._groups: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
        self._decisions = dict(decisions or {})
        self._ranker = Ranker()
        for each in known:
            self.add(each)

    def add(self, known: Known) -> None:
        """A new 品种, or more spellings of one already there."""
        for name in known.names:
            group = _group(name)
            self._exact[canonical(name.raw), group].add(known.id)
            self._full[_full_key(name)].add(known.id)
            self._base[_base_key(name)].setdefault(known.id, set()).add((name.salt, name.variant))
            self._groups[main_name(name.substance), name.qualifier, name.chinese_medicine].add(group)
            for alias in _aliases(name):
                self._alias[_base_key(alias)].add(known.id)
            self._ranker.add(known.id, name)

    def decide(self, name: str, form: str, medicine: MedicineId | None) -> None:
        self._decisions[decision_key(name, form)] = medicine

    def match(self, *readings: DrugName, candidates: bool = True) -> Match:
        """Tries each reading of a name in turn; the first certain one wins. Ranks candidates for the first when none is."""
        for reading in readings:
            decided = self._decisions.get(decision_key(reading.raw, reading.form), _UNDECIDED)
            if decided is not _UNDECIDED:
                return Match((decided,) if decided is not None else (), How.DECISION)
        for reading in readings:
            found = self._certain(reading)
            if found.found:
                return found
        ranked = self._ranker.rank(readings[0]) if candidates and readings else ()
        return Match((), How.NONE, ranked)

    def _certain(self, name: DrugName) -> Match:
        if not name.form_group:
            return self._without_form(name)
        return self._in_group(name, name.form_group)

    def _without_form(self, name: DrugName) -> Match:
        """A name without a form speaks of the substance in every form that is known."""
        groups = self._groups.get((main_name(name.substance), name.qualifier, name.chinese_medicine), set())
        found = [self._in_group(name, group) for group in sorted(groups)]
        medicines = tuple(dict.fromkeys(each for match in found for each in match.medicines))
        if medicines:
            return Match(medicines, max((match.how for match in found if match.found), key=_STEPS.index))
        return self._in_group(name, UNKNOWN_GROUP)

    def _in_group(self, name: DrugName, group: str) -> Match:
        exact = self._exact.get((canonical(name.raw), group), set())
        if len(exact) == 1:
            return Match(tuple(exact), How.EXACT)
        full = self._full.get(_full_key(name, group), set())
        if len(full) == 1:
            return Match(tuple(full), How.NORMALISED)
        return self._by_base(name, group)

    def _by_base(self, name: DrugName, group: str) -> Match:
        key = _base_key(name, group)
        agreeing = {
            medicine: spellings
            for medicine, listed in self._base.get(key, {}).items()
            if (spellings := [s for s in listed if not conflicting(name.salt, s[0]) and _variant_fits(name.variant, s[1])])
        }
        plain = [medicine for medicine, spellings in agreeing.items() if any(salt == "" for salt, _ in spellings)]
        chosen = list(agreeing) if len(agreeing) == 1 else plain if len(plain) == 1 else []
        if chosen:
            same_variant = any(variant == name.variant for _, variant in agreeing[chosen[0]])
            return Match((chosen[0],), How.SALT if same_variant else How.VARIANT)
        return Match((), How.NONE) if agreeing else self._by_alias(name, group)

    def _by_alias(self, name: DrugName, group: str) -> Match:
        found: set[MedicineId] = set(self._alias.get(_base_key(name, group), set()))
        for alias in _aliases(name):
            key = _base_key(alias, group)
            found |= self._base.get(key, {}).keys() | self._alias.get(key, set())
        return Match(tuple(found), How.ALIAS) if len(found) == 1 else Match((), How.NONE)


_UNDECIDED = object()
_STEPS = [How.NONE, How.DECISION, How.EXACT, How.NORMALISED, How.SALT, How.VARIANT, How.ALIAS]


def decision_key(name: str, form: str) -> tuple[str, str]:
    """How a decision is remembered: by spelling, so that equal names of other lists find it."""
    return canonical(name), canonical(form)


def _group(name: DrugName) -> str:
    return name.form_group or UNKNOWN_GROUP


def _full_key(name: DrugName, group: str | None = None) -> tuple[str, ...]:
    return name.full, name.variant, name.qualifier, group or _group(name), str(name.chinese_medicine)


def _base_key(name: DrugName, group: str | None = None) -> tuple[str, str, str]:
    kind = "中成药" if name.chinese_medicine else ""
    return main_name(name.substance) + kind, name.qualifier, group or _group(name)


def _variant_fits(asked: str, known: str) -> bool:
    """Ⅲ is never Ⅰ; a name without a number fits a numbered one, and the other way round."""
    return asked == known or not asked or not known


def _aliases(name: DrugName) -> Sequence[DrugName]:
    """The other names in the brackets, read in the form of the name itself."""
    read = (parse_name(alias, name.form, chinese_medicine=name.chinese_medicine) for alias in name.aliases)
    return [alias for alias in read if alias.form_group == name.form_group or not name.form_group]
