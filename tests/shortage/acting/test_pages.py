"""Pages of transfers, measures and reports: what each side sees and may press."""

import io

import pytest
from django.urls import reverse
from docx import Document

from config.access import Role
from shortage.models import Disposition, Transfer
from tests.shortage.acting.test_transfers import planned, sent


@pytest.fixture
def enter(client):
    def sign_in(person):
        client.force_login(person)
        return client

    return sign_in


def test_alert_page_offers_measures_and_one_click_starts_one(county, enter):
    page = enter(county.asking).get(reverse("alert_detail", args=[county.alert.pk]))
    assert "从县医院调剂" in page.content.decode()
    answer = enter(county.asking).post(
        reverse("measure_start", args=[county.alert.pk]), {"kind": "transfer", "institution": county.h1.pk}, follow=True
    )
    assert "已发起：调剂" in answer.content.decode()
    assert Transfer.objects.get().alert == county.alert
    gone = enter(county.asking).post(
        reverse("measure_start", args=[county.alert.pk]), {"kind": "order", "supplier": "没有"}, follow=True
    )
    assert "现在不可行" in gone.content.decode()


def test_reader_sees_measures_without_buttons(county, enter):
    page = enter(county.people[Role.PROCUREMENT]).get(reverse("alert_detail", args=[county.alert.pk]))
    assert "从县医院调剂" in page.content.decode()
    assert "申请调剂" not in page.content.decode()


def test_each_side_gets_its_own_next_step(county, enter):
    order = planned(county)
    url = reverse("transfer_detail", args=[order.pk])
    assert "同意并签字" not in enter(county.asking).get(url).content.decode()
    assert "同意并签字" in enter(county.lending).get(url).content.decode()
    enter(county.lending).post(reverse("transfer_act", args=[order.pk, "sign"]))
    assert "确认发出" in enter(county.lending).get(url).content.decode()
    assert "确认发出" not in enter(county.asking).get(url).content.decode()
    line = order.lines.get()
    over = enter(county.lending).post(reverse("transfer_act", args=[order.pk, "dispatch"]), {f"l{line.pk}": "9999"})
    assert over.status_code == 422
    assert "不能大于 200" in over.content.decode()
    enter(county.lending).post(reverse("transfer_act", args=[order.pk, "dispatch"]), {f"l{line.pk}": "150"})
    enter(county.asking).post(reverse("transfer_act", args=[order.pk, "receive"]), {})
    order.refresh_from_db()
    line.refresh_from_db()
    assert (order.state, line.sent, line.received) == ("closed", 150, 150)


def test_a_transfer_of_others_is_not_found(county, enter, world):
    from formulary.models import Institution
    from tests.shortage.acting.conftest import join

    third = Institution.objects.create(alliance=world.alliance, code="T2", name="三院", short_name="三院", level="基层")
    order = planned(county)
    stranger = join(county, "third", "外人", "pharmacist", third)
    assert enter(stranger).get(reverse("transfer_detail", args=[order.pk])).status_code == 404
    assert enter(stranger).get(reverse("transfer_paper", args=[order.pk])).status_code == 404
    assert enter(stranger).post(reverse("transfer_act", args=[order.pk, "sign"])).status_code == 404


def test_new_transfer_takes_names_and_tells_what_is_wrong(county, enter):
    url = reverse("transfer_new")
    client = enter(county.asking)
    given = {"donor": county.h1.pk, "receiver": county.t1.pk, "quantity": 10, "kind": "given", "reason": "缺"}
    assert "没有找到“没有此药”" in client.post(url, given | {"presentation": "没有此药"}).content.decode()
    too_much = client.post(url, given | {"presentation": "氨氯地平", "quantity": 4400})
    assert too_much.status_code == 422
    assert "保住自己的补货点" in too_much.content.decode()
    assert client.post(url, given | {"presentation": "氨氯地平 5mg"}).status_code == 302


def test_picking_note_lists_the_lots_in_order(county, enter):
    order = sent(county, 600)
    paper = enter(county.lending).get(reverse("transfer_paper", args=[order.pk]))
    rows = [[cell.text for cell in row.cells] for row in Document(io.BytesIO(paper.content)).tables[0].rows]
    assert [row[4] for row in rows] == ["批号", "H-early", "H-late"]
    assert [row[8] for row in rows[1:]] == ["500", "100"]


def test_report_form_saves_sends_and_prints(county, enter):
    client = enter(county.asking)
    answer = client.post(reverse("report_start", args=[county.alert.pk]))
    page = client.get(answer.url)
    assert "氨氯地平片" in page.content.decode()
    values = dict(page.context["form"].initial)
    assert client.post(answer.url, values | {"contact": "", "send": "1"}).status_code == 422
    assert client.post(answer.url, values | {"send": "1"}).status_code == 302
    assert "已上报" in client.get(answer.url).content.decode()
    paper = client.get(answer.url + "paper/")
    cells = [cell.text for row in Document(io.BytesIO(paper.content)).tables[0].rows for cell in row.cells]
    assert "40 片" in cells


def test_measures_are_listed_for_the_alliance_and_finished_by_the_place(county, enter):
    enter(county.asking).post(reverse("measure_start", args=[county.alert.pk]), {"kind": "meeting"})
    measure = Disposition.objects.get()
    page = enter(county.people[Role.PROCUREMENT]).get(reverse("measure_list"), {"kind": "meeting"})
    assert [row.pk for row in page.context["page"]] == [measure.pk]
    url = reverse("measure_finish", args=[measure.pk])
    assert enter(county.people[Role.PROCUREMENT]).post(url).status_code == 403
    enter(county.asking).post(url, {"outcome": "由县医院代管", "worked": "yes"})
    measure.refresh_from_db()
    assert (measure.state, measure.outcome) == ("done", "由县医院代管")


def test_lists_cost_the_same_queries_however_long(county, enter, django_assert_max_num_queries):
    planned(county, 10)
    client = enter(county.asking)
    with django_assert_max_num_queries(40) as one:
        client.get(reverse("transfer_list"))
    for _ in range(4):
        planned(county, 10)
    with django_assert_max_num_queries(40) as five:
        client.get(reverse("transfer_list"))
    assert len(five) == len(one)
