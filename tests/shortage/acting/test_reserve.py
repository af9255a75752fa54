"""储备: list, stock, rotation, and release from the alert to the shelf: approved, exactly once, conserved."""

import datetime as dt
import io

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from config.access import Role
from formulary.models import Event
from formulary.queries import Scope
from shortage.actions import measures, reserve, transfers, trips
from shortage.models import Consumption, Disposition, ExpectedReceipt, ReserveItem, ReserveMove, StockPosition, Transfer
from shortage.queries.options import choices
from shortage.queries.reserve import ReserveBoard, reserve_gaps
from shortage.queries.reserve_lots import reserve_lots
from shortage.queries.transfers import release_duty_count, waiting_transfer_count
from shortage.rules import transfers as rules
from shortage.rules.reserve_file import Counted, Row
from tests.conftest import NOW, TODAY

LATER = NOW + dt.timedelta(hours=2)


def counted(county, units, batch="R1", days=500, place=None):
    expiry = TODAY + dt.timedelta(days=days)
    return Counted((place or county.h1).pk, county.drugs["M1"].pk, 0, batch, expiry, units)


def row(county, **more):
    told = {
        "reason": "rescue",
        "document": "某文〔2026〕1号",
        "covers": "alliance",
        "months": None,
        "units": 600,
        "note": "",
    }
    return Row(county.h1.pk, county.drugs["M1"].pk, **told | more)


@pytest.fixture
def kept(county):
    """H1 keeps 600 of M1 for the alliance; the buyer set the line."""
    county.buyer = county.people[Role.PROCUREMENT]
    reserve.set_lines(county.alliance, [row(county)], by=county.buyer, now=NOW)
    reserve.count(county.alliance, [counted(county, 600)], by=county.lending, now=NOW)
    county.item = ReserveItem.objects.get(ended_at__isnull=True)
    return county


def in_reserve(county):
    return sum(lot.quantity for lots in reserve_lots([county.h1.pk, county.t1.pk]).values() for lot in lots)


def on_shelf(county, place):
    return StockPosition.objects.get(institution=place, presentation=county.drugs["M1"]).quantity


def everything(county):
    return in_reserve(county) + on_shelf(county, county.h1) + on_shelf(county, county.t1)


def board(county):
    return ReserveBoard(Scope(county.alliance, frozenset({county.h1.pk, county.t1.pk}), True), TODAY)


def asked(county):
    return measures.release_reserve(county.alert, county.h1.pk, by=county.asking, now=NOW)


def test_release_is_ranked_among_the_options_with_its_effect(kept):
    found = {option.kind: option for option in choices(kept.alert, TODAY).options}
    one = found["release"]
    assert (one.institution, one.title) == (kept.h1, "动用县医院储备")
    assert one.after.p14 < 0.1 < one.before.p14
    assert one.quantity == found["transfer"].quantity
    assert "储备可动用 600 片" in one.facts


def test_own_reserve_of_another_place_is_not_offered(kept):
    reserve.set_lines(kept.alliance, [row(kept, covers="own")], by=kept.buyer, now=LATER)
    assert "release" not in {option.kind for option in choices(kept.alert, TODAY).options}


