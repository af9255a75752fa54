"""The tables that belong to a kind under other columns: each row one entry, nothing taken for what it is not."""

import io
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.lists.files import read_list
from formulary.rules.lists.sections import BIDS, DERIVED, PIECES, is_win, part_of
from formulary.rules.lists.vbp_bids import TRIAL, regions
from formulary.rules.tables import DataRefused
from tests.formulary.lists import BIDDING, CITIES, DERIVED_FORMS, PIECES_LIST, TRIAL_RESULTS


def read(kind, text, encoding="utf-8"):
    return read_list(kind, text.encode(encoding), name="表.csv")


def test_pieces_are_rows_of_their_own_part_without_a_drug():
    rows = read("nrdl", PIECES_LIST)
    assert [(row.name, row.number, row.category, row.section, row.items) for row in rows] == [
        ("一枝黄花", "1", "饮片", PIECES, ()), ("丁香", "3", "饮片", PIECES, ()), ("人工牛黄", "4", "饮片", PIECES, ()),
    ]  # fmt: skip
    assert rows[1].attributes["备注"] == "□"


def test_pieces_on_a_sheet_beside_the_list_are_read_with_it():
    book = openpyxl.Workbook()
    for line in (["药品名称", "部分", "甲乙类"], ["氯化钠", "西药部分", "甲"]):
        book.active.append(line)
    for line in (["饮片名称", "序号"], ["丁香", 3]):
        (book["饮片"] if "饮片" in book.sheetnames else book.create_sheet("饮片")).append(line)
    book.create_sheet("说明").append(["凡例"])
    raw = io.BytesIO()
    book.save(raw)
    rows = read_list("nrdl", raw.getvalue(), name="目录.xlsx")
    assert [(row.name, row.section) for row in rows] == [("氯化钠", "西药"), ("丁香", PIECES)]


def test_bid_that_lost_is_stored_and_no_win():
    rows = read("vbp_awards", BIDDING)
    assert [(row.company, row.category, row.region, row.price) for row in rows] == [
        ("甲药业有限公司", "中选", "江苏、新疆（含兵团）、安徽", Decimal("0.06")),
        ("乙药业有限公司", "非中选", "", Decimal("0.09")),
        ("丙药业有限公司", "中选", "浙江", Decimal("7.00")),  # above the ceiling of 6.6: stored as it is
        ("丁药业有限公司", "非中选", "", Decimal("99999")),
    ]  # fmt: skip
    assert {row.section for row in rows} == {BIDS}
    assert [is_win(row.category) for row in rows] == [True, False, True, False]


def test_bid_that_won_needs_its_price():
    with pytest.raises(DataRefused) as refused:
        read("vbp_awards", BIDDING.replace("6.6,0.06", "6.6,").replace(",否,6.6,0.09", ",也许,6.6,"))
    assert [(fault.row, fault.column) for fault in refused.value.faults] == [
        (3, "是否中选"), (2, "申报价_元每最小单位"),
    ]  # fmt: skip


def test_bid_and_award_of_one_company_keep_apart():
    award = "批次,品种,规格,省份,中选企业全称,中选价\n第二批,丙口服常释剂型,5mg,浙江,丙药业有限公司,7\n"
    assert not {row.key for row in read("vbp_awards", award)} & {row.key for row in read("vbp_awards", BIDDING)}


def test_trial_round_keeps_strengths_without_a_winner():
    rows = read("vbp_awards", TRIAL_RESULTS)
    assert [(row.strength, row.category, row.company, row.price) for row in rows] == [
        ("10mg", "非主品规", "", None), ("20mg", "中选", "北京嘉林", Decimal("0.94285700")), ("250mg", "流标", "石药集团", None),
    ]  # fmt: skip
    assert {row.tender for row in rows} == {TRIAL}
    assert {row.items[0].name.form_group for row in rows} == {"口服常释剂型"}
    assert [is_win(row.category) for row in rows] == [False, True, False]


