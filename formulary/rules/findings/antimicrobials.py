"""抗菌药物: caps by type of institution and by class, townships inside 基药, no early return.

Classes are those of the NHSA code or the 医保 list (ATC-like): J01DD/J01DE 3rd and 4th generation cephalosporins, J01DH
carbapenems, J01MA fluoroquinolones, J02A deep antifungals.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator

from formulary.rules.findings.shapes import Case, Drug, Hit, Place, rule, some

CAMPAIGN = "全国抗菌药物临床应用专项整治活动方案（2012—2013年，数值待确认）"
ORDER = "抗菌药物临床应用管理办法（卫生部令第84号，条文待确认）"
CEPHALOSPORINS, CARBAPENEMS, QUINOLONES, ANTIFUNGALS = ("J01DD", "J01DE"), ("J01DH",), ("J01MA",), ("J02A",)
ORAL, INJECTED = "口服", "注射"


def is_antimicrobial(class_code: str, classes: Collection[str]) -> bool:
    """Does the NHSA class count as 抗菌药物?"""
    return bool(class_code) and class_code.startswith(tuple(classes))


def _all(case: Case) -> list[Drug]:
    """Systemic antimicrobials of the version."""
    classes = case.limits.antimicrobial_classes
    return [d for d in case.drugs() if d.route in (ORAL, INJECTED) and is_antimicrobial(d.class_code, classes)]


@rule(
    "antimicrobial_varieties",
    "抗菌药物品种数",
    hard=True,
    formula="机构可用的全身用抗菌药物通用名数 ≤ 该类机构上限",
    document=CAMPAIGN,
)
def antimicrobial_varieties(case: Case) -> Iterator[Hit]:
    """count(generic names of antimicrobials open at a hospital) ≤ cap of its type."""
    found = _all(case)
    for place in case.places:
        most = case.limits.antimicrobial_varieties.get(place.type)
        here = [drug for drug in found if drug.pk in place.open]
        names = {drug.substance for drug in here}
        if most is not None and len(names) > most:
            sentence = f"{place.title}（{place.type}）：抗菌药物 {len(names)} 个品种，超过 {most} 个"
            yield Hit(sentence, tuple(drug.pk for drug in here), place.title)


@rule(
    "antimicrobial_specs",
    "抗菌药物分类品规数",
    hard=True,
    formula="三、四代头孢口服 ≤ 5、注射 ≤ 8 个品规；碳青霉烯注射 ≤ 3；氟喹诺酮口服 ≤ 4、注射 ≤ 4；深部抗真菌药 ≤ 5 个品种",
    document=CAMPAIGN,
    key="finding.cephalosporin_injected",
)
def antimicrobial_specs(case: Case) -> Iterator[Hit]:
    """count(品规 of a class and route open at a hospital) ≤ cap; deep antifungals are counted by generic name."""
    limits, found = case.limits, _all(case)
    caps = (
        ("三、四代头孢菌素口服", CEPHALOSPORINS, (ORAL,), limits.cephalosporin_oral, False),
        ("三、四代头孢菌素注射", CEPHALOSPORINS, (INJECTED,), limits.cephalosporin_injected, False),
        ("碳青霉烯类注射", CARBAPENEMS, (INJECTED,), limits.carbapenem_injected, False),
        ("氟喹诺酮类口服", QUINOLONES, (ORAL,), limits.quinolone_oral, False),
        ("氟喹诺酮类注射", QUINOLONES, (INJECTED,), limits.quinolone_injected, False),
        ("深部抗真菌药", ANTIFUNGALS, (ORAL, INJECTED), limits.antifungal_varieties, True),
    )
    for label, classes, routes, most, by_name in caps:
        of_class = [drug for drug in found if drug.class_code.startswith(classes) and drug.route in routes]
        for place in case.places:
            yield from _capped(place, label, [d for d in of_class if d.pk in place.open], most, by_name=by_name)


def _capped(place: Place, label: str, here: list[Drug], most: int, *, by_name: bool) -> Iterator[Hit]:
    count = len({drug.substance for drug in here}) if by_name else len(here)
    if count > most:
        unit = "品种" if by_name else "品规"
        titles = some([drug.title for drug in here])
        sentence = f"{place.title}：{label} {count} 个{unit}，超过 {most} 个：{titles}"
        yield Hit(sentence, tuple(drug.pk for drug in here), f"{place.title}:{label}")


@rule(
    "antimicrobial_primary",
    "基层抗菌药物限于基药",
    hard=True,
    formula="最低使用级别为基层或村的抗菌药物应在国家基本药物目录（含省增补）内",
    document=ORDER,
)
def antimicrobial_primary(case: Case) -> Iterator[Hit]:
    """An antimicrobial open to 基层 or 村 is on the essential medicines list."""
    for drug in _all(case):
        level = case.lines[drug.pk].lowest_level
        if level in ("基层", "村") and not drug.essential:
            yield Hit(f"{drug.title} 是抗菌药物且不在基药目录，不能用于{level}", (drug.pk,), drug.code)


@rule(
    "antimicrobial_rest",
    "清退抗菌药物不得很快再进",
    hard=True,
    formula="清退或更换的抗菌药物，品种或品规自调出日起满规定月数后方可再进",
    document=ORDER,
    key="charter.antimicrobial_rest_months",
)
def antimicrobial_rest(case: Case) -> Iterator[Hit]:
    """An added antimicrobial whose 品种 left the list less than rest_months ago."""
    left: dict[int, dt.date] = defaultdict(lambda: dt.date.min)
    for pk, day in case.facts.removed.items():
        if pk in case.facts.drugs:
            medicine = case.facts.drugs[pk].medicine
            left[medicine] = max(left[medicine], day)
    for drug in case.drugs(case.added):
        since = left.get(drug.medicine)
        if since is None or not is_antimicrobial(drug.class_code, case.limits.antimicrobial_classes):
            continue
        back = months_later(since, case.limits.rest_months)
        if case.facts.on < back:
            sentence = f"{drug.title} 的品种 {since} 调出，{back} 前不得再进（{case.limits.rest_months} 个月）"
            yield Hit(sentence, (drug.pk,), drug.code)


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day some months on, or the last day of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    first = dt.date(day.year + years, month + 1, 1)
    last = (first.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