def test_from_the_alert_to_the_shelf_and_the_alert_closes(kept):
    before, used = everything(kept), Consumption.objects.count()
    measure = asked(kept)
    order = measure.transfer
    assert (order.kind, order.state, order.receiver_by, order.donor_by) == ("release", "planned", kept.asking, None)
    assert order.number.startswith("CB20261121")
    assert (release_duty_count(kept.buyer), waiting_transfer_count(kept.lending)) == (1, 0)
    assert board(kept).all[0].standing.promised == measure.quantity
    transfers.sign(order, by=kept.buyer, now=NOW)
    trips.dispatch(order, by=kept.lending, now=NOW)
    assert in_reserve(kept) == 600 - measure.quantity
    assert on_shelf(kept, kept.h1) == 4500, "the pharmacy of the keeper gives nothing"
    assert ExpectedReceipt.objects.get(reference=order.number).supplier_name == "县医院（储备）"
    trips.receive(order, by=kept.asking, now=LATER)
    assert everything(kept) == before
    assert Consumption.objects.count() == used
    kept.alert.refresh_from_db()
    assert (kept.alert.state, kept.alert.outcome) == ("closed", f"已动用储备：{order.number}")
    assert Disposition.objects.get().state == "done"
    line = board(kept).all[0]
    assert (line.standing.gap, line.refill_by) == (measure.quantity, TODAY + dt.timedelta(days=30))
    assert [one.item.pk for one in reserve_gaps(board(kept).scope, TODAY)] == [kept.item.pk]
    with pytest.raises(rules.WrongState):
        trips.dispatch(order, by=kept.lending, now=LATER)
    verbs = set(Event.objects.filter(subject=f"shortage.Transfer:{order.pk}").values_list("verb", flat=True))
    assert verbs == {"拟定调剂", "领用方签字", "批准动用储备", "发出调剂", "调剂收货"}


def test_nobody_approves_what_he_asked_for_and_keepers_pharmacist_does_not_approve(kept):
    order = asked(kept).transfer
    for person in (kept.lending, kept.asking):
        with pytest.raises(rules.TransferRefused):
            transfers.sign(order, by=person, now=LATER)
    with pytest.raises(rules.WrongState):
        trips.dispatch(order, by=kept.lending, now=LATER)
    assert in_reserve(kept) == 600
    head = kept.people[Role.HEAD]
    assert transfers.sign(order, by=head, now=LATER).state == "approved", "the keeper's head may approve too"


def test_what_is_promised_is_not_promised_twice_and_comes_free_again(kept):
    units = {kept.drugs["M1"].pk: 400}
    given = {"reason": "缺药", "kind": "release", "by": kept.asking, "now": NOW}
    first = transfers.plan(kept.h1, kept.t1, units, **given)
    with pytest.raises(rules.NotEnough, match="可动用 200"):
        transfers.plan(kept.h1, kept.t1, units, **given)
    transfers.refuse(first, "另有安排", by=kept.buyer, now=LATER)
    assert transfers.plan(kept.h1, kept.t1, units, **given).state == "planned"


def test_goods_that_do_not_arrive_go_back_to_the_reserve(kept):
    before, order = everything(kept), asked(kept).transfer
    transfers.sign(order, by=kept.buyer, now=NOW)
    trips.dispatch(order, by=kept.lending, now=NOW)
    line = order.lines.get()
    trips.receive(order, received={line.pk: 10}, by=kept.asking, now=LATER)
    trips.settle(order, "back", "多发", by=kept.asking, now=LATER)
    assert everything(kept) == before
    assert ReserveMove.objects.filter(kind="back").get().units == line.quantity - 10


def test_keeper_may_release_to_its_own_pharmacy(kept):
    order = transfers.plan(
        kept.h1, kept.h1, {kept.drugs["M1"].pk: 50}, reason="本院急用", kind="release", by=kept.lending, now=NOW
    )
    transfers.sign(order, by=kept.buyer, now=NOW)
    trips.dispatch(order, by=kept.lending, now=NOW)
    trips.receive(order, by=kept.lending, now=LATER)
    assert (in_reserve(kept), on_shelf(kept, kept.h1)) == (550, 4550)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.filter(pk=order.pk).update(kind="given")


def test_filling_takes_long_lived_lots_from_the_shelf(kept):
    reserve.fill(kept.item, 100, by=kept.lending, now=LATER)
    assert (in_reserve(kept), on_shelf(kept, kept.h1)) == (700, 4400)
    assert {lot.batch for lot in reserve_lots([kept.h1.pk])[kept.h1.pk, kept.drugs["M1"].pk]} == {"R1", "H-late"}
    with pytest.raises(rules.NotEnough, match="效期 365 天以上的库存只有 3,900"):
        reserve.fill(kept.item, 4000, by=kept.lending, now=LATER)
    with pytest.raises(reserve.ReserveRefused):
        reserve.fill(kept.item, 1, by=kept.asking, now=LATER)


