"""A version for other systems: JSON as the API says it, CSV, FHIR R4; each as bytes under a file name."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable

import orjson

from formulary.api_queries import formulary_rows
from formulary.models import FormularyVersion
from formulary.queries.version_lines import published
from formulary.rules import fhir
from formulary.rules.workbook import workbook_bytes
from formulary.version_files import entries_sheets


def version_json(version: FormularyVersion) -> bytes:
    """What GET /api/v1/formulary answers for this version, with the policy marks of its effective date."""
    return orjson.dumps(formulary_rows(version, _day(version)), option=orjson.OPT_INDENT_2)


def version_csv(version: FormularyVersion) -> bytes:
    """The entries as UTF-8 with BOM, so that Excel reads them right."""
    out = io.StringIO(newline="")
    header, rows = entries_sheets(version)["目录"]
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def version_xlsx(version: FormularyVersion) -> bytes:
    return workbook_bytes(entries_sheets(version))


def version_fhir(version: FormularyVersion) -> bytes:
    """A FHIR R4 Bundle, validated before it leaves the house. Raises pydantic's ValidationError when it is not one."""
    from fhir.resources.R4B.bundle import Bundle  # slow to import, and only this export needs it

    made = fhir_bundle(version)
    Bundle.model_validate(made)
    return orjson.dumps(made, option=orjson.OPT_INDENT_2)


def fhir_bundle(version: FormularyVersion) -> dict:
    told = formulary_rows(version, _day(version))
    reviews = dict(version.entries.values_list("presentation__code", "review_on"))
    alliance = version.alliance
    plan = fhir.Plan(
        alliance=alliance.code,
        alliance_name=alliance.name,
        number=version.number,
        title=version.title,
        begins=_day(version),
        ends=_end(version),
        published=version.published_at.isoformat() if version.published_at else "",
        document=version.document,
    )
    items = [
        fhir.Item(
            code=row["drug"],
            name=row["name"],
            form=row["form"],
            strength=row["strength"],
            unit=row["unit"],
            lowest_level=row["lowest_level"],
            restriction=row["restriction"],
            restriction_text=row["restriction_text"],
            tier=row["tier"],
            review_on=reviews[row["drug"]],
            marks=row["marks"],
            nhsa_codes=[product["nhsa_code"] for product in row["products"] if product["nhsa_code"]],
        )
        for row in told["entries"]
    ]
    return fhir.bundle(plan, items)


EXPORTS: dict[str, tuple[str, Callable[[FormularyVersion], bytes]]] = {
    "xlsx": ("xlsx", version_xlsx),
    "json": ("json", version_json),
    "csv": ("csv", version_csv),
    "fhir": ("fhir.json", version_fhir),
}


def export(version: FormularyVersion, kind: str) -> tuple[str, bytes] | None:
    """File name and content; None for an unknown kind."""
    found = EXPORTS.get(kind)
    if found is None:
        return None
    ending, make = found
    return f"统一用药目录-第{version.number}版.{ending}", make(version)


def _day(version: FormularyVersion) -> dt.date:
    if version.effective_from is None:
        raise ValueError("草案没有生效日，不能导出")
    return version.effective_from


def _end(version: FormularyVersion) -> dt.date | None:
    """The last day before a later version took over."""
    ordered = list(reversed(published(version.alliance)))
    later = [one.effective_from for one in ordered[ordered.index(version) + 1 :] if one.effective_from]
    return max(_day(version), min(later) - dt.timedelta(days=1)) if later else None


def _harmless(cell: object) -> object:
    """Excel takes a leading sign for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@" and cell else cell
