"""Editions and their parts: what replaces what on which day, and which rows never touch a drug's status."""

import datetime as dt

import pytest

from formulary.models import EntryLink, ListEdition, ListEntry, Medicine
from formulary.queries import drug_status, drug_statuses, editions_in_force, source_entries
from formulary.rules.editions import speaking
from tests.formulary.lists import BIDDING, CITIES, DERIVED_FORMS, NRDL, PIECES_LIST, TRIAL_RESULTS, bring_in

pytestmark = pytest.mark.django_db
LATER, IN_2025, IN_2026 = dt.date(2026, 11, 21), dt.date(2025, 6, 1), dt.date(2026, 1, 1)
NEXT = NRDL.replace("西药部分,XC08,甲,407", "西药,XC08,乙,407").replace("西药部分", "西药")
EVERY_TABLE = (
    ("nrdl", PIECES_LIST),
    ("vbp_awards", BIDDING),
    ("vbp_awards", TRIAL_RESULTS),
    ("vbp_volumes", CITIES),
    ("neml", DERIVED_FORMS),
)


def counts(result):
    return result.new, result.changed, result.unchanged, result.absent


@pytest.mark.parametrize(("kind", "text"), EVERY_TABLE)
def test_every_row_is_stored_once_and_a_second_time_nothing(world, kind, text):
    rows = len(text.strip().splitlines()) - 1
    options = {"valid_from": IN_2025, "edition": "E"}
    assert counts(bring_in(kind, text, **options)) == (rows, 0, 0, 0)
    before = [list(table.objects.order_by("pk").values()) for table in (ListEdition, ListEntry, EntryLink, Medicine)]
    assert counts(bring_in(kind, text, **options)) == (0, 0, rows, 0)
    assert before == [
        list(table.objects.order_by("pk").values()) for table in (ListEdition, ListEntry, EntryLink, Medicine)
    ]


# --- one edition after another


def test_two_editions_of_the_insurance_list_switch_on_the_day(world):
    bring_in("nrdl", valid_to=dt.date(2025, 12, 31))
    bring_in("nrdl", NEXT, edition="2025", valid_from=IN_2026)
    drug = world.drugs["M1"]
    days = (IN_2025, IN_2026 - dt.timedelta(days=1), IN_2026, LATER)
    assert [drug_status(drug, day).insurance_class for day in days] == ["甲", "甲", "乙", "乙"]


def test_next_edition_replaces_an_open_one_whose_parts_had_other_words(world):
    bring_in("nrdl")
    bring_in("nrdl", NEXT, edition="2025", valid_from=IN_2026)
    status = drug_status(world.drugs["M1"], LATER)
    assert (status.insurance.category, status.insurance.edition, status.insurance.unclear) == ("乙", "2025", False)


@pytest.mark.parametrize(("edition", "begins"), [("2024", dt.date(2025, 1, 1)), ("2025 饮片", dt.date(2026, 1, 1))])
def test_pieces_hide_no_western_drug(world, edition, begins):
    bring_in("nrdl")
    before = drug_statuses(world.drugs.values(), LATER)
    result = bring_in("nrdl", PIECES_LIST, edition=edition, valid_from=begins)
    assert (result.absent, result.medicines, result.queued) == (0, 0, 0)
    assert "饮片" in result.notes[0]
    assert drug_statuses(world.drugs.values(), LATER) == before
    assert not EntryLink.objects.filter(entry__section="饮片").exists()


def test_main_list_after_its_pieces_says_nothing_of_them(world):
    bring_in("nrdl", PIECES_LIST)
    assert bring_in("nrdl").absent == 0
    assert ListEdition.objects.get().sections == ["西药", "谈判西药", "饮片"]


def test_later_file_of_one_part_leaves_the_other_parts_in_force(world):
    bring_in("nrdl")
    part = "\n".join(line for line in NRDL.splitlines() if line.startswith(("部分", "协议期内")))
    bring_in("nrdl", part.replace("2025年12月31日", "2027年12月31日"), edition="2026 谈判", valid_from=IN_2026)
    assert drug_status(world.drugs["M1"], LATER).insurance_class == "甲"
    assert {edition.edition for edition in editions_in_force(LATER)} == {"2024", "2026 谈判"}
    negotiated = Medicine.objects.get(substance="艾普拉唑")
    links = EntryLink.objects.filter(medicine=negotiated)
    assert links.count() == 2
    world.drugs["M1"].medicine = negotiated
    assert [link.entry.edition.edition for link in source_entries(world.drugs["M1"], LATER)] == ["2026 谈判"]


def test_parts_are_replaced_one_by_one():
    rows = [
        (3, "nrdl", ["饮片"]),
        (2, "nrdl", ["西药", "中成药"]),
        (1, "nrdl", ["西药", "谈判西药", "饮片"]),
        (0, "vbp", [""]),
    ]
    assert speaking(rows, together=frozenset({"vbp"})) == {
        3: {"饮片"},
        2: {"西药", "中成药"},
        1: {"谈判西药"},
        0: {""},
    }
    assert speaking([(2, "neml", [""]), (1, "neml", [""])], together=frozenset()) == {2: {""}}


# --- tables beside the list


def test_lost_bid_is_no_win(world):
    bring_in("vbp_awards", BIDDING)
    assert drug_status(world.drugs["M2"], LATER).wins == ()
    (win,) = drug_status(world.drugs["M1"], LATER).wins
    assert (win.company, win.role, win.tender) == ("甲药业有限公司", "中选", "第二批")
    assert [len(drug_status(world.drugs["M1"], LATER, region=r).wins) for r in ("新疆", "安徽", "浙江")] == [1, 1, 0]
    assert source_entries(world.drugs["M2"], LATER)[0].entry.category == "非中选"


def test_bids_do_not_repeat_the_wins_of_the_province_list(world):
    bring_in("vbp_awards")
    listed = drug_status(world.drugs["M1"], LATER).wins
    result = bring_in("vbp_awards", BIDDING)
    assert counts(result) == (4, 0, 0, 0)
    assert drug_status(world.drugs["M1"], LATER).wins == listed
    assert bring_in("vbp_awards").absent == 0


def test_strength_without_a_winner_in_the_trial_is_no_win(world):
    bring_in("vbp_awards", TRIAL_RESULTS)
    drug = world.drugs["M2"]
    assert EntryLink.objects.get(entry__name="阿莫西林").medicine == drug.medicine
    assert drug_status(drug, LATER).wins == ()


def test_derived_forms_are_an_unofficial_edition_that_lists_no_drug_twice(world):
    bring_in("neml")
    later = dt.date(2026, 9, 1)
    before = drug_statuses(world.drugs.values(), LATER)
    result = bring_in("neml", DERIVED_FORMS, valid_from=later)
    assert result.editions == ("2024（品种×剂型推导）",)
    assert "推导" in result.notes[0]
    assert ListEdition.objects.get(edition=result.editions[0]).official is False
    assert drug_statuses(world.drugs.values(), LATER) == before
    bring_in("neml", DERIVED_FORMS, edition="2030", valid_from=LATER)
    assert drug_statuses(world.drugs.values(), LATER) == before
