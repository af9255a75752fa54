"""Each trigger on a handful of drugs: what it finds, and what it must leave alone."""

import dataclasses
import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from formulary.rules.adjustment_life import Kind
from formulary.rules.evidence import PriceRow
from formulary.rules.status import DrugStatus, Essential, Insurance, Mark, Win
from formulary.rules.strengths import Listed
from formulary.rules.triggers import TRIGGERS, Demand, Drug, Edition, Row, Trigger, View, find

ON = dt.date(2026, 11, 22)
NEML = Edition("2026年版", "国卫药政发〔2026〕17号", dt.date(2026, 9, 1), "2018年版")
NRDL = Edition("2025年", "医保发〔2025〕1号", dt.date(2026, 1, 1), "2024年")
YES = Essential(Listed.YES, specialist=False, level="国家", edition="2026年版", entry_ids=(1,))
WIN = Win("第十二批", "江苏", "甲药厂", Decimal("0.10000000"), "中选", dt.date(2026, 10, 1), None, 9)


def insured(category, ends=None):
    return Insurance(category, ends, "", "", unclear=False, edition="2025年", entry_ids=(2,))


def drug(pk=1, **given):
    given = {"medicine": 10, "name": f"药品{pk}", "unit": "片", "strength": "5mg", "status": DrugStatus()} | given
    return Drug(pk=pk, spec_group=given.pop("spec_group", "甲 口服"), therapeutic_class="", **given)


def row(medicine, **given):
    given = {"category": "", "company": "", "strength": "", "attributes": {}} | given
    return Row(
        entry=1, medicine=medicine, medicine_name=f"品种{medicine}", name=f"品种{medicine}", form="片剂", strengths=("5mg",),
        edition=given.pop("edition", "2026年版"), document="", valid_from=dt.date(2026, 9, 1), valid_to=None, **given,
    )  # fmt: skip


def view(*drugs, **given):
    return View(on=ON, drugs={one.pk: one for one in drugs}, **given)


def by(trigger, seen):
    return list(TRIGGERS[trigger](seen))


def test_newly_listed_medicine_that_the_list_lacks_is_to_be_added():
    outside = drug(1, medicine=10, status=DrugStatus(essential=YES))
    seen = view(
        outside,
        drug(2, medicine=20, level="基层"),
        editions={"neml": NEML},
        rows={"neml": {medicine: [row(medicine)] for medicine in (10, 20, 30, 40)}},
        rows_before={"neml": {40: [row(40)]}},
    )
    found = {one.medicine: one for one in by(Trigger.NEML_ADDED, seen)}
    assert set(found) == {10, 30}
    assert (found[10].wants, found[10].presentation, found[10].edition) == (Kind.ADD, 1, "2026年版")
    assert found[30].presentation is None
    assert ("可选品规", "药品库中还没有，请先建品规") in found[30].facts


def test_first_edition_is_no_news():
    first = dataclasses.replace(NEML, before="")
    seen = view(editions={"neml": first}, rows={"neml": {10: [row(10)]}})
    assert by(Trigger.NEML_ADDED, seen) == []


def test_entry_that_fell_out_of_the_essential_list_is_reviewed():
    was = {"neml": DrugStatus(essential=YES)}
    seen = view(
        drug(1, level="基层", before=was),
        drug(2, level="基层", before=was, status=DrugStatus(essential=YES)),
        drug(3, before=was),
        drug(4, level="基层", before={"neml": DrugStatus()}),
        editions={"neml": NEML},
    )
    [found] = by(Trigger.NEML_LOST, seen)
    assert (found.presentation, found.wants) == (1, Kind.REMOVE)


def test_insurance_lost_and_changed_are_told_apart():
    was = {"nrdl": DrugStatus(insurance=insured("甲"))}
    seen = view(
        drug(1, level="基层", before=was),
        drug(2, level="二级", before=was, status=DrugStatus(insurance=insured("乙"))),
        drug(3, level="基层", before=was, status=DrugStatus(insurance=insured("甲"))),
        editions={"nrdl": NRDL},
    )
    assert [one.presentation for one in by(Trigger.NRDL_LOST, seen)] == [1]
    [changed] = by(Trigger.NRDL_CHANGED, seen)
    assert (changed.presentation, changed.wants, changed.lowest_level) == (2, Kind.LEVEL, "二级")
    assert "由“甲”变为“乙”" in changed.words