def test_trial_volumes_by_city_are_counted_in_tablets():
    rows = read("vbp_volumes", CITIES)
    assert [(row.region, row.quantity, row.tender) for row in rows] == [
        ("北京", Decimal("27853100"), TRIAL), ("大连", None, TRIAL),
    ]  # fmt: skip


def test_tender_column_of_a_city_file_is_believed():
    (row,) = read("vbp_volumes", "批次,城市,品种,规格,约定采购量_万片\n第十三批,北京,甲片,5mg,1\n")
    assert row.tender == "第十三批"


def test_derived_forms_are_rows_that_speak_of_no_drug():
    rows = read("neml", DERIVED_FORMS)
    assert [(row.name, row.form, row.strength, row.category, row.section, row.items) for row in rows] == [
        ("氨氯地平", "片剂", "5mg", "", DERIVED, ()), ("阿莫西林", "胶囊", "0.25g", "待核对", DERIVED, ()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("西药部分", "西药"), ("西药", "西药"), ("中成药部分", "中成药"), ("协议期内谈判药品部分-中成药", "谈判中成药"),
        ("（三）协议期内谈判药品（西药）", "谈判西药"), ("竞价药品部分", "竞价西药"), ("化学药品和生物制品", "西药"), ("中药饮片部分", "饮片"),
    ],
)  # fmt: skip
def test_a_part_has_one_name_whatever_the_year_calls_it(words, part):
    assert part_of(words) == part


# --- next year's file: another order, extra and missing columns, full-width heads, GB18030 and xlsx

NEXT_YEAR = {
    "neml": ("编号,药品名称,目录部分,新列,剂型、规格", "6,阿莫西林,化学药品和生物制品,x,胶囊：0.25g"),
    "nrdl": ("名称,甲乙分类,新列,药品分部", "阿莫西林,甲类,x,西药"),
    "vbp_awards": ("中选价（元）,供应地区,规格,药品名称,中选企业,新列,集采批次", "0.06,江苏,0.25g,阿莫西林胶囊,甲公司,x,第十三批"),
    "vbp_volumes": ("约定采购量（万片）,规格,新列,药品名称,省份,集采批次", "1.5,0.25g,x,阿莫西林胶囊,江苏,第十三批"),
    "nhsa_codes": ("注册剂型,新列,注册名称,医保药品代码", "胶囊剂,x,阿莫西林胶囊,XJ01CAA040E001010103357"),
    "shortage_list": ("新列,通用名", "x,阿莫西林"),
}  # fmt: skip


def as_workbook(lines):
    book = openpyxl.Workbook()
    book.active.append(["某目录（最新版）"])
    for line in lines:
        book.active.append(line.split(","))
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


@pytest.mark.parametrize("kind", NEXT_YEAR)
def test_next_years_file_is_read_however_it_is_written(kind):
    lines = NEXT_YEAR[kind]
    wide = "".join(chr(ord(c) + 0xFEE0) if c in "()/" else c for c in lines[0])
    plain = read_list(kind, "\n".join(lines).encode(), name="目录.csv")
    assert len(plain) == 1
    assert plain[0].name.startswith("阿莫西林")
    assert plain[0].attributes["新列"] == "x"
    chinese = read_list(kind, "\n".join((wide, lines[1])).encode("gb18030"), name="目录.csv")
    workbook = read_list(kind, as_workbook(lines), name="目录.xlsx")
    for other in (*chinese, *workbook):
        assert (other.key, other.items, other.attributes) == (plain[0].key, plain[0].items, plain[0].attributes)


PROVINCES = ("山西", "内蒙古", "新疆（含兵团）", "江苏", "西藏")


@given(st.lists(st.sampled_from(PROVINCES), max_size=5), st.lists(st.sampled_from("，,、"), min_size=5, max_size=5))
def test_no_province_is_lost_between_commas_of_either_kind(names, commas):
    text = "".join(name + comma for name, comma in zip(names, commas, strict=False))
    assert [part for part in regions(text).split("、") if part] == names
