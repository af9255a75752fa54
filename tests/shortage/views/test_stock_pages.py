"""Stock pages: who sees what, what a file would do before it does it, and taking it back."""

import datetime as dt

import pandas as pd
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from config.access import Role
from formulary.rules.tables import read_tables
from shortage.actions import facts
from shortage.models import Feed, Intake, StockPosition, Upload
from tests.conftest import NOW

TODAY = timezone.localdate()
HEAD = "机构编码,药品编码,批号,有效期,数量,单位,日期\n"


@pytest.fixture
def sign_in(client, world):
    def _sign_in(role):
        client.force_login(world.people[role])
        return client

    return _sign_in


@pytest.fixture
def stock(world):
    """H1 holds 50 of M1, T1 none of it and 7 of M2, as of today."""
    rows = [(world.h1, "M1", 50), (world.t1, "M1", 0), (world.t1, "M2", 7)]
    frame = pd.DataFrame(
        [
            {
                "institution_id": place.pk,
                "presentation_id": world.drugs[drug].pk,
                "date": TODAY,
                "quantity": quantity,
                "batch": "A",
                "expiry": TODAY + dt.timedelta(days=30),
            }
            for place, drug, quantity in rows
        ]
    )
    made = Intake.objects.create(alliance=world.alliance, source="file", name="盘存.xlsx", received_at=NOW)
    facts.put_stock(frame, intake=made, complete=True, now=NOW)
    facts.put_consumption(frame.drop(columns=["batch", "expiry"]), intake=made, now=NOW)
    return made


def upload(client, text, name="库存.csv"):
    file = SimpleUploadedFile(name, text.encode("gb18030"))
    return client.post(reverse("stock_import"), {"file": file}, follow=True)


def words(response):
    return response.content.decode()


def test_pharmacist_sees_only_the_own_institution(sign_in, stock, world):
    client = sign_in(Role.PHARMACIST)
    rows = client.get(reverse("stock_list")).context["page"].object_list
    assert {row.institution.code for row in rows} == {"T1"}
    drug = world.drugs["M1"].pk
    assert client.get(reverse("stock_detail", args=[world.h1.pk, drug])).status_code == 404
    assert client.get(reverse("stock_detail", args=[world.t1.pk, drug])).status_code == 200


def test_administrator_has_no_business_with_stock(sign_in, stock):
    assert sign_in(Role.ADMINISTRATOR).get(reverse("stock_list")).status_code == 403


def test_reader_cannot_import(sign_in, stock):
    assert sign_in(Role.HEAD).get(reverse("stock_import")).status_code == 403


@pytest.mark.parametrize(
    ("query", "drugs"),
    [
        ("state=out", [("T1", "M1")]),
        ("words=阿莫西林", [("T1", "M2")]),
        ("institution=H1", [("H1", "M1")]),
        ("expiry=90", [("H1", "M1"), ("T1", "M1"), ("T1", "M2")]),
        ("expiry=expired", []),
        ("state=silent", []),
    ],
)
def test_filters_narrow_the_overview(sign_in, stock, query, drugs):
    rows = sign_in(Role.BUREAU).get(f"{reverse('stock_list')}?{query}").context["page"].object_list
    found = {(row.institution.code, row.presentation.code) for row in rows}
    wanted = {pair for pair in drugs if pair != ("T1", "M1") or "expiry" not in query}
    assert found == wanted


def test_late_institution_has_no_data_instead_of_enough(sign_in, stock, world):
    Feed.objects.filter(institution=world.h1).update(last_date=TODAY - dt.timedelta(days=30))
    rows = sign_in(Role.BUREAU).get(reverse("stock_list") + "?institution=H1").context["page"].object_list
    assert [row.state for row in rows] == ["silent"]
    assert "从未上报" not in words(sign_in(Role.BUREAU).get(reverse("stock_feeds")))


def test_overview_asks_a_constant_number_of_queries(sign_in, stock, world, django_assert_max_num_queries):
    client = sign_in(Role.BUREAU)
    client.get(reverse("stock_list"))
    with django_assert_max_num_queries(40):
        client.get(reverse("stock_list"))


