"""Which other drugs could stand in for one: same 品种, same substance, same class of the insurance list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from formulary.models import ListKind, Presentation
from formulary.queries.status import links_in_force

CLASS_COLUMN = "药品分类代码"


@dataclass(frozen=True)
class Alike:
    """tier 2: another strength or pack form of the same 品种; 3: the same substance in another form or salt;
    4: the same class. by: what the class was taken from (药品分类代码 of the list in force, or the own 治疗类别)."""

    presentation: Presentation
    tier: int
    same_route: bool
    by: str = ""


def alike(drug: Presentation, on: dt.date, *, chosen_class: bool = True) -> list[Alike]:
    """Active presentations by tier, then name. Same substance by any route; same class by the same route only.

    Three queries. The class is the 4-character group of the 医保 list (XC08C); only a drug that no list row classifies
    falls back on the own 治疗类别, which is coarser. chosen_class=False leaves the class out.
    """
    medicine = drug.medicine
    active = Presentation.objects.filter(active=True).exclude(pk=drug.pk).select_related("medicine")
    near = active.filter(Q(medicine=medicine) | Q(medicine__substance=medicine.substance))
    found = {
        row.pk: Alike(row, 2 if row.medicine_id == medicine.pk else 3, row.medicine.route == medicine.route)
        for row in near
    }
    if chosen_class:
        codes = classes_of(medicine.pk, on)
        if codes:
            links = links_in_force(on, (ListKind.NRDL,)).filter(
                **{f"entry__attributes__{CLASS_COLUMN}__in": codes}, medicine__isnull=False
            )
            same, told = active.filter(medicine__in=links.values("medicine")), "、".join(codes)
        else:
            same = active.filter(therapeutic_class=drug.therapeutic_class).exclude(therapeutic_class="")
            told = drug.therapeutic_class
        chinese = medicine.is_chinese_medicine
        for row in same.filter(medicine__route=medicine.route, medicine__is_chinese_medicine=chinese):
            found.setdefault(row.pk, Alike(row, 4, True, told))
    return sorted(
        found.values(), key=lambda one: (one.tier, not one.same_route, one.presentation.name, one.presentation.strength)
    )


def classes_of(medicine_id: int, on: dt.date) -> list[str]:
    """药品分类代码 of the 医保 rows in force that speak of the 品种."""
    links = links_in_force(on, (ListKind.NRDL,)).filter(medicine=medicine_id).select_related("entry")
    return sorted({code for link in links if (code := str(link.entry.attributes.get(CLASS_COLUMN, "")).strip())})
