"""Finds the 品种 that a listed name speaks of: exact, then normalised, then without salt, then by another name of it.

An automatic match must be certain: same substance, same form group, no salt, variant or bracket that says otherwise, and one
品种 only. Whatever is merely similar becomes a question with ranked candidates (`candidates.py`). A person's decision comes
before every rule.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Hashable, Iterable, Mapping, Sequence
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
        self._groups: dict[str, set[str]] = defaultdict(set)
        self._decisions = dict(decisions or {})
        self.ranker = Ranker()
        for each in known:
            self.add(each)

    def add(self, known: Known) -> None:
        """A new 品种, or more spellings of one already there."""
        for name in known.names:
            group = _group(name)
            self._exact[canonical(name.raw), group].add(known.id)
            self._full[_full_key(name)].add(known.id)
            self._base[_base_key(name)].setdefault(known.id, set()).add((name.salt, name.variant))
            self._groups[main_name(name.substance)].add(group)
            for alias in _aliases(name):
                if alias.substance == name.substance:  # 碳酸钙D3Ⅰ(碳酸钙D3): its own name without the number
                    self._base[_base_key(name)][known.id].add((name.salt, alias.variant))
                else:
                    self._alias[_base_key(alias)].add(known.id)
            self.ranker.add(known.id, name)

    def decide(self, name: str, form: str, medicine: MedicineId | None) -> None:
        self._decisions[decision_key(name, form)] = medicine

    def match(
        self, *readings: DrugName, claimed: Container[MedicineId] = (), candidates: bool = True, only_same: bool = False
    ) -> Match:
        """Tries each reading of a name in turn; the first certain one wins. Ranks candidates for the first when none is.

        claimed: 品种 that this list already names otherwise; only the same full name may still mean them.
        only_same: stop after the steps that need no rule (decision, same name, same normalised name).
        """
        for reading in readings:
            decided = self._decisions.get(decision_key(reading.raw, reading.form), _UNDECIDED)
            if decided is not _UNDECIDED:
                return Match((decided,) if decided is not None else (), How.DECISION)
        for reading in readings:
            found = self._certain(reading, only_same)
            if found.found and (found.how in _SAME or not any(each in claimed for each in found.medicines)):
                return found
        ranked = self.ranker.rank(readings[0]) if candidates and readings else ()
        return Match((), How.NONE, ranked)

    def _certain(self, name: DrugName, only_same: bool) -> Match:
        if name.form_group:
            return self._in_group(name, name.form_group, only_same)
        return self._without_form(name, only_same)

    def _without_form(self, name: DrugName, only_same: bool) -> Match:
        """A name without a form speaks of the substance in every form known; a 中成药 so named (云南白药) is one of its own."""
        groups = set() if name.chinese_medicine else self._groups.get(main_name(name.substance), set())
        found = [self._in_group(name, group, only_same) for group in sorted(groups | {UNKNOWN_GROUP})]
        medicines = tuple(dict.fromkeys(each for match in found for each in match.medicines))
        return Match(medicines, max((match.how for match in found), key=_STEPS.index))

    def _in_group(self, name: DrugName, group: str, only_same: bool) -> Match:
        for how, found in (
            (How.EXACT, self._exact.get((canonical(name.raw), group), _NOTHING)),
            (How.NORMALISED, self._full.get(_full_key(name, group), _NOTHING)),
        ):
            if len(found) == 1:
                return Match(tuple(found), how)
        return Match((), How.NONE) if only_same else self._by_base(name, group)

    def _by_base(self, name: DrugName, group: str) -> Match:
        """The same substance; a salt may be unsaid on one side, and Ⅰ/Ⅱ unsaid where the 品种 covers several of them."""
        listed = self._base.get(_base_key(name, group), {})
        agreeing = {
            m: fits for m, spelt in listed.items() if (fits := [s for s in spelt if not conflicting(name.salt, s[0])])
        }
        numbers = _numbers(name)
        same = {m: fits for m, spelt in agreeing.items() if (fits := [s for s in spelt if s[1] in numbers])}
        if same:
            return Match(_single(same), How.SALT) if _single(same) else Match((), How.NONE)
        several = {m: spelt for m, spelt in agreeing.items() if not name.variant and len(spelt) > 1}
        if _single(several) and len(agreeing) == 1:
            return Match(_single(several), How.VARIANT)
        return Match((), How.NONE) if agreeing else self._by_alias(name, group)

    def _by_alias(self, name: DrugName, group: str) -> Match:
        found: set[MedicineId] = set(self._alias.get(_base_key(name, group), _NOTHING))
        for alias in _aliases(name):
            key = _base_key(alias, group)
            found |= self._base.get(key, {}).keys() | self._alias.get(key, set())
        return Match(tuple(found), How.ALIAS) if len(found) == 1 else Match((), How.NONE)


_NOTHING: frozenset[MedicineId] = frozenset()
_UNDECIDED = object()
_SAME = frozenset({How.DECISION, How.EXACT, How.NORMALISED})
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


def _numbers(name: DrugName) -> set[str]:
    """The Ⅰ/Ⅱ … that a name stands for; "" too when it lists several, or says its bare name in brackets."""
    numbers = {parse_name(each).variant for each in name.raw.split("；")} | {name.variant}
    bare = len(numbers) > 1 or any(alias.substance == name.substance and not alias.variant for alias in _aliases(name))
    return numbers | {""} if bare else numbers


def _single(medicines: Mapping[MedicineId, list[tuple[str, str]]]) -> tuple[MedicineId, ...]:
    """The one 品种 meant: the only one, or the only one listed without a salt."""
    if len(medicines) == 1:
        return tuple(medicines)
    plain = [medicine for medicine, spelt in medicines.items() if any(salt == "" for salt, _ in spelt)]
    return tuple(plain) if len(plain) == 1 else ()


def _aliases(name: DrugName) -> Sequence[DrugName]:
    """The other names in the brackets, read in the form of the name itself."""
    read = (parse_name(alias, name.form, chinese_medicine=name.chinese_medicine) for alias in name.aliases)
    return [alias for alias in read if alias.form_group == name.form_group or not name.form_group]
