"""The scan: what a new edition and a year of use say of the list; asked twice it says nothing new."""

import datetime as dt

import pandas as pd
import pytest

from config.access import Role
from formulary.actions.suggestions import SuggestionRefused, accept, dismiss, scan
from formulary.models import Adjustment, Alliance, DrugRequest, Event, FormularyEntry, FormularyVersion, Suggestion
from shortage.actions import facts
from shortage.models import Intake
from tests.conftest import NOW, TODAY
from tests.formulary.lists import NEML, bring_in

OLD = NEML.replace("化学药品和生物制品,463,耳鼻喉科用药,羟甲唑啉,喷雾剂：5ml∶1.25mg,\n", "")
NEW = NEML.replace("化学药品和生物制品,6,抗微生物药,阿莫西林,片剂、胶囊、颗粒剂：0.125g、0.25g,\n", "")


def publish(world, levels, *, number=1, since=dt.date(2025, 1, 1)):
    version = FormularyVersion.objects.create(
        alliance=world.alliance,
        number=number,
        title="统一用药目录",
        effective_from=since,
        published_at=NOW,
        published_by=world.people[Role.SECRETARY],
    )
    for code, level in levels.items():
        FormularyEntry.objects.create(version=version, presentation=world.drugs[code], lowest_level=level)
    return version


@pytest.fixture
def two_editions(world):
    """2018年版: 氨氯地平, 阿莫西林, 肾上腺素. 2026年版: without 阿莫西林, with 羟甲唑啉. The list: M1, M2, M3."""
    publish(world, {"M1": "基层", "M2": "基层", "M3": "二级"})
    bring_in("neml", OLD, edition="2018年版", valid_from=dt.date(2018, 11, 1), valid_to=dt.date(2026, 8, 31))
    bring_in("neml", NEW, edition="2026年版", document="国卫药政发〔2026〕17号")
    return world


def look(world, on=TODAY):
    return scan(world.alliance, on=on, by=None, now=NOW)


def found(**which):
    return {(row.trigger, str(row.presentation or row.medicine)) for row in Suggestion.objects.filter(**which)}


def test_new_edition_says_what_to_add_and_what_to_review(two_editions):
    assert look(two_editions).new == 2
    assert found() == {("neml_added", "羟甲唑啉（喷雾剂）"), ("neml_lost", "阿莫西林胶囊 0.25g")}
    lost = Suggestion.objects.get(trigger="neml_lost")
    assert ["依据", "2026年版（国卫药政发〔2026〕17号）"] in lost.evidence["facts"]
    assert ["比较", "与前一版 2018年版"] in lost.evidence["facts"]


def test_second_scan_adds_nothing_and_leaves_no_event(two_editions):
    look(two_editions)
    events = Event.objects.count()
    again = look(two_editions, on=TODAY + dt.timedelta(days=1))
    assert (again.new, again.again, again.gone) == (0, 2, 0)
    assert (Suggestion.objects.count(), Event.objects.count()) == (2, events)
    assert set(Suggestion.objects.values_list("found_on", "seen_on")) == {(TODAY, TODAY + dt.timedelta(days=1))}


def test_edition_is_looked_at_before_it_begins(two_editions):
    assert look(two_editions, on=dt.date(2026, 7, 1)).new == 2


def test_without_an_edition_before_nothing_is_new(world):
    publish(world, {"M1": "基层"})
    bring_in("neml", NEW, edition="2026年版")
    assert look(world).new == 0


def test_finding_goes_when_the_list_follows_and_comes_back_when_it_does_not(two_editions):
    look(two_editions)
    follows = publish(two_editions, {"M1": "基层", "M3": "二级"}, number=2, since=dt.date(2026, 10, 1))
    assert look(two_editions).gone == 1
    assert found(state="gone") == {("neml_lost", "阿莫西林胶囊 0.25g")}
    FormularyEntry.objects.create(version=follows, presentation=two_editions.drugs["M2"], lowest_level="基层")
    assert look(two_editions).new == 1
    assert not found(state="gone")


def test_accepting_drafts_an_application_with_the_reason(two_editions):
    secretary = two_editions.people[Role.SECRETARY]
    look(two_editions)
    drafted = accept(Suggestion.objects.get(trigger="neml_lost"), by=secretary, now=NOW)
    assert (drafted.state, drafted.kind, drafted.presentation.code, drafted.institution) == (
        "draft", "remove", "M2", two_editions.h1,
    )  # fmt: skip
    assert "2026年版基药不再列阿莫西林胶囊 0.25g" in drafted.reason
    assert drafted.steps.get().verb == "create"
    row = Suggestion.objects.get(trigger="neml_lost")
    assert (row.state, row.adjustment, row.decided_by) == ("accepted", drafted, secretary)
    with pytest.raises(SuggestionRefused, match="已采纳"):
        accept(row, by=secretary, now=NOW)
    assert Adjustment.objects.count() == 1


