"""The real lists beside the project: no row lost, forms read as a careful reader did, names matched above the targets."""

import csv
from collections import Counter

import pytest

from benchmarks.match_rates import measure
from formulary.rules.lists.files import read_list
from formulary.rules.lists.neml import form_specs
from formulary.rules.name_text import canonical

pytestmark = pytest.mark.shared
FILES = {
    "neml": ("neml-2026/neml2026.csv", 816),
    "nrdl": ("nrdl-2024/nrdl2024_all.csv", 3826),
    "vbp_awards": ("vbp-rounds/vbp_awards_by_province.csv", 3012),
    "vbp_volumes": ("vbp-rounds/vbp_volumes.csv", 4980),
    "nhsa_codes": ("nhsa-drug-codes/nhsa_drug_codes.csv", 13738),
    "shortage_list": ("shortage-watch-list/shortage_watch_list_public_frontend.csv", 141),
}


@pytest.mark.parametrize("kind", FILES)
def test_every_row_of_a_real_list_becomes_one_entry(kind, shared):
    path, rows = FILES[kind]
    entries = read_list(kind, shared / "reference" / path)
    assert len(entries) == rows
    assert len({entry.key for entry in entries}) == rows
    assert max(len(entry.key) for entry in entries) <= 250


def test_classes_of_the_insurance_list_are_counted_as_published(shared):
    rows = read_list("nrdl", shared / "reference" / FILES["nrdl"][0])
    assert Counter(row.category for row in rows) == {"甲": 767, "乙": 2655, "国谈": 404}


def test_forms_of_the_essential_list_agree_with_the_derived_table(shared):
    """Every row of the derived table that needs no manual check, but two that cut a line at the wrong place (162, 406)."""
    folder = shared / "reference" / "neml-2026"
    with (folder / "neml2026_dosage_forms.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["需人工核对"] == "否"]
    wanted = Counter(_line(r["序号"], r["品种名称"], r["盐基酸根"], r["剂型"], r["规格"]) for r in rows)
    found = Counter(
        _line(entry.number, entry.name, spec.salt, spec.form, "、".join(spec.strengths))
        for entry in read_list("neml", folder / "neml2026.csv")
        for spec in form_specs(entry.attributes["剂型规格"])
    )
    missing = {(line[0], line[3]) for line in wanted - found}
    assert missing == {("162", "片剂"), ("406", "注射液"), ("20", "肠溶片"), ("315", "肠溶片")}


def _line(*cells):
    return tuple(canonical(cell) for cell in cells)


def test_match_rates_stand_above_the_targets(shared):
    rates = measure(shared / "reference")
    assert rates["集采（中选、申报、约定量）"].share >= 0.95
    assert rates["集采（折算、4+7）"].share >= 0.95
    assert rates["基药 化学药品和生物制品"].share >= 0.97
    assert rates["基药 中成药"].share >= 0.97
