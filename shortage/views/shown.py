"""How alerts, steps and workings are put into words for the page."""

from shortage.rules.lifecycle import MOVES, Verb
from shortage.rules.use_rate import restored

LEVEL_WORDS = {
    "red": {"label": "红色", "note": "7 日内断货可能过半，或已断货", "icon": "siren"},
    "orange": {"label": "橙色", "note": "14 日内断货概率达到推送阈值", "icon": "triangle-alert"},
    "blue": {"label": "蓝色", "note": "药品本身可能短缺", "icon": "globe"},
    "yellow": {"label": "黄色", "note": "30 日内预计缺货 1.5 天以上", "icon": "bell"},
}


def steps_of(case):
    """The timeline, the newest first: label, when, who, level, risk, note."""
    return [
        {
            "verb": step.verb,
            "label": MOVES[Verb(step.verb)].label,
            "at": step.at,
            "on": step.on,
            "who": str(step.by) if step.by else "每日监测",
            "level": step.level,
            "risk": step.risk,
            "note": step.note,
        }
        for step in reversed(case.steps)
    ]


def working_of(case):
    """“How this number came about”: pairs for the facts list, [] before the first pass."""
    return working(case.forecast, case.alert.presentation.unit, case.suppliers)


def working(forecast, unit, suppliers):
    """The same for any forecast; `suppliers`: names by code."""
    if forecast is None:
        return []
    w = forecast.working
    supplier = suppliers.get(w["supplier"], w["supplier"]) or "未知供应商"
    return [
        *pooled(w),
        *quickened(forecast, unit),
        *used(w),
        ("预计日用量", f"{forecast.daily_rate:,.2f} {unit}：依据 {w['observed_days']} 天数据，在库 {w['exposed_days']:g} 天，共用 {w['used']:,.0f} {unit}；近期权重更大，已计入节假日"),
        ("近 14 天 / 此前 90 天日均", f"{w['recent_14']:,.2f} / {w['before_90']:,.2f} {unit}"),
        ("未来 30 天", f"{forecast.mean_30:,.0f} {unit}（八成可能在 {forecast.q10_30:,.0f}–{forecast.q90_30:,.0f} 之间）"),
        ("到货天数", f"{forecast.lead_days:.1f} 天（{supplier}，依据 {w['deliveries']:,} 次到货）"),
        ("备货周期", f"到货天数＋补货周期 {w['review_days']} 天，取 {w['cover_days']} 天"),
        ("补货点", f"{forecast.reorder_point:,} {unit}：备货周期内用量的 {w['service']:.0%} 分位（均值 {w['cover_mean']:,.0f}，标准差 {w['cover_sd']:,.0f}）"),
        ("安全库存", f"{forecast.safety_stock:,} {unit} ＝ 补货点 − 均值"),
        ("补足目标", f"{forecast.order_up_to:,} {unit} ＝ 补货点＋30 天用量"),
    ]  # fmt: skip


def quickened(forecast, unit):
    """A declared outbreak is said first: which days are looked at, and what the rate would be without it."""
    days = forecast.working.get("outbreak_days")
    if not days:
        return []
    usual = forecast.working["usual_rate"]
    return [
        (
            "暴发期",
            f"以最近 {days} 天用量为主：预计日用 {forecast.daily_rate:,.2f} {unit}，平时 {usual:,.2f} {unit}；不低于平时",
        )
    ]


def use_words(forecast):
    """The working of 日均用量 for a hover."""
    rate = restored(forecast.working)
    if rate is None or rate.per_day is None:
        return f"在库天数不足，按预计日用量 {forecast.daily_rate:.4g}"
    return rate.sentence()


def used(w):
    """日均用量 with its working, where the pass kept it."""
    rate = restored(w)
    return [("日均用量", rate.sentence())] if rate else []


def pooled(w):
    """A short history is said in words, with what it leans on; [] where it stands on its own."""
    if not w.get("peers"):
        return []
    return [
        (
            "历史不足 60 天",
            f"只有 {w['observed_days']} 天数据：本机构占 {w['own_weight']:.0%}，其余按同级 {w['peers']} 家机构同品规用量折算，范围放宽",
        )
    ]
