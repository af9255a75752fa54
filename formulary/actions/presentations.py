"""A new 品规 of a listed 品种, made from an application form: guarded, because everything later counts by it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Medicine, Person, Presentation
from formulary.queries.deputies import acts_for
from formulary.rules.dosage_forms import lookup, same_form
from formulary.rules.pinyin import initials
from formulary.rules.strengths import same_strength

CODE_PREFIX = "N"


class PresentationRefused(Exception):
    """The 品规 cannot be made; the message says what is expected."""


def register(
    alliance: Alliance,
    medicine: Medicine,
    *,
    name: str,
    form: str,
    strength: str,
    unit: str,
    daily_dose: Decimal,
    by: Person,
    now: dt.datetime,
) -> Presentation:
    """Makes the 品规 under the 品种 that a policy list names. It is not in any formulary by this.

    Raises PresentationRefused when the form does not belong to the 品种 or the 品规 exists, NotAllowed.
    """
    acts_for(by, Permission.PROPOSE, timezone.localdate(now), alliance=alliance)
    name, form, strength, unit = name.strip(), form.strip(), strength.strip(), unit.strip()
    known = lookup(form, chinese=medicine.is_chinese_medicine)
    if known is None:
        raise PresentationRefused(f"剂型“{form}”不认识，应为药典剂型名，如片剂、注射液")
    if medicine.form_group and known.group != medicine.form_group:
        raise PresentationRefused(f"剂型“{form}”属于{known.group}，该品种是{medicine.form_group}")
    if daily_dose <= 0:
        raise PresentationRefused("日用量应大于 0")
    with transaction.atomic():
        Medicine.objects.select_for_update().get(pk=medicine.pk)
        _new(medicine, form, strength)
        drug = Presentation.objects.create(
            medicine=medicine,
            code=_next_code(),
            name=name,
            form=form,
            strength=strength,
            unit=unit,
            daily_dose=daily_dose,
            spec_group=f"{medicine.substance}·{known.route}",
            therapeutic_class=_class_of(medicine),
            pinyin=initials(name),
        )
        data = {"品种": str(medicine), "规格": strength, "剂型": form}
        record("新建品规", drug, alliance=alliance, by=by, now=now, data=data)
    return drug


def _new(medicine: Medicine, form: str, strength: str) -> None:
    for row in medicine.presentations.all():
        same = row.strength == strength or same_strength(row.strength, strength) is True
        if same and same_form(row.form, form):
            raise PresentationRefused(f"已有品规 {row}（{row.code}），请直接选用")


def _class_of(medicine: Medicine) -> str:
    rows = medicine.presentations.model.objects.filter(medicine__substance=medicine.substance)
    return rows.exclude(therapeutic_class="").values_list("therapeutic_class", flat=True).first() or ""


def _next_code() -> str:
    taken = Presentation.objects.filter(code__startswith=CODE_PREFIX).values_list("code", flat=True)
    numbers = [int(code[1:]) for code in taken if code[1:].isdecimal()]
    return f"{CODE_PREFIX}{max(numbers, default=0) + 1:05d}"
