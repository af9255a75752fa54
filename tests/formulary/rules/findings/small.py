"""A county hospital (二级综合), a township centre (基层) and a village room without a cold store; drugs made by hand."""

import datetime as dt

from formulary.rules.findings import Drug, Entry, Facts, Limits, Site, check_change, check_version

ON = dt.date(2026, 11, 21)
HOSPITAL, TOWN, VILLAGE = (
    Site(1, "县医院", "二级", "综合医院"),
    Site(2, "青埠", "基层", "卫生院"),
    Site(3, "梅坞村", "村", "村卫生室", cold=False),
)
SITES = [HOSPITAL, TOWN, VILLAGE]


def drug(pk, name="氨氯地平", *, route="口服", **more):
    """Insured 甲 and on the essential list unless said otherwise; its own 品种 unless given."""
    given = {
        "code": f"D{pk}",
        "strength": f"{pk}mg",
        "medicine": pk,
        "substance": name,
        "spec_group": f"{name}·{route}",
    }
    given |= {"essential": True, "insurance": "甲", "class_code": "C08CA", "labels": ("绿",), "products": 1}
    return Drug(pk=pk, name=name, route=route, **given | more)


def facts(*drugs, sites=SITES, **more):
    limits = Limits(**more.pop("limits", {}))
    return Facts(ON, {one.pk: one for one in drugs}, sites, limits, **more)


def lines(*pks, level="二级"):
    return {pk: Entry(level) for pk in pks}


def said(code, lines, facts, before=None):
    """The sentences of one rule."""
    return [one.sentence for one in check_version(lines, facts, before=before) if one.code == code]


def codes(found):
    return [one.code for one in found]


__all__ = [
    "HOSPITAL",
    "ON",
    "SITES",
    "TOWN",
    "VILLAGE",
    "check_change",
    "check_version",
    "codes",
    "drug",
    "facts",
    "lines",
    "said",
]
