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


MORE = (
    ("nrdl", "nrdl-2024/nrdl2024_decoction_pieces.csv", 892),
    ("vbp_volumes", "vbp-rounds/vbp_4plus7_volumes_by_city.csv", 462),
    ("vbp_awards", "vbp-rounds/vbp_4plus7_results.csv", 42),
    ("vbp_awards", "vbp-rounds/vbp_bids.csv", 485),
    ("neml", "neml-2026/neml2026_dosage_forms.csv", 1314),
)


def test_further_real_tables_are_stored_whole_beside_their_lists(shared):
    folder = shared / "reference"
    for kind in ("nrdl", "vbp_awards", "neml"):
        bring_in(kind, folder)
    known, statuses = Medicine.objects.count(), _wins()
    for again in (False, True):
        for kind, path, rows in MORE:
            begins = BEGINS.get(kind, dt.date(2021, 1, 1))
            result = import_reference(kind, folder / path, edition="E", valid_from=begins, by=None, now=NOW)
            expected = (0, 0, rows, 0) if again else (rows, 0, 0, 0)
            assert (result.new, result.changed, result.unchanged, result.absent) == expected, path
    assert ListEntry.objects.count() == 3826 + 3012 + 816 + sum(rows for _, _, rows in MORE)
    assert Medicine.objects.count() - known < 10
    assert NameMatch.objects.count() < 50
    assert ListEntry.objects.filter(category="非中选").count() == 167
    assert not EntryLink.objects.filter(entry__section__in=["饮片", "推导"]).exists()
    assert _wins() == statuses


def _wins():
    """Status of two real winners in 江苏 and of a drug whose bids by 嘉林药业 lost."""
    drugs = []
    for substance, form, strength in (
        ("氨氯地平", "片剂", "5mg"),
        ("阿托伐他汀", "片剂", "20mg"),
        ("他达拉非", "片剂", "20mg"),
    ):
        medicine = Medicine.objects.get(substance=substance, form_group="口服常释剂型")
        drug, _ = Presentation.objects.get_or_create(
            code=f"W{substance}",
            defaults={"medicine": medicine, "name": substance, "form": form, "strength": strength, "unit": "片"},
        )
        drugs.append(drug)
    return list(drug_statuses(drugs, dt.date(2026, 11, 21), region="江苏").values())