def test_item_page_names_source_row_and_batches(sign_in, stock, world):
    page = words(sign_in(Role.BUREAU).get(reverse("stock_detail", args=[world.h1.pk, world.drugs["M1"].pk])))
    assert "盘存.xlsx" in page
    assert "90 天内" in page


def test_file_is_previewed_accepted_and_taken_back(sign_in, stock, world):
    client = sign_in(Role.PHARMACIST)
    page = upload(client, HEAD + f"T1,M2,A,2027-05,0,,{TODAY}\n")
    assert "将更改 1 项库存，1 项变为零" in words(page)
    item = StockPosition.objects.get(institution=world.t1, presentation=world.drugs["M2"])
    assert item.quantity == 7
    client.post(reverse("stock_import_accept", args=[Upload.objects.get().pk]))
    item.refresh_from_db()
    assert item.quantity == 0
    client.post(reverse("stock_import_undo", args=[Upload.objects.get().intake_id]))
    item.refresh_from_db()
    assert item.quantity == 7


def test_accepting_twice_writes_once(sign_in, stock):
    client = sign_in(Role.PHARMACIST)
    upload(client, HEAD + f"T1,M2,A,2027-05,3,,{TODAY}\n")
    for _ in range(2):
        client.post(reverse("stock_import_accept", args=[Upload.objects.get().pk]))
    assert Intake.objects.filter(name="库存.csv").count() == 1


def test_faulty_file_lists_everything_and_offers_it_marked(sign_in, stock):
    client = sign_in(Role.PHARMACIST)
    page = words(upload(client, HEAD + f"H1,M1,A,,1,,{TODAY}\nT1,M9,A,,-1,,{TODAY}\n"))
    assert all(text in page for text in ("不在您可填报的机构范围内", "没有此药品编码", "不能为负数"))
    assert "确认写入" not in page
    marked = client.get(reverse("stock_import_marked", args=[Upload.objects.get().pk]))
    assert "不能为负数" in read_tables(marked.content)["库存"].columns["问题"][1]
    assert client.post(reverse("stock_import_accept", args=[Upload.objects.get().pk])).status_code == 302
    assert Intake.objects.count() == 1


def test_file_that_is_no_table_is_refused_in_words(sign_in, stock):
    assert "没有找到库存或消耗数据" in words(upload(sign_in(Role.PHARMACIST), "你好\n"))


def test_upload_without_a_file_says_so(sign_in, stock):
    response = sign_in(Role.PHARMACIST).post(reverse("stock_import"))
    assert (response.status_code, "请选择文件" in words(response)) == (422, True)


def test_another_persons_upload_is_not_found(sign_in, stock, world):
    upload(sign_in(Role.PROCUREMENT), HEAD + f"H1,M1,A,,1,,{TODAY}\n")
    pk = Upload.objects.get().pk
    assert sign_in(Role.PHARMACIST).get(reverse("stock_import_detail", args=[pk])).status_code == 404


def test_import_of_several_institutions_cannot_be_undone_by_one_of_them(sign_in, stock):
    client = sign_in(Role.PHARMACIST)
    assert client.post(reverse("stock_import_undo", args=[stock.pk])).status_code == 404
    assert "盘存.xlsx" not in words(client.get(reverse("stock_import")))


def test_form_can_be_downloaded(sign_in, stock):
    response = sign_in(Role.PHARMACIST).get(reverse("stock_import_template"))
    assert set(read_tables(response.content)) == {"库存", "消耗", "到货", "在途", "填写说明"}


def test_seeded_intake_with_counts_of_batches_is_listed(sign_in, stock, world):
    counts = {"rows": {"stock": {"created": 1234, "updated": 0, "unchanged": 0}, "lots": 7}}
    Intake.objects.create(alliance=world.alliance, source="seed", name="演示历史", received_at=NOW, counts=counts)
    assert "新增 1,234" in words(sign_in(Role.PROCUREMENT).get(reverse("stock_import")))
