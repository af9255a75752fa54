"""The administration: whole cells in previews, Chinese words for faults, nothing deleted."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tablib import Dataset

from config.access import Role
from formulary.admin.medicine import PresentationResource, ProductResource
from formulary.models import Event, Presentation, Product

HEAD = ["产品编码", "药品编码", "生产企业", "包装数", "包装单位", "商品名", "医保编码", "批准文号"]


def products(*rows):
    return Dataset(*rows, headers=HEAD)


def test_preview_shows_old_and_new_cell_whole(world):
    rows = Dataset(
        ["M1", "氨氯地平片", "片剂", "2.5mg", "片"], headers=["药品编码", "通用名", "剂型", "规格", "最小单位"]
    )
    result = PresentationResource().import_data(rows, dry_run=True)
    assert "<del>5mg</del> → <ins>2.5mg</ins>" in "".join(map(str, result.rows[0].diff))
    assert Presentation.objects.get(code="M1").strength == "5mg"


def test_faulty_rows_are_told_in_chinese(world):
    result = ProductResource().import_data(
        products(["N1", "M9", "甲", "10", "盒", "", "", ""], ["N2", "M1", "甲", "十", "盒", "", "", ""]), dry_run=True
    )
    said = " ".join(str(error.error) for row in result.rows for error in row.errors) + " ".join(
        str(row.error) for row in result.invalid_rows
    )
    assert "没有编码为“M9”的品规" in said
    assert "值“十”有误，应为整数" in said


def test_import_through_the_page_asks_before_it_writes(world, client):
    client.force_login(world.people[Role.ADMINISTRATOR])
    content = ",".join(HEAD) + "\nN1,M1,乙药厂,14,盒,,,\n"
    upload = SimpleUploadedFile("产品.csv", content.encode("utf-8-sig"))
    answer = client.post(reverse("admin:formulary_product_import"), {"format": "0", "import_file": upload})
    assert answer.status_code == 200
    assert "乙药厂" in answer.content.decode()
    assert not Product.objects.filter(code="N1").exists()


@pytest.mark.parametrize(
    "model", ["alliance", "institution", "rulevalue", "medicine", "presentation", "product", "person", "membership"]
)
def test_list_and_form_open_and_nothing_can_be_deleted(world, client, model):
    client.force_login(world.people[Role.ADMINISTRATOR])
    assert client.get(reverse(f"admin:formulary_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:formulary_{model}_add")).status_code == 200
    delete = reverse(f"admin:formulary_{model}_delete", args=[world.alliance.pk])
    assert client.post(delete, {"post": "yes"}).status_code in {302, 403}


def test_saved_row_leaves_an_event_with_before_and_after(world, client):
    client.force_login(world.people[Role.ADMINISTRATOR])
    form = {"code": "JN", "name": "江宁县域医共体", "province": "江苏", "region_code": "320115"}
    client.post(reverse("admin:formulary_alliance_change", args=[world.alliance.pk]), form)
    event = Event.objects.get(verb="修改主数据")
    assert (event.by, event.chain, event.data) == ("admin", "JN", {"名称": ["江宁医共体", "江宁县域医共体"]})


def test_confirmed_import_writes_the_rows_and_one_event(world, client):
    client.force_login(world.people[Role.ADMINISTRATOR])
    content = ",".join(HEAD) + "\nN1,M1,乙药厂,14,盒,,,\n"
    upload = SimpleUploadedFile("产品.csv", content.encode("utf-8-sig"))
    preview = client.post(reverse("admin:formulary_product_import"), {"format": "0", "import_file": upload})
    confirm = preview.context["confirm_form"].initial
    client.post(reverse("admin:formulary_product_process_import"), confirm)
    assert Product.objects.get(code="N1").maker == "乙药厂"
    assert Event.objects.get(verb="导入产品").data == {"新增": 1, "更改": 0, "不变": 0}


def test_other_roles_cannot_enter(world, client):
    client.force_login(world.people[Role.SECRETARY])
    assert client.get(reverse("admin:formulary_product_changelist")).status_code == 302


def test_change_in_the_administration_is_kept_with_the_values_before_and_after(world, client):
    client.force_login(world.people[Role.ADMINISTRATOR])
    product = Product.objects.first()
    page = client.get(reverse("admin:formulary_product_change", args=[product.pk]))
    form = page.context["adminform"].form
    typed = {name: "" if form.initial.get(name) is None else form.initial[name] for name in form.fields}
    answer = client.post(page.request["PATH_INFO"], typed | {"active": "on", "maker": "新厂"})
    assert answer.status_code == 302
    event = Event.objects.get(verb="修改主数据")
    assert event.data == {"生产企业": [product.maker, "新厂"]}
    assert event.by == world.people[Role.ADMINISTRATOR].username


def test_password_set_in_the_administration_never_reaches_the_history(world, client):
    client.force_login(world.people[Role.ADMINISTRATOR])
    secret = "Qing-shan-2026-lv"
    new = {"username": "xin", "name": "新人", "password1": secret, "password2": secret}
    new |= {"memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0, "usable_password": "true"}
    assert client.post(reverse("admin:formulary_person_add"), new).status_code == 302
    event = Event.objects.get(verb="新增主数据")
    assert secret not in str(event.data)
    assert event.data["姓名"] == ["", "新人"]
