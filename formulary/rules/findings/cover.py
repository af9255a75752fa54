"""What must never be lost altogether: a drug of every emergency substance and of every chronic disease, at every level that had one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from formulary.rules.findings.shapes import LEVELS, Case, Drug, Hit, rule


@rule(
    "emergency_cover",
    "急救药不断档",
    hard=True,
    formula="每个急救（短缺急救）通用名在原来可用的机构级别上至少保留一个品规",
    document="国卫药政发〔2017〕37号（条文待确认）；本医共体急救药清单",
)
def emergency_cover(case: Case) -> Iterator[Hit]:
    """For every emergency substance and level that had one: a line of that substance is open there."""
    wanted: dict[str, list[Drug]] = defaultdict(list)
    for drug in case.facts.drugs.values():
        if drug.emergency:
            wanted[drug.substance].append(drug)
    covering: dict[str, list[Drug]] = defaultdict(list)
    for drug in case.drugs():
        if drug.substance in wanted:
            covering[drug.substance].append(drug)
    yield from _uncovered(case, "急救药", wanted, covering)


@rule(
    "chronic_cover",
    "慢病用药衔接",
    hard=True,
    formula="每个慢病病种在原来可用的机构级别上至少保留一个慢病用药；病种按医保药品分类代码划分",
    document="六部门扩大基层药品种类意见（2024年11月，文号待确认）",
    key="finding.chronic_classes",
)
def chronic_cover(case: Case) -> Iterator[Hit]:
    """For every chronic disease and level that had one: a chronic drug of one of its classes is open there."""
    wanted: dict[str, list[Drug]] = {}
    for disease, classes in case.limits.chronic_classes.items():
        prefixes = tuple(classes)
        found = [drug for drug in case.facts.drugs.values() if of_disease(drug, prefixes)]
        if found:
            wanted[disease] = found
    covering = {disease: [drug for drug in drugs if drug.pk in case.lines] for disease, drugs in wanted.items()}
    yield from _uncovered(case, "慢病用药", wanted, covering)


def of_disease(drug: Drug, classes: tuple[str, ...]) -> bool:
    return drug.chronic and bool(drug.class_code) and drug.class_code.startswith(classes)


def _uncovered(
    case: Case, word: str, wanted: Mapping[str, Sequence[Drug]], covering: Mapping[str, Sequence[Drug]]
) -> Iterator[Hit]:
    for name, drugs in wanted.items():
        levels = (LEVELS.index(case.lines[drug.pk].lowest_level) for drug in covering.get(name, ()))
        lowest, before = min(levels, default=len(LEVELS)), _lowest_before(drugs, case)
        if lowest > before:
            place = (
                "没有任何品规" if lowest == len(LEVELS) else f"只能用于{LEVELS[lowest]}及以上，原来{LEVELS[before]}可用"
            )
            yield Hit(f"{word} {name} {place}", tuple(d.pk for d in drugs), name)


def _lowest_before(drugs: Sequence[Drug], case: Case) -> int:
    """The lowest level that had one of the drugs; without a version before, any level will do."""
    if case.before is None:
        return len(LEVELS) - 1
    held = [LEVELS.index(case.before[d.pk].lowest_level) for d in drugs if d.pk in case.before]
    return min(held, default=len(LEVELS))
