"""From cleared applications to a published, frozen version; corrections; several versions ahead."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from config.access import Role
from formulary import queries
from formulary.actions import publicity, versions
from formulary.models import (
    Adjustment,
    Event,
    FormularyEntry,
    FormularyVersion,
    Publicity,
    RuleException,
    VersionChange,
)
from formulary.queries.version_checks import obstacles
from formulary.queries.version_lines import differences, drug_history, lines_of, seal_holds, version_rows
from formulary.rules.adjustment_life import Kind
from formulary.rules.versions import VersionRefused
from tests.formulary.releases import (
    AFTER,
    BEGINS,
    MONDAY,
    announced,
    at,
    cleared,
    corrected,
    drafted,
    first_version,
    passed,
    published_with,
)

DAY = dt.timedelta(days=1)


@pytest.fixture
def first(world):
    return first_version(world)


def levels(version):
    return dict(version.entries.values_list("presentation__code", "lowest_level"))


def test_the_draft_is_what_stands_and_what_was_cleared(world, first):
    cleared(world, passed(world, "M3"), passed(world, "M2", Kind.REMOVE))
    draft = drafted(world)
    assert (draft.number, draft.based_on, draft.is_published) == (2, first, False)
    assert levels(draft) == {"M1": "村", "M3": "基层"}
    assert dict(draft.changes.values_list("presentation__code", "kind")) == {"M3": "added", "M2": "removed"}
    assert draft.changes.get(kind="added").reason == "申请 2026-1（调入）：基层慢病患者需要"


def test_conditions_of_the_vote_are_applied(world, first):
    cleared(
        world, passed(world, "M3", conditions={"lowest_level": "二级", "restriction": "specialist", "review_months": 3})
    )
    entry = drafted(world).entries.get(presentation=world.drugs["M3"])
    assert (entry.lowest_level, entry.restriction, entry.review_on) == ("二级", "specialist", dt.date(2027, 3, 1))


def test_a_new_drug_without_condition_is_reviewed_after_the_trial_of_the_charter(world, first):
    cleared(world, passed(world, "M3"))
    assert drafted(world).entries.get(presentation=world.drugs["M3"]).review_on == dt.date(2027, 6, 1)


def test_a_moved_day_moves_the_review(world, first):
    cleared(world, passed(world, "M3"))
    draft = versions.describe(
        drafted(world), title="目录", effective_from=dt.date(2027, 1, 1), document="", note="",
        by=world.people[Role.SECRETARY], now=AFTER,
    )  # fmt: skip
    assert draft.entries.get(presentation=world.drugs["M3"]).review_on == dt.date(2027, 7, 1)


def test_publishing_keeps_the_entries_and_takes_the_applications_into_effect(world, first):
    row = passed(world, "M3")
    cleared(world, row)
    draft = drafted(world)
    before = lines_of(draft)
    version = versions.publish(draft, by=world.people[Role.SECRETARY], now=AFTER)
    row.refresh_from_db()
    assert lines_of(version) == before
    assert row.state == "effective"
    assert seal_holds(version)
    event = Event.objects.get(verb="发布用药目录")
    assert (event.data["entries"], event.data["changes"], event.data["seal"]) == (3, 1, version.seal)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: FormularyEntry.objects.filter(version=v).update(tier=3),
        lambda v: FormularyEntry.objects.filter(version=v).delete(),
        lambda v: FormularyEntry.objects.create(
            version=v, presentation=v.changes.get(kind="removed").presentation, lowest_level="村"
        ),
        lambda v: VersionChange.objects.filter(version=v).update(reason="改"),
        lambda v: VersionChange.objects.filter(version=v).delete(),
        lambda v: FormularyVersion.objects.filter(pk=v.pk).update(effective_from="2020-01-01"),
        lambda v: FormularyVersion.objects.filter(pk=v.pk).update(seal=""),
        lambda v: FormularyVersion.objects.filter(pk=v.pk)._raw_delete("default"),
        lambda v: v.delete(),
        lambda v: FormularyEntry.objects.filter(version__number=9).update(version=v),
    ],
    ids=["line", "lines", "new line", "reason", "reasons", "date", "seal", "version", "all", "moved in"],
)
def test_the_database_refuses_every_change_of_a_published_version(world, first, change):
    version = published_with(world, passed(world, "M3"), passed(world, "M2", Kind.REMOVE))
    other = FormularyVersion.objects.create(alliance=world.alliance, number=9, title="x")
    FormularyEntry.objects.create(version=other, presentation=world.drugs["M2"], lowest_level="村")
    with pytest.raises(DatabaseError, match="已发布的目录版本不能改动"), transaction.atomic():
        change(version)
    assert seal_holds(version)


def test_a_draft_may_be_thrown_away(world, first):
    row = passed(world, "M3")
    cleared(world, row)
    versions.discard(drafted(world), by=world.people[Role.SECRETARY], now=AFTER)
    row.refresh_from_db()
    assert row.state == "cleared"
    assert FormularyVersion.objects.get() == first


def test_a_published_version_is_not_thrown_away(world, first):
    with pytest.raises(VersionRefused, match="已发布"):
        versions.discard(first, by=world.people[Role.SECRETARY], now=AFTER)


def test_one_draft_at_a_time(world, first):
    cleared(world, passed(world, "M3"))
    drafted(world)
    with pytest.raises(VersionRefused, match="已有草案第 2 版"):
        drafted(world)


def test_an_application_left_out_waits(world, first):
    one, two = passed(world, "M3"), passed(world, "M2", Kind.REMOVE)
    cleared(world, one, two)
    draft = versions.take(drafted(world), [two.pk], by=world.people[Role.SECRETARY], now=AFTER)
    versions.publish(draft, by=world.people[Role.SECRETARY], now=AFTER)
    states = dict(Adjustment.objects.values_list("number", "state"))
    assert states == {one.number: "cleared", two.number: "effective"}


def test_two_applications_for_one_drug_are_told_apart(world, first):
    one, two = passed(world, "M3"), passed(world, "M3", number="2026-7")
    cleared(world, one, two)
    draft = drafted(world)
    assert draft.changes.get().adjustment == one
    with pytest.raises(VersionRefused, match="2026-7：与 2026-1 涉及同一品规"):
        versions.take(draft, [one.pk, two.pk], by=world.people[Role.SECRETARY], now=AFTER)


def test_the_day_is_not_past_and_not_before_what_stands(world, first):
    with pytest.raises(VersionRefused, match="不早于今天"):
        drafted(world, effective=AFTER.date() - DAY)
    published_with(world, passed(world, "M3"), effective=dt.date(2027, 1, 1))
    with pytest.raises(VersionRefused, match="不早于所依据的第 2 版的生效日"):
        drafted(world, effective=dt.date(2026, 12, 31))


def test_nothing_new_is_not_published(world, first):
    with pytest.raises(VersionRefused, match="没有要发布的变化"):
        versions.publish(drafted(world), by=world.people[Role.SECRETARY], now=AFTER)


def test_publishing_waits_for_an_unanswered_objection(world, first):
    row = passed(world, "M3")
    shown = announced(world, row)
    said = publicity.object_to(
        shown, row, institution=world.t1, text="不同意", by=world.people[Role.PHARMACIST], now=MONDAY + DAY
    )
    Adjustment.objects.filter(pk=row.pk).update(state="cleared")
    Publicity.objects.filter(pk=shown.pk).update(ended_at=AFTER)
    draft = drafted(world)
    with pytest.raises(VersionRefused, match="2026-1：湖熟卫生院的异议没有答复"):
        versions.publish(draft, by=world.people[Role.SECRETARY], now=AFTER)
    publicity.answer(said, outcome="dismissed", text="已说明", by=world.people[Role.SECRETARY], now=AFTER)
    assert versions.publish(draft, by=world.people[Role.SECRETARY], now=AFTER).is_published


def test_publishing_waits_for_a_publicity_that_was_long_enough(world, first):
    row = passed(world, "M3")
    shown = cleared(world, row)
    draft = drafted(world)
    Publicity.objects.filter(pk=shown.pk).update(closes_on=dt.date(2026, 11, 5))
    with pytest.raises(VersionRefused, match="公示 2026-1 只有 3 个工作日，应不少于 5 个"):
        versions.publish(draft, by=world.people[Role.SECRETARY], now=AFTER)
    row.refresh_from_db()
    assert (row.state, draft.is_published) == ("cleared", False)


def test_versions_ahead_begin_in_their_order(world, first):
    published_with(world, passed(world, "M3"), effective=dt.date(2027, 1, 1))
    published_with(world, passed(world, "M2", Kind.REMOVE), effective=dt.date(2027, 3, 1))
    days = {"2026-12-31": 1, "2027-01-01": 2, "2027-02-28": 2, "2027-03-01": 3}
    for day, number in days.items():
        assert queries.version_in_force(world.alliance, dt.date.fromisoformat(day)).number == number
    rows = version_rows(world.alliance, dt.date(2027, 1, 15))
    assert [(row.version.number, row.standing) for row in rows] == [(3, "待生效"), (2, "在用"), (1, "已被取代")]
    assert [row.ends for row in rows] == [None, dt.date(2027, 3, 1), dt.date(2027, 1, 1)]


def test_a_correction_names_what_was_wrong_and_leaves_the_wrong_version(world, first):
    wrong = lines_of(first)
    version = corrected(world, first, "M2", at("二级"))
    assert (version.is_correction, version.note, version.based_on) == (True, "级别录错", first)
    assert lines_of(first) == wrong
    assert levels(version) == {"M1": "村", "M2": "二级"}
    assert version.changes.get().reason == "录入有误"


def test_correcting_back_gives_what_stood_at_first(world, first):
    second = corrected(world, first, "M2", None)
    third = corrected(world, second, "M2", lines_of(first)[world.drugs["M2"].pk])
    assert lines_of(third) == lines_of(first)
    assert [row.kind for row in differences(first, second)] == ["removed"]
    assert differences(first, third) == []


def test_a_version_in_force_is_corrected_before_the_next_begins(world, first):
    later = published_with(world, passed(world, "M3"), effective=dt.date(2027, 1, 1))
    fixed = corrected(world, first, "M2", at("二级"), effective=dt.date(2026, 12, 1))
    assert queries.version_in_force(world.alliance, dt.date(2026, 12, 15)) == fixed
    assert queries.version_in_force(world.alliance, dt.date(2027, 1, 1)) == later


def test_a_correction_of_what_will_be_replaced_by_then_is_refused(world, first):
    published_with(world, passed(world, "M3"), effective=dt.date(2027, 1, 1))
    with pytest.raises(VersionRefused, match="请改为更正第 2 版"):
        corrected(world, first, "M2", at("二级"), effective=dt.date(2027, 2, 1))


@pytest.mark.parametrize("words", ["", "  "])
def test_a_correction_without_words_is_refused(world, first, words):
    with pytest.raises(VersionRefused, match="错在哪里"):
        versions.draft_correction(first, wrong=words, effective_from=BEGINS, by=world.people[Role.SECRETARY], now=AFTER)


def test_the_list_itself_changes_only_by_applications(world, first):
    cleared(world, passed(world, "M3"))
    with pytest.raises(VersionRefused, match="只能随表决通过的申请变动"):
        versions.amend(
            drafted(world), world.drugs["M2"].pk, None, reason="x", by=world.people[Role.SECRETARY], now=AFTER
        )


def test_differences_tell_reason_and_votes(world, first):
    version = published_with(world, passed(world, "M3"))
    row = differences(first, version)[0]
    assert row.why == "申请 2026-1（调入）：基层慢病患者需要"
    assert row.votes == "同意 9、反对 1、弃权 1（2026-1）"
    assert row.sentence.startswith("新列入目录：最低使用级别 基层")


def test_differences_over_several_versions_tell_every_reason(world, first):
    published_with(world, passed(world, "M3"))
    third = published_with(
        world, passed(world, "M3", Kind.LEVEL, lowest_level="村"), effective=dt.date(2027, 1, 1), now=AFTER + 30 * DAY
    )
    row = differences(first, third)[0]
    assert [reason.version.number for reason in row.reasons] == [2, 3]
    assert row.kind == "added"


def test_one_drug_is_followed_through_all_versions(world, first):
    published_with(world, passed(world, "M3"))
    history = drug_history(world.alliance, world.drugs["M3"])
    assert [(version.number, line and line.lowest_level) for version, line, _ in history] == [(2, "基层"), (1, None)]
    assert history[0][2].votes.startswith("同意 9")


def test_institutions_are_told_and_confirm_once(world, first):
    from formulary.actions.notices import NoticeRefused, confirm_read

    version = published_with(world, passed(world, "M3"))
    mine = version.notices.get(institution=world.t1)
    with pytest.raises(NoticeRefused, match="只能确认本机构"):
        confirm_read(mine, institution=world.h1, by=world.people[Role.HEAD], now=AFTER)
    confirm_read(mine, institution=world.t1, by=world.people[Role.PHARMACIST], now=AFTER)
    confirm_read(mine, institution=world.t1, by=world.people[Role.HEAD], now=AFTER + DAY)
    assert (mine.read_by, mine.read_at) == (world.people[Role.PHARMACIST], AFTER)
    assert version.notices.filter(read_at=None).count() == 1


@pytest.fixture
def raised(world):
    """A draft that takes an emergency drug away from the centres: a hard finding."""
    first_version(world, ("M1", "M2", "M3"))
    row = passed(world, "M3", Kind.LEVEL, lowest_level="二级")
    cleared(world, row)
    return row, drafted(world)


def test_a_hard_finding_blocks_until_an_exception_is_recorded_with_the_draft(world, raised):
    _, draft = raised
    secretary = world.people[Role.SECRETARY]
    with pytest.raises(VersionRefused, match="急救药不断档"):
        versions.publish(draft, by=secretary, now=AFTER)
    found = next(one for one in obstacles(draft).findings if one.blocks)
    with pytest.raises(VersionRefused, match="请写明例外理由"):
        versions.except_finding(draft, found.key, " ", by=secretary, now=AFTER)
    versions.except_finding(draft, found.key, "基层改用预充式笔", by=secretary, now=AFTER)
    version = versions.publish(draft, by=secretary, now=AFTER)
    assert [row["exception"] for row in version.findings if row["hard"]] == ["基层改用预充式笔"]


def test_an_exception_recorded_with_the_application_counts(world, raised):
    row, draft = raised
    found = next(one for one in obstacles(draft).findings if one.blocks).finding
    RuleException.objects.create(
        adjustment=row,
        code=found.code,
        sentence=found.sentence,
        reason="委员会同意",
        by=world.people[Role.SECRETARY],
        at=AFTER,
    )
    version = versions.publish(draft, by=world.people[Role.SECRETARY], now=AFTER)
    assert "委员会同意（申请 2026-1）" in [item["exception"] for item in version.findings]


def test_a_rule_that_is_kept_takes_no_exception(world, raised):
    with pytest.raises(VersionRefused, match="没有这条"):
        versions.except_finding(raised[1], "nothing|x", "理由", by=world.people[Role.SECRETARY], now=AFTER)
