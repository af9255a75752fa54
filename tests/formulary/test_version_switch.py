"""On the effective day everything that asks what is in force turns over together, and not a day before."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.access import Role
from formulary import api_queries, queries
from formulary.actions import versions
from formulary.queries.allowed import allowed
from formulary.queries.version_checks import obstacles
from formulary.queries.version_lines import seal_holds
from formulary.rules.adjustment_life import Kind
from formulary.rules.versions import Line, VersionRefused
from procurement import case_facts
from procurement.sources import NeedRow
from shortage.series.keys import RANK, in_force
from tests.formulary.releases import BEGINS, MONDAY, first_version, passed, published_with
from tests.formulary.test_secrecy import SLOW_DATABASE, undone

EVE = BEGINS - dt.timedelta(days=1)


@pytest.fixture
def replaced(world):
    """M2 goes and M3 comes on 1 December."""
    first_version(world)
    return published_with(world, passed(world, "M3", Kind.REPLACE, drops="M2"))


def codes(world, ids):
    return {code for code, drug in world.drugs.items() if drug.pk in ids}


def of_entry(world, day):
    return codes(world, queries.version_in_force(world.alliance, day).entries.values_list("presentation", flat=True))


def of_series(world, day):
    return codes(world, in_force(world.alliance, day)[RANK["基层"]])


def of_api(world, day):
    version = api_queries.published_version(world.alliance, None, day)
    return {row["drug"] for row in api_queries.formulary_rows(version, day)["entries"]}


def of_subset(world, day):
    return codes(world, allowed(world.alliance, day).open_to(world.t1))


def of_drug_list(world, day):
    return {drug.code for drug in queries.drugs(world.alliance, day, place="in")}


def of_case(world, day, monkeypatch):
    rows = [NeedRow(world.t1.pk, drug.pk, 100, 0, 0, 0, 0) for drug in world.drugs.values()]
    monkeypatch.setattr(case_facts, "needs_of", lambda alliance, *, as_of, end: (rows, day))
    facts = case_facts.read_facts(world.alliance, as_of=day, start=day, end=day + dt.timedelta(days=30))
    return codes(world, {row.presentation_id for row in facts.needs})


@pytest.mark.parametrize(
    "asked", [of_entry, of_series, of_api, of_subset, of_drug_list], ids=lambda one: one.__name__[3:]
)
def test_what_asks_for_the_version_turns_on_the_day(world, replaced, asked):
    assert asked(world, EVE) == {"M1", "M2"}
    assert asked(world, BEGINS) == {"M1", "M3"}


def test_the_purchase_case_turns_on_the_day(world, replaced, monkeypatch):
    assert of_case(world, EVE, monkeypatch) == {"M1", "M2"}
    assert of_case(world, BEGINS, monkeypatch) == {"M1", "M3"}


@SLOW_DATABASE
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 4), st.sampled_from(["M1", "M2", "M3"]), st.sampled_from([None, "村", "基层", "二级"])
        ),
        max_size=4,
    )
)
def test_every_day_has_the_newest_version_that_has_begun_and_no_seal_is_broken(world, steps):
    """Corrections published in any order of effective days, against a list of (effective day, number) kept by hand."""
    secretary, today = world.people[Role.SECRETARY], MONDAY.date()
    who = {"by": secretary, "now": MONDAY}
    with undone():
        known = [(dt.date(2026, 1, 1), first_version(world).number)]
        for days, code, level in steps:
            begins = today + dt.timedelta(days=days)
            base = queries.version_in_force(world.alliance, begins)
            draft = versions.draft_correction(base, wrong="更正", effective_from=begins, **who)
            line = Line(level) if level else None
            versions.amend(draft, world.drugs[code].pk, line, reason="更正", **who)
            try:
                for one in obstacles(draft).findings:
                    if one.blocks:
                        versions.except_finding(draft, one.key, "已议", **who)
                known.append((begins, versions.publish(draft, **who).number))
            except VersionRefused:
                versions.discard(draft, **who)
        for day in (today + dt.timedelta(days=days) for days in range(-1, 7)):
            held = queries.version_in_force(world.alliance, day)
            assert (held.effective_from, held.number) == max(one for one in known if one[0] <= day)
        assert [number for _begins, number in known] == sorted({number for _begins, number in known})
        assert all(seal_holds(version) for version in world.alliance.versions.filter(published_at__isnull=False))
