"""From what people write under 单位 to minimal units: 片, 盒, 盒(10支), 10支/盒, blank."""

from __future__ import annotations

import re

from formulary.rules.tables import clean
from shortage.rules.stock_codes import Drug, Pack

_OUTER_FIRST = re.compile(r"^(?P<outer>\D+?) ?[(×xX*/] ?(?P<count>\d+) ?(?P<inner>\D+?)\)?$")
_INNER_FIRST = re.compile(r"^(?P<count>\d+) ?(?P<inner>\D+?) ?/ ?(?P<outer>\D+)$")
_MINIMAL = frozenset({"", "最小单位"})
_PACK = frozenset({"包装", "最小包装"})


class UnitUnclear(ValueError):
    """The unit cannot be turned into minimal units; the message says what is expected."""


def minimal_units(text: str, drug: Drug, product: Pack | None) -> int:
    """How many minimal units one `text` holds. A stated count must agree with the named product's pack."""
    unit = clean(text)
    if unit in _MINIMAL or unit == drug.unit:
        return 1
    stated = _OUTER_FIRST.match(unit) or _INNER_FIRST.match(unit)
    if stated:
        return _stated(int(stated["count"]), stated["inner"], drug, product)
    if product is not None and (unit == product.unit or unit in _PACK):
        return product.size
    if product is not None:
        raise UnitUnclear(
            f"应为 {drug.unit}（最小单位）或 {product.unit}（每{product.unit} {product.size} {drug.unit}）"
        )
    raise UnitUnclear(f"应为 {drug.unit}（最小单位）；按包装填报须填产品编码，或写明含量，如 盒(10{drug.unit})")


def _stated(count: int, inner: str, drug: Drug, product: Pack | None) -> int:
    if inner != drug.unit:
        raise UnitUnclear(f"包装内应按最小单位“{drug.unit}”计，如 盒(10{drug.unit})")
    if count < 1:
        raise UnitUnclear("包装内的数量应不小于 1")
    if product is not None and count != product.size:
        raise UnitUnclear(f"与产品 {product.code} 的包装数 {product.size} {product.drug.unit}不符")
    return count
