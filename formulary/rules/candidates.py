"""Ranks 品种 that a name may mean, for a person to choose from. Never decides."""

from __future__ import annotations

from collections.abc import Container, Hashable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from formulary.rules.dosage_forms import near
from formulary.rules.names import DrugName
from formulary.rules.salts import conflicting
from formulary.rules.synonyms import main_name

LIMIT = 8
_SIMILAR = 60.0
_WEIGHTS = {"name": 0.70, "form": 0.20, "route": 0.05, "salt": 0.05}
# Signs that turn one drug into another: left-handed, esters, insulin kinds, compounds.
_TELLING = (
    "左",
    "右",
    "艾司",
    "酯",
    "复方",
    "小儿",
    "重组",
    "人",
    "去",
    "氢",
    "氘",
    "聚乙二醇",
    "双",
    "钾",
    "钠",
    "镁",
    "钙",
)


@dataclass(frozen=True)
class Candidate:
    """A 品种 that may be meant: score 0–1, why in words, and whether the substance is the same."""

    medicine: Hashable
    score: float
    why: str
    same_substance: bool = False


class Ranker:
    """Every spelling of every 品种, ranked by likeness of substance and agreement of form, route and salt."""

    def __init__(self) -> None:
        self._names: list[tuple[Hashable, DrugName]] = []
        self._texts: list[str] = []

    def add(self, medicine: Hashable, name: DrugName) -> None:
        self._names.append((medicine, name))
        self._texts.append(main_name(name.substance))

    def unclaimed(self, claimed: Container[Hashable]) -> Ranker:
        """A ranker over those not claimed: what a defining list may still have renamed."""
        rest = Ranker()
        for medicine, name in self._names:
            if medicine not in claimed:
                rest.add(medicine, name)
        return rest

    def rank(self, name: DrugName, limit: int = LIMIT) -> tuple[Candidate, ...]:
        """The best candidates, best first, one line per 品种."""
        likely = process.extract(
            main_name(name.substance), self._texts, scorer=fuzz.WRatio if len(name.substance) > 12 else fuzz.ratio,
            score_cutoff=_SIMILAR, limit=200,
        )  # fmt: skip
        best: dict[Hashable, Candidate] = {}
        for _, likeness, position in likely:
            medicine, known = self._names[position]
            if known.chinese_medicine != name.chinese_medicine:
                continue
            candidate = Candidate(medicine, *_score(name, known, likeness / 100), likeness == 100)
            if medicine not in best or candidate.score > best[medicine].score:
                best[medicine] = candidate
        return tuple(sorted(best.values(), key=lambda c: (-c.score, str(c.medicine)))[:limit])


def _score(name: DrugName, known: DrugName, likeness: float) -> tuple[float, str]:
    same_form = name.form_group == known.form_group
    form = 1.0 if same_form else 0.5 if near(name.form_group, known.form_group) else 0.0
    route = float(name.route == known.route)
    salt = 0.0 if conflicting(name.salt, known.salt) else 1.0
    telling = [sign for sign in _TELLING if (sign in name.substance) != (sign in known.substance)]
    different = name.qualifier != known.qualifier or bool(
        name.variant and known.variant and name.variant != known.variant
    )
    score = (
        _WEIGHTS["name"] * likeness + _WEIGHTS["form"] * form + _WEIGHTS["route"] * route + _WEIGHTS["salt"] * salt
        - 0.12 * len(telling) - 0.1 * different
    )  # fmt: skip
    why = ["成分名相同" if likeness == 1 else f"成分名相似 {likeness:.0%}"]
    why.append("剂型组相同" if same_form else "剂型组相近" if form else "剂型组不同")
    if telling:
        why.append("名称相差“" + "、".join(telling) + "”")
    if different:
        why.append("括注或型号不同")
    if not salt:
        why.append("盐基不同")
    return round(max(0.0, min(1.0, score)), 3), "，".join(why)
