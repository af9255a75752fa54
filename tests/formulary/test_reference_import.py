"""Importing policy lists: everything kept, nothing twice, nothing edited, names linked or asked about."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from config.access import Role
from formulary.actions.matches import MatchRefused, decide_match
from formulary.actions.reference import ReferenceRefused
from formulary.models import EntryLink, Event, ListEdition, ListEntry, Medicine, NameMatch
from formulary.rules.tables import DataRefused
from tests.conftest import NOW
from tests.formulary.lists import AWARDS, NEML, NRDL, SHORTAGE, bring_in

pytestmark = pytest.mark.django_db


def counts(result):
    return result.new, result.changed, result.unchanged


def everything():
    tables = (ListEdition, ListEntry, EntryLink, Medicine, NameMatch, Event)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_every_row_is_stored_with_all_its_columns(world):
    assert counts(bring_in("nrdl")) == (6, 0, 0)
    row = ListEntry.objects.get(name="注射用艾普拉唑钠")
    assert (row.category, row.valid_to, row.row) == ("国谈", dt.date(2025, 12, 31), 7)
    assert row.attributes["医保支付标准"] == "63.00元(10mg/支)"


def test_names_known_by_hand_are_found_and_others_founded(world):
    result = bring_in("nrdl")
    link = EntryLink.objects.get(entry__name="氨氯地平")
    assert link.medicine == world.drugs["M1"].medicine
    assert link.how == "名称相同"
    assert result.medicines == 3
    founded = Medicine.objects.get(substance="艾普拉唑")
    assert (founded.name, founded.salt, founded.form_group, founded.pinyin) == ("艾普拉唑钠", "钠", "注射剂", "aplzn")


def test_second_import_changes_nothing(world):
    bring_in("nrdl")
    before = everything()
    assert counts(bring_in("nrdl")) == (0, 0, 6)
    assert everything() == before


def test_corrected_row_supersedes_the_old_one(world):
    bring_in("nrdl")
    result = bring_in("nrdl", NRDL.replace("XJ01,乙,632,阿莫西林,颗粒剂", "XJ01,甲,632,阿莫西林,颗粒剂"))
    assert counts(result) == (0, 1, 5)
    (shown,) = result.previews
    assert shown.cells == {"甲乙类": ("乙", "甲")}
    old, new = ListEntry.objects.filter(name="阿莫西林", form="颗粒剂").order_by("pk")
    assert (old.category, old.superseded_at) == ("乙", NOW)
    assert (new.category, new.superseded_at) == ("甲", None)
    assert old.links.get().medicine == new.links.get().medicine


def test_rows_absent_from_a_later_file_stay(world):
    bring_in("nrdl")
    shorter = "\n".join(NRDL.splitlines()[:3]) + "\n"
    result = bring_in("nrdl", shorter)
    assert (counts(result), result.absent) == ((0, 0, 2), 4)
    assert ListEntry.objects.filter(superseded_at__isnull=True).count() == 6


def test_dry_run_tells_the_same_and_writes_nothing(world):
    before = everything()
    result = bring_in("nrdl", dry_run=True)
    assert counts(result) == (6, 0, 0)
    assert len(result.previews) == 6
    assert everything() == before


def test_faulty_file_writes_nothing(world):
    before = everything()
    with pytest.raises(DataRefused) as refused:
        bring_in("nrdl", NRDL.replace("甲,407", "丙,407").replace("乙,1212", "丁,1212"))
    assert len(refused.value.faults) == 2
    assert everything() == before


def test_edition_keeps_the_dates_it_was_imported_with(world):
    bring_in("nrdl")
    with pytest.raises(ReferenceRefused, match="有效期不能改动"):
        bring_in("nrdl", valid_from=dt.date(2025, 2, 1))
    with pytest.raises(ReferenceRefused, match="早于生效日"):
        bring_in("nrdl", edition="2025", valid_to=dt.date(2024, 1, 1))


def test_next_edition_stands_beside_the_last(world):
    bring_in("nrdl")
    result = bring_in("nrdl", edition="2025", valid_from=dt.date(2026, 1, 1))
    assert (counts(result), result.medicines) == ((6, 0, 0), 0)
    assert set(ListEdition.objects.values_list("edition", flat=True)) == {"2024", "2025"}


def test_tender_is_the_edition_of_award_rows(world):
    result = bring_in("vbp_awards", edition="2026 年整理")
    assert set(ListEdition.objects.values_list("edition", flat=True)) == {"第二批", "第四批"}
    assert result.editions == ("第二批", "第四批")
    row = ListEntry.objects.get(region="安徽")
    assert (row.price, row.company, row.tender) == (Decimal("0.07"), "乙药业有限公司", "第二批")
    assert counts(bring_in("vbp_awards", edition="另一次导入")) == (0, 0, 3)


def test_salts_of_one_form_are_one_link(world):
    text = (
        NEML
        + '化学药品和生物制品,186,心血管系统用药,左氨氯地平,"（苯磺酸盐）片剂：2.5mg、5mg\n（马来酸盐）片剂：2.5mg、10mg",\n'
    )
    bring_in("neml", text)
    assert EntryLink.objects.get(entry__name="左氨氯地平").strengths == ["2.5MG", "5MG", "10MG"]


def test_shortage_list_without_a_document_is_not_official(world):
    bring_in("shortage_list")
    bring_in("shortage_list", edition="2026", document="国卫药政发〔2026〕1号")
    assert dict(ListEdition.objects.values_list("edition", "official")) == {"2024": False, "2026": True}


def test_import_leaves_one_event_in_the_chain_of_who_did_it(world):
    secretary = world.people[Role.SECRETARY]
    bring_in("nrdl", by=secretary)
    event = Event.objects.get(verb="导入政策目录")
    assert (event.chain, event.by, event.data["new"]) == ("JN", secretary.username, 6)


# --- names that wait for a person


def waiting(world):
    bring_in("nrdl")
    result = bring_in("neml")
    assert result.queued == 1
    return NameMatch.objects.get()


def test_similar_name_waits_with_its_candidates(world):
    match = waiting(world)
    assert (match.name, match.form, match.state, match.entries) == ("羟甲唑啉", "喷雾剂", "pending", 1)
    best = match.candidates[0]
    assert Medicine.objects.get(pk=best["medicine"]).form_group == "吸入剂"
    assert "剂型组相近" in best["why"]
    link = match.links.get()
    assert (link.medicine, link.strengths) == (None, ["5ML:1.25MG"])


def test_answer_links_the_rows_and_is_remembered(world):
    match = waiting(world)
    medicine = Medicine.objects.get(substance="羟甲唑啉")
    decide_match(match, state="same", medicine=medicine, by=world.people[Role.SECRETARY], now=NOW)
    link = EntryLink.objects.get(entry__name="羟甲唑啉", entry__edition__kind="neml")
    assert (link.medicine, link.how) == (medicine, "人工确认")
    result = bring_in("neml", edition="2027", valid_from=dt.date(2027, 9, 1))
    assert result.queued == 0
    assert EntryLink.objects.filter(medicine=medicine, entry__edition__edition="2027").exists()


def test_answer_new_founds_a_drug_that_equal_names_of_other_lists_find(world):
    match = waiting(world)
    decide_match(match, state="new", by=world.people[Role.SECRETARY], now=NOW)
    match.refresh_from_db()
    assert match.medicine.form_group == "喷雾剂"
    bring_in("shortage_list", "药品名称,剂型\n羟甲唑啉,喷雾剂\n")
    assert EntryLink.objects.get(entry__edition__kind="shortage_list").medicine == match.medicine


def test_answer_not_applicable_is_not_asked_again(world):
    match = waiting(world)
    decide_match(match, state="ignored", by=world.people[Role.SECRETARY], now=NOW)
    assert bring_in("neml", edition="2027", valid_from=dt.date(2027, 9, 1)).queued == 0
    assert not EntryLink.objects.filter(entry__name="羟甲唑啉", entry__edition__kind="neml", medicine__isnull=False)


def test_question_is_answered_once(world):
    match = waiting(world)
    person = world.people[Role.SECRETARY]
    with pytest.raises(MatchRefused, match="哪一个品种"):
        decide_match(match, state="same", by=person, now=NOW)
    decide_match(match, state="ignored", by=person, now=NOW)
    with pytest.raises(MatchRefused, match="已由他人处理"):
        decide_match(match, state="new", by=person, now=NOW)


# --- the command


def run(tmp_path, kind, text, *more):
    file = tmp_path / "目录.csv"
    file.write_bytes(text.encode("gb18030"))
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command(
            "import_reference",
            kind,
            str(file),
            "--edition",
            "E",
            "--valid-from",
            "2025-01-01",
            *more,
            stdout=out,
            stderr=err,
        )
    except SystemExit as ended:
        code = ended.code
    return code, out.getvalue(), err.getvalue()


def test_command_prints_its_counts(db, tmp_path):
    assert run(tmp_path, "vbp_awards", AWARDS)[:2] == (0, "新增 3 变更 0 不变 0 拒收 0；新品种 1，待审名称 0\n")
    assert "新增 0 变更 0 不变 3 拒收 0" in run(tmp_path, "vbp_awards", AWARDS)[1]


def test_command_refuses_a_faulty_file_with_code_one(db, tmp_path):
    code, out, err = run(tmp_path, "vbp_awards", AWARDS.replace("0.06", "六分"))
    assert (code, "拒收 1" in out) == (1, True)
    assert "第 2 行" in err
    assert "六分" in err
    assert not ListEntry.objects.exists()


def test_command_dry_run_writes_nothing(db, tmp_path):
    assert run(tmp_path, "shortage_list", SHORTAGE, "--dry-run")[1].startswith("（预览，未写入）新增 2")
    assert not ListEntry.objects.exists()


def test_dates_on_the_command_line_are_read_as_people_write_them_and_refused_in_chinese(db, tmp_path):
    assert run(tmp_path, "shortage_list", SHORTAGE, "--valid-to", "2025/12/31")[0] == 0
    assert str(ListEntry.objects.first().edition.valid_to) == "2025-12-31"
    with pytest.raises(CommandError, match="应为日期") as refused:
        run(tmp_path, "shortage_list", SHORTAGE, "--valid-to", "soon")
    assert refused.value.returncode == 2
