"""Loading the demonstration: a reduced alliance in seconds, the same rows as the whole one."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Sum

from config.access import Role
from fixtures import tables
from formulary.models import (
    Adjustment,
    Alliance,
    EntryLink,
    Event,
    Institution,
    ListEdition,
    Meeting,
    Membership,
    Person,
    Presentation,
    Publicity,
    ScoreSheet,
    Seat,
    Suggestion,
    VersionNotice,
)
from formulary.queries import verify_history, version_in_force
from formulary.queries.seals import verify_meetings
from procurement.actions.demo import ALLIANCE_CODE, PASSWORD, STEPS, load_demo
from procurement.actions.demo.decisions import drugs_named
from procurement.checks import demo_accounts
from procurement.models import Budget, Commitment, Offer
from procurement.summary import NOT_YET, aligned, summary
from shortage.models import CURRENT, Consumption, ExpectedReceipt, Feed, Receipt, StockLevel, StockLot
from tests.conftest import NOW

AS_OF = dt.date(2026, 11, 20)
# The mark also makes pytest-django set the test database up when this module runs alone.
pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.django_db]


@pytest.fixture(scope="module")
def small():
    return tables.reduced(tables.load(), sites=16, every=25, keep=drugs_named() | {"D1114"})


@pytest.fixture(scope="module")
def loaded(small, django_db_setup, django_db_blocker):
    """One load for the whole module, taken back at its end."""
    from django.db import transaction

    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        list(load_demo(as_of=AS_OF, by=None, now=NOW, files=small))
        yield Alliance.objects.get(code=ALLIANCE_CODE)
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def test_stock_use_and_receipts_balance_in_the_database(loaded):
    """closing = opening + received − issued − written off, and what was written off is never negative."""
    written_off = 0
    for site, drug in StockLevel.objects.order_by().values_list("institution", "presentation").distinct():
        key = {"institution": site, "presentation": drug}
        levels = StockLevel.objects.filter(CURRENT, **key).order_by("date")
        came = Receipt.objects.filter(CURRENT, **key).aggregate(n=Sum("quantity"))["n"] or 0
        went = Consumption.objects.filter(CURRENT, **key).aggregate(n=Sum("quantity"))["n"] or 0
        lost = levels.first().quantity + came - went - levels.last().quantity
        assert lost >= 0
        written_off += lost
    assert written_off > 0


def test_the_batches_of_the_last_day_are_its_stock(loaded):
    for site, drug, held in (
        StockLot.objects.filter(CURRENT).order_by().values_list("institution", "presentation").annotate(Sum("quantity"))
    ):
        last = StockLevel.objects.filter(CURRENT, institution=site, presentation=drug).latest("date")
        assert last.quantity == held


def test_loading_again_changes_nothing(loaded, small):
    before = (Consumption.objects.count(), Offer.objects.count(), ListEdition.objects.count(), Person.objects.count())
    again = list(load_demo(as_of=AS_OF + dt.timedelta(days=3), by=None, now=NOW, files=small))
    assert all(not step.counts for step in again)
    assert before == (
        Consumption.objects.count(),
        Offer.objects.count(),
        ListEdition.objects.count(),
        Person.objects.count(),
    )


def test_every_presentation_has_the_list_status_its_fixture_says(loaded, small):
    links = EntryLink.objects.filter(entry__superseded_at=None)
    for drug in small.drugs:
        medicine = Presentation.objects.get(code=drug.code).medicine
        numbers = set(
            links.filter(medicine=medicine, entry__edition__kind="neml").values_list("entry__number", flat=True)
        )
        classes = set(
            links.filter(medicine=medicine, entry__edition__kind="nrdl").values_list("entry__category", flat=True)
        )
        assert set(drug.essential.split("、")) - {""} <= numbers, drug.name
        assert not drug.insurance or drug.insurance in classes, drug.name
        assert bool(drug.insurance) == bool(classes), drug.name


def test_winners_are_linked_to_an_award_of_their_tender(loaded, small):
    for ware in small.wares:
        if ware.tender:
            medicine = Presentation.objects.get(code=ware.drug).medicine
            assert EntryLink.objects.filter(medicine=medicine, entry__tender=ware.tender).exists(), ware.code


def test_the_first_version_held_every_presentation_and_the_second_holds_what_was_decided(loaded, small):
    first, second = version_in_force(loaded, AS_OF - dt.timedelta(days=180)), version_in_force(loaded, AS_OF)
    assert (first.number, second.number) == (1, 2)
    assert first.entries.count() == len(small.drugs)
    changed = dict(second.changes.values_list("presentation__name", "kind"))
    assert changed == {
        "硫酸氢氯吡格雷片": "removed",
        "格列吡嗪片": "removed",
        "格列吡嗪控释片": "added",
        "托拉塞米片": "added",
        "沙库巴曲缬沙坦钠片": "changed",
    }


def test_governance_has_a_past_and_a_present(loaded):
    """One meeting signed, one whose publicity runs, one to come; an application in every state of the way."""
    assert sorted(Meeting.objects.values_list("state", flat=True)) == ["closed", "closed", "notified", "signed"]
    assert not [one.fault for _meeting, checked in verify_meetings() for one in checked if one.fault]
    waiting = Publicity.objects.get(ended_at=None)
    assert waiting.objections.filter(answered_at=None).count() == 1
    states = set(Adjustment.objects.values_list("state", flat=True))
    assert {"draft", "submitted", "returned", "scoring", "ready", "on_agenda", "passed", "failed"} <= states
    assert {"publicity", "cleared", "effective", "temporary", "ratified", "refused", "withdrawn"} <= states
    assert ScoreSheet.objects.values("scorer").distinct().count() >= 4
    notices = VersionNotice.objects.filter(version__number=2)
    assert 0 < notices.exclude(read_at=None).count() < notices.count()
    assert set(Suggestion.objects.values_list("state", flat=True)) >= {"open", "accepted", "dismissed"}


def test_every_role_has_a_person_and_every_institution_a_pharmacist(loaded):
    assert set(Membership.objects.values_list("role", flat=True)) == {role.value for role in Role}
    staffed = Membership.objects.filter(role=Role.PHARMACIST).values_list("institution", flat=True)
    assert set(staffed) == set(Institution.objects.values_list("pk", flat=True))
    assert Person.objects.get(username="caigou").check_password(PASSWORD)
    assert not Person.objects.filter(must_change_password=True).exists()


def test_one_village_is_four_days_late(loaded):
    late = Feed.objects.filter(last_date__lt=AS_OF)
    assert {(feed.institution.code, feed.last_date) for feed in late} == {("CC-V02", AS_OF - dt.timedelta(days=4))}


def test_open_orders_have_arrival_days_some_of_them_past(loaded):
    waiting = ExpectedReceipt.objects.filter(state=ExpectedReceipt.State.OPEN)
    assert waiting.filter(due_on__gte=AS_OF).exists()
    assert waiting.filter(due_on__lt=AS_OF).exists()
    assert not waiting.filter(arrived_on__isnull=False).exists()


def test_bought_of_an_agreed_volume_is_what_was_received_since_the_tender_began(loaded):
    agreed = Commitment.objects.select_related("tender", "product")
    assert agreed.filter(bought__gt=0).exists()
    for each in agreed:
        came = Receipt.objects.filter(
            CURRENT, product=each.product, institution=each.institution, date__gte=each.tender.start
        ).aggregate(n=Sum("quantity"))["n"]
        assert each.bought == (came or 0)
        assert each.tender.start < AS_OF < each.tender.end
        assert each.quantity % each.product.pack_size == 0


def test_the_alliances_budget_is_the_sum_of_its_institutions(loaded):
    own = Budget.objects.filter(institution__isnull=False).aggregate(n=Sum("monthly_amount"))["n"]
    assert Budget.objects.get(institution=None).monthly_amount == own


def test_each_step_left_a_line_in_the_chained_history(loaded):
    chains = {name: (count, breaks) for name, count, breaks in verify_history()}
    steps = Event.objects.filter(chain=ALLIANCE_CODE, verb__contains="演示").values_list("verb", flat=True)
    assert len(set(steps)) == len(steps) == 6
    assert chains[ALLIANCE_CODE][0] >= 7
    assert Seat.objects.filter(body__alliance=loaded).count() == Event.objects.filter(verb="任命委员").count() == 37
    assert all(not breaks for _count, breaks in chains.values())


def test_the_summary_says_what_has_not_run_yet(loaded, tmp_path):
    lines = list(summary(loaded, on=AS_OF, password=PASSWORD, workbook=tmp_path / "none.xlsx"))
    assert lines.count(NOT_YET) == 2
    assert any("二级 1 家、村 3 家、基层 12 家；中心药房 1 处" in line for line in lines)
    assert any(line.startswith("没有数据：望河镇下圩村卫生室") for line in lines)
    assert any("caigou " in line and "采购员" in line for line in lines)


def test_the_command_names_every_step_and_the_second_run_is_idle(loaded):
    out = StringIO()
    call_command("load_demo", as_of=AS_OF, stdout=out)
    assert out.getvalue().count("已有，未改动") == 1 + len(STEPS)


def test_the_deployment_check_warns_of_the_known_password(loaded):
    assert [warning.id for warning in demo_accounts(databases=["default"])] == ["procurement.W001"]
    assert demo_accounts(databases=None) == []


def test_columns_stand_under_one_another_though_chinese_is_wide():
    assert list(aligned([["县医院", "1"], ["a", "22"]])) == ["  县医院  1", "  a       22"]


def test_the_indexes_left_out_while_filling_are_there_again(loaded):
    from django.db import connection

    for model in (Consumption, StockLevel):
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, model._meta.db_table)
        wanted = {each.name for each in (*model._meta.indexes, *model._meta.constraints)}
        assert wanted <= set(found), model
