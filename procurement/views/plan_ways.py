"""The tab 矛盾与出路: what cannot be had together, the ways out, and what 10,000 yuan more would bring. Nothing is solved
here: the plan carries it."""

from procurement.optimiser.plan import Worth
from procurement.optimiser.reasons.worth import best_first

TONES = {"短缺急救": "red", "约定量": "orange", "金额占比": "blue"}
FEW = 3


def mine(request, plan):
    """Clashes within the person's reach: an institution sees those that concern it alone."""
    codes = {site.code for site in request.scope.institutions}
    rows = plan.reasons.get("clashes", [])
    return [row for row in rows if request.scope.whole_alliance or set(row["sites"]) <= codes]


def ways(request, plan):
    names = {row["code"]: row["name"] for row in plan.summary["sites"]}
    clashes = [
        row | {"tone": TONES[row["kind"]], "places": [names.get(code, code) for code in row["sites"]]}
        for row in mine(request, plan)
    ]
    worths = worth_rows(request, plan, names)
    return {
        "known": bool(plan.reasons),
        "clashes": clashes,
        "unexplained": plan.reasons.get("unexplained", 0) if request.scope.whole_alliance else 0,
        "worths": [row for row in worths if row["goal"]],
        "idle": by_note([row for row in worths if not row["goal"]]),
        "idle_count": sum(not row["goal"] for row in worths),
        "added": worths[0]["added"] if worths else 0,
        "untold": untold(request, plan, worths),
    }


def worth_rows(request, plan, names):
    """Best first, then those that gain nothing, in their order; each with the name of its institution."""
    codes = {site.code for site in request.scope.institutions}
    whole = request.scope.whole_alliance
    rows = [Worth(**row) for row in plan.reasons.get("worths", []) if whole or row["institution"] in codes]
    ordered = [*best_first(rows), *(row for row in rows if not row.goal)]
    return [
        {
            "name": "总预算" if row.institution is None else names.get(row.institution, row.institution),
            "code": row.institution,
            "goal": row.goal.split("（")[0].replace("未满足", "").replace("未完成", ""),
            "unit": row.unit,
            "gain": row.gain,
            "estimate": row.estimate or None,
            "note": row.note,
            "added": row.added,
        }
        for row in ordered
    ]


def untold(request, plan, worths):
    """Institutions with a budget for which the time did not suffice."""
    mine = {site.code for site in request.scope.institutions}
    asked = {row["code"] for row in plan.summary["sites"] if row["budget"] is not None and row["code"] in mine}
    return len(asked - {row["code"] for row in worths}) if worths else 0


def by_note(rows):
    """Institutions without gain, together where the reason is the same: (reason, names)."""
    found = {}
    for row in rows:
        found.setdefault(row["note"], []).append(row["name"])
    return list(found.items())


def brief(request, plan):
    """The first lines for the overview; None where nothing clashes."""
    found = mine(request, plan)
    return {"count": len(found), "first": [row["said"] for row in found[:FEW]]} if found else None
