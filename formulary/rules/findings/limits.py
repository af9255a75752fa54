"""The numbers of the rule check: dated rule values `finding.<field>`, each with its 文号."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

VARIETIES = {"三级综合": 50, "二级综合": 35, "儿童": 50, "妇产": 40, "口腔": 35, "肿瘤": 35, "精神": 10}


SENIOR = (
    "主任医",
    "主任药",
    "主任护",
    "主任技",
    "副主任医",
    "副主任药",
    "副主任护",
    "副主任技",
    "教授",
    "副教授",
    "研究员",
    "副研究员",
)
CHRONIC = {
    "高血压": ("C02", "C03", "C07", "C08", "C09"),
    "糖尿病": ("A10",),
    "血脂异常": ("C10",),
    "冠心病": ("C01D", "B01AC"),
    "慢性阻塞性肺疾病与哮喘": ("R03",),
    "癫痫": ("N03",),
    "帕金森病": ("N04",),
    "严重精神障碍": ("N05A",),
    "抑郁障碍": ("N06A",),
    "痛风": ("M04",),
    "甲状腺疾病": ("H03",),
}


@dataclass(frozen=True)
class Limits:
    """specs_per_route: 品规 of one generic name by one route. spec_exempt: what 一品两规 does not count (chronic_primary,
    negotiated, winner, child, shortage). antimicrobial_classes: NHSA classes counted as 抗菌药物 (抗结核, 抗病毒, 抗寄生虫 are
    not). antimicrobial_varieties: most varieties by type of institution. cephalosporin …: most 品规 of a class.
    antifungal_varieties: most varieties of deep antifungals. rest_months: a removed antimicrobial does not come back
    earlier. label_block, label_warn: price labels that stop or warn. agreement_days: warn so long before an agreement
    ends. chronic_classes: NHSA classes (without X) by chronic disease. senior_titles: how titles of 副高 and above
    begin. hard: whether a rule blocks, where it differs from the built-in answer."""

    specs_per_route: int = 2
    spec_exempt: tuple[str, ...] = ("chronic_primary", "negotiated", "winner", "child", "shortage")
    antimicrobial_classes: tuple[str, ...] = ("J01", "J02", "P01AB")
    antimicrobial_varieties: Mapping[str, int] = field(default_factory=lambda: dict(VARIETIES))
    cephalosporin_oral: int = 5
    cephalosporin_injected: int = 8
    carbapenem_injected: int = 3
    quinolone_oral: int = 4
    quinolone_injected: int = 4
    antifungal_varieties: int = 5
    rest_months: int = 12
    label_block: tuple[str, ...] = ("红3",)
    label_warn: tuple[str, ...] = ("红1", "红2")
    agreement_days: int = 60
    chronic_classes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(CHRONIC))
    senior_titles: tuple[str, ...] = SENIOR
    hard: Mapping[str, bool] = field(default_factory=dict)


def read_limits(value_of: Callable[[str, Any], Any]) -> Limits:
    """Each field asked as `value_of("finding.<field>", default)`; lists become tuples."""
    found: dict[str, Any] = {}
    default = Limits()
    for one in fields(Limits):
        given = value_of(f"finding.{one.name}", getattr(default, one.name))
        found[one.name] = tuple(given) if isinstance(getattr(default, one.name), tuple) else given
    return Limits(**found)
