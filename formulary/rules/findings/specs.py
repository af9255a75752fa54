"""一品两规: how many 品规 of one generic name a site may keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from formulary.rules.findings.shapes import Case, Drug, Hit, rule, some

ROUTES = ("口服", "注射")
PRIMARY = ("基层", "村")
EXEMPT_WORDS = {
    "chronic_primary": "基层慢病",
    "negotiated": "国谈",
    "winner": "集采中选",
    "child": "儿童用药",
    "shortage": "短缺",
}


def exempt(drug: Drug, level: str, reasons: tuple[str, ...]) -> str:
    """Why 一品两规 does not count this 品规 at a level; "" when it counts."""
    holds = {
        "chronic_primary": drug.chronic and level in PRIMARY,
        "negotiated": drug.insurance == "国谈",
        "winner": drug.winner,
        "child": drug.child,
        "shortage": drug.shortage,
    }
    return next((reason for reason in reasons if holds.get(reason)), "")


@rule(
    "spec_limit",
    "一品两规",
    hard=True,
    formula="同一通用名、同一途径（口服、注射各计）的品规数，扣除例外后 ≤ 上限；例外：基层慢病、国谈、集采中选、儿童、短缺",
    document="处方管理办法（卫生部令第53号）第十六条（计数口径待确认）",
    key="finding.specs_per_route",
)
def spec_limit(case: Case) -> Iterator[Hit]:
    """count(品规 of a group open at a place, without exempt ones) ≤ specs_per_route."""
    groups: dict[str, list[Drug]] = defaultdict(list)
    for drug in case.drugs():
        if drug.spec_group and drug.route in ROUTES:
            groups[drug.spec_group].append(drug)
    most = case.limits.specs_per_route
    crowded = {name: drugs for name, drugs in groups.items() if len(drugs) > most}
    for place in case.places:
        for name, drugs in crowded.items():
            here = [drug for drug in drugs if drug.pk in place.open]
            counted = [drug for drug in here if not exempt(drug, place.level, case.limits.spec_exempt)]
            if len(counted) > most:
                yield Hit(
                    _sentence(place.title, name, counted, here, place.level, case),
                    _ids(counted),
                    f"{place.title}:{name}",
                )


def _sentence(where: str, group: str, counted: list[Drug], here: list[Drug], level: str, case: Case) -> str:
    left = [d for d in here if d not in counted]
    why = dict.fromkeys(EXEMPT_WORDS[exempt(drug, level, case.limits.spec_exempt)] for drug in left)
    note = f"（另有 {len(left)} 个按{'、'.join(why)}不计）" if left else ""
    titles = some([drug.title for drug in counted])
    return f"{where}：{group} 有 {len(counted)} 个品规，超过 {case.limits.specs_per_route} 个{note}：{titles}"


def _ids(drugs: list[Drug]) -> tuple[int, ...]:
    return tuple(drug.pk for drug in drugs)
