"""The first tab of a plan: figures, goals, where the money goes, how far need is met, beside the hand rule."""

from decimal import Decimal

from django.db.models import Sum
from django.urls import reverse

from config.templatetags.figures import pct, wan
from procurement import queries
from procurement.optimiser.world import CLASSES
from procurement.views import plan_ways

TEN_THOUSAND = 10_000


def amount_of(rows):
    return rows.order_by().aggregate(total=Sum("amount"))["total"] or Decimal("0.00")


def figures(plan, scope, own=None):
    """Spend, coverage and unmet for the list of plans (`own`: the totals of an institution); None without a result."""
    if not plan.summary:
        return None
    if not scope.whole_alliance:
        own = own or queries.totals(plan, scope)
        return {"spend": own.spend, "unmet": own.unmet, "covered": "", "agreed": ""}
    summary = plan.summary
    return {
        "spend": Decimal(summary["spend"]),
        "unmet": summary["unmet"],
        "covered": part(figures_of_alliance(summary)["covered"]),
        "agreed": part(summary["agreed"]["share"]),
    }


def overview(request, plan):
    mine = {site.code for site in request.scope.institutions}
    sites = [with_marks(row) for row in plan.summary["sites"] if row["code"] in mine]
    common = {
        "sites": sites,
        "site_chart": site_chart(sites) if len(sites) > 1 else None,
        "own": own_facts(sites[0]) if len(sites) == 1 else None,
        "site_size": "tall" if len(sites) > 8 else "",
        "class_chart": class_chart(plan, request.scope),
        "clash": plan_ways.brief(request, plan),
    }
    if not request.scope.whole_alliance:
        return common | {"kpis": own_kpis(plan, request.scope)}
    return common | {
        "kpis": kpis(plan),
        "shares": shares(plan.summary),
        "goals": [goal | {"settled": goal["gap"] <= plan.settings.get("gap", 0.001)} for goal in plan.goals],
        "coverage": coverage(plan.summary),
        "hand": plan.summary.get("hand"),
        "notes": plan.summary["notes"],
    }


def own_facts(site):
    """What the one institution of a reader sees in place of the comparison."""
    return [
        ("采购金额", f"{wan(site['spend'])}（预算 {wan(site['budget'])}）"),
        ("需求满足（患者日）", part(site["covered"])),
        ("基药金额占比 / 下限", f"{pct(site['essential_share'])} / {pct(site['essential_floor'], 0)}"),
        ("医保金额占比 / 下限", f"{pct(site['insurance_share'])} / {pct(site['insurance_floor'], 0)}"),
    ]


def with_marks(row):
    """A site's row, with a mark where a share stays below its floor."""
    marks = {}
    for name in ("essential", "insurance"):
        share, floor = row[f"{name}_share"], row[f"{name}_floor"]
        marks[f"short_{name}"] = share is not None and floor is not None and share < floor
    return row | marks | {"words": part(row["covered"])}


def kpis(plan):
    links = tab_links(plan)
    summary = plan.summary
    row = figures_of_alliance(summary)
    optimal = plan.status == "optimal"
    settled = sum(goal["gap"] <= plan.settings.get("gap", 0.001) for goal in plan.goals)
    agreed = summary["agreed"]
    return [
        {
            "label": "采购金额",
            "value": row["spend"][0],
            "unit": row["spend"][1],
            "note": row["money"],
            "icon": "wallet",
            "url": links["lines"],
        },
        {
            "label": "需求满足率",
            "value": part(row["covered"]),
            "note": f"{summary['unmet']} 条需求未满足" if summary["unmet"] else "全部需求已满足",
            "icon": "shield-check",
            "url": links["unmet"],
            "tone": "orange" if summary["unmet"] else "green",
            "how": "按患者日合计：各药品计划采购量（不超过需求）÷ 日用量之和，除以需求量 ÷ 日用量之和。",
        },
        {
            "label": "约定量完成",
            "value": part(agreed["share"]),
            "note": f"{agreed['short']} 项未完成，差 {wan(agreed['missed'])}"
            if agreed["short"]
            else f"{agreed['items']} 项全部完成",
            "icon": "handshake",
            "url": links["agreed"],
            "tone": "orange" if agreed["short"] else "green",
            "how": "本期应执行的约定量按金额计；本期量＝剩余约定量 ÷ 剩余天数 × 本期天数，取整到包装。",
        },
        {
            "label": "求解结论",
            "value": "最优" if optimal else "可行",
            "note": f"{settled} / {len(plan.goals)} 个目标已证明最优，求解 {plan.seconds['solve']:.1f} 秒",
            "icon": "target",
            "tone": "green" if optimal else "orange",
            "url": links["case"],
            "how": "九个目标按次序逐个优化；差距＝(达到值 − 理论界) ÷ 达到值，不超过所设差距即为最优。",
        },
    ]


