"""品规 and 产品 of the alliance, each under the 品种 that the imported lists name; and the formulary version in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from fixtures.tables import Drug
from formulary.actions.history import record
from formulary.actions.versions import freeze
from formulary.models import (
    FormularyEntry,
    FormularyVersion,
    Medicine,
    Person,
    Presentation,
    Product,
    Restriction,
)
from formulary.queries.medicines import matcher
from formulary.rules.linking import new_medicine
from formulary.rules.names import DrugName, parse_name
from formulary.rules.pinyin import initials
from procurement.actions.demo.steps import SECRETARY, Loading

# The version took effect so long before the as-of day, and was published some days earlier.
IN_FORCE_DAYS = 212
PUBLISHED_BEFORE_DAYS = 12
RESTRICTIONS = {label: value for value, label in Restriction.choices}


def load_catalogue(loading: Loading) -> dict[str, int]:
    """Makes the 品规 and 产品 when there are none."""
    if loading.presentations():
        return {}
    drugs = loading.files.drugs
    medicines = _medicines(drugs)
    made = Presentation.objects.bulk_create(_presentation(drug, medicines[drug.code]) for drug in drugs)
    presentations = {each.code: each for each in made}
    products = Product.objects.bulk_create(
        Product(
            presentation=presentations[ware.drug],
            code=ware.code,
            maker=ware.maker,
            brand=ware.brand,
            pack_size=ware.pack_size,
            pack_unit=ware.pack_unit,
            nhsa_code=ware.nhsa_code,
            approval_number=ware.approval_number,
        )
        for ware in loading.files.wares
    )
    counts = {"品规": len(made), "产品": len(products)}
    record("装入演示药品", loading.alliance, alliance=loading.alliance, by=loading.by, now=loading.now, data=counts)
    return counts


def publish_version(loading: Loading) -> dict[str, int]:
    """The first published version: every 品规 of the catalogue, with the lowest level and restriction of the file."""
    if FormularyVersion.objects.filter(alliance=loading.alliance).exists():
        return {}
    effective = loading.as_of - dt.timedelta(days=IN_FORCE_DAYS)
    version = FormularyVersion.objects.create(
        alliance=loading.alliance,
        number=1,
        title="淳川县医共体统一用药目录",
        effective_from=effective,
        published_at=loading.now - dt.timedelta(days=IN_FORCE_DAYS + PUBLISHED_BEFORE_DAYS),
        published_by=Person.objects.get(username=SECRETARY),
        document="淳川医共体药事〔演示〕1号",
        note="由各成员机构原有目录合并形成的首版统一目录，演示数据。",
    )
    presentations = loading.presentations()
    entries = FormularyEntry.objects.bulk_create(
        FormularyEntry(
            version=version,
            presentation=presentations[drug.code],
            lowest_level=drug.lowest_level,
            restriction=RESTRICTIONS[drug.restriction or "无"],
            tier=drug.tier,
        )
        for drug in loading.files.drugs
    )
    freeze(version)
    counts = {"目录品规": len(entries)}
    record("发布用药目录", version, alliance=loading.alliance, by=loading.by, now=loading.now, data=counts)
    return counts


def _medicines(drugs: Sequence[Drug]) -> dict[str, Medicine]:
    """The 品种 of each drug by its code: the one the lists name, else a new one."""
    known = matcher()
    by_pk = Medicine.objects.in_bulk()
    found: dict[str, Medicine] = {}
    for drug in drugs:
        match = known.match(_name(drug, drug.name), _name(drug, drug.listed_name), candidates=False)
        if len(match.medicines) == 1:
            found[drug.code] = by_pk[int(str(match.medicines[0]))]
        else:
            found[drug.code] = _new_medicine(_name(drug, drug.listed_name))
    return found


def _name(drug: Drug, name: str) -> DrugName:
    return parse_name(name, "" if drug.chinese_medicine else drug.form, chinese_medicine=drug.chinese_medicine)


def _new_medicine(name: DrugName) -> Medicine:
    new = new_medicine(name)
    medicine, _made = Medicine.objects.get_or_create(
        substance=new.substance,
        salt=new.salt,
        form_group=new.form_group,
        defaults={
            "name": new.name,
            "route": new.route,
            "is_chinese_medicine": new.chinese_medicine,
            "origin": "演示数据",
            "pinyin": initials(new.name),
        },
    )
    return medicine


def _presentation(drug: Drug, medicine: Medicine) -> Presentation:
    return Presentation(
        medicine=medicine,
        code=drug.code,
        name=drug.name,
        form=drug.form,
        strength=drug.strength,
        unit=drug.unit,
        daily_dose=drug.daily_dose,
        spec_group=spec_group(drug, medicine),
        therapeutic_class=drug.therapeutic_class,
        is_emergency=drug.emergency,
        is_chronic=drug.chronic,
        needs_cold_chain=drug.cold,
        criticality=drug.criticality,
        pinyin=initials(drug.name),
    )


def spec_group(drug: Drug, medicine: Medicine) -> str:
    """通用名＋给药途径. Infusion solutions count each strength by itself: they are diluents, not choices of a drug."""
    name = medicine.substance
    if drug.therapeutic_class == "电解质":
        return f"{name}·{drug.strength}"
    return f"{name}·{medicine.route or '口服'}"
