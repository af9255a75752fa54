"""Fields of the 短缺药品直报 form (domain.md §6.2; the national form is still to be confirmed) and what they ask. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KINDS = ("断供", "供应不足", "配送不及时", "价格异常")
CAUSES = ("停产", "原料供应", "需求激增", "无挂网企业", "价格", "其他")
NEEDS = ("必需", "一般")


@dataclass(frozen=True)
class Field:
    """name in the values; label on paper; choices when it is one of a list; asked: must be filled before sending."""

    name: str
    label: str
    choices: tuple[str, ...] = ()
    asked: bool = True
    long: bool = False


FIELDS = (
    Field("institution", "填报机构"),
    Field("week", "填报周期"),
    Field("generic", "通用名"),
    Field("form", "剂型"),
    Field("strength", "规格"),
    Field("pack", "转换比", asked=False),
    Field("approval", "批准文号", asked=False),
    Field("code", "药品编码"),
    Field("maker", "生产企业", asked=False),
    Field("distributor", "配送企业", asked=False),
    Field("monthly_use", "月使用量"),
    Field("stock", "库存量"),
    Field("days", "可用天数"),
    Field("since", "短缺起始日期"),
    Field("kind", "短缺类型", KINDS),
    Field("cause", "短缺原因", CAUSES),
    Field("need", "临床需求", NEEDS),
    Field("substitutes", "替代品情况", long=True),
    Field("actions", "已采取措施", long=True),
    Field("orders", "订单号与未到货日期", asked=False, long=True),
    Field("grade", "建议分级"),
    Field("contact", "联系人及电话"),
)


class ReportIncomplete(Exception):
    """Fields that must be filled are empty, or say something that is not on the list."""


def check(values: Mapping[str, str]) -> None:
    """Raises ReportIncomplete with every field that is missing or wrong."""
    missing = [field.label for field in FIELDS if field.asked and not str(values.get(field.name, "")).strip()]
    wrong = [
        f"{field.label}应为 {'、'.join(field.choices)}"
        for field in FIELDS
        if field.choices and values.get(field.name) and values[field.name] not in field.choices
    ]
    told = ([f"未填：{'、'.join(missing)}"] if missing else []) + wrong
    if told:
        raise ReportIncomplete("；".join(told))


def kind_of(cause: str, stock: float, drug_short: bool) -> str:
    """短缺类型 from the alert: nothing left is 断供, a late order 配送不及时, else 供应不足."""
    if stock < 1 or drug_short:
        return "断供"
    return "配送不及时" if cause == "late_order" else "供应不足"


def cause_of(cause: str, drug_short: bool) -> str:
    """短缺原因 as far as data can say; a person corrects it."""
    if cause == "demand_up":
        return "需求激增"
    return "原料供应" if drug_short else "其他"
