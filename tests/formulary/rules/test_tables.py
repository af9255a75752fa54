"""Any table people send becomes text columns; what cannot be read is refused in words."""

import datetime as dt
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.tables import DataRefused, clean, read_tables

WORDS = st.text(
    alphabet=st.characters(whitelist_categories=["Lu", "Ll", "Lo", "Nd"], max_codepoint=0x9FA5), min_size=1, max_size=8
)


def workbook(**sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_csv_in_gb18030_reads_like_utf8():
    text = "机构编码,数量\n00012,３\n"
    for raw in (text.encode("gb18030"), text.encode(), text.encode("utf-8-sig")):
        table = read_tables(raw, name="库存.csv")["库存"]
        assert table.columns["机构编码"] == ["00012"]
        assert clean(table.columns["数量"][0]) == "3"


def test_header_is_found_below_titles():
    raw = workbook(库存=[["某县库存表"], ["制表：张三"], ["机构编码", "数量"], ["H1", 3]])
    table = read_tables(raw, headers=["机构编码", "数量"])["库存"]
    assert (table.columns, table.rows) == ({"机构编码": ["H1"], "数量": ["3"]}, [4])


def test_blank_rows_are_passed_over_and_row_numbers_stay_those_of_excel():
    raw = workbook(库存=[["机构编码"], ["H1"], [None], ["H2"]])
    assert read_tables(raw)["库存"].rows == [2, 4]


def test_numbers_dates_and_yes_read_as_excel_shows_them():
    raw = workbook(表=[["a", "b", "c", "d"], [12.0, 0.25, dt.date(2026, 11, 21), True]])
    assert {k: v[0] for k, v in read_tables(raw)["表"].columns.items()} == {
        "a": "12", "b": "0.25", "c": "2026-11-21", "d": "是",
    }  # fmt: skip


def test_codes_kept_as_numbers_under_a_format_of_zeros_read_with_their_zeros():
    book = openpyxl.load_workbook(io.BytesIO(workbook(说明=[["无"]], 表=[["编码", "数量"], [12, 12], ["0007", 3.5]])))
    for row in (2, 3):
        book["表"].cell(row, 1).number_format = "00000"
    stream = io.BytesIO()
    book.save(stream)
    columns = read_tables(stream.getvalue())["表"].columns
    assert columns == {"编码": ["00012", "0007"], "数量": ["12", "3.5"]}


def test_repeated_header_is_refused_with_its_place():
    with pytest.raises(DataRefused, match=r"〔表〕第 1 行“数量”列：列名重复"):
        read_tables(workbook(表=[["数量", "数量"], [1, 2]]))


@pytest.mark.parametrize("raw", [b"PK\x03\x04 not a zip", b"\xd0\xcf\x11\xe0 not an xls"])
def test_broken_workbook_is_refused(raw):
    with pytest.raises(DataRefused, match="不是可读的 Excel 工作簿"):
        read_tables(raw, name="坏.xlsx")


def test_bomb_is_refused_before_it_is_opened():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 40_000_000)
    with pytest.raises(DataRefused, match="解压后过大"):
        read_tables(stream.getvalue(), name="炸弹.xlsx")


def test_workbook_with_macros_is_refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    with pytest.raises(DataRefused, match="含宏"):
        read_tables(stream.getvalue(), name="宏.xlsx")


@given(st.lists(WORDS, min_size=1, max_size=5, unique_by=clean), st.lists(WORDS, min_size=1, max_size=5))
def test_csv_round_trip_keeps_every_cell(headers, cells):
    rows = [headers, *([cell] * len(headers) for cell in cells)]
    raw = "\n".join(",".join(row) for row in rows).encode()
    table = read_tables(raw, name="t.csv")["t"]
    assert list(table.columns) == [clean(header) for header in headers]
    assert all(column == cells for column in table.columns.values())


def test_every_shared_list_can_be_read(shared):
    for path in sorted((shared / "reference").rglob("*.csv")):
        table = next(iter(read_tables(path).values()))
        assert len(table) > 10, path.name


@pytest.mark.parametrize("above", ["", "\n\n", "某县用药\n", '"甲,乙,丙,丁"\n'])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_delimiter_is_found_below_blank_lines_and_titles(above, mark):
    raw = above + mark.join(["编码", '"名称,商品名,别名"', "数量"]) + "\n" + mark.join(["01", '"a,b;c"', "3"]) + "\n"
    table = read_tables(raw.encode(), name="t.csv", headers=["编码", "数量"])["t"]
    assert (table.columns["编码"], table.columns["数量"]) == (["01"], ["3"])


def test_quote_that_never_ends_is_told_by_its_line():
    raw = 'a,b\n1,2\n"3,4\n' + "5,6\n" * 50_000
    with pytest.raises(DataRefused, match="未成对的引号"):
        read_tables(raw.encode(), name="t.csv")
