"""Scoring an application: opened with its facts, scored by members, ended with enough sheets, frozen."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from config.access import Role
from formulary.actions import scoring as actions
from formulary.models import Event, FormularyEntry, FormularyVersion, ScoreSheet, ScoreTemplate
from formulary.queries import scoring as queries
from formulary.rules.adjustment_life import Kind, State
from formulary.rules.scorecard import Answer, ScoreRefused, from_data
from formulary.rules.scorecard_file import read_template, write_template
from tests.conftest import NOW, TODAY
from tests.formulary.committee import Committee
from tests.formulary.rules.test_scorecard import FIXTURES, SMALL, answers


@pytest.fixture
def committee(world):
    return Committee(world)


@pytest.fixture
def template(committee):
    return actions.publish_template(
        committee.world.alliance, "western", SMALL, title="小评分表", by=committee.secretary, now=NOW
    )


@pytest.fixture
def scoring(committee, template, world):
    adjustment = committee.application(state=State.SCORING)
    return actions.open_scoring(adjustment, [world.drugs["M2"]], by=committee.secretary, now=NOW)


def hand_in(committee, scoring, at, drug="M1", submit=True, **options):
    person, subject = committee.seats[at].person, committee.world.drugs[drug]
    given = answers(**(options or {"疗效": 0, "费用": 1, "医保": 2}))
    known = queries.words_of(scoring, subject.pk)
    given = {key: Answer(option=one.option, reason="核对说明书") for key, one in given.items()} if known else given
    return actions.save_sheet(scoring, subject, given, submit=submit, by=person, now=NOW)


def test_form_is_numbered_and_not_repeated(committee, template):
    assert (template.number, template.seal) == (1, SMALL.seal)
    with pytest.raises(ScoreRefused, match="内容与第 1 版相同"):
        actions.publish_template(committee.world.alliance, "western", SMALL, title="x", by=committee.secretary, now=NOW)
    real = read_template(FIXTURES / "scorecard_western.csv")
    second = actions.publish_template(
        committee.world.alliance, "western", real, title="x", by=committee.secretary, now=NOW
    )
    assert second.number == 2
    assert queries.current_template(committee.world.alliance, "western") == second


def test_only_the_secretary_opens_scoring(committee, template, world):
    adjustment = committee.application(state=State.SCORING)
    for role in (Role.COMMITTEE, Role.ADMINISTRATOR):
        with pytest.raises(ScoreRefused, match="只有委员会秘书"):
            actions.open_scoring(adjustment, [], by=world.people[role], now=NOW)


def test_opening_needs_a_form_and_the_right_state(committee, world):
    with pytest.raises(ScoreRefused, match="还没有适用的评分表"):
        actions.open_scoring(committee.application(state=State.SCORING), [], by=committee.secretary, now=NOW)
    with pytest.raises(ScoreRefused, match="现为“待上会”"):
        actions.open_scoring(committee.application("2026-2"), [], by=committee.secretary, now=NOW)


def test_facts_of_the_day_are_kept_with_their_source(scoring, world):
    facts = scoring.facts[str(world.drugs["M1"].pk)]
    assert facts["医保"] == {"value": "无", "source": "医保目录中没有"}
    assert facts["集采"]["value"] == "否"


def test_comparators_are_listed_drugs_of_the_same_kind(committee, world):
    adjustment = committee.application(state=State.SCORING)
    drug = world.drugs["M2"]
    assert queries.comparators(adjustment, TODAY) == []
    for one in world.drugs.values():
        one.therapeutic_class = "心血管药"
        one.save()
    version = FormularyVersion.objects.create(alliance=world.alliance, number=1, title="目录", effective_from=TODAY)
    FormularyEntry.objects.create(version=version, presentation=drug, lowest_level="基层")
    FormularyVersion.objects.filter(pk=version.pk).update(published_at=NOW, published_by=committee.secretary)
    assert queries.comparators(adjustment, TODAY) == [drug]


def test_scoring_ends_with_enough_sheets_for_every_subject(committee, scoring):
    for at in range(3):
        hand_in(committee, scoring, at)
    with pytest.raises(ScoreRefused, match="每个评分对象至少 3 份评分，还不够：阿莫西林胶囊"):
        actions.finish_scoring(scoring, by=committee.secretary, now=NOW)
    for at in range(3):
        hand_in(committee, scoring, at, "M2", 疗效=1, 费用=0, 医保=2)
    done = actions.finish_scoring(scoring, by=committee.secretary, now=NOW)
    assert done.state == State.READY
    note = done.steps.last().note
    assert "氨氯地平片 5mg 均分 80（80–80，3 份）" in note
    assert "结论：推荐" in note


def test_draft_counts_nowhere_and_a_handed_in_sheet_does_not_go_back(committee, scoring):
    hand_in(committee, scoring, 0, submit=False)
    assert queries.result(scoring).summaries[committee.world.drugs["M1"].pk].sheets == 0
    hand_in(committee, scoring, 0)
    with pytest.raises(ScoreRefused, match="已提交"):
        hand_in(committee, scoring, 0, submit=False)
    assert ScoreSheet.objects.count() == 1


def test_missing_item_leaves_no_decision(committee, scoring):
    for at in range(3):
        hand_in(committee, scoring, at, 疗效=0, 费用=0)
    found = queries.result(scoring)
    assert found.band == ""
    assert found.summaries[committee.world.drugs["M1"].pk].missing == ("医保",)


def test_applicant_and_strangers_do_not_score(committee, template, world):
    member = committee.seats[1].person
    adjustment = committee.application(state=State.SCORING, applicant=member)
    scoring = actions.open_scoring(adjustment, [], by=committee.secretary, now=NOW)
    with pytest.raises(ScoreRefused, match="须回避评分"):
        actions.save_sheet(scoring, world.drugs["M1"], {}, submit=False, by=member, now=NOW)
    with pytest.raises(ScoreRefused, match="只有药事委员"):
        actions.save_sheet(scoring, world.drugs["M1"], {}, submit=False, by=committee.secretary, now=NOW)
    with pytest.raises(ScoreRefused, match="不在本次评分对象"):
        actions.save_sheet(scoring, world.drugs["M3"], {}, submit=False, by=committee.seats[0].person, now=NOW)


def test_removal_may_skip_scoring_with_a_reason_and_addition_may_not(committee):
    removal = committee.application("2026-1", kind=Kind.REMOVE, state=State.SCORING)
    with pytest.raises(ScoreRefused, match="理由"):
        actions.skip_scoring(removal, " ", by=committee.secretary, now=NOW)
    assert actions.skip_scoring(removal, "企业停产", by=committee.secretary, now=NOW).state == State.READY
    assert removal.steps.last().note == "不评分：企业停产"
    with pytest.raises(ScoreRefused, match="调入必须评分"):
        actions.skip_scoring(
            committee.application("2026-2", state=State.SCORING), "急", by=committee.secretary, now=NOW
        )


def test_database_freezes_a_used_form_and_ended_sheets(committee, scoring, template):
    with pytest.raises(IntegrityError, match="评分表不能改动"), transaction.atomic():
        ScoreTemplate.objects.update(title="x")
    for at in range(3):
        for drug in ("M1", "M2"):
            hand_in(committee, scoring, at, drug)
    actions.finish_scoring(scoring, by=committee.secretary, now=NOW)
    with pytest.raises(IntegrityError, match="评分表单不能改动"), transaction.atomic():
        ScoreSheet.objects.update(answers={})
    with pytest.raises(ScoreRefused, match="评分已经结束"):
        hand_in(committee, scoring, 3)
    assert Event.objects.filter(verb="提交评分").count() == 6


class TestPages:
    def test_member_scores_on_the_form(self, client, committee, scoring, world):
        drug = world.drugs["M1"]
        client.force_login(committee.seats[0].person)
        address = f"/scores/{scoring.adjustment_id}/sheets/{drug.pk}/"
        page = client.get(address).content.decode()
        assert "已知：无（医保目录中没有）" in page
        answer = client.post(address, {"option-0": "0", "option-1": "1", "option-2": "0", "submit": "1"})
        assert answer.status_code == 422
        assert "与已知资料不同，请写明更改的理由" in answer.content.decode()
        total = client.post(address, {"option-0": "0", "option-1": "1"}, headers={"HX-Request": "true"})
        assert "<b>80</b> / 90 分" in total.content.decode()
        assert not ScoreSheet.objects.exists()
        client.post(address, {"option-0": "0", "option-1": "1", "option-2": "2", "submit": "1"})
        assert ScoreSheet.objects.get().submitted_at is not None

    def test_wrong_option_is_refused(self, client, committee, scoring, world):
        client.force_login(committee.seats[0].person)
        address = f"/scores/{scoring.adjustment_id}/sheets/{world.drugs['M1'].pk}/"
        answer = client.post(address, {"option-0": "99", "submit": "1"})
        assert (answer.status_code, "请从列出的选项中选择" in answer.content.decode()) == (422, True)

    def test_others_points_are_hidden_until_ones_own_are_in(self, client, committee, scoring):
        hand_in(committee, scoring, 0)
        client.force_login(committee.seats[1].person)
        page = client.get(f"/scores/{scoring.adjustment_id}/").content.decode()
        assert "交齐您的评分后显示结果" in page
        assert "逐维度比较" not in page
        for drug in ("M1", "M2"):
            hand_in(committee, scoring, 1, drug)
        page = client.get(f"/scores/{scoring.adjustment_id}/").content.decode()
        assert "逐维度比较" in page
        assert "换一种权重，结论变吗" in page

    def test_menu_counts_sheets_that_wait(self, committee, scoring):
        person = committee.seats[0].person
        assert (queries.waiting_count(person), queries.waiting_count(committee.secretary)) == (2, 0)
        hand_in(committee, scoring, 0)
        assert queries.waiting_count(person) == 1

    def test_secretary_opens_and_ends_scoring(self, client, committee, template, world):
        adjustment = committee.application(state=State.SCORING)
        client.force_login(committee.secretary)
        client.post(f"/scores/{adjustment.pk}/act/open/", {"beside": [world.drugs["M2"].pk]})
        assert adjustment.scoring.subjects.count() == 2
        page = client.post(f"/scores/{adjustment.pk}/act/finish/", follow=True).content.decode()
        assert "每个评分对象至少 3 份评分" in page

    def test_form_goes_out_to_excel_and_comes_back_as_the_next_number(self, client, committee, template):
        client.force_login(committee.secretary)
        sent = client.get(f"/scores/forms/{template.pk}/file/").content
        assert read_template(sent, name="x.csv") == SMALL
        changed = write_template(from_data(template.content)).decode().replace("疗效3,0", "疗效3,5").encode()
        file = SimpleUploadedFile("评分表.csv", changed)
        page = client.post(
            "/scores/forms/new/", {"form": "western", "title": "小评分表", "file": file}, follow=True
        ).content.decode()
        assert "已建立 小评分表 第 2 版" in page

    def test_faulty_form_tells_every_fault(self, client, committee, template):
        client.force_login(committee.secretary)
        wrong = (
            write_template(SMALL).decode().replace("疗效0,60", "疗效0,六十").replace("医保0,10", "医保0,-1").encode()
        )
        answer = client.post(
            "/scores/forms/new/", {"form": "western", "title": "x", "file": SimpleUploadedFile("评分表.csv", wrong)}
        )
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "六十" in text
        assert "-1" in text
        assert ScoreTemplate.objects.count() == 1
