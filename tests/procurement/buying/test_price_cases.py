"""A price event becomes one case, is talked about, decided, carried out and closed; nothing is called done that is not seen."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from config.access import Permission, Role
from formulary.models import Event, Person
from formulary.queries import scope_of
from procurement.actions import price_cases as actions
from procurement.actions.prices import file_outside
from procurement.models import Offer, Order, PriceCase, Supplier, Tender, TenderProduct
from procurement.queries import price_cases as asked
from procurement.queries.consultations import topics_of
from procurement.rules import price_cases as rules
from procurement.rules.price_cases import PriceCaseRefused
from procurement.views.panels import price_cases as panel
from tests.conftest import NOW, TODAY
from tests.procurement.world import offer

LATER = NOW + dt.timedelta(days=1)


@pytest.fixture
def buyer(ready):
    return ready.people[Role.PROCUREMENT]


@pytest.fixture
def high(ready):
    """S1 asks 10.00 for a pack whose award is 0.34 × 28 = 9.52; S2 asks 9.50."""
    TenderProduct.objects.create(
        tender=Tender.objects.get(), product=ready.products["M1-P1"], item="氨氯地平", award_price="0.34"
    )
    return ready


@pytest.fixture
def case(high, buyer):
    (made,) = actions.open_found(high.alliance, by=buyer, now=NOW)
    return made


def explained(case, buyer):
    return actions.talk(case, TODAY, "甲公司 王经理", "原料涨价", Decimal("9.52"), by=buyer, now=NOW)


def decided(case, buyer, outcome=rules.CUT, **more):
    return actions.decide(explained(case, buyer), outcome, "按中选价执行", by=buyer, now=NOW, **more)


def scope(world):
    return scope_of(world.people[Role.PROCUREMENT], Permission.RUN_PLANS)


def test_a_price_above_the_award_opens_one_case_by_itself_and_never_a_second(high):
    (made,) = actions.open_found(high.alliance, by=None, now=NOW)
    assert (made.kind, made.level, made.state, made.price) == ("award", "red", "detected", Decimal("10.00"))
    assert (made.number, made.due_on) == (f"JG{TODAY:%Y}-0001", TODAY + dt.timedelta(days=10))
    assert made.evidence["award"] == "0.34"
    assert actions.open_found(high.alliance, by=None, now=LATER) == []
    with pytest.raises(IntegrityError), transaction.atomic():
        PriceCase.objects.create(
            alliance=high.alliance, number="X", event=made.event, kind="award", level="red", title="x", why="y",
            product=made.product, supplier=made.supplier, state="detected", due_on=TODAY, opened_at=NOW,
        )  # fmt: skip


def test_the_clock_opens_cases_once_a_day(high):
    actions.BY_ITSELF.clear()
    actions.tick(now=NOW)
    assert PriceCase.objects.count() == 1
    assert actions.BY_ITSELF[high.alliance.pk] == TODAY
    PriceCase.objects.all().delete()
    actions.tick(now=NOW)
    assert PriceCase.objects.count() == 0
    actions.BY_ITSELF.clear()


def test_a_new_price_is_a_new_event(case, high, buyer):
    offer(high, Supplier.objects.get(code="S1"), "M1-P1", "9.80", valid_from=TODAY - dt.timedelta(days=1))
    (second,) = actions.open_found(high.alliance, by=buyer, now=LATER)
    assert second.event != case.event
    assert second.price == Decimal("9.80")


def test_a_step_is_opened_only_when_asked_for(ready, buyer):
    offer(ready, Supplier.objects.get(code="S1"), "M2-P1", "6.00", valid_from=dt.date(2026, 11, 1))
    assert actions.open_found(ready.alliance, by=None, now=NOW) == []
    (one,) = asked.uncovered(ready.alliance, today=TODAY)
    (made,) = actions.open_found(ready.alliance, by=buyer, now=NOW, events={one.event})
    assert (made.kind, made.level) == ("up", "yellow")


def test_no_decision_before_anybody_was_asked(case, buyer):
    with pytest.raises(PriceCaseRefused, match="先记录约谈"):
        actions.decide(case, rules.CUT, "降价", by=buyer, now=NOW)
    with pytest.raises(PriceCaseRefused, match=r"对方单位.*说明内容.*不晚于今天"):
        actions.talk(case, TODAY + dt.timedelta(days=1), "", " ", None, by=buyer, now=NOW)
    assert explained(case, buyer).state == "explained"
    with pytest.raises(PriceCaseRefused, match="请写明处理意见；改用其他产品时"):
        actions.decide(case, rules.SWITCH, "", by=buyer, now=NOW)


def test_a_cut_is_done_only_when_the_offer_shows_it(case, high, buyer):
    row = decided(case, buyer)
    with pytest.raises(PriceCaseRefused, match=r"现价仍为 10\.00 元"):
        actions.correct(row, "已降价", by=buyer, now=NOW)
    old = Offer.objects.get(product__code="M1-P1", supplier__code="S1")
    offer(high, old.supplier, "M1-P1", "9.52", valid_from=TODAY)
    row = actions.correct(row, "已按中选价重新报价", by=buyer, now=LATER)
    assert row.state == "corrected"
    row = actions.close(row, by=buyer, now=LATER)
    assert (row.state, row.closed_by) == ("closed", buyer)
    assert [note.verb for note in row.notes.all()] == ["立案", "约谈询价", "确定处理：供应商降价", "落实", "办结"]
    assert Event.objects.filter(verb__startswith="价格个案").count() == 5


def test_a_filing_needs_its_number_and_reaches_the_order(high, buyer):
    order = Order.objects.create(
        alliance=high.alliance, number="D1", supplier=Supplier.objects.get(code="S1"), month=TODAY, due_on=TODAY,
        state="sent", amount="100", created_at=NOW, sent_at=NOW, sent_by=buyer,
    )  # fmt: skip
    file_outside(order, "", by=buyer, now=NOW)
    made = {row.kind: row for row in actions.open_found(high.alliance, by=None, now=NOW)}
    assert set(made) == {"award", "unfiled"}
    with pytest.raises(PriceCaseRefused, match="应选备案、接受或上报"):
        decided(made["unfiled"], buyer)
    row = actions.decide(made["unfiled"], rules.FILE, "补办备案", by=buyer, now=NOW)
    with pytest.raises(PriceCaseRefused, match="备案号"):
        actions.correct(row, "已备案", by=buyer, now=NOW)
    actions.correct(row, "已备案", "苏备2026-7", by=buyer, now=NOW)
    order.refresh_from_db()
    assert order.filing == "苏备2026-7"


def test_a_false_alarm_ends_at_once_and_does_not_come_back(case, high, buyer):
    with pytest.raises(PriceCaseRefused, match="误报"):
        actions.dismiss(case, "", by=buyer, now=NOW)
    row = actions.dismiss(case, "包装规格登记错误，已更正", by=buyer, now=NOW)
    assert (row.state, row.outcome) == ("closed", "false")
    assert actions.open_found(high.alliance, by=None, now=LATER) == []
    assert not [topic for topic in topics_of(scope(high), today=TODAY) if topic.kind == "price"]


def test_the_owner_notes_and_carries_out_but_does_not_decide(case, high, buyer):
    owner = high.people[Role.PHARMACIST]
    with pytest.raises(PriceCaseRefused, match="本医共体人员"):
        actions.take(case, Person.objects.create(username="fremd"), TODAY, by=buyer, now=NOW)
    row = actions.take(case, owner, TODAY + dt.timedelta(days=3), by=buyer, now=NOW)
    assert asked.case_duty_count(owner) == 1
    row = actions.talk(row, TODAY, "甲公司", "可以降", None, by=owner, now=NOW)
    with pytest.raises(PriceCaseRefused, match="只有采购员"):
        actions.decide(row, rules.ACCEPT, "唯一供应", by=owner, now=NOW)
    with pytest.raises(PriceCaseRefused, match="只有采购员"):
        actions.talk(row, TODAY, "甲公司", "再谈", None, by=high.people[Role.HEAD], now=NOW)


def test_comparable_offers_show_the_lowest_of_the_network(case):
    rows = asked.comparables(case, today=TODAY)
    assert [(row.offer.supplier.code, row.own, row.lowest) for row in rows] == [
        ("S2", False, True),
        ("S1", True, False),
    ]


def test_agenda_speaks_of_the_case_with_owner_and_term(case, high, buyer):
    (topic,) = [topic for topic in topics_of(scope(high), today=TODAY + dt.timedelta(days=12)) if topic.kind == "price"]
    assert topic.level == "red"
    assert case.number in topic.title
    assert "已逾期 2 天" in topic.facts
    assert topic.path == reverse("pricecase_detail", args=[case.pk])


def test_overdue_cases_stand_on_the_first_page(case, high, monkeypatch):
    assert panel(scope(high))["hidden"]
    monkeypatch.setattr("procurement.views.panels.timezone.localdate", lambda: TODAY + dt.timedelta(days=30))
    shown = panel(scope(high))
    assert (shown["hidden"], [row.pk for row in shown["rows"]]) == (False, [case.pk])


def test_a_case_goes_its_whole_way_in_the_pages(high, buyer, client, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    client.force_login(buyer)
    page = client.get(reverse("pricecase_list")).content.decode()
    (one,) = asked.uncovered(high.alliance, today=TODAY)
    assert one.event in page
    made = client.post(reverse("pricecase_open"), {"pick": [one.event]}, follow=True).content.decode()
    case = PriceCase.objects.get()
    assert case.number in made
    assert "可比报价" in made
    act = lambda verb, **data: client.post(reverse("pricecase_act", args=[case.pk, verb]), data, follow=True)  # noqa: E731
    assert act("talk", on="").status_code == 422
    act("talk", on=str(TODAY), contact="甲公司 王经理", words="原料涨价", price="9.60")
    wrong = act("decide", outcome="switch", words="换")
    assert wrong.status_code == 422
    assert "请指明改用哪一个" in wrong.content.decode()
    act("decide", outcome="accept", words="短缺药，唯一供应")
    act("correct", words="药事会知悉")
    assert "已办结" in act("close").content.decode()
    case.refresh_from_db()
    assert case.state == "closed"
    assert act("close").status_code == 200
    assert client.get(reverse("pricecase_act", args=[case.pk, "close"])).status_code == 405
    part = client.get(reverse("pricecase_list") + "?state=closed", headers={"HX-Request": "true"}).content.decode()
    assert case.number in part