def test_accepting_what_has_no_presentation_yet_leaves_it_open_in_the_draft(two_editions):
    look(two_editions)
    drafted = accept(Suggestion.objects.get(trigger="neml_added"), by=two_editions.people[Role.SECRETARY], now=NOW)
    assert (drafted.kind, drafted.presentation, drafted.lowest_level) == ("add", None, "基层")


def test_dismissal_needs_words_and_stays(two_editions):
    secretary = two_editions.people[Role.SECRETARY]
    look(two_editions)
    ids = list(Suggestion.objects.values_list("pk", flat=True))
    with pytest.raises(SuggestionRefused, match="理由"):
        dismiss(two_editions.alliance, ids, reason=" ", by=secretary, now=NOW)
    dismiss(two_editions.alliance, ids, reason="临床仍需", by=secretary, now=NOW)
    assert (look(two_editions).new, found(state="open")) == (0, set())
    with pytest.raises(SuggestionRefused, match="已处理"):
        dismiss(two_editions.alliance, ids, reason="再来", by=secretary, now=NOW)


def test_use_says_what_nobody_needs_and_what_the_townships_lack(world):
    publish(world, {"M1": "二级", "M2": "基层", "M3": "二级"})
    intake = Intake.objects.create(alliance=world.alliance, source="file", name="用量.xlsx", received_at=NOW)
    months = pd.date_range("2025-11-01", "2026-10-01", freq="MS")
    rows = pd.DataFrame({"date": months, "quantity": 30})
    rows = rows.assign(institution_id=world.h1.pk, presentation_id=world.drugs["M1"].pk)
    facts.put_consumption(rows, intake=intake, now=NOW)
    look(world)
    assert found() == {("chronic", "氨氯地平片 5mg"), ("unused", "阿莫西林胶囊 0.25g")}
    assert Suggestion.objects.get(trigger="chronic").lowest_level == "基层"


def test_recall_and_monitoring_are_lists_of_their_own(world):
    publish(world, {"M1": "基层", "M2": "基层", "M3": "二级"})
    bring_in(
        "recall",
        "药品名称,规格,生产企业,批号,召回级别\n阿莫西林胶囊,0.25g,甲药厂,2601,二级\n氨氯地平片,5mg,丁药厂,7,三级\n",
        edition="召回2026-11",
        valid_from=dt.date(2026, 11, 1),
        document="苏药监召〔2026〕1号",
    )
    bring_in("monitored", "序号,药品名称\n1,肾上腺素\n", edition="第二批", valid_from=dt.date(2023, 1, 13))
    look(world)
    assert found() == {("recall", "阿莫西林胶囊 0.25g")}
    bring_in(
        "monitored",
        "序号,药品名称\n1,肾上腺素\n",
        edition="第三批",
        valid_from=dt.date(2026, 1, 1),
        document="示〔2026〕1号",
    )
    look(world)
    assert ("monitored", "肾上腺素注射液 1ml:1mg") in found()


def test_alliances_look_at_their_own_list(two_editions):
    neighbour = Alliance.objects.create(code="LH", name="六合医共体")
    look(two_editions)
    assert scan(neighbour, on=TODAY, by=None, now=NOW).new == 1
    assert set(Suggestion.objects.filter(alliance=neighbour).values_list("trigger", flat=True)) == {"neml_added"}


def test_the_same_lack_registered_in_two_places_is_suggested(world):
    publish(world, {"M1": "二级"})
    for site in (world.h1, world.t1):
        DrugRequest.objects.create(
            alliance=world.alliance, institution=site, presentation=world.drugs["M1"], name="氨氯地平片", quantity=30,
            unit="片", created_at=NOW, by=world.people[Role.PHARMACIST], due_on=TODAY,
        )  # fmt: skip
    look(world)
    row = Suggestion.objects.get(trigger="demand")
    assert (row.wants, row.lowest_level, row.weight) == ("level", "基层", 2)
    assert ["登记机构", "县医院、湖熟"] in row.evidence["facts"]
    later = look(world, on=TODAY + dt.timedelta(days=91))
    assert later.gone == 1


def test_what_an_application_under_way_asks_is_not_suggested_and_comes_back_when_it_ends(two_editions):
    """A draft asks for nothing yet; a refused application asks for nothing any more."""
    removal = Adjustment.objects.create(
        alliance=two_editions.alliance,
        number="2026-900",
        kind="remove",
        state="draft",
        presentation=two_editions.drugs["M2"],
        institution=two_editions.h1,
        applicant=two_editions.people[Role.SECRETARY],
        created_at=NOW,
    )
    assert look(two_editions).new == 2
    removal.state = "scoring"
    removal.save()
    assert look(two_editions).gone == 1
    assert found(state="open") == {("neml_added", "羟甲唑啉（喷雾剂）")}
    removal.state = "refused"
    removal.save()
    assert look(two_editions).new == 1
