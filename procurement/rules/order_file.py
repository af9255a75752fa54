"""Order lines as flat values, and the columns a provincial platform asks for, in its order and words. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One line of one order. `price` yuan per pack, `pack` how a pack is written (10mg×28片/盒)."""

    number: str
    month: dt.date
    due_on: dt.date
    supplier_code: str
    supplier: str
    institution_code: str
    institution: str
    product_code: str
    nhsa_code: str
    approval_number: str
    name: str
    form: str
    strength: str
    unit: str
    pack_size: int
    pack: str
    maker: str
    packs: int
    quantity: int
    price: Decimal
    amount: Decimal


FIELDS = tuple(field.name for field in fields(Row))
Layout = Sequence[Sequence[str]]


class LayoutRefused(Exception):
    """The setting order.platform_columns is no list of [列名, field]; the message says what is wrong."""


def check_layout(layout: Any) -> list[tuple[str, str]]:
    """The columns as (head, field) pairs; raises LayoutRefused naming every fault at once."""
    found, faults = [], []
    if not isinstance(layout, list | tuple) or not layout:
        raise LayoutRefused("平台列设置应为 [[列名, 字段], …]，不能为空")
    for number, pair in enumerate(layout, start=1):
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            faults.append(f"第 {number} 列应为 [列名, 字段]，收到 {pair!r}")
        elif pair[1] not in FIELDS:
            faults.append(f"第 {number} 列“{pair[0]}”的字段“{pair[1]}”不存在，可用：{'、'.join(FIELDS)}")
        else:
            found.append((pair[0], pair[1]))
    if faults:
        raise LayoutRefused("；".join(faults))
    return found


def platform_sheet(rows: Sequence[Row], layout: Any) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Header and rows in the platform's layout; days as text, as platforms read them."""
    columns = check_layout(layout)
    header = tuple(head for head, _name in columns)
    return header, [tuple(_plain(getattr(row, name)) for _head, name in columns) for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
