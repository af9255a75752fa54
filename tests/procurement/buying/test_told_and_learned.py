"""Who is told that a round waits; what deliveries teach the alerts; what a purchase cost; which winners lie idle."""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest

from config.access import Role
from formulary.models import Deputy, Membership, Person
from procurement.actions import approvals, deliveries
from procurement.models import Order, Supplier
from procurement.queries.evidence import purchases
from procurement.rules.acceptance import Came
from procurement.rules.received import priced
from procurement.rules.tender_progress import Lines, idle
from shortage.models import Delivery, Notice, NoticeChannel
from shortage.rules import lead_times
from shortage.series.orders import lead_samples
from tests.conftest import NOW, TODAY
from tests.procurement.world import offer


def told():
    return {notice.person.username: (notice.path, notice.kind) for notice in Notice.objects.select_related("person")}


def test_who_may_approve_is_told_once_and_by_his_own_channel(walk):
    member = walk.people[Role.COMMITTEE]
    NoticeChannel.objects.create(
        alliance=walk.world.alliance, name="邮件", kind="mail", address="w@x.cn", person=member, active=True
    )
    row = walk.submitted()
    assert told() == {member.username: (f"/rounds/{row.pk}/", "approve")}
    notice = Notice.objects.get()
    assert row.title in notice.text
    assert "215.00 元" in notice.text
    assert Delivery.objects.get().body.endswith(f"/rounds/{row.pk}/")
    approvals.decide(row, True, "同意", by=member, now=NOW)
    assert Notice.objects.count() == 1


def test_the_applicant_is_not_told_and_his_deputy_of_the_day_is(walk):
    member, buyer = walk.people[Role.COMMITTEE], walk.buyer
    Membership.objects.create(person=buyer, role=Role.COMMITTEE, alliance=walk.world.alliance, valid_from=TODAY)
    buyer.__dict__.pop("active_memberships", None)
    stand_in = Person.objects.create(username="daili", name="代理")
    Deputy.objects.create(
        alliance=walk.world.alliance,
        person=member,
        deputy=stand_in,
        valid_from=TODAY,
        valid_to=TODAY,
        reason="出差",
        named_at=NOW,
    )
    walk.submitted()
    assert set(told()) == {member.username, stand_in.username}


def test_a_notice_without_an_alert_leads_to_its_page(walk, client):
    row = walk.submitted()
    client.force_login(walk.people[Role.COMMITTEE])
    assert "去办理" in client.get("/notices/").content.decode()
    answer = client.post(f"/notices/{Notice.objects.get().pk}/read/")
    assert answer.headers["Location"] == f"/rounds/{row.pk}/"


def test_days_from_order_to_door_become_the_lead_time_of_the_alerts(walk):
    """The order was sent on the day of NOW and came twelve days later: one sample of S1, and its law moves towards it."""
    walk.sent()
    order = Order.objects.get(supplier__code="S1")
    later = NOW + dt.timedelta(days=12)
    assert lead_samples(walk.world.alliance, later.date()).empty
    person = Person.objects.create(username="h1yao", name="县药师")
    Membership.objects.create(
        person=person, role=Role.PHARMACIST, alliance=walk.world.alliance, institution=walk.world.h1, valid_from=TODAY
    )
    for place, by in ((walk.world.h1, person), (walk.world.t1, walk.people[Role.PHARMACIST])):
        lines = order.lines.filter(institution=place)
        given = {line.pk: [Came(line.packs, 0, 0, "A1", dt.date(2028, 11, 1))] for line in lines}
        deliveries.receive(order, place, later.date(), given, by=by, now=later)
    took = lead_samples(walk.world.alliance, later.date())
    assert set(took.supplier) == {"S1"}
    assert set(took.days) == {12}
    laws, blank = lead_times.learn(took.supplier, took.days), lead_times.learn([], [])
    assert laws.expected()[laws.rows(["S1"])[0]] > blank.expected()[0]
    assert laws.expected()[laws.rows(["S2"])[0]] > blank.expected()[0]


def test_goods_cost_what_their_order_agreed_not_the_offer_of_the_day(walk):
    """T1 bought 3 packs of M1 at 10.00; the offer was 12.00 on the day the van came."""
    walk.sent()
    order = Order.objects.get(supplier__code="S1")
    offer(walk.world, Supplier.objects.get(code="S1"), "M1-P1", "12.00", valid_from=TODAY + dt.timedelta(days=1))
    line = order.lines.get(institution=walk.world.t1)
    later = NOW + dt.timedelta(days=3)
    given = {line.pk: [Came(3, 0, 0, "A1", dt.date(2028, 11, 1))]}
    deliveries.receive(order, walk.world.t1, later.date(), given, by=walk.people[Role.PHARMACIST], now=later)
    (row,) = [
        row for row in purchases(walk.world.alliance, None, later.date(), institutions=[walk.world.t1.pk])
        if row.presentation == walk.world.drugs["M1"].pk and row.month == later.date().replace(day=1)
    ]  # fmt: skip
    assert (row.quantity, row.amount) == (84, Decimal("30.00"))


def test_an_ordered_price_goes_before_any_offer():
    goods = {
        "institution": [1, 1], "presentation": [5, 5], "product": [9, 9], "supplier": ["S", "S"],
        "date": [dt.date(2026, 5, 2)] * 2, "quantity": [20, 10],
        "ordered_price": [Decimal("3.00"), None], "ordered_pack": [10, None],
    }  # fmt: skip
    offers = {
        "presentation": [5], "product": [9], "supplier": ["S"], "pack_size": [10], "price": [Decimal("7.00")],
        "valid_from": [dt.date(2026, 1, 1)], "valid_to": [None],
    }  # fmt: skip
    (row,) = priced(pd.DataFrame(goods), pd.DataFrame(offers))
    assert (row.quantity, row.amount, row.unpriced) == (30, Decimal("13.00"), 0)


@pytest.mark.parametrize(
    ("more", "expected"), [({}, True), ({"backup": True}, False), ({"end": dt.date(2026, 2, 1)}, False)]
)
def test_a_backup_or_an_ended_tender_is_not_idle(more, expected):
    start, today = dt.date(2026, 1, 1), dt.date(2026, 3, 1)
    assert idle(None, start, today, complete=False, lines=Lines(), **more) is expected
