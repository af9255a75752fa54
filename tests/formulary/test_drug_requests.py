"""缺药登记: answered in three working days, gathered over institutions, and without a contact once it is over."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from config.access import Permission, Role
from formulary.actions import drug_requests
from formulary.actions.nightly import tidy
from formulary.models import DrugRequest, Event, Membership, Person
from formulary.queries.drug_requests import drug_requests as listed
from formulary.queries.drug_requests import gathered, is_late, request_counts, request_figures, request_verbs
from formulary.queries.reach import scope_of
from formulary.rules.contacts import digest, masked
from formulary.rules.request_life import RequestRefused, Verb, fulfilment
from formulary.rules.who import NotAllowed
from tests.conftest import NOW, TODAY
from tests.formulary.governance import govern

DAY = dt.timedelta(days=1)
PHONE = "138 0000 1234"


@pytest.fixture(autouse=True)
def sources(settings):
    settings.EVIDENCE = {}


@pytest.fixture
def world(world):
    return govern(world)


def registered(world, *, place=None, by=None, quantity=30, drug="M2", unit="粒", **more):
    person = by or world.people[Role.PHARMACIST]
    given = {"name": "阿莫西林胶囊", "strength": "0.25g", "presentation": world.drugs[drug] if drug else None} | more
    return drug_requests.register(
        world.alliance, institution=place or world.t1, quantity=quantity, unit=unit, **given, by=person, now=NOW
    )


def done(world, row, *verbs, now=NOW):
    for verb in verbs:
        centre = verb in (Verb.ANSWER, Verb.PURCHASE)
        person = world.people[Role.PROCUREMENT if centre else Role.PHARMACIST]
        row = drug_requests.act(row, verb, by=person, now=now, note="说明")
    return row


def test_a_registration_is_bought_delivered_and_collected(world):
    row = done(world, registered(world, contact=PHONE), Verb.PURCHASE, Verb.DELIVER)
    assert (row.state, row.contact, row.answered_at) == ("delivered", PHONE, NOW)
    row = done(world, row, Verb.COLLECT)
    assert (row.state, row.contact, row.caller, row.closed_at) == ("collected", "", "", NOW)
    assert [step.verb for step in row.steps.all()] == ["register", "purchase", "deliver", "collect"]
    assert PHONE not in str(list(Event.objects.values_list("data", "label")))


def test_the_answer_is_due_after_three_working_days(world):
    row = registered(world)
    assert (TODAY.isoformat(), row.due_on.isoformat()) == ("2026-11-21", "2026-11-25")
    assert not is_late(row, row.due_on)
    assert is_late(row, row.due_on + DAY)
    row = done(world, row, Verb.ANSWER)
    assert not is_late(row, row.due_on + DAY)


def test_the_database_keeps_no_contact_of_a_closed_case(world):
    row = done(world, registered(world, contact=PHONE), Verb.CANCEL)
    with pytest.raises(IntegrityError), transaction.atomic():
        DrugRequest.objects.filter(pk=row.pk).update(contact=PHONE)


def test_a_contact_that_missed_twice_is_marked_and_forgotten_after_six_months(world):
    for _ in range(2):
        done(world, registered(world, contact=PHONE), Verb.DELIVER, Verb.NO_SHOW)
    assert registered(world, contact="13800001234").repeated
    assert not registered(world, contact="13900001234").repeated
    assert not registered(world).repeated
    assert tidy(world.alliance, TODAY + 180 * DAY, now=NOW)["清除标记"] == 0
    assert tidy(world.alliance, TODAY + 182 * DAY, now=NOW)["清除标记"] == 2
    assert not registered(world, contact=PHONE).repeated


def test_moves_that_do_not_fit_are_refused(world):
    row = registered(world)
    with pytest.raises(RequestRefused, match="登记现为“已登记”，不能取药"):
        done(world, row, Verb.COLLECT)
    with pytest.raises(RequestRefused, match="须写明"):
        drug_requests.act(row, Verb.CANCEL, by=world.people[Role.PHARMACIST], now=NOW)
    with pytest.raises(RequestRefused, match="正整数"):
        registered(world, quantity=0)


def test_each_side_does_its_own(world):
    row = registered(world)
    shown = {role: {verb.value for verb in request_verbs(row, person)} for role, person in world.people.items()}
    assert shown[Role.PHARMACIST] == {"deliver", "cancel"}
    assert shown[Role.PROCUREMENT] == shown[Role.SECRETARY] == {"answer", "purchase", "cancel"}
    assert shown[Role.HEAD] == shown[Role.AUDITOR] == shown[Role.COMMITTEE] == set()
    with pytest.raises(NotAllowed):
        drug_requests.act(row, Verb.PURCHASE, by=world.people[Role.PHARMACIST], now=NOW)
    with pytest.raises(NotAllowed):
        drug_requests.act(row, Verb.DELIVER, by=world.people[Role.HEAD], now=NOW)
    with pytest.raises(NotAllowed):
        registered(world, by=world.people[Role.HEAD])


def test_the_same_drug_is_gathered_over_institutions_and_drafts_one_application(world):
    first = registered(world)
    second = registered(world, place=world.h1, by=world.people[Role.HEAD], quantity=50)
    other = registered(world, drug=None, name="板蓝根颗粒", strength="10g", unit="袋")
    top, rest = gathered(world.alliance)
    assert (top.title, top.places, top.requests, top.quantity) == ("阿莫西林胶囊 0.25g", ("湖熟", "县医院"), 2, 80)
    assert rest.title == "板蓝根颗粒 10g"
    row = drug_requests.draft_application(
        world.alliance, top.key, presentation=world.drugs["M2"], by=world.people[Role.SECRETARY], now=NOW
    )
    assert row.reason.startswith("缺药登记：阿莫西林胶囊 0.25g 自 2026-11-21 起有 2 家机构登记 2 次，共缺 80 粒")
    assert (row.lowest_level, row.monthly_use, row.institution) == ("基层", 80, world.h1)
    assert {first.pk, second.pk} == set(row.requests.values_list("pk", flat=True))
    other.refresh_from_db()
    assert other.adjustment is None
    with pytest.raises(RequestRefused, match="都已有申请"):
        drug_requests.draft_application(
            world.alliance, top.key, presentation=world.drugs["M2"], by=world.people[Role.SECRETARY], now=NOW
        )


def test_units_that_differ_are_not_added_up(world):
    registered(world, drug=None, name="碘伏", strength="", unit="瓶", quantity=2)
    registered(world, drug=None, name="碘伏", strength="", unit="ml", quantity=500)
    assert sorted((one.quantity, one.unit) for one in gathered(world.alliance)) == [(2, "瓶"), (500, "ml")]
    assert len({one.key for one in gathered(world.alliance)}) == 2


def test_counts_by_drug_leave_cancelled_ones_out(world):
    registered(world)
    done(world, registered(world), Verb.CANCEL)
    registered(world, place=world.h1, by=world.people[Role.HEAD])
    assert request_counts(world.alliance, TODAY) == {world.drugs["M2"].pk: (2, 2)}
    assert request_counts(world.alliance, TODAY + 400 * DAY) == {}


def test_an_institution_sees_its_own_and_late_ones_come_first(world):
    mine = registered(world)
    registered(world, place=world.h1, by=world.people[Role.HEAD])
    scope = scope_of(world.people[Role.PHARMACIST], Permission.SEE_GOVERNANCE)
    assert list(listed(scope, TODAY)) == [mine]
    late = registered(world)
    DrugRequest.objects.filter(pk=late.pk).update(due_on=TODAY - DAY)
    assert list(listed(scope, TODAY)) == [late, mine]
    assert list(listed(scope, TODAY, state="late")) == [late]
    assert request_figures(scope, TODAY) == {"open": 2, "late": 1, "delivered": 0, "fulfilment": None}


def test_fulfilment_is_collected_over_collected_and_missed():
    assert fulfilment(["collected", "collected", "no_show", "cancelled", "registered"]) == pytest.approx(2 / 3)
    assert fulfilment(["cancelled"]) is None


def test_contacts_are_masked_and_their_digest_ignores_spacing():
    assert masked("13812345678") == "138****5678"
    assert masked("李四家属") == "****"
    assert masked("") == ""
    assert digest("138-1234 5678", "k") == digest("13812345678", "k") != digest("13812345678", "other")
    assert digest(" ", "k") == ""


def test_a_person_of_another_alliance_has_no_hand_in_it(world):
    from formulary.models import Alliance

    stranger = Person.objects.create(username="x", name="外人")
    other = Alliance.objects.create(code="XX", name="别处")
    Membership.objects.create(person=stranger, role=Role.SECRETARY, alliance=other, valid_from=TODAY)
    with pytest.raises(NotAllowed):
        drug_requests.act(registered(world), Verb.PURCHASE, by=stranger, now=NOW)
