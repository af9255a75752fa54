"""What the policy lists say of one presentation: 基药, 医保 class, 集采 winners, shortage marks. Pure: entries in, status out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeVar

from formulary.rules.dosage_forms import lookup, same_form
from formulary.rules.lists.neml import needs_specialist
from formulary.rules.lists.sections import BIDS, is_win
from formulary.rules.strengths import Listed, is_listed, same_strength

NONE = "无"
UNOFFICIAL = "非官方"
_CLASS_ORDER = {"甲": 0, "乙": 1, "国谈": 2}


@dataclass(frozen=True)
class ListedEntry:
    """One row of a list in force, as linked to the presentation's 品种."""

    entry_id: int
    kind: str
    edition: str
    official: bool
    valid_from: dt.date
    valid_to: dt.date | None
    name: str
    category: str
    form: str
    strengths: tuple[str, ...]
    strength: str = ""
    section: str = ""
    tender: str = ""
    region: str = ""
    company: str = ""
    price: Decimal | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Essential:
    """基药: is this form and strength listed (yes, no, unclear), at which level, and is a specialist asked for (△)."""

    listed: Listed
    specialist: bool
    level: str
    edition: str
    entry_ids: tuple[int, ...]


@dataclass(frozen=True)
class Insurance:
    """医保: 甲, 乙 or 国谈 for this form. ends: last day of the agreement. unclear: other rows of the 品种 say otherwise."""

    category: str
    ends: dt.date | None
    restriction: str
    payment: str
    unclear: bool
    edition: str
    entry_ids: tuple[int, ...]


@dataclass(frozen=True)
class Win:
    """集采: a winner of this strength in a tender and region. price in yuan per smallest unit. role: 中选, 主供 or 备供."""

    tender: str
    region: str
    company: str
    price: Decimal | None
    role: str
    valid_from: dt.date
    valid_to: dt.date | None
    entry_id: int


@dataclass(frozen=True)
class Mark:
    """Named by a list that only marks (短缺, 重点监控, 召回); `label` says when the list is not official; region "" is national."""

    edition: str
    official: bool
    label: str
    entry_ids: tuple[int, ...]
    region: str = ""
    valid_from: dt.date | None = None


@dataclass(frozen=True)
class DrugStatus:
    """Everything the lists say of one presentation on one day."""

    essential: Essential | None = None
    insurance: Insurance | None = None
    wins: tuple[Win, ...] = ()
    shortage: tuple[Mark, ...] = ()
    monitored: tuple[Mark, ...] = ()
    recalls: tuple[Mark, ...] = ()

    @property
    def is_essential(self) -> bool:
        """Listed, or not clearly left out: an unclear strength counts until a person says otherwise."""
        return self.essential is not None and self.essential.listed is not Listed.NO

    @property
    def insurance_class(self) -> str:
        """甲, 乙, 国谈 or 无: the words of the planning workbook."""
        return self.insurance.category if self.insurance else NONE

    @property
    def badges(self) -> tuple[str, ...]:
        """The marks that pages show, in their fixed order."""
        essential = ["基药△" if self.essential and self.essential.specialist else "基药"] if self.is_essential else []
        insurance = (
            [f"医保{self.insurance.category}" if len(self.insurance.category) == 1 else self.insurance.category]
            if self.insurance
            else []
        )
        return (*essential, *insurance, *(["集采中选"] if self.wins else []), *(mark.label for mark in self.marks))

    @property
    def marks(self) -> tuple[Mark, ...]:
        return (*self.recalls, *self.shortage, *self.monitored)


def status_of(form: str, strength: str, entries: Sequence[ListedEntry], *, on: dt.date, region: str = "") -> DrugStatus:
    """The status of one form and strength from the entries of its 品种 that are in force. region: one province, "" all."""
    by_kind: dict[str, list[ListedEntry]] = {}
    for entry in entries:
        by_kind.setdefault(entry.kind, []).append(entry)
    return DrugStatus(
        _essential(form, strength, by_kind.get("neml", [])),
        _insurance(form, by_kind.get("nrdl", []), on),
        _wins(strength, by_kind.get("vbp_awards", []), region),
        _marks("短缺", "短缺关注", by_kind.get("shortage_list", [])),
        _marks("重点监控", "监控关注", by_kind.get("monitored", [])),
        _marks("召回", "召回信息", [e for e in by_kind.get("recall", []) if _recalls(strength, e)]),
    )


class Speaks(Protocol):
    """What 基药 and 医保 class are read from."""

    @property
    def entry_id(self) -> int: ...
    @property
    def category(self) -> str: ...
    @property
    def form(self) -> str: ...
    @property
    def strengths(self) -> tuple[str, ...] | list[str]: ...
    @property
    def valid_to(self) -> dt.date | None: ...


class Brief(NamedTuple):
    """A row of 基药 or 医保, as much of it as `standing_of` asks."""

    entry_id: int
    category: str
    form: str
    strengths: list[str]
    valid_to: dt.date | None


