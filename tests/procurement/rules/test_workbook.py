"""Workbooks written by the planner."""

import time

from openpyxl import load_workbook

from procurement.rules.workbook import write_workbook


def test_equal_tables_make_equal_files_whatever_the_clock_says(tmp_path):
    sheets = {"机构": (("机构编码", "预算"), [("A", 1), ("=B", 2.5)])}
    write_workbook(tmp_path / "a.xlsx", sheets)
    time.sleep(1.1)
    write_workbook(tmp_path / "b.xlsx", sheets)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    assert load_workbook(tmp_path / "b.xlsx")["机构"]["B2"].value == 1
