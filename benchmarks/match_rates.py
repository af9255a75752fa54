"""How many names of the real lists find their partner in 医保目录 by themselves: `python -m benchmarks.match_rates ../shared/reference`.

A name counts as matched when at least one of its forms is. Names judged to have no partner, by hand, stand in
tests/formulary/rules/matched_names_checked.csv with the verdict 无对应; every other unmatched name counts as missed.
"""

import csv
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from formulary.rules.linking import plan_links
from formulary.rules.lists.entries import Item, item_of
from formulary.rules.lists.files import read_list
from formulary.rules.matching import Matcher

CHECKED = Path("tests/formulary/rules/matched_names_checked.csv")
NRDL = "nrdl-2024/nrdl2024_all.csv"
NEML = "neml-2026/neml2026.csv"
VBP = ("vbp_awards_by_province", "vbp_bids", "vbp_volumes")
CONVERSION = ("vbp_spec_conversion", "vbp_4plus7_volumes_by_city")


@dataclass
class Rate:
    names: int = 0
    matched: int = 0
    missed: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.matched / (self.matched + len(self.missed))


def measure(reference: Path, checked: Path = CHECKED) -> dict[str, Rate]:
    """Rates by list; the dictionary is 医保目录 2024 alone, no decision of a person is used."""
    matcher = Matcher()
    plan_links(read_list("nrdl", reference / NRDL), matcher, defining=True)
    with checked.open(encoding="utf-8", newline="") as file:
        alone = {row["raw_name"] for row in csv.DictReader(file) if row["verdict"] == "无对应"}
    groups = {
        "集采（中选、申报、约定量）": _vbp(reference, VBP),
        "集采（折算、4+7）": _vbp(reference, CONVERSION),
        **_neml(reference),
    }
    return {label: _rate(matcher, names, alone) for label, names in groups.items()}


def _rate(matcher: Matcher, names: dict[str, list[Item]], alone: set[str]) -> Rate:
    rate = Rate(len(names))
    for name, items in names.items():
        if any(matcher.match(item.name, *item.alternatives, candidates=False).found for item in items):
            rate.matched += 1
        elif name not in alone:
            rate.missed.append(name)
    return rate


def _vbp(reference: Path, files: Iterable[str]) -> dict[str, list[Item]]:
    names = set()
    for name in files:
        with (reference / "vbp-rounds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            names |= {row["品种"] for row in csv.DictReader(file)}
    return {name: [item_of(name)] for name in sorted(names)}


def _neml(reference: Path) -> dict[str, dict[str, list[Item]]]:
    western: dict[str, list[Item]] = {}
    chinese: dict[str, list[Item]] = {}
    for entry in read_list("neml", reference / NEML):
        group = chinese if "中成药" in entry.attributes["目录部分"] else western
        if entry.items:  # rows of a class (结核病用药) name no drug
            group.setdefault(entry.name, []).extend(entry.items)
    return {"基药 化学药品和生物制品": western, "基药 中成药": chinese}


def run() -> dict[str, object]:
    start = time.perf_counter()
    rates = measure(Path("../shared/reference"))
    return {"seconds": round(time.perf_counter() - start, 2), "rates": {k: round(r.share, 4) for k, r in rates.items()}}


if __name__ == "__main__":
    start = time.perf_counter()
    for label, rate in measure(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/reference")).items():
        print(
            f"{label}：{rate.names} 名，有对应 {rate.matched + len(rate.missed)}，自动匹配 {rate.matched}（{rate.share:.1%}）",
            *rate.missed,
        )
    print(f"{time.perf_counter() - start:.1f} 秒")
