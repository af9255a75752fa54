"""What a trigger sees and what it answers. Pure: no Django, no clock; the bridge is formulary.queries.trigger_facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from formulary.rules.adjustment_life import Kind
from formulary.rules.evidence import PriceRow
from formulary.rules.moves import Labelled
from formulary.rules.status import DrugStatus


class Trigger(Labelled):
    """Why the system thinks the list should move; in the order in which people should look."""

    RECALL = "recall", "药品召回"
    NEML_LOST = "neml_lost", "不再是基药"
    NRDL_LOST = "nrdl_lost", "不再属医保"
    AGREEMENT_ENDS = "agreement_ends", "国谈协议将到期"
    NEML_ADDED = "neml_added", "新列基药"
    NRDL_NEGOTIATED = "negotiated", "新增国谈药品"
    VBP_WON = "vbp_won", "集采中选可替换"
    NEML_PEER = "neml_peer", "非基药有基药同类"
    CHRONIC = "chronic", "慢病用药基层未开放"
    DEMAND = "demand", "多处缺药登记"
    RED_PRICE = "red_price", "价格红标"
    SHORTAGE = "shortage", "列入短缺清单"
    MONITORED = "monitored", "列入重点监控"
    NRDL_CHANGED = "nrdl_changed", "医保类别变化"
    UNUSED = "unused", "长期未用"


@dataclass(frozen=True)
class Thresholds:
    """Dated rule values `trigger.<field>`. ahead_days: an edition is looked at this long before it begins. agreement_days:
    warning before a 国谈 agreement ends. round_days: how long a tender counts as new. unused_months, unused_long_months: without
    any use. chronic_months of the last six: what is long-term use. demand_places: institutions that registered the same
    lack within demand_days."""

    ahead_days: int = 90
    agreement_days: int = 60
    round_days: int = 365
    unused_months: int = 6
    unused_long_months: int = 12
    chronic_months: int = 3
    demand_places: int = 2
    demand_days: int = 90


@dataclass(frozen=True)
class Drug:
    """A presentation as the lists, the version in force and the months show it. level "" and since None: not in the
    version; before: the status under the edition before, by list kind, only where there is one. use: units in each of the
    last full months, the latest first, in the whole alliance; lead_use: the same at the lead hospital."""

    pk: int
    medicine: int
    name: str
    unit: str
    strength: str
    spec_group: str
    therapeutic_class: str
    status: DrugStatus
    before: Mapping[str, DrugStatus] = field(default_factory=dict)
    level: str = ""
    since: dt.date | None = None
    is_chronic: bool = False
    is_emergency: bool = False
    makers: tuple[str, ...] = ()
    use: tuple[int, ...] = ()
    lead_use: tuple[int, ...] = ()

    @property
    def listed(self) -> bool:
        return bool(self.level)

    @property
    def monthly(self) -> int:
        """Mean use of a month over the months known."""
        return round(sum(self.use) / len(self.use)) if self.use else 0


@dataclass(frozen=True)
class Row:
    """A row of a list that speaks of a 品种."""

    entry: int
    medicine: int
    medicine_name: str
    name: str
    form: str
    strengths: tuple[str, ...]
    category: str
    company: str
    edition: str
    document: str
    valid_from: dt.date
    valid_to: dt.date | None
    attributes: Mapping[str, str] = field(default_factory=dict)
    strength: str = ""
    official: bool = True


@dataclass(frozen=True)
class Edition:
    """The edition that is looked at and the one before it; before "" when it is the first."""

    title: str
    document: str
    valid_from: dt.date
    before: str = ""


@dataclass(frozen=True)
class Demand:
    """The same lack registered (缺药登记) at `places` institutions."""

    presentation: int | None
    medicine: int | None
    name: str
    places: tuple[str, ...]
    times: int
    quantity: int


@dataclass(frozen=True)
class View:
    """Everything the triggers look at. rows and rows_before: by list kind and medicine, from the edition looked at and the
    one before. known_months: full months of use that the alliance has data for. asked: (kind, presentation) of applications
    under way; asked_medicines: 品种 that one under way would add."""

    on: dt.date
    drugs: Mapping[int, Drug]
    thresholds: Thresholds = Thresholds()
    editions: Mapping[str, Edition] = field(default_factory=dict)
    rows: Mapping[str, Mapping[int, Sequence[Row]]] = field(default_factory=dict)
    rows_before: Mapping[str, Mapping[int, Sequence[Row]]] = field(default_factory=dict)
    prices: Mapping[int, Sequence[PriceRow]] = field(default_factory=dict)
    demands: Sequence[Demand] = ()
    known_months: int = 0
    asked: frozenset[tuple[str, int]] = frozenset()
    asked_medicines: frozenset[int] = frozenset()

    @property
    def listed(self) -> list[Drug]:
        return [drug for drug in self.drugs.values() if drug.listed]

    def of_medicine(self, medicine: int) -> list[Drug]:
        return self._by_medicine.get(medicine, [])

    def of_group(self, spec_group: str) -> list[Drug]:
        """Presentations of the same substance and route."""
        return self._by_group.get(spec_group, []) if spec_group else []

    def __post_init__(self) -> None:
        by_medicine: dict[int, list[Drug]] = {}
        by_group: dict[str, list[Drug]] = {}
        for drug in self.drugs.values():
            by_medicine.setdefault(drug.medicine, []).append(drug)
            by_group.setdefault(drug.spec_group, []).append(drug)
        object.__setattr__(self, "_by_medicine", by_medicine)
        object.__setattr__(self, "_by_group", by_group)

    _by_medicine: Mapping[int, list[Drug]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _by_group: Mapping[str, list[Drug]] = field(default_factory=dict, init=False, repr=False, compare=False)


@dataclass(frozen=True)
class Found:
    """One suggestion. key: the same finding has the same key on every day. wants: the kind of application it would draft,
    None when there is nothing to apply for. other: the drug to drop (替换) or the peer. edition: the list edition it follows
    from, "" for what is seen in use or price. facts: (label, value) pairs; head and table: the rows it rests on."""

    key: str
    trigger: Trigger
    words: str
    wants: Kind | None = None
    medicine: int | None = None
    presentation: int | None = None
    other: int | None = None
    lowest_level: str = ""
    edition: str = ""
    weight: int = 0
    facts: tuple[tuple[str, str], ...] = ()
    head: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