def own_kpis(plan, scope):
    links = tab_links(plan)
    totals = queries.totals(plan, scope)
    spend, unit = split(wan(totals.spend))
    return [
        {"label": "本机构采购金额", "value": spend, "unit": unit, "icon": "wallet", "url": links["lines"]},
        {"label": "采购明细", "value": totals.lines, "unit": "条", "icon": "list", "url": links["lines"]},
        {"label": "供应商", "value": totals.suppliers, "unit": "家", "icon": "truck"},
        {
            "label": "未满足需求",
            "value": totals.unmet,
            "unit": "条",
            "icon": "circle-alert",
            "url": links["unmet"],
            "tone": "orange" if totals.unmet else "green",
        },
    ]


def figures_of_alliance(summary):
    """Spend split into figure and unit, the words about money, and the share of need that is met."""
    spend = Decimal(summary["spend"])
    budgets = [Decimal(row["budget"]) for row in summary["sites"] if row["budget"] is not None]
    limit = Decimal(summary["budget"]) if summary["budget"] is not None else sum(budgets, Decimal(0))
    known = summary["budget"] is not None or len(budgets) == len(summary["sites"])
    need = sum(row["need"] for row in summary["coverage"])
    covered = sum(row["covered"] for row in summary["coverage"])
    return {
        "spend": split(wan(spend)),
        "money": f"预算 {wan(limit)}，余 {wan(limit - spend)}" if known else "部分机构未设预算",
        "covered": covered / need if need else None,
    }


def part(share):
    """A share as percent that never says 100 % where something is missing."""
    return "> 99.9%" if share is not None and 0.9995 <= share < 1 else pct(share)


def tab_links(plan):
    return {key: reverse("plan_tab", args=[plan.pk, key]) for key in ("lines", "unmet", "agreed", "case")}


def split(text):
    """12.34 万元 → ("12.34", "万元")."""
    figure, _, unit = text.partition(" ")
    return figure, unit


def shares(summary):
    return [
        ("中选与备供占采购金额", pct(summary["winner_share"])),
        ("集采品种中的中选占比", pct(summary["vbp_winner_share"])),
        ("基药金额占比", pct(summary["essential_share"])),
        ("医保金额占比", pct(summary["insurance_share"])),
        ("供应商", f"{summary['suppliers']} 家"),
        ("采购明细", f"{summary['lines']:,} 条"),
    ]


def coverage(summary):
    hand = (summary.get("hand") or {}).get("covered", {})
    rows = []
    for row in summary["coverage"]:
        if row["lines"]:
            by_hand = hand.get(row["kind"])
            share = row["covered"] / row["need"] if row["need"] else 1.0
            rows.append(
                row
                | {
                    "share": share,
                    "percent": round(share * 100, 1),
                    "words": part(share),
                    "hand": part(by_hand / row["need"]) if by_hand is not None and row["need"] else pct(None),
                    "met_lines": row["lines"] - row["unmet_lines"],
                }
            )
    return rows


def class_chart(plan, scope):
    if scope.whole_alliance:
        spend = {row["kind"]: float(row["spend"]) for row in plan.summary["by_class"]}
    else:
        mine = plan.lines.filter(institution__in=scope.institution_ids).order_by()
        spend = {k: float(v) for k, v in mine.values_list("need_class").annotate(total=Sum("amount"))}
    values, unit = scaled([spend.get(name, 0.0) for name in CLASSES])
    return {
        "labels": list(CLASSES),
        "series": [{"name": "采购金额", "tone": "teal", "values": values}],
        "unit": unit,
        "horizontal": True,
    }


def site_chart(sites):
    spend = [float(row["spend"]) for row in sites]
    left = [max(0.0, float(row["budget"]) - float(row["spend"])) if row["budget"] else 0.0 for row in sites]
    values, unit = scaled(spend + left)
    series = [{"name": "采购金额", "tone": "teal", "values": values[: len(sites)]}]
    if any(left):
        series.append({"name": "预算余额", "tone": "gray", "values": values[len(sites) :]})
    return {"labels": [row["name"] for row in sites], "series": series, "unit": unit, "horizontal": True}


def scaled(values):
    """Money in 元, or in 万元 when it is large."""
    if max(values, default=0.0) < 2 * TEN_THOUSAND:
        return [round(value, 2) for value in values], "元"
    return [round(value / TEN_THOUSAND, 3) for value in values], "万元"
