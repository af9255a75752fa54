"""A formulary as FHIR R4, after the shapes of the Da Vinci PDex US Drug Formulary guide (STU2): one InsurancePlan for the
formulary, for each drug a MedicationKnowledge and a Basic (FormularyItem) that joins the two.

The guide's profiles are for United States plans; its extension addresses are used where the meaning is the same (tier,
availability), our own where it is not (institution level, national list marks). Resources are plain dicts.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PDEX = "http://hl7.org/fhir/us/davinci-drug-formulary"
OWN = "urn:yaoheng:formulary"
NAMESPACE = uuid.UUID("6f0c5a52-6d5e-4a27-9a3b-6a1f0a5f1d11")


@dataclass(frozen=True)
class Plan:
    """alliance code and name, version number, title, first and last day (None: open)."""

    alliance: str
    alliance_name: str
    number: int
    title: str
    begins: dt.date
    ends: dt.date | None
    published: str
    document: str = ""


@dataclass(frozen=True)
class Item:
    """One drug of the formulary with its words and codes."""

    code: str
    name: str
    form: str
    strength: str
    unit: str
    lowest_level: str
    restriction: str
    restriction_text: str
    tier: int
    review_on: dt.date | None
    marks: Sequence[str]
    nhsa_codes: Sequence[str]


def bundle(plan: Plan, items: Iterable[Item]) -> dict[str, Any]:
    """A collection Bundle; the same version always gives the same identifiers."""
    resources = [_organisation(plan), _plan(plan)]
    for item in items:
        resources += [_knowledge(plan, item), _item(plan, item)]
    return {
        "resourceType": "Bundle",
        "id": _id(plan, "bundle"),
        "type": "collection",
        "timestamp": plan.published,
        "identifier": {"system": OWN, "value": f"{plan.alliance}-{plan.number}"},
        "entry": [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources],
    }


def _organisation(plan: Plan) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "id": _id(plan, "organisation"),
        "identifier": [{"system": f"{OWN}:alliance", "value": plan.alliance}],
        "name": plan.alliance_name,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    period = {"start": plan.begins.isoformat()}
    if plan.ends is not None:
        period["end"] = plan.ends.isoformat()
    found = {
        "resourceType": "InsurancePlan",
        "id": _id(plan, "plan"),
        "identifier": [{"system": OWN, "value": f"{plan.alliance}-{plan.number}"}],
        "status": "active",
        "type": [
            {
                "coding": [
                    {
                        "system": f"{PDEX}/CodeSystem/usdf-InsuranceProductTypeCS-TEMPORARY-TRIAL-USE",
                        "code": "formulary",
                    }
                ],
                "text": "县域医共体统一用药目录",
            }
        ],
        "name": f"{plan.title} 第 {plan.number} 版",
        "period": period,
        "ownedBy": {"reference": f"urn:uuid:{_id(plan, 'organisation')}"},
    }
    if plan.document:
        found["alias"] = [plan.document]
    return found


def _knowledge(plan: Plan, item: Item) -> dict[str, Any]:
    codings: list[dict[str, str]] = [{"system": f"{OWN}:drug", "code": item.code, "display": item.name}]
    codings += [{"system": "urn:cn:nhsa:drug", "code": code} for code in item.nhsa_codes]
    return {
        "resourceType": "MedicationKnowledge",
        "id": _id(plan, f"drug {item.code}"),
        "code": {"coding": codings, "text": f"{item.name} {item.strength}"},
        "status": "active",
        "doseForm": {"text": item.form},
        "synonym": [item.strength],
    }


def _item(plan: Plan, item: Item) -> dict[str, Any]:
    extensions: list[dict[str, Any]] = [
        {
            "url": f"{PDEX}/StructureDefinition/usdf-FormularyReference-extension",
            "valueReference": {"reference": f"urn:uuid:{_id(plan, 'plan')}"},
        },
        {"url": f"{PDEX}/StructureDefinition/usdf-AvailabilityStatus-extension", "valueCode": "active"},
        {
            "url": f"{PDEX}/StructureDefinition/usdf-AvailabilityPeriod-extension",
            "valuePeriod": _period(plan),
        },
        {
            "url": f"{PDEX}/StructureDefinition/usdf-DrugTierID-extension",
            "valueCodeableConcept": _concept(f"{OWN}:tier", str(item.tier), f"遴选层级 {item.tier}"),
        },
        {
            "url": f"{OWN}:lowest-level",
            "valueCodeableConcept": _concept(f"{OWN}:level", item.lowest_level, f"{item.lowest_level}及以上机构"),
        },
        {
            "url": f"{OWN}:restriction",
            "valueCodeableConcept": _concept(f"{OWN}:restriction", item.restriction, item.restriction_text),
        },
    ]
    if item.review_on is not None:
        extensions.append({"url": f"{OWN}:review-on", "valueDate": item.review_on.isoformat()})
    extensions += [{"url": f"{OWN}:mark", "valueString": mark} for mark in item.marks]
    return {
        "resourceType": "Basic",
        "id": _id(plan, f"item {item.code}"),
        "extension": extensions,
        "code": {
            "coding": [{"system": f"{PDEX}/CodeSystem/usdf-InsuranceItemTypeCS", "code": "formulary-item"}],
        },
        "subject": {"reference": f"urn:uuid:{_id(plan, f'drug {item.code}')}"},
    }


def _period(plan: Plan) -> Mapping[str, str]:
    start = {"start": plan.begins.isoformat()}
    return start | ({"end": plan.ends.isoformat()} if plan.ends else {})


def _concept(system: str, code: str, text: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def _id(plan: Plan, what: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{plan.alliance}/{plan.number}/{what}"))
