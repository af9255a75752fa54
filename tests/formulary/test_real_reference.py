"""All the real lists into the database: no row lost, a second time nothing is written."""

import datetime as dt

import pytest

from formulary.actions.reference import import_reference
from formulary.models import EntryLink, Event, ListEntry, Medicine, NameMatch, Presentation
from formulary.queries import drug_statuses
from formulary.rules.strengths import Listed
from tests.conftest import NOW
from tests.formulary.rules.test_real_lists import FILES

pytestmark = [pytest.mark.shared, pytest.mark.django_db]
BEGINS = {"nrdl": dt.date(2025, 1, 1), "neml": dt.date(2026, 9, 1)}


def bring_in(kind, folder):
    path, _ = FILES[kind]
    begins = BEGINS.get(kind, dt.date(2021, 1, 1))
    return import_reference(kind, folder / path, edition="E", valid_from=begins, by=None, now=NOW)


def size():
    return [table.objects.count() for table in (ListEntry, EntryLink, Medicine, NameMatch, Event)]


def test_every_real_list_is_stored_whole_and_only_once(shared):
    folder = shared / "reference"
    for kind in ("nrdl", "neml", "vbp_awards", "vbp_volumes", "nhsa_codes", "shortage_list"):
        result = bring_in(kind, folder)
        assert (result.new, result.changed, result.unchanged, result.rejected) == (FILES[kind][1], 0, 0, 0)
    assert ListEntry.objects.count() == sum(rows for _, rows in FILES.values())
    assert NameMatch.objects.count() < 50
    before = size()
    for kind, (_, rows) in FILES.items():
        result = bring_in(kind, folder)
        assert (result.new, result.changed, result.unchanged, result.queued) == (0, 0, rows, 0)
    assert size() == before
    _statuses_of_known_drugs()


def _statuses_of_known_drugs():
    """Facts read in the lists by hand."""
    wanted = {
        ("氨氯地平", "口服常释剂型", "片剂", "5mg"): ("甲", Listed.YES, False, 1),
        ("左氧氟沙星", "注射剂", "注射液", "2ml:0.1g"): ("甲", None, False, 0),
        ("左氧氟沙星氯化钠", "注射剂", "氯化钠注射液", "100ml:0.5g"): ("乙", Listed.YES, False, 0),
        ("头孢呋辛酯", "口服常释剂型", "片剂", "0.25g"): ("甲", Listed.YES, False, 1),
        ("丁苯酞", "口服常释剂型", "软胶囊", "0.1g"): ("国谈", Listed.YES, True, 0),
        ("波生坦", "口服常释剂型", "片剂", "125mg"): ("无", Listed.YES, True, 0),  # its agreement ended with 2025
        ("波生坦", "口服常释剂型", "分散片", "32mg"): ("乙", Listed.YES, True, 0),
        ("他达拉非", "口服常释剂型", "片剂", "20mg"): ("无", None, False, 1),
    }
    drugs = [
        Presentation.objects.create(
            medicine=Medicine.objects.get(substance=substance, form_group=group),
            code=f"T{number}",
            name=substance,
            form=form,
            strength=strength,
            unit="支",
        )
        for number, (substance, group, form, strength) in enumerate(wanted)
    ]
    found = drug_statuses(drugs, dt.date(2026, 11, 21), region="江苏")
    for drug, (insurance, listed, specialist, won) in zip(drugs, wanted.values(), strict=True):
        status = found[drug.pk]
        essential = status.essential
        assert status.insurance_class == insurance, drug
        assert (essential.listed if essential else None, bool(essential and essential.specialist)) == (
            listed,
            specialist,
        ), drug
        assert bool(status.wins) is bool(won), drug
    bosentan = [drug for drug in drugs if drug.name == "波生坦"]
    before = drug_statuses(bosentan, dt.date(2025, 6, 1))
    assert [before[drug.pk].insurance_class for drug in bosentan] == ["国谈", "乙"]
