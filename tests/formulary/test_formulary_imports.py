"""An existing list as a workbook: columns guessed and mapped, every fault at once, unknown names to review, then a draft."""

import datetime as dt
import io

import openpyxl
import pytest
from django.urls import reverse

from config.access import Role
from formulary.models import FormularyImport, FormularyVersion, NameMatch, Product
from formulary.queries.version_checks import obstacles
from formulary.rules.formulary_file import guess, read_rows
from formulary.rules.tables import Table
from tests.formulary.releases import first_version

DAY = "2099-01-01"


def workbook(rows, header=("药品名称", "剂型", "规格", "使用级别", "管控", "备注")):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "目录"
    if "规格" in header:
        sheet.append(["江宁县用药目录"])
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    out.name = "现有目录.xlsx"
    return out


GOOD = [
    ("氨氯地平片", "片剂", "5mg", "村级", "", ""),
    ("阿莫西林胶囊", "胶囊剂", "250mg", "", "限制使用级", "儿科常用"),
    ("从未听说的片", "片剂", "1mg", "县级", "", ""),
    ("氨氯地平片", "片剂", "77mg", "县级", "", ""),
]


@pytest.fixture
def secretary(world, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    client.force_login(world.people[Role.SECRETARY])
    return client


def send(client, file):
    given = {"file": file, "title": "江宁统一用药目录", "effective_from": DAY, "default_level": "基层"}
    answer = client.post(reverse("version_import"), given)
    assert answer.status_code == 302
    return FormularyImport.objects.get()


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_preview_says_what_would_come_and_what_is_not_known(world, secretary):
    first_version(world)
    upload = send(secretary, workbook(GOOD))
    assert upload.state == "ready"
    assert upload.mapping["name"] == "药品名称"
    assert {key: upload.effect[key] for key in ("lines", "added", "removed", "changed", "waiting_count")} == {
        "lines": 2, "added": 0, "removed": 0, "changed": 1, "waiting_count": 2,
    }  # fmt: skip
    page = text(secretary.get(reverse("version_import_detail", args=[upload.pk])))
    assert "从未听说的片" in page
    assert "没有这个规格的品规" in page


def test_accepting_makes_a_draft_and_asks_about_unknown_names(world, secretary):
    upload = send(secretary, workbook(GOOD))
    secretary.post(reverse("version_import_accept", args=[upload.pk]))
    draft = FormularyVersion.objects.get()
    assert (draft.imported_from, draft.is_published) == ("现有目录.xlsx", False)
    entries = dict(draft.entries.values_list("presentation__code", "lowest_level"))
    assert entries == {"M1": "村", "M2": "基层"}
    assert draft.entries.get(presentation__code="M2").restriction == "limited"
    asked = NameMatch.objects.get()
    assert (asked.name, asked.state, asked.get_kind_display()) == ("从未听说的片", "pending", "现有用药目录")
    assert secretary.post(reverse("version_import_accept", args=[upload.pk]), follow=True).status_code == 200
    assert FormularyVersion.objects.count() == 1


def test_every_fault_is_told_at_once_and_nothing_is_written(world, secretary):
    rows = [
        ("", "片剂", "5mg", "村", "", ""),
        ("氨氯地平片", "片剂", "", "村", "", ""),
        ("氨氯地平片", "片剂", "5mg", "省级", "乱写", ""),
        ("氨氯地平片", "片剂", "5mg", "村", "", ""),
        ("氨氯地平片", "片剂", "5 mg", "村", "", ""),
    ]
    upload = send(secretary, workbook(rows))
    assert upload.state == "faulty"
    page = text(secretary.get(reverse("version_import_detail", args=[upload.pk])))
    for words in ("没有药品编码时须写规格", "应为 三级、二级、基层、村 之一", "省级", "乱写", "与第 6 行是同一品规"):
        assert words in page
    secretary.post(reverse("version_import_accept", args=[upload.pk]))
    assert not FormularyVersion.objects.exists()


def test_other_columns_are_mapped_by_hand(world, secretary):
    header = ("甲", "乙", "丙")
    upload = send(secretary, workbook([("m1", "", "村"), ("M9", "", "")], header))
    assert upload.state == "faulty"
    address = reverse("version_import_detail", args=[upload.pk])
    given = {"sheet": "目录", "default_level": "二级", "column_code": "甲", "column_level": "丙"}
    page = text(secretary.post(address, given, follow=True))
    assert "没有此药品编码" in page
    upload.refresh_from_db()
    assert upload.effect["fault_count"] == 1


@pytest.mark.parametrize("content", [b"\x00\x01", b"PK\x03\x04 broken", b""])
def test_a_file_that_cannot_be_read_says_so(world, secretary, content):
    file = io.BytesIO(content)
    file.name = "x.xlsx"
    given = {"file": file, "title": "目录", "effective_from": DAY, "default_level": "基层"}
    answer = secretary.post(reverse("version_import"), given, follow=True)
    assert answer.status_code in (200, 422)
    assert "有误" in answer.content.decode() or "文件是空的" in answer.content.decode()
    assert not FormularyVersion.objects.exists()


def test_columns_are_guessed_by_their_usual_names():
    assert guess(["序号", "药品代码", "通用名称", "规格型号", "使用范围"]) == {
        "code": "药品代码", "name": "通用名称", "strength": "规格型号", "level": "使用范围",
    }  # fmt: skip


def test_a_mapping_without_code_or_name_is_refused():
    rows, faults = read_rows(Table("目录", {"规格": ["5mg"]}, [2]), {"strength": "规格"}, default_level="村")
    assert rows == []
    assert "请至少指定" in faults[0].expected


def with_approvals(*rows):
    return workbook(rows, header=("药品编码", "批准文号", "批准文号有效期至"))


def test_the_last_day_of_an_approval_is_written_with_the_draft_and_the_rule_reads_it(world, secretary):
    Product.objects.filter(presentation=world.drugs["M2"]).update(active=False)
    product = Product.objects.create(
        presentation=world.drugs["M2"], code="P-M2", maker="甲厂", pack_size=24, approval_number="国药准字H1"
    )
    send(secretary, with_approvals(("M2", "国药准字H1", "2026-01-31")))
    upload = FormularyImport.objects.get()
    assert upload.effect["approvals"] == 1
    secretary.post(reverse("version_import_accept", args=[upload.pk]))
    product.refresh_from_db()
    assert product.approval_ends == dt.date(2026, 1, 31)
    draft = FormularyVersion.objects.get(published_at=None)
    assert "approval_ended" in {one.finding.code for one in obstacles(draft).findings}


def test_a_row_without_a_number_speaks_of_the_only_product(world, secretary):
    Product.objects.filter(presentation=world.drugs["M2"]).update(active=False)
    product = Product.objects.create(presentation=world.drugs["M2"], code="P-M2", maker="甲厂", pack_size=24)
    send(secretary, with_approvals(("M2", "", "2028-01-31")))
    secretary.post(reverse("version_import_accept", args=[FormularyImport.objects.get().pk]))
    product.refresh_from_db()
    assert product.approval_ends == dt.date(2028, 1, 31)


def test_an_unknown_number_two_products_and_no_date_are_told_at_once(world, secretary):
    Product.objects.filter(presentation=world.drugs["M2"]).update(active=False)
    for n in (1, 2):
        Product.objects.create(
            presentation=world.drugs["M2"], code=f"P{n}", maker="甲厂", pack_size=24, approval_number=f"国药准字H{n}"
        )
    send(secretary, with_approvals(("M2", "国药准字H9", "2028-01-31"), ("M1", "", "明年")))
    said = " ".join(str(fault) for fault in FormularyImport.objects.get().effect["faults"])
    assert "应为日期" in said
    assert "应为 国药准字H1、国药准字H2" in said
