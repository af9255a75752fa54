"""What the HTTP API says of the formulary."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Prefetch

from formulary.models import Alliance, FormularyVersion, Product
from formulary.queries import drug_statuses, version_in_force


def published_version(alliance: Alliance, number: int | None, on: dt.date) -> FormularyVersion | None:
    """The numbered version when it is published, or the one in force on the day."""
    if number is None:
        return version_in_force(alliance, on)
    return FormularyVersion.objects.filter(alliance=alliance, number=number, published_at__isnull=False).first()


def formulary_rows(version: FormularyVersion, on: dt.date) -> dict[str, Any]:
    """The version and its entries with the products in use and what the lists say of them on the day, by name."""
    in_use = Prefetch("presentation__products", Product.objects.filter(active=True).order_by("code"))
    entries = version.entries.select_related("presentation").prefetch_related(in_use)
    entries = entries.order_by("presentation__name", "presentation__strength", "presentation__code")
    statuses = drug_statuses([entry.presentation for entry in entries], on, region=version.alliance.province)
    return {
        "version": {
            "number": version.number,
            "title": version.title,
            "effective_from": version.effective_from,
            "published_at": version.published_at,
            "document": version.document,
        },
        "entries": [
            {
                "drug": entry.presentation.code,
                "name": entry.presentation.name,
                "form": entry.presentation.form,
                "strength": entry.presentation.strength,
                "unit": entry.presentation.unit,
                "lowest_level": entry.lowest_level,
                "restriction": entry.restriction,
                "restriction_text": entry.get_restriction_display(),
                "tier": entry.tier,
                "note": entry.reason,
                "emergency": entry.presentation.is_emergency,
                "essential": statuses[entry.presentation_id].is_essential,
                "insurance": statuses[entry.presentation_id].insurance_class,
                "marks": list(statuses[entry.presentation_id].badges),
                "products": [
                    {
                        "code": product.code,
                        "nhsa_code": product.nhsa_code,
                        "maker": product.maker,
                        "pack_size": product.pack_size,
                        "pack_unit": product.pack_unit,
                    }
                    for product in entry.presentation.products.all()
                ],
            }
            for entry in entries
        ],
    }