def test_rotation_exchanges_an_old_lot_for_a_fresh_one_and_conserves(kept):
    reserve.count(kept.alliance, [counted(kept, 300, "R-old", days=150)], by=kept.lending, now=NOW)
    (turn,) = board(kept).all[0].rotations
    assert (turn.lot.batch, turn.user, turn.units) == ("R-old", kept.t1.pk, 300), "H1's shelf is full, T1 can use it"
    before = everything(kept)
    assert reserve.rotate(kept.item, "R-old", 0, 300, by=kept.lending, now=LATER) == (300, 300)
    assert everything(kept) == before
    assert board(kept).all[0].rotations == ()
    with pytest.raises(rules.NotEnough):
        reserve.rotate(kept.item, "R-old", 0, 1, by=kept.lending, now=LATER)


def test_the_line_is_never_edited(kept):
    counts = reserve.set_lines(kept.alliance, [row(kept)], by=kept.buyer, now=LATER)
    assert counts == {"new": 0, "changed": 0, "same": 1}
    counts = reserve.set_lines(kept.alliance, [row(kept, units=None, months=3.0)], by=kept.buyer, now=LATER)
    assert counts["changed"] == 1
    old, new = ReserveItem.objects.order_by("pk")
    assert (old.target_units, old.valid_to, new.target_months) == (600, TODAY, 3)
    assert board(kept).all[0].target.units == pytest.approx(3 * 30 * 38, abs=1), "18 and 20 a day"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["fill", "rotate", "write_off", "release"]), st.integers(1, 400)), max_size=5)
)
def test_whatever_is_done_no_unit_appears_and_none_vanishes_unsaid(kept, deeds):
    with transaction.atomic():
        before, lost = everything(kept), 0
        for verb, units in deeds:
            try:
                with transaction.atomic():
                    lost += _do(kept, verb, units)
            except (rules.TransferRefused, reserve.ReserveRefused):
                continue
        assert everything(kept) + lost == before
        assert all(lot.quantity > 0 for lots in reserve_lots([kept.h1.pk]).values() for lot in lots)
        transaction.set_rollback(True)


def _do(kept, verb, units):
    if verb == "fill":
        reserve.fill(kept.item, units, by=kept.lending, now=LATER)
    elif verb == "rotate":
        reserve.rotate(kept.item, "R1", 0, units, by=kept.lending, now=LATER)
    elif verb == "write_off":
        reserve.write_off(kept.item, "R1", 0, units, "破损", by=kept.lending, now=LATER)
        return units
    else:
        given = {"reason": "缺药", "kind": "release", "by": kept.asking, "now": LATER}
        order = transfers.plan(kept.h1, kept.t1, {kept.drugs["M1"].pk: units}, **given)
        transfers.sign(order, by=kept.buyer, now=LATER)
        trips.dispatch(order, by=kept.lending, now=LATER)
        trips.receive(order, by=kept.asking, now=LATER)
    return 0


def workbook(*sheets):
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for one in rows:
            sheet.append(one)
    held = io.BytesIO()
    book.save(held)
    held.seek(0)
    held.name = "储备.xlsx"
    return held


HEAD = ["机构编码", "药品编码", "储备理由", "文号", "保障范围", "目标月数", "目标数量"]


