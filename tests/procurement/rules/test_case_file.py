"""The case workbook: round trip, defaults, and every fault at once."""

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from openpyxl import Workbook

from formulary.rules.tables import DataRefused
from procurement.optimiser.case import Pin
from procurement.rules.case_file import read_case, write_case
from tests.procurement.optimiser.worlds import SMALL, random_case

GOOD = {
    "机构": [
        ["机构编码", "机构名称", "级别", "预算"],
        ["00001", "中心卫生院", "基层", 100],
        ["00002", "县医院", "二级", ""],
    ],
    "药品": [["药品编码", "通用名", "基药", "医保"], ["D1", "阿莫西林", "是", "甲"]],
    "产品": [["产品编码", "药品编码", "供应商编码", "包装数", "单价"], ["P1", "D1", "S1", 24, 12.5]],
    "需求": [["机构编码", "药品编码", "需求量"], ["00001", "D1", 48]],
}


def workbook(sheets):
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    raw = io.BytesIO()
    book.save(raw)
    return raw.getvalue()


def changed(**sheets):
    return workbook({**GOOD, **sheets})


def faults(raw):
    with pytest.raises(DataRefused) as refused:
        read_case(raw)
    return {(f.sheet, f.row, f.column) for f in refused.value.faults}


def test_missing_optional_columns_and_sheets_mean_no_such_rule():
    case = read_case(workbook(GOOD))
    site, product, drug = case.institutions[0], case.products[0], case.drugs[0]
    assert (site.code, site.budget, site.essential_floor, site.cold_capacity) == ("00001", Decimal(100), None, None)
    assert case.institutions[1].budget is None
    assert (product.minimum_packs, product.supply, product.status, product.in_use) == (1, None, "非集采", True)
    assert (drug.daily, drug.group, drug.emergency) == (Decimal(1), "", False)
    assert (case.total_budget, case.nonwinning_ratio, case.group_limit) == (None, Decimal(1), None)
    assert [supplier.code for supplier in case.suppliers] == ["S1"]


@pytest.mark.parametrize("seed", range(8))
def test_a_written_case_reads_back_the_same(seed, tmp_path):
    case = random_case(seed, sites=3, drugs=5)
    write_case(case, tmp_path / "case.xlsx")
    assert read_case(tmp_path / "case.xlsx") == case


def test_columns_may_stand_in_any_order_and_flags_in_any_spelling():
    case = read_case(
        changed(药品=[["医保", "基药", "药品编码", "通用名", "短缺急救"], ["无", "TRUE", "D1", "阿莫西林", 1]])
    )
    assert (case.drugs[0].essential, case.drugs[0].emergency, case.drugs[0].insurance) == (True, True, "无")


def test_all_faults_of_all_sheets_are_told_at_once():
    raw = changed(
        机构=[
            ["机构编码", "机构名称", "级别", "基药金额占比下限"],
            ["00001", "甲", "六级", 1.2],
            ["00001", "乙", "村", 0.5],
        ],
        药品=[["药品编码", "通用名", "基药", "医保", "日用量"], ["D1", "阿莫西林", "也许", "甲", 0]],
        产品=[
            ["产品编码", "药品编码", "供应商编码", "包装数", "单价", "集采状态"],
            ["P1", "D9", "S1", 0, "十元", "中标"],
            ["P2", "D1", "S9", 1, -1, "中选"],
        ],
        供应商=[["供应商编码"], ["S1"]],
        配送范围=[["供应商编码", "机构编码"], ["S1", "00009"], ["S7", "00001"]],
        需求=[["机构编码", "药品编码", "需求量"], ["00001", "D1", -5], ["00001", "D1", 4], ["00003", "D1", "多"]],
        约定量=[["产品编码", "机构编码", "剩余约定量"], ["P9", "", 5], ["P1", "00001", 1.5]],
        参数=[["参数", "值"], ["总预算", -1], ["品规数上限", 1.5], ["折扣", 3]],
    )
    assert faults(raw) == {
        ("机构", 2, "级别"), ("机构", 2, "基药金额占比下限"), ("机构", 3, "机构编码"),
        ("药品", 2, "基药"), ("药品", 2, "日用量"),
        ("产品", 2, "药品编码"), ("产品", 2, "包装数"), ("产品", 2, "单价"), ("产品", 2, "集采状态"),
        ("产品", 3, "供应商编码"), ("产品", 3, "单价"),
        ("配送范围", 2, "机构编码"), ("配送范围", 3, "供应商编码"),
        ("需求", 2, "需求量"), ("需求", 3, "机构编码、药品编码"), ("需求", 4, "机构编码"), ("需求", 4, "需求量"),
        ("约定量", 2, "产品编码"), ("约定量", 3, "剩余约定量"),
        ("参数", 2, "值"), ("参数", 3, "值"), ("参数", 4, "参数"),
    }  # fmt: skip


def test_a_missing_sheet_and_a_missing_column_are_named():
    sheets = {name: rows for name, rows in GOOD.items() if name != "需求"}
    sheets["产品"] = [["产品编码", "药品编码", "供应商编码", "包装数"], ["P1", "D1", "S1", 1]]
    assert faults(workbook(sheets)) == {("需求", None, ""), ("产品", None, "单价")}


def test_a_duplicate_agreed_volume_for_the_whole_alliance_is_refused():
    rows = [["产品编码", "机构编码", "剩余约定量"], ["P1", "", 5], ["P1", None, 6]]
    assert faults(changed(约定量=rows)) == {("约定量", 3, "产品编码、机构编码")}


def test_the_message_names_place_value_and_expectation():
    with pytest.raises(DataRefused) as refused:
        read_case(changed(需求=[["机构编码", "药品编码", "需求量"], ["00001", "D1", "一百"]]), name="案例.xlsx")
    assert "〔需求〕第 2 行“需求量”列：值“一百”有误，应为不小于 0 的整数" in str(refused.value)


def test_the_small_world_survives_the_file(tmp_path):
    write_case(SMALL, tmp_path / "small.xlsx")
    assert read_case(tmp_path / "small.xlsx") == SMALL


def test_the_dust_of_a_computed_price_is_dropped():
    rows = [GOOD["产品"][0], ["P1", "D1", "S1", 24, 12.300000000000001]]
    assert read_case(changed(产品=rows)).products[0].price == Decimal("12.3")


def test_codes_keep_the_letters_of_their_own_sheet():
    raw = changed(
        机构=[["机构编码", "机构名称", "级别"], ["甲院（一）", "中心卫生院", "基层"]],
        需求=[["机构编码", "药品编码", "需求量"], ["甲院(一)", "Ｄ1", 48]],
    )
    case = read_case(raw)
    assert (case.institutions[0].code, case.needs[0].institution, case.needs[0].drug) == (
        "甲院（一）",
        "甲院（一）",
        "D1",
    )


def test_pins_are_read_back_as_they_were_written(tmp_path):
    case = replace(SMALL, pins=(Pin("P2", "恰好", 14, "A", "临床反馈"), Pin("P4", "禁止")))
    write_case(case, tmp_path / "算例.xlsx")
    assert read_case(tmp_path / "算例.xlsx").pins == case.pins


def test_pins_that_cannot_hold_are_faults_of_their_sheet(tmp_path):
    write_case(replace(SMALL, pins=(Pin("P4", "至少", 60, "A"),)), tmp_path / "算例.xlsx")
    with pytest.raises(DataRefused) as refused:
        read_case(tmp_path / "算例.xlsx")
    [fault] = refused.value.faults
    assert fault.sheet == "固定"
    assert "超出机构预算" in fault.expected
