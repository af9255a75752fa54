"""A purchase case: what is needed, who offers it at what terms, and which limits hold.

Frozen values without any reference to database or file. Quantities are whole minimal units, money is Decimal yuan
per pack, shares are Decimal 0–1. `None` always means "no such rule". The meaning of every field is in the sheet of
the same name in the planning workbook; names are English here and the Chinese header is given beside each.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any

LEVELS = ("三级", "二级", "基层", "村")
INSURANCE = ("甲", "乙", "国谈", "无")
STATUSES = ("中选", "备供", "非中选", "非集采")
LABELS = ("绿", "黄", "红1", "红2", "红3")
BLOCKED_LABEL = "红3"
EXACT, LEAST, MOST, FORBIDDEN, REQUIRED = "恰好", "至少", "至多", "禁止", "必须"
WAYS = (EXACT, LEAST, MOST, FORBIDDEN, REQUIRED)
COUNTED = (EXACT, LEAST, MOST)


@dataclass(frozen=True, slots=True)
class Institution:
    """机构. `budget` in yuan; the two floors are shares 0–1 of its spend; `cold_capacity` in minimal units."""

    code: str
    name: str
    level: str = "基层"
    budget: Decimal | None = None
    essential_floor: Decimal | None = None
    insurance_floor: Decimal | None = None
    cold_capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Drug:
    """药品: one 品规. `daily` is 日用量, minimal units of one patient-day; `group` is 品规组 ("" = not counted)."""

    code: str
    name: str
    form: str = ""
    strength: str = ""
    unit: str = ""
    essential: bool = False
    insurance: str = "无"
    emergency: bool = False
    daily: Decimal = Decimal(1)
    cold: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """产品. `pack` minimal units in a pack, `price` yuan per pack, `minimum_packs` 起订包数 of one institution,
    `supply` 供应上限 in minimal units of the whole alliance, `in_use` 上期在用."""

    code: str
    drug: str
    supplier: str
    pack: int
    price: Decimal
    maker: str = ""
    minimum_packs: int = 1
    supply: int | None = None
    status: str = "非集采"
    label: str = "绿"
    in_use: bool = True


@dataclass(frozen=True, slots=True)
class Supplier:
    """供应商. `minimum_order` 起送金额: yuan of one institution's order, 0 = none."""

    code: str
    name: str = ""
    minimum_order: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Need:
    """需求 of one drug at one institution; `limit` is 采购上限."""

    institution: str
    drug: str
    demand: int
    stock: int = 0
    in_transit: int = 0
    safety: int = 0
    limit: int | None = None

    @property
    def net(self) -> int:
        """N = max(0, 需求量 + 安全库存 − 可用库存 − 在途)."""
        return max(0, self.demand + self.safety - self.stock - self.in_transit)


@dataclass(frozen=True, slots=True)
class Commitment:
    """剩余约定量 of a product, of one institution or (None) of the whole alliance, in minimal units."""

    product: str
    remaining: int
    institution: str | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """固定: what the officer has decided by hand and the plan is solved around. `quantity` in minimal units (恰好, 至少,
    至多); of one institution or (None) of the whole alliance together. `reason` is shown with the line."""

    product: str
    way: str
    quantity: int | None = None
    institution: str | None = None
    reason: str = ""

    @property
    def low(self) -> int:
        """At least so many units; 必须 asks for one unit, hence one pack."""
        return (self.quantity or 0) if self.way in (EXACT, LEAST) else int(self.way == REQUIRED)

    @property
    def high(self) -> int | None:
        """At most so many units, None = as many as the other rules allow."""
        return (self.quantity or 0) if self.way in (EXACT, MOST) else 0 if self.way == FORBIDDEN else None

    @property
    def words(self) -> str:
        """恰好 280, 禁止."""
        return f"{self.way} {self.quantity}" if self.way in COUNTED else self.way


@dataclass(frozen=True, slots=True)
class Case:
    """One purchase case. `deliveries` pairs (supplier, institution); a supplier without any delivers everywhere.
    `nonwinning_ratio` 非中选比例; `group_limit` 品规数上限 in one 品规组."""

    institutions: tuple[Institution, ...] = ()
    drugs: tuple[Drug, ...] = ()
    products: tuple[Product, ...] = ()
    suppliers: tuple[Supplier, ...] = ()
    deliveries: tuple[tuple[str, str], ...] = ()
    needs: tuple[Need, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    total_budget: Decimal | None = None
    nonwinning_ratio: Decimal = Decimal(1)
    group_limit: int | None = None
    pins: tuple[Pin, ...] = ()


_ROWS: dict[str, type] = {
    "institutions": Institution,
    "drugs": Drug,
    "products": Product,
    "suppliers": Supplier,
    "needs": Need,
    "commitments": Commitment,
}


def case_to_json(case: Case) -> dict[str, Any]:
    """A dictionary of plain JSON values; decimals become their shortest exact text. A case without 固定 does not name
    them, so that its fingerprint is the one it always had."""
    data = {key: _plain(value) for key, value in asdict(case).items()}
    if not case.pins:
        del data["pins"]
    return data


def case_from_json(data: dict[str, Any]) -> Case:
    """The case that `case_to_json` wrote. Raises TypeError or KeyError on another shape."""
    values: dict[str, Any] = {key: tuple(_row(kind, row) for row in data[key]) for key, kind in _ROWS.items()}
    values["deliveries"] = tuple((supplier, institution) for supplier, institution in data["deliveries"])
    values["total_budget"] = None if data["total_budget"] is None else Decimal(data["total_budget"])
    values["nonwinning_ratio"] = Decimal(data["nonwinning_ratio"])
    values["group_limit"] = data["group_limit"]
    values["pins"] = tuple(Pin(**row) for row in data.get("pins", ()))
    return Case(**values)


def case_sha256(case: Case) -> str:
    """The fingerprint of the canonical case: equal for two files that say the same, whatever their formatting."""
    text = json.dumps(case_to_json(case), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def _row(kind: type, row: dict[str, Any]) -> Any:
    decimal = {field.name for field in fields(kind) if "Decimal" in str(field.type)}
    return kind(**{key: Decimal(v) if key in decimal and v is not None else v for key, v in row.items()})