def test_newly_negotiated_drug_is_to_be_equipped():
    seen = view(
        drug(1, medicine=10),
        drug(2, medicine=20, level="二级"),
        editions={"nrdl": NRDL},
        rows={"nrdl": {m: [row(m, category=c)] for m, c in ((10, "国谈"), (20, "国谈"), (30, "乙"), (40, "国谈"))}},
        rows_before={"nrdl": {10: [row(10, category="乙")], 40: [row(40, category="国谈")]}},
    )
    assert [(one.medicine, one.presentation) for one in by(Trigger.NRDL_NEGOTIATED, seen)] == [(10, 1)]


def test_agreement_is_announced_sixty_days_before_its_end():
    def ending(pk, days):
        return drug(pk, level="二级", status=DrugStatus(insurance=insured("国谈", ON + dt.timedelta(days=days))))

    seen = view(ending(1, 60), ending(2, 61), ending(3, 0), ending(4, -1))
    assert [one.presentation for one in by(Trigger.AGREEMENT_ENDS, seen)] == [1, 3]


def test_winner_of_a_new_round_replaces_the_non_winner_in_use():
    seen = view(drug(1, level="基层", use=(100,)), drug(2, status=DrugStatus(wins=(WIN,))))
    [found] = by(Trigger.VBP_WON, seen)
    assert (found.wants, found.presentation, found.other) == (Kind.REPLACE, 2, 1)
    assert "药品2" in found.words
    assert "药品1" in found.words
    assert found.table[0][3] == "0.1"


def test_winner_already_in_the_list_lets_the_other_go():
    seen = view(drug(1, level="基层"), drug(2, level="基层", status=DrugStatus(wins=(WIN,))))
    [found] = by(Trigger.VBP_WON, seen)
    assert (found.wants, found.presentation, found.other) == (Kind.REMOVE, 1, 2)


def test_old_rounds_and_other_form_groups_replace_nothing():
    old = dataclasses.replace(WIN, valid_from=ON - dt.timedelta(days=366))
    assert by(Trigger.VBP_WON, view(drug(1, level="基层"), drug(2, status=DrugStatus(wins=(old,))))) == []
    apart = drug(2, medicine=11, status=DrugStatus(wins=(WIN,)))
    assert by(Trigger.VBP_WON, view(drug(1, level="基层"), apart)) == []


def test_essential_peer_of_the_same_medicine_is_preferred():
    seen = view(drug(1, level="基层"), drug(2, status=DrugStatus(essential=YES)))
    [found] = by(Trigger.NEML_PEER, seen)
    assert (found.wants, found.presentation, found.other) == (Kind.REPLACE, 2, 1)
    assert by(Trigger.NEML_PEER, view(drug(1, level="基层", status=DrugStatus(wins=(WIN,))), seen.drugs[2])) == []


def test_recall_names_maker_and_strength_when_it_says_them():
    rows = [row(10, company="乙药厂", category="一级", edition="召回1", strength="5mg", attributes={"批号": "A1"})]
    hit = drug(1, level="基层", makers=("苏州乙药厂有限公司",))
    other_maker = drug(2, level="基层", makers=("甲药厂",))
    other_strength = drug(3, level="基层", strength="10mg", makers=("乙药厂",))
    unknown_maker = drug(4, level="基层")
    seen = view(hit, other_maker, other_strength, unknown_maker, drug(5), rows={"recall": {10: rows}})
    found = by(Trigger.RECALL, seen)
    assert [one.presentation for one in found] == [1, 4]
    assert found[0].table == (("品种10", "5mg", "乙药厂", "A1", "一级", ""),)


def test_monitored_entry_is_looked_at_but_not_removed():
    mark = Mark("第二批", official=True, label="重点监控", entry_ids=(3,))
    edition = Edition("第二批", "国卫办医政函〔2023〕9号", dt.date(2023, 1, 1))
    seen = view(
        drug(1, level="二级", status=DrugStatus(monitored=(mark,))),
        drug(2, level="二级"),
        editions={"monitored": edition},
    )
    [found] = by(Trigger.MONITORED, seen)
    assert (found.presentation, found.wants, found.lowest_level) == (1, Kind.LEVEL, "二级")


def test_short_drug_without_a_peer_asks_for_one():
    mark = Mark("国家短缺药品清单", official=True, label="短缺", entry_ids=(3,))
    alone = drug(1, level="基层", status=DrugStatus(shortage=(mark,)))
    [found] = by(Trigger.SHORTAGE, view(alone, drug(2)))
    assert (found.wants, found.presentation, found.other) == (Kind.ADD, 2, 1)
    [known] = by(Trigger.SHORTAGE, view(alone, drug(2, level="基层")))
    assert (known.wants, known.presentation) == (None, 1)
    rumour = dataclasses.replace(mark, official=False)
    assert by(Trigger.SHORTAGE, view(dataclasses.replace(alone, status=DrugStatus(shortage=(rumour,))))) == []


