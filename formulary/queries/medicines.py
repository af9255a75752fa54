"""The dictionary of 品种 as the matcher wants it."""

from __future__ import annotations

from formulary.models import Medicine, NameMatch
from formulary.rules.linking import known_medicine
from formulary.rules.lists.entries import item_of
from formulary.rules.matching import Match, Matcher, decision_key


def matcher() -> Matcher:
    """Every 品种 and every decision that a person took about a name."""
    known = (
        known_medicine(pk, name, group, chinese_medicine=chinese)
        for pk, name, group, chinese in Medicine.objects.order_by("pk").values_list(
            "pk", "name", "form_group", "is_chinese_medicine"
        )
    )
    decided = NameMatch.objects.exclude(state=NameMatch.State.PENDING).values_list("name", "form", "medicine")
    return Matcher(known, {decision_key(name, form): medicine for name, form, medicine in decided})


def match_medicine(name: str, form: str = "", *, using: Matcher | None = None) -> Match:
    """The 品种 (ids) that a name and form surely mean, else ranked candidates. Give `using` when asking for many names."""
    item = item_of(name, form)
    return (using or matcher()).match(item.name, *item.alternatives)
