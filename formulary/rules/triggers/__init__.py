"""What moves the list, found by the system: one function for each trigger."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from formulary.rules.adjustment_life import Kind
from formulary.rules.triggers.essential import essential_peer, newly_essential, no_longer_essential
from formulary.rules.triggers.insurance import agreement_ends, class_changed, newly_negotiated, no_longer_insured
from formulary.rules.triggers.kinds import Demand, Drug, Edition, Found, Row, Thresholds, Trigger, View
from formulary.rules.triggers.marks import monitored, recalled, short
from formulary.rules.triggers.practice import asked_for, chronic_missing_below, red_price, unused
from formulary.rules.triggers.tenders import winner_replaces

TRIGGERS: dict[Trigger, Callable[[View], Iterator[Found]]] = {
    Trigger.RECALL: recalled,
    Trigger.NEML_LOST: no_longer_essential,
    Trigger.NRDL_LOST: no_longer_insured,
    Trigger.AGREEMENT_ENDS: agreement_ends,
    Trigger.NEML_ADDED: newly_essential,
    Trigger.NRDL_NEGOTIATED: newly_negotiated,
    Trigger.VBP_WON: winner_replaces,
    Trigger.NEML_PEER: essential_peer,
    Trigger.CHRONIC: chronic_missing_below,
    Trigger.DEMAND: asked_for,
    Trigger.RED_PRICE: red_price,
    Trigger.SHORTAGE: short,
    Trigger.MONITORED: monitored,
    Trigger.NRDL_CHANGED: class_changed,
    Trigger.UNUSED: unused,
}

__all__ = ["TRIGGERS", "Demand", "Drug", "Edition", "Found", "Row", "Thresholds", "Trigger", "View", "find"]


def _asked(one: Found, view: View) -> bool:
    if one.presentation is None:
        return one.wants == Kind.ADD and one.medicine in view.asked_medicines
    return one.wants is not None and (one.wants, one.presentation) in view.asked


def find(view: View) -> list[Found]:
    """Everything that the triggers find, each key once; what an application under way already asks is not found again."""
    found = {one.key: one for look in TRIGGERS.values() for one in look(view) if not _asked(one, view)}
    return list(found.values())