LONG_AGO = dt.date(2024, 1, 1)


def test_unused_needs_the_months_in_the_list_and_in_the_data():
    none = (0,) * 12
    half = (0,) * 6 + (5,) * 6
    drugs = (
        drug(1, level="基层", since=LONG_AGO, use=none),
        drug(2, level="基层", since=LONG_AGO, use=half),
        drug(3, level="基层", since=LONG_AGO, use=(0,) * 5 + (1,) * 7),
        drug(4, level="基层", since=dt.date(2026, 5, 2), use=none),
        drug(5, level="基层", since=dt.date(2026, 5, 1), use=none),
        drug(6, level="基层", since=LONG_AGO, use=none, is_emergency=True),
        drug(7, since=LONG_AGO, use=none),
        drug(8, level="基层", since=LONG_AGO),
    )
    found = {one.presentation: one.words for one in by(Trigger.UNUSED, view(*drugs, known_months=12))}
    assert set(found) == {1, 2, 5, 8}
    assert "连续 12 个月" in found[1]
    assert "连续 6 个月" in found[2]
    assert by(Trigger.UNUSED, view(*drugs, known_months=5)) == []


def test_chronic_drug_of_the_lead_is_to_be_opened_to_the_townships():
    def chronic(pk, level, use):
        return drug(pk, level=level, is_chronic=True, lead_use=use)

    seen = view(
        chronic(1, "二级", (10, 10, 10)),
        chronic(2, "二级", (10, 10, 0, 0, 0, 0)),
        chronic(3, "基层", (10, 10, 10)),
        drug(4, level="二级", lead_use=(10, 10, 10)),
        chronic(5, "", (10, 10, 10)),
    )
    [found] = by(Trigger.CHRONIC, seen)
    assert (found.presentation, found.wants, found.lowest_level, found.weight) == (1, Kind.LEVEL, "基层", 10)


def price(label, price="10.00"):
    return PriceRow(1, 1, Decimal(price), 10, label, "非集采", "国药", "甲药厂")


def test_red_price_means_that_every_offer_is_red():
    seen = view(drug(1, level="基层"), prices={1: [price("红2"), price("红1")]})
    [found] = by(Trigger.RED_PRICE, seen)
    assert "最轻 红1" in found.words
    assert found.key == "red_price:2026Q4:1"
    assert by(Trigger.RED_PRICE, view(drug(1, level="基层"), prices={1: [price("红2"), price("绿")]})) == []
    assert by(Trigger.RED_PRICE, view(drug(1, level="基层"))) == []


def test_the_same_lack_in_two_places_is_a_need():
    def lack(places, presentation=None, medicine=None):
        return Demand(presentation, medicine, "某药", places, times=3, quantity=60)

    inside = drug(1, level="二级")
    found = by(Trigger.DEMAND, view(inside, demands=[lack(("T1", "T2"), 1, 10), lack(("T1", "T2"), None, 99)]))
    assert [(one.wants, one.lowest_level) for one in found] == [(Kind.LEVEL, "基层"), (Kind.ADD, "")]
    assert by(Trigger.DEMAND, view(inside, demands=[lack(("T1",), 1, 10)])) == []
    assert by(Trigger.DEMAND, view(drug(1, level="基层"), demands=[lack(("T1", "T2"), 1, 10)])) == []


def test_every_trigger_has_one_function_and_one_label():
    assert set(TRIGGERS) == set(Trigger)
    assert len({trigger.label for trigger in Trigger}) == len(Trigger)


@given(st.lists(st.tuples(st.sampled_from(["", "基层", "二级"]), st.booleans(), st.booleans()), max_size=8))
def test_nothing_outside_the_list_is_ever_to_be_removed(rows):
    drugs = [
        drug(
            number,
            level=level,
            since=LONG_AGO,
            use=(0,) * 12,
            status=DrugStatus(essential=YES if essential else None, wins=(WIN,) if won else ()),
        )
        for number, (level, essential, won) in enumerate(rows, start=1)
    ]
    seen = view(*drugs, known_months=12)
    for one in find(seen):
        if one.wants is Kind.REMOVE:
            assert seen.drugs[one.presentation].listed
        if one.wants is Kind.REPLACE:
            assert seen.drugs[one.other].listed
            assert not seen.drugs[one.presentation].listed