def standing_of(
    form: str, strength: str, essential: Sequence[Speaks], insured: Sequence[Speaks], *, on: dt.date
) -> tuple[bool, str]:
    """(基药?, 甲 乙 国谈 无): the answers of `status_of` to these two questions alone, for a whole catalogue at once."""
    listed = bool(essential) and _listed(form, strength, essential)[0] is not Listed.NO
    speaking = _insuring(form, insured, on)
    return listed, min(speaking, key=_class_first).category if speaking else NONE


S = TypeVar("S", bound=Speaks)


def _listed(form: str, strength: str, entries: Sequence[S]) -> tuple[Listed, list[S]]:
    """Whether 基药 lists this form and strength, and the rows that speak of the form (all rows when none does)."""
    same = [entry for entry in entries if same_form(form, entry.form)]
    if same:
        return _best(is_listed(strength, entry.strengths) for entry in same), same
    # the strength is listed, but for another form of the group (分散片 beside 片剂)
    elsewhere = _best(is_listed(strength, entry.strengths) for entry in entries) is Listed.YES
    return Listed.UNCLEAR if elsewhere else Listed.NO, list(entries)


def _insuring(form: str, entries: Sequence[S], on: dt.date) -> list[S]:
    """Rows of 医保 that run and speak of the form, or of the group of forms it belongs to."""
    running = [entry for entry in entries if entry.valid_to is None or entry.valid_to >= on]
    return [e for e in running if same_form(form, e.form)] or [e for e in running if _speaks_of_group(form, e.form)]


def _class_first(entry: Speaks) -> tuple[int, int]:
    return _CLASS_ORDER.get(entry.category, 9), entry.entry_id


def _essential(form: str, strength: str, entries: Sequence[ListedEntry]) -> Essential | None:
    if not entries:
        return None
    listed, speaking = _listed(form, strength, entries)
    return Essential(
        listed,
        any(needs_specialist(entry.attributes.get("备注", ""), entry.form) for entry in speaking),
        "国家",
        speaking[0].edition,
        tuple(dict.fromkeys(entry.entry_id for entry in speaking)),
    )


def _best(answers: Iterable[Listed]) -> Listed:
    found = set(answers)
    return next((answer for answer in (Listed.YES, Listed.UNCLEAR) if answer in found), Listed.NO)


def _insurance(form: str, entries: Sequence[ListedEntry], on: dt.date) -> Insurance | None:
    speaking = _insuring(form, entries, on)
    if not speaking:
        return None
    first = min(speaking, key=_class_first)
    return Insurance(
        first.category,
        first.valid_to if first.category == "国谈" or first.attributes.get("协议有效期") else None,
        first.attributes.get("备注限定支付范围", "") or first.attributes.get("备注", ""),
        first.attributes.get("医保支付标准", ""),
        len({entry.category for entry in speaking}) > 1,
        first.edition,
        tuple(dict.fromkeys(entry.entry_id for entry in speaking)),
    )


def _speaks_of_group(form: str, listed: str) -> bool:
    """口服常释剂型 speaks of every form in it, 波生坦分散片 of dispersible tablets only."""
    known = lookup(listed) or lookup(listed, chinese=True)
    if known is None or lookup(form) is None:
        return True
    return known.form.removesuffix("剂") == known.group.removesuffix("剂")


def _wins(strength: str, entries: Sequence[ListedEntry], region: str) -> tuple[Win, ...]:
    won = [e for e in entries if is_win(e.category) and (not region or region in e.region)]
    # The province list says the same as the bids, and says it more closely.
    listed = {(e.tender, e.strength) for e in won if e.section != BIDS}
    wins = [
        Win(e.tender, e.region, e.company, e.price, e.category, e.valid_from, e.valid_to, e.entry_id)
        for e in won
        if same_strength(strength, e.strength) is True and (e.section != BIDS or (e.tender, e.strength) not in listed)
    ]
    return tuple(sorted(wins, key=lambda win: (win.valid_from.toordinal() * -1, win.tender, win.region, win.company)))


def _recalls(strength: str, entry: ListedEntry) -> bool:
    """A recall that names another strength does not speak of this one; one that names none speaks of all."""
    return not entry.strength or same_strength(strength, entry.strength) is not False


def _marks(official: str, unofficial: str, entries: Sequence[ListedEntry]) -> tuple[Mark, ...]:
    marks: dict[str, list[ListedEntry]] = {}
    for entry in entries:
        marks.setdefault(entry.edition, []).append(entry)
    return tuple(
        Mark(
            edition,
            rows[0].official,
            official if rows[0].official else f"{unofficial}（{UNOFFICIAL}）",
            tuple(dict.fromkeys(row.entry_id for row in rows)),
            rows[0].region,
            rows[0].valid_from,
        )
        for edition, rows in marks.items()
    )
