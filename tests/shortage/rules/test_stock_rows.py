"""Every fault of a sheet is named at once, with its row; units and months become what they mean."""

import datetime as dt

import pytest

from formulary.rules.tables import DataRefused, read_tables
from shortage.rules.stock_codes import Catalogue, Drug, Pack
from shortage.rules.stock_file import HEADERS, Kind, read_stock_file
from shortage.rules.stock_rows import check, parse_expiry
from shortage.rules.stock_units import UnitUnclear, minimal_units
from shortage.rules.stock_workbook import marked, template

TODAY = dt.date(2026, 11, 21)
TABLET = Drug(1, "M1", "片", "氨氯地平片 5mg")
AMPOULE = Drug(2, "00123", "支", "肾上腺素注射液")
PACK = Pack(1, "M1-P1", TABLET, 28, "盒")
OTHER = Pack(2, "A-P1", AMPOULE, 10, "盒")
CATALOGUE = Catalogue(
    {"T1": 7},
    {"M1": TABLET, "00123": AMPOULE},
    {"M1-P1": PACK, "A-P1": OTHER},
    {"XC08CAA016A001010103294": PACK},
    frozenset({"H1"}),
)
HEAD = "机构编码,药品编码,产品编码,医保编码,批号,有效期,数量,单位,日期\n"


def read(lines, name="库存.csv", head=HEAD, encoding="utf-8"):
    [(kind, table)] = read_stock_file((head + "\n".join(lines) + "\n").encode(encoding), name=name)
    return check(kind, table, CATALOGUE, today=TODAY)


@pytest.mark.parametrize(
    ("text", "drug", "pack", "units"),
    [
        ("", TABLET, None, 1),
        ("片", TABLET, PACK, 1),
        ("盒", TABLET, PACK, 28),
        ("盒(10支)", AMPOULE, None, 10),
        ("盒（10 支）", AMPOULE, OTHER, 10),
        ("10支/盒", AMPOULE, None, 10),
        ("盒×28片", TABLET, PACK, 28),
    ],
)
def test_unit_becomes_minimal_units(text, drug, pack, units):
    assert minimal_units(text, drug, pack) == units


@pytest.mark.parametrize(
    ("text", "pack", "words"),
    [
        ("盒", None, "须填产品编码"),
        ("瓶", PACK, "每盒 28 片"),
        ("盒(30片)", PACK, "包装数 28"),
        ("盒(28粒)", PACK, "最小单位“片”"),
        ("盒(0片)", None, "不小于 1"),
    ],
)
def test_unclear_unit_says_what_is_expected(text, pack, words):
    with pytest.raises(UnitUnclear, match=words):
        minimal_units(text, TABLET, pack)


@pytest.mark.parametrize("cell", ["2027-05", "2027.5", "202705", "2027年5月", "2027-05-31", "20270531"])
def test_expiry_by_month_lasts_to_its_last_day(cell):
    assert parse_expiry(cell) == dt.date(2027, 5, 31)


def test_good_rows_become_facts_in_minimal_units():
    checked = read(["T1,M1,,,A,2027-05,10,,2026-11-20", "T1,,,XC08CAA016A001010103294,B,,２,盒,20261120"])
    rows = checked.frame[["row", "institution_id", "presentation_id", "product_id", "quantity", "batch"]]
    assert checked.faults == []
    assert rows.to_numpy().tolist() == [[2, 7, 1, 0, 10, "A"], [3, 7, 1, 1, 56, "B"]]


FAULTY = {
    "T9,M1,,,A,,1,,2026-11-20": ("机构编码", "没有此机构编码"),
    "H1,M1,,,A,,1,,2026-11-20": ("机构编码", "不在您可填报的机构范围内"),
    "T1,M9,,,A,,1,,2026-11-20": ("药品编码", "没有此药品编码"),
    "T1,123,,,A,,1,,2026-11-20": ("药品编码", "是否为“00123”"),
    "T1,m1,,,A,,1,,2026-11-20": ("药品编码", "大小写"),
    "T1,M1-P1,,,A,,1,,2026-11-20": ("药品编码", "这是产品编码"),
    "T1,1.23E+19,,,A,,1,,2026-11-20": ("药品编码", "Excel"),
    "T1,,,,A,,1,,2026-11-20": ("药品编码", "至少填一个"),
    "T1,M1,A-P1,,A,,1,,2026-11-20": ("产品编码", "应为药品 M1"),
    "T1,M1,,,A,2027-13,1,,2026-11-20": ("有效期", "2027-05"),
    "T1,M1,,,A,,约10,,2026-11-20": ("数量", "应为数字"),
    "T1,M1,,,A,,-1,,2026-11-20": ("数量", "不能为负数"),
    "T1,M1,,,A,,1.5,,2026-11-20": ("数量", "应为整数"),
    "T1,M1,,,A,,9999999999,,2026-11-20": ("数量", "数量过大"),
    "T1,M1,,,A,,,,2026-11-20": ("数量", "不能为空"),
    "T1,M1,,,A,,1,盒,2026-11-20": ("单位", "须填产品编码"),
    "T1,M1,,,A,,1,,2026-11-22": ("日期", "将来"),
    "T1,M1,,,A,,1,,1999-12-31": ("日期", "不早于 2000-01-01"),
    "T1,M1,,,A,,1,,2026-02-30": ("日期", "应为日期"),
}


