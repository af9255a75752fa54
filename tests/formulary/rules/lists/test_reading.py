"""List files small enough to check by hand: every row becomes one entry, every fault is told at once."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.lists.files import KINDS, read_list
from formulary.rules.lists.neml import FormSpec, form_specs, needs_specialist
from formulary.rules.lists.nhsa_codes import code_fault
from formulary.rules.tables import DataRefused

NRDL = "部分,药品分类代码,甲乙类,编号,药品名称,剂型,协议有效期\n"
AWARDS = "批次,品种,规格,省份,中选企业简称,中选企业全称,中选价_元每最小单位\n"
NEML = "目录部分,序号,是否重复出现,一级分类,二级分类,功能,品种名称,英文名,剂型规格,备注,专科医师指导标识\n"


def read(kind, text, encoding="utf-8"):
    return read_list(kind, text.encode(encoding), name="表.csv")


def refused(kind, text):
    with pytest.raises(DataRefused) as caught:
        read(kind, text)
    return caught.value


def test_class_belongs_to_name_and_form():
    rows = read(
        "nrdl", NRDL + "西药部分,XJ01,甲,700,左氧氟沙星,注射剂,\n西药部分,XJ01,乙,700,左氧氟沙星氯化钠,注射剂,\n"
    )
    assert [(row.category, row.items[0].name.substance) for row in rows] == [
        ("甲", "左氧氟沙星"), ("乙", "左氧氟沙星氯化钠"),
    ]  # fmt: skip


def test_negotiated_row_is_nationally_negotiated_until_its_agreement_ends():
    (row,) = read("nrdl", NRDL + "协议期内谈判药品部分-西药,XA,乙,1,注射用艾普拉唑钠,,2024年1月1日至2025年12月31日\n")
    assert (row.category, row.valid_to) == ("国谈", dt.date(2025, 12, 31))
    assert row.attributes["协议有效期"] == "2024年1月1日至2025年12月31日"


def test_cell_with_several_names_asks_for_each_of_them():
    text = (
        NRDL
        + "西药部分,XB,甲,279,复方氨基酸(18AA)；复方氨基酸(18AA-Ⅰ),注射剂,\n西药部分,XB,甲,410,硝苯地平；硝苯地平Ⅰ,缓释控释剂型,\n"
    )
    amino, nifedipine = read("nrdl", text)
    assert [item.name.qualifier for item in amino.items] == ["18AA", "18AA-Ⅰ"]
    assert [item.name.raw for item in nifedipine.items] == ["硝苯地平；硝苯地平Ⅰ"]


def test_row_that_names_a_class_of_drugs_is_kept_without_a_drug():
    (row,) = read("nrdl", NRDL + "西药部分,XJ05,甲,777,抗艾滋病用药,,\n")
    assert row.items == ()


def test_identical_rows_are_all_kept():
    line = "西药部分,XA,甲,1,氯化钠,注射剂,\n"
    assert [row.key.rsplit("|", 1)[1] for row in read("nrdl", NRDL + line * 3)] == ["注射剂", "注射剂#2", "注射剂#3"]


def test_keys_survive_another_order_of_rows():
    lines = [
        "第二批,甲片,5mg,江苏,某,某公司,0.1\n",
        "第二批,甲片,5mg,江苏,某,某公司,0.2\n",
        "第二批,乙片,5mg,江苏,某,某公司,0.3\n",
    ]
    first = {row.key: row.price for row in read("vbp_awards", AWARDS + "".join(lines))}
    second = {row.key: row.price for row in read("vbp_awards", AWARDS + "".join(reversed(lines)))}
    assert first == second
    assert len(first) == 3


def test_award_keeps_the_long_price_and_its_tender():
    (row,) = read("vbp_awards", AWARDS + "第四批,普拉克索缓释控释剂型,0.375mg,新疆（含兵团）,某,某公司,24.8571428571\n")
    assert (row.price, row.tender, row.region, row.items[0].strengths) == (
        Decimal("24.85714286"), "第四批", "新疆（含兵团）", ("0.375mg",),
    )  # fmt: skip


def test_backup_supplier_is_told_from_the_winner():
    head = "批次,品种,规格,省份,中选企业,中选价,供应类型\n"
    rows = read("vbp_awards", head + "第九批,甲片,5mg,江苏,子公司,0.1,主供\n第九批,甲片,5mg,江苏,丑公司,0.2,备供\n")
    assert [row.category for row in rows] == ["主供", "备供"]


def test_volume_in_ten_thousands_is_counted_in_units():
    head = "批次,地区,品种,规格,首年约定采购量_万片万支万袋\n"
    (row,) = read("vbp_volumes", head + "第二批,山西,甲口服常释剂型,10mg,1809.83\n")
    assert row.quantity == Decimal("18098300")


def test_header_may_be_written_otherwise_and_in_other_order():
    text = "规格,品种,约定采购量（万片）,地区,批次,备注\n10mg,甲片,1.5,山西,第二批,无\n"
    (row,) = read("vbp_volumes", text, "gb18030")
    assert (row.quantity, row.attributes["备注"]) == (Decimal("15000.0"), "无")


def test_workbook_with_a_title_above_reads_the_same():
    book = openpyxl.Workbook()
    for line in (["国家医保药品目录"], ["药品名称", "部分", "甲乙类"], ["氯化钠", "西药部分", "甲类"]):
        book.active.append(line)
    raw = io.BytesIO()
    book.save(raw)
    (row,) = read_list("nrdl", raw.getvalue(), name="目录.xlsx")
    assert (row.name, row.category, row.row) == ("氯化钠", "甲", 3)


@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("XA02AXX095A001010103357", True), ("ZA06CAX0438020102282", True), ("T000100123", True),
        ("XA02AXX095A00101010335", False), ("ZA06CAX043802010228", False), ("XA02AXX095A0010101O3357", False), ("8690", False),
    ],
)  # fmt: skip
def test_code_structure(code, right):
    assert (code_fault(code) == "") is right


def test_every_fault_is_told_at_once_with_its_place():
    text = NRDL + "西药部分,XA,丙,1,氯化钠,注射剂,\n西药部分,XA,甲,2,,注射剂,\n谈判,XA,乙,3,甲片,,到年底\n"
    faults = refused("nrdl", text).faults
    assert [(fault.row, fault.column, fault.value) for fault in faults] == [
        (2, "甲乙类", "丙"), (3, "药品名称", ""), (4, "协议有效期", "到年底"),
    ]  # fmt: skip


def test_wrong_code_and_price_are_refused():
    assert "23 位" in str(refused("nhsa_codes", "药品代码,注册名称\nXA1,甲片\n"))
    assert "应为不小于 0 的金额" in str(refused("vbp_awards", AWARDS + "第二批,甲片,5mg,江苏,某,某公司,面议\n"))


@pytest.mark.parametrize(
    ("kind", "header", "hint"),
    [
        ("neml", "目录部分,序号,品种名称,盐基酸根,剂型", "品种×剂型推导表"),
        ("vbp_awards", "批次,序号,品种,规格,生产企业全称,是否中选", "申报价_元每最小单位"),
        ("vbp_awards", "批次,地区,品种,规格,首年约定采购量_万片万支万袋", "请用 vbp_volumes 导入"),
        ("vbp_volumes", "批次,品种,规格,省份,中选企业全称,中选价_元每最小单位", "请用 vbp_awards 导入"),
        ("vbp_volumes", "地区,品种,规格,约定采购量", "缺少 批次"),
    ],
)
def test_file_of_another_kind_says_what_is_expected(kind, header, hint):
    told = str(refused(kind, header + "\n" + ",".join("x" for _ in header.split(",")) + "\n"))
    assert "应有" in told
    assert hint in told


def test_file_without_rows_is_refused():
    assert "没有数据行" in str(refused("nrdl", NRDL))


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("片剂、胶囊：0.25g", [("", "片剂", ("0.25G",)), ("", "胶囊", ("0.25G",))]),
        ("（钾盐）注射用无菌粉末：0.25g（40万单位）、0.5g", [("钾盐", "注射用无菌粉末", ("0.25G(40万单位)", "0.5G"))]),
        ("肠溶（片剂、胶囊）：20mg", [("", "肠溶片剂", ("20MG",)), ("", "肠溶胶囊", ("20MG",))]),
        ("（酒石酸盐）片剂：25mg （琥珀酸盐）缓释（片、胶囊）：47.5mg",
         [("酒石酸盐", "片剂", ("25MG",)), ("琥珀酸盐", "缓释片", ("47.5MG",)), ("琥珀酸盐", "缓释胶囊", ("47.5MG",))]),
        ("片剂、缓释片、注射液", [("", "片剂", ()), ("", "缓释片", ()), ("", "注射液", ())]),
        ("注射用人干扰素α1b∶10μg、30μg", [("", "注射用人干扰素α1B", ("10μG", "30μG"))]),
        ("丸剂：每丸重9g，每10丸重1.8g", [("", "丸剂", ("每丸重9G,每10丸重1.8G",))]),
        ("", []),
    ],
)  # fmt: skip
def test_forms_and_strengths_of_an_essential_medicine(text, specs):
    assert list(form_specs(text)) == [FormSpec(*each) for each in specs]


def test_ester_is_asked_under_its_own_name_first():
    text = (
        NEML
        + '化学药品,12,否,抗微生物药,,,头孢呋辛,,"（头孢呋辛酯）片剂、胶囊：0.25g\n（钠盐）注射用无菌粉末：0.75g",,否\n'
    )
    (row,) = read("neml", text)
    tablet, capsule, injection = row.items
    assert [name.substance for name in (tablet.name, *tablet.alternatives)] == ["头孢呋辛酯", "头孢呋辛"]
    assert capsule.name.substance == "头孢呋辛酯"
    assert (injection.name.substance, injection.strengths) == ("头孢呋辛", ("0.75G",))


def test_chinese_names_get_the_strengths_of_their_form():
    text = NEML + '中成药,34,否,内科用药,,,银黄口服液（颗粒）,,"合剂：每支装10ml\n颗粒剂：每袋装2g、4g",,否\n'
    (row,) = read("neml", text)
    assert [(item.name.raw, item.form, item.strengths) for item in row.items] == [
        ("银黄口服液", "合剂", ("每支装10ML",)), ("银黄颗粒", "颗粒剂", ("每袋装2G", "4G")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("remark", "form", "asked"),
    [("△", "片剂", True), ("注释2 △", "片剂", True), ("注射液△", "注射液", True), ("注射液△", "片剂", False), ("滴剂△", "软胶囊", False),
     ("注射液、注射用无菌粉末△", "注射用无菌粉末", True), ("酊剂△", "合剂", False), ("注释4", "片剂", False)],
)  # fmt: skip
def test_triangle_may_speak_of_one_form_only(remark, form, asked):
    assert needs_specialist(remark, form) is asked


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_refuses_an_unrelated_table(kind):
    assert len(refused(kind, "甲,乙\n1,2\n").faults) == 1


CELL = st.text(alphabet="甲乙片注射剂0.5mg（）、；()Ⅱ-/αA ", min_size=1, max_size=12).filter(lambda text: text.strip())


@given(st.lists(st.tuples(st.sampled_from("甲乙"), CELL, CELL), min_size=1, max_size=12))
def test_no_row_is_lost_and_every_key_is_its_own(rows):
    lines = "".join(f"西药部分,XA,{letter},1,{name},{form},\n" for letter, name, form in rows)
    entries = read("nrdl", NRDL + lines)
    assert [entry.name for entry in entries] == [name.strip() for _, name, _ in rows]
    assert len({entry.key for entry in entries}) == len(rows)
