"""What a change of the formulary does, before and after: shares, cost, agreed volume, who is left without, stock, chronic
cover. Pure arithmetic over evidence rows; every figure carries its formula and its rows.
"""

from __future__ import annotations

from formulary.rules.consequences.money import agreed, cost, stock
from formulary.rules.consequences.places import link, without
from formulary.rules.consequences.shapes import Drug, Facts, Figure, Place, equivalents, open_to, unit_prices
from formulary.rules.consequences.shares import chronic, essential, insured, specs
from formulary.rules.versions import LEVELS


def sheet(facts: Facts) -> list[Figure]:
    """Every figure of the sheet, in the order in which it is read."""
    levels = [level for level in reversed(LEVELS) if any(place.level == level for place in facts.places)]
    return [
        *(essential(facts, level) for level in levels),
        *(insured(facts, level) for level in levels),
        specs(facts),
        cost(facts),
        agreed(facts),
        without(facts),
        stock(facts),
        *(chronic(facts, level) for level in levels),
        link(facts),
    ]


__all__ = ["Drug", "Facts", "Figure", "Place", "equivalents", "open_to", "sheet", "unit_prices"]