@pytest.mark.parametrize(("line", "fault"), FAULTY.items())
def test_faulty_cell_is_named_with_what_is_expected(line, fault):
    checked = read([line])
    [found] = checked.faults
    assert (found.row, found.column, fault[1] in found.expected, len(checked.frame)) == (2, fault[0], True, 0)


def test_all_faults_come_at_once_in_the_order_of_rows():
    rows = [fault.row for fault in read(list(FAULTY)).faults]
    assert set(rows) == set(range(2, 2 + len(FAULTY)))
    assert rows == sorted(rows)


def test_second_row_of_the_same_batch_is_a_duplicate_whatever_code_names_it():
    lines = ["T1,,M1-P1,,A,,1,,2026-11-20", "T1,,,XC08CAA016A001010103294,A,,2,,2026-11-20"]
    [fault] = read(lines).faults
    assert (fault.row, "与第 2 行重复" in fault.expected) == (3, True)


def test_returns_are_explained_where_use_is_negative():
    [fault] = read(["T1,M1,2026-11-20,-3"], name="消耗.csv", head="机构编码,药品编码,日期,数量\n").faults
    assert "冲减" in fault.expected


def test_gb18030_file_with_rare_characters_is_read():
    assert read(["T1,M1,,,批㐀,,1,,2026-11-20"], encoding="gb18030").frame["batch"].tolist() == ["批㐀"]


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("数据.csv", "机构编码,药品编码,日期,数量\n", Kind.CONSUMPTION),
        ("数据.csv", "机构编码,药品编码,批号,数量,日期\n", Kind.STOCK),
        ("11月库存.csv", "机构编码,药品编码,日期,数量\n", Kind.STOCK),
        ("usage.csv", "机构代码,药品编码,消耗日期,用量\n", Kind.CONSUMPTION),
        ("数据.csv", "机构编码,药品编码,订单号,数量,日期\n", Kind.RECEIPTS),
    ],
)
def test_name_or_columns_tell_what_a_file_is(name, head, kind):
    [(found, _)] = read_stock_file((head + "T1,M1,x,1,x\n").encode(), name=name)
    assert found is kind


@pytest.mark.parametrize(("text", "words"), [("甲,乙\n1,2\n", "没有找到"), (HEAD, "没有数据行")])
def test_file_without_facts_is_refused(text, words):
    with pytest.raises(DataRefused, match=words):
        read_stock_file(text.encode(), name="数据.csv")


def test_missing_column_is_named_and_no_row_trusted():
    checked = read(["T1,M1,5"], head="机构编码,药品编码,数量\n")
    assert [(fault.row, fault.column) for fault in checked.faults] == [(None, "日期")]
    assert checked.frame.empty


def test_marked_workbook_keeps_places_and_names_the_problem():
    source = ("盘存表\n" + HEAD + "T1,M9,,,A,,=1+1,,2026-11-20\nT1,M1,,,0012,,1,,2026-11-20\n").encode()
    [(kind, table)] = read_stock_file(source, name="库存.csv")
    faults = check(kind, table, CATALOGUE, today=TODAY).faults
    again = read_tables(marked(source, "库存.csv", faults), headers=HEADERS)["库存"]
    assert again.rows == [3, 4]
    assert "没有此药品编码" in again.columns["问题"][0]
    assert (again.columns["问题"][1], again.columns["批号"][1], again.columns["数量"][0]) == ("", "0012", "=1+1")


def test_empty_form_is_understood_and_its_notes_are_no_data():
    with pytest.raises(DataRefused, match="没有数据行"):
        read_stock_file(template(), name="模板.xlsx")


@pytest.mark.shared
def test_real_pharmacy_export_is_refused_with_every_fault(shared):
    path = shared / "series" / "chaoyang-pharmacy" / "chaoyang_pharmacy_sales_2018.csv"
    text = path.read_text(encoding="utf-8-sig").splitlines()
    lines = [line.split(",") for line in text[1:]]
    as_use = [f"T1,{row[3]},{row[0]},{row[5]}" for row in lines]
    checked = read(as_use, name="消耗.csv", head="机构编码,药品编码,日期,数量\n")
    assert {fault.row for fault in checked.faults} == set(range(2, len(lines) + 2))
    bad_dates = [fault for fault in checked.faults if fault.column == "日期" and fault.value == "2018-02-29"]
    negative = [fault for fault in checked.faults if fault.column == "数量" and "负数" in fault.expected]
    assert (len(bad_dates), len(negative)) == (23, 16)