def test_file_is_previewed_and_exactly_that_is_written(kept, client):
    client.force_login(kept.buyer)
    url = reverse("reserve_import")
    file = workbook(
        (
            "储备目录",
            [HEAD, ["H1", "M1", "急抢救", "新文", "全医共体", 3, None], ["T1", "M3", "急抢救", "", "本机构", None, 10]],
        ),
        ("储备库存", [["机构编码", "药品编码", "批号", "有效期", "数量"], ["T1", "M3", "E1", "2028-01-31", 12]]),
    )
    page = client.post(url, {"file": file})
    text = page.content.decode()
    assert "修改" in text
    assert "新增" in text
    assert ReserveItem.objects.count() == 1, "a preview writes nothing"
    sealed = page.context["preview"]["sealed"]
    assert client.post(url, {"confirm": "1", "sealed": sealed + "x"}, follow=True).status_code == 200
    assert ReserveItem.objects.count() == 1, "what the page did not seal is not taken"
    done = client.post(url, {"confirm": "1", "sealed": sealed}, follow=True)
    assert "新增 1 行、修改 1 行" in done.content.decode()
    assert {(one.institution.code, one.presentation.code) for one in ReserveItem.objects.filter(ended_at=None)} == {
        ("H1", "M1"), ("T1", "M3"),
    }  # fmt: skip
    taken = load_workbook(io.BytesIO(client.get(reverse("reserve_export")).content))
    again = client.post(url, {"file": workbook(*((s.title, [[c.value for c in r] for r in s.rows]) for s in taken))})
    assert {one["does"] for one in again.context["preview"]["lines"]} == {"不变"}, (
        "what was taken away comes back the same"
    )
    assert again.context["preview"]["counted"] == []


def test_all_faults_of_a_file_are_told_at_once(kept, client):
    client.force_login(kept.buyer)
    file = workbook(
        ("储备目录", [HEAD, ["X9", "M1", "急抢救", "", "全医共体", 3, 5], ["H1", "M9", "喜欢", "", "", -1, None]]),
        ("储备库存", [["机构编码", "药品编码", "批号", "有效期", "数量"], ["H1", "M1", "B", "昨天", "许多"]]),
    )
    page = client.post(reverse("reserve_import"), {"file": file})
    assert page.status_code == 422
    text = page.content.decode()
    for word in ("X9", "M9", "喜欢", "只填一项", "昨天", "许多"):
        assert word in text, word


def test_pages_show_the_reserve_and_its_duties(kept, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    order = asked(kept).transfer
    client.force_login(kept.buyer)
    page = client.get(reverse("reserve_list")).content.decode()
    assert "等待批准的动用" in page
    assert "无储备" in page
    assert client.get(reverse("reserve_detail", args=[kept.item.pk])).status_code == 200
    assert client.get(reverse("reserve_rotation")).status_code == 200
    done = client.post(reverse("reserve_release", args=[order.pk, "approve"]), follow=True)
    assert "已批准" in done.content.decode()
    assert client.post(reverse("reserve_release", args=[order.pk, "approve"])).status_code == 404, "only once"
    client.force_login(kept.asking)
    assert (
        client.post(reverse("reserve_act", args=[kept.item.pk, "fill"]), {"units": 5}, follow=True).status_code == 200
    )
    assert in_reserve(kept) == 600, "not his reserve"
    client.force_login(kept.lending)
    told = client.post(reverse("reserve_act", args=[kept.item.pk, "fill"]), {"units": 5}, follow=True)
    assert "已从药房划入储备 5 片" in told.content.decode()


def test_line_is_changed_on_its_page_and_taken_off(kept, client, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: LATER)
    client.force_login(kept.buyer)
    url = reverse("reserve_edit", args=[kept.item.pk])
    given = {"covers": "alliance", "reason": "rescue", "document": "某文〔2026〕1号"}
    refused = client.post(url, given | {"target_months": "2", "target_units": "5"})
    assert refused.status_code == 422
    assert "只填一项" in refused.content.decode()
    page = client.post(url, given | {"target_months": "2"}, follow=True)
    item = ReserveItem.objects.get(ended_at=None)
    assert item.target_months == 2
    assert "目录历史" in page.content.decode()
    client.post(reverse("reserve_end", args=[item.pk]))
    assert not ReserveItem.objects.filter(ended_at=None).exists()
    assert in_reserve(kept) == 600
    new = {"presentation": "M1", "institution": kept.t1.pk, **given, "target_units": "60"}
    assert client.post(reverse("reserve_new"), new).status_code == 302
