"""Which institution, 品规 and product a row names, and what to say when the code cannot be right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

_SCIENTIFIC = re.compile(r"^\d(?:\.\d+)?[Ee]\+?\d+$|^\d{15,}\.0$")


@dataclass(frozen=True)
class Drug:
    """A 品规: its id, its minimal unit (片, 支) and its name for messages."""

    id: int
    code: str
    unit: str
    name: str


@dataclass(frozen=True)
class Pack:
    """A product: the drug it is a pack of, minimal units in the pack, the pack's own unit (盒)."""

    id: int
    code: str
    drug: Drug
    size: int
    unit: str


@dataclass(frozen=True)
class Catalogue:
    """Everything a row may name. `institutions` are those within reach; `beyond` are known but out of reach."""

    institutions: Mapping[str, int]
    drugs: Mapping[str, Drug]
    products: Mapping[str, Pack]
    nhsa_codes: Mapping[str, Pack]
    beyond: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def _folded(self) -> dict[str, dict[str, str]]:
        """Per column: the code without leading zeros and case → the code, where that is unambiguous."""
        columns = {
            "机构编码": self.institutions,
            "药品编码": self.drugs,
            "产品编码": self.products,
            "医保编码": self.nhsa_codes,
        }
        return {column: _unambiguous(codes) for column, codes in columns.items()}

    def unknown(self, column: str, code: str) -> str:
        """What is expected instead of this unknown code, with the likely reason where one can be seen."""
        if _SCIENTIFIC.match(code):
            return (
                "编码已被 Excel 改成数字（科学计数法或超过 15 位），原码无法恢复；"
                "请在原系统重新导出，并把该列设为“文本”后再粘贴"
            )
        if column == "机构编码" and code in self.beyond:
            return "不在您可填报的机构范围内"
        near = self._folded[column].get(_fold(code))
        if near is not None:
            zeros = near.lstrip("0") == code.lstrip("0")
            why = "前导零可能被 Excel 去掉，该列应设为“文本”" if zeros else "大小写应与系统一致"
            return f"没有此{column}，是否为“{near}”？（{why}）"
        for other, codes in (("药品编码", self.drugs), ("产品编码", self.products), ("医保编码", self.nhsa_codes)):
            if other != column and column != "机构编码" and code in codes:
                return f"这是{other}，请填在“{other}”列"
        return f"没有此{column}，应为系统中已登记的编码"


def _fold(code: str) -> str:
    return code.lstrip("0").casefold()


def _unambiguous(codes: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str | None] = {}
    for code in codes:
        key = _fold(code)
        found[key] = None if key in found else code
    return {key: code for key, code in found.items() if code is not None}
