"""The road of a purchase round: who may move it, what has to be done first, and that every step is kept."""

import datetime as dt
from decimal import Decimal

import pytest

from config.access import Role
from formulary.actions.deputies import name_deputy
from formulary.models import Event, RuleValue
from procurement.actions import approvals, need_lines, reports, rounds
from procurement.models import Approval, Dispute, NeedLine, NeedReport, RoundLine, Tender
from procurement.queries import rounds as asked
from procurement.rules.plan_settings import PlanSettings
from procurement.rules.rounds import Incomplete, NotYours, RoundRefused, WordsMissing, WrongState
from shortage.models import Consumption, Intake
from tests.conftest import NOW, TODAY
from tests.procurement.world import END, START


def use(world, site, code, quantity, day=TODAY):
    intake = Intake.objects.create(alliance=world.alliance, source="file", name="用量", received_at=NOW)
    Consumption.objects.create(
        institution=site, presentation=world.drugs[code], intake=intake, date=day, quantity=quantity
    )


def lines(walk, code):
    rows = NeedLine.objects.filter(report__round=walk.row, report__institution__code=code)
    return {line.presentation.code: line for line in rows.select_related("presentation")}


def test_report_is_filled_with_the_forecast_of_what_the_institution_may_use(walk):
    walk.open()
    assert {code: line.quantity for code, line in lines(walk, "H1").items()} == {"M1": 300, "M2": 240, "M3": 15}
    assert {code: line.quantity for code, line in lines(walk, "T1").items()} == {"M1": 60}
    assert lines(walk, "H1")["M1"].stock == 100


def test_use_before_a_later_period_is_kept_apart(walk):
    """Ten days before the period: M1 at 10 a day is 100 before and 200 of the twenty days within."""
    walk.open(period=(START + dt.timedelta(days=10), END))
    line = lines(walk, "H1")["M1"]
    assert (line.before, line.forecast, line.quantity) == (100, 200, 200)


def test_round_for_a_tender_asks_only_for_its_drugs(walk):
    walk.open(tender=Tender.objects.get())
    assert set(lines(walk, "H1")) == {"M1"}


def test_low_report_against_last_year_has_to_say_why(walk):
    """3,650 used in a year are 300 in thirty days; 80 % of it is 240."""
    use(walk.world, walk.world.t1, "M1", 3650)
    walk.open()
    line = lines(walk, "T1")["M1"]
    assert line.asks == "year"
    with pytest.raises(Incomplete, match="氨氯地平片 5mg（低于上年用量）"):
        reports.submit(walk.report("T1"), by=walk.people[Role.PHARMACIST], now=NOW)
    reports.save_lines(walk.report("T1"), {line.pk: (60, "就诊人次变化")}, by=walk.people[Role.PHARMACIST], now=NOW)
    reports.submit(walk.report("T1"), by=walk.people[Role.PHARMACIST], now=NOW)
    assert walk.report("T1").state == NeedReport.State.SUBMITTED


def test_changed_quantity_is_judged_again_and_counted(walk):
    walk.open()
    line = lines(walk, "T1")["M1"]
    reports.save_lines(walk.report("T1"), {line.pk: (100, "")}, by=walk.people[Role.PHARMACIST], now=NOW)
    report = walk.report("T1")
    assert (report.changed, report.asked, report.unexplained) == (1, 1, 1)
    assert lines(walk, "T1")["M1"].asks == "high"


def test_limits_of_the_day_of_opening_hold_for_the_round(walk):
    RuleValue.objects.create(key="round.deviation_high", value=1.0, valid_from=dt.date(2026, 1, 1))
    walk.open()
    RuleValue.objects.update(value=0.0)
    assert need_lines.limits_of(walk.row).high == Decimal("1.0")


def test_nobody_reports_for_another_institution(walk):
    walk.open()
    with pytest.raises(NotYours):
        reports.submit(walk.report("H1"), by=walk.people[Role.PHARMACIST], now=NOW)


def test_submitted_report_cannot_be_changed_until_it_is_returned(walk):
    walk.reported()
    line = lines(walk, "T1")["M1"]
    with pytest.raises(RoundRefused, match="已经上报"):
        reports.save_lines(walk.report("T1"), {line.pk: (70, "")}, by=walk.people[Role.PHARMACIST], now=NOW)
    with pytest.raises(WordsMissing):
        rounds.send_back(walk.report("T1"), " ", by=walk.buyer, now=NOW)
    rounds.send_back(walk.report("T1"), "请核对氨氯地平", by=walk.buyer, now=NOW)
    assert reports.save_lines(walk.report("T1"), {line.pk: (70, "")}, by=walk.people[Role.PHARMACIST], now=NOW) == 1


def test_gathering_without_all_reports_needs_words_and_takes_the_forecast(walk):
    walk.open()
    line = lines(walk, "T1")["M1"]
    reports.save_lines(walk.report("T1"), {line.pk: (9000, "多报")}, by=walk.people[Role.PHARMACIST], now=NOW)
    with pytest.raises(Incomplete, match="2 家机构未上报：县医院、湖熟"):
        rounds.gather(walk.row, by=walk.buyer, now=NOW)
    rounds.gather(walk.row, by=walk.buyer, now=NOW, note="已电话确认")
    assert lines(walk, "T1")["M1"].quantity == 60
    assert {report.state for report in walk.row.reports.all()} == {NeedReport.State.ASSUMED}


def test_plan_is_made_on_what_was_reported(walk):
    """T1 reports 140 instead of 60: 140 + 10 safety → 6 packs of 28."""
    walk.open()
    line = lines(walk, "T1")["M1"]
    reports.save_lines(walk.report("T1"), {line.pk: (140, "新开展诊疗项目")}, by=walk.people[Role.PHARMACIST], now=NOW)
    reports.submit(walk.report("T1"), by=walk.people[Role.PHARMACIST], now=NOW)
    reports.submit(walk.report("H1"), by=walk.people[Role.HEAD], now=NOW)
    rounds.gather(walk.row, by=walk.buyer, now=NOW)
    rounds.optimise(walk.fresh(), PlanSettings(time_limit=20), by=walk.buyer, now=NOW)
    from formulary.actions import jobs

    jobs.perform(walk.fresh().plan.job_id)
    assert walk.fresh().plan.lines.get(institution__code="T1").packs == 6
    assert any("十二月采购" in note for note in walk.row.plan.summary["notes"])


def test_plan_of_a_tender_buys_nothing_else(walk):
    walk.open(tender=Tender.objects.get())
    rounds.gather(walk.row, by=walk.buyer, now=NOW, note="试")
    rounds.optimise(walk.fresh(), PlanSettings(time_limit=20), by=walk.buyer, now=NOW)
    from formulary.actions import jobs

    jobs.perform(walk.fresh().plan.job_id)
    assert set(walk.fresh().plan.lines.values_list("product__code", flat=True)) == {"M1-P1"}


def test_presented_lines_are_those_of_the_plan(walk):
    walk.presented()
    found = {(line.institution.code, line.product.code): (line.packs, line.price) for line in walk.row.lines.all()}
    assert found == {
        ("H1", "M1-P1"): (10, Decimal("9.50")),
        ("H1", "M2-P1"): (10, Decimal("5.00")),
        ("H1", "M3-P1"): (2, Decimal("20.00")),
        ("T1", "M1-P1"): (3, Decimal("10.00")),
    }


def test_dispute_is_answered_before_submission_and_changes_the_line(walk):
    walk.presented()
    line = RoundLine.objects.get(round=walk.row, institution__code="T1")
    pharmacist = walk.people[Role.PHARMACIST]
    with pytest.raises(WordsMissing):
        reports.dispute(line, 4, "", by=pharmacist, now=NOW)
    case = reports.dispute(line, 4, "长期处方增加", by=pharmacist, now=NOW)
    with pytest.raises(Incomplete, match="待答复"):
        reports.confirm(walk.report("T1"), by=pharmacist, now=NOW)
    with pytest.raises(Incomplete, match="1 条异议没有答复"):
        rounds.submit(walk.row, by=walk.buyer, now=NOW, note="赶时间")
    reports.answer(case, True, "", by=walk.buyer, now=NOW)
    line.refresh_from_db()
    assert (line.planned, line.packs) == (3, 4)
    reports.confirm(walk.report("T1"), by=pharmacist, now=NOW)
    with pytest.raises(Incomplete, match="1 家机构未确认：县医院"):
        rounds.submit(walk.row, by=walk.buyer, now=NOW)


def test_refused_dispute_keeps_the_line_and_says_why(walk):
    walk.presented()
    line = RoundLine.objects.get(round=walk.row, institution__code="T1")
    case = reports.dispute(line, 0, "不要", by=walk.people[Role.PHARMACIST], now=NOW)
    with pytest.raises(WordsMissing):
        reports.answer(case, False, " ", by=walk.buyer, now=NOW)
    reports.answer(case, False, "约定量须完成", by=walk.buyer, now=NOW)
    line.refresh_from_db()
    assert (line.packs, Dispute.objects.get().state) == (3, "refused")


def test_another_institutions_line_cannot_be_disputed(walk):
    walk.presented()
    line = RoundLine.objects.filter(round=walk.row, institution__code="H1").first()
    with pytest.raises(NotYours):
        reports.dispute(line, 1, "少买", by=walk.people[Role.PHARMACIST], now=NOW)


def test_small_amount_is_approved_by_one_committee_member(walk):
    walk.locked()
    assert walk.row.state == "locked"
    assert walk.row.amount == Decimal("215.00")


def test_large_amount_needs_the_head_of_the_lead_institution_too(walk):
    RuleValue.objects.create(key="approval.head_amount", value=100, valid_from=dt.date(2026, 1, 1))
    walk.submitted()
    head, member = walk.people[Role.HEAD], walk.people[Role.COMMITTEE]
    with pytest.raises(NotYours, match="药事委员会审批"):
        approvals.decide(walk.row, True, "", by=head, now=NOW)
    approvals.decide(walk.row, True, "", by=member, now=NOW)
    assert walk.fresh().state == "approving"
    with pytest.raises(NotYours, match="牵头机构负责人审批"):
        approvals.decide(walk.row, True, "", by=member, now=NOW)
    approvals.decide(walk.row, True, "", by=head, now=NOW)
    assert walk.fresh().state == "locked"


def test_applicant_cannot_approve_even_with_the_role_or_as_a_deputy(walk):
    from formulary.models import Membership

    walk.submitted()
    today = dt.date.today()
    days = {"valid_from": today, "valid_to": today + dt.timedelta(days=9)}
    member = walk.people[Role.COMMITTEE]
    name_deputy(walk.row.alliance, walk.buyer, **days, reason="出差", by=member, now=_today_noon())
    with pytest.raises(NotYours, match="申请人不能审批"):
        approvals.decide(walk.row, True, "", by=walk.buyer, now=_today_noon())
    Membership.objects.create(
        person=walk.buyer, role=Role.COMMITTEE, alliance=walk.world.alliance, valid_from=dt.date(2026, 1, 1)
    )
    walk.buyer.__dict__.pop("active_memberships")
    with pytest.raises(NotYours, match="申请人不能审批"):
        approvals.decide(walk.row, True, "", by=walk.buyer, now=_today_noon())
    assert not Approval.objects.exists()


def test_deputy_approves_in_the_name_of_the_principal_within_his_days(walk):
    walk.submitted()
    secretary, member, today = walk.people[Role.SECRETARY], walk.people[Role.COMMITTEE], dt.date.today()
    with pytest.raises(NotYours):
        approvals.decide(walk.row, True, "", by=secretary, now=_today_noon())
    days = {"valid_from": today, "valid_to": today}
    name_deputy(walk.row.alliance, secretary, **days, reason="休假", by=member, now=_today_noon())
    with pytest.raises(NotYours):
        approvals.decide(walk.row, True, "", by=secretary, now=_today_noon() + dt.timedelta(days=1))
    approvals.decide(walk.row, True, "", by=secretary, now=_today_noon())
    given = Approval.objects.get()
    assert (given.by, given.instead_of) == (secretary, member)


def _today_noon():
    from django.utils import timezone

    return timezone.now().replace(hour=4, minute=0)


def test_refusal_needs_words_and_sends_the_round_back_for_another_attempt(walk):
    walk.submitted()
    member = walk.people[Role.COMMITTEE]
    with pytest.raises(WordsMissing):
        approvals.decide(walk.row, False, "", by=member, now=NOW)
    approvals.decide(walk.row, False, "金额偏高", by=member, now=NOW)
    assert walk.fresh().state == "confirming"
    rounds.submit(walk.row, by=walk.buyer, now=NOW)
    approvals.decide(walk.fresh(), True, "", by=member, now=NOW)
    assert walk.fresh().state == "locked"
    assert list(Approval.objects.values_list("attempt", "agreed")) == [(1, False), (2, True)]


def test_each_move_starts_only_from_its_states(walk):
    walk.open()
    for move in (
        lambda: rounds.optimise(walk.row, PlanSettings(), by=walk.buyer, now=NOW),
        lambda: rounds.present(walk.row, by=walk.buyer, now=NOW),
        lambda: rounds.submit(walk.row, by=walk.buyer, now=NOW),
        lambda: rounds.close(walk.row, by=walk.buyer, now=NOW),
        lambda: approvals.decide(walk.row, True, "", by=walk.people[Role.COMMITTEE], now=NOW),
    ):
        with pytest.raises(WrongState, match="报量中"):
            move()


def test_locked_round_cannot_be_dropped(walk):
    walk.locked()
    with pytest.raises(WrongState, match="已锁定，不能作废"):
        rounds.cancel(walk.row, "不要了", by=walk.buyer, now=NOW)


def test_only_the_buyer_moves_a_round(walk):
    walk.open()
    with pytest.raises(NotYours):
        rounds.gather(walk.row, by=walk.people[Role.COMMITTEE], now=NOW, note="代办")


def test_every_reason_against_a_round_is_said_at_once(ready):
    with pytest.raises(RoundRefused) as refused:
        rounds.open_round(
            ready.alliance,
            " ",
            (END, TODAY),
            TODAY - dt.timedelta(days=1),
            by=ready.people[Role.PROCUREMENT],
            now=NOW,
        )
    assert all(word in str(refused.value) for word in ("轮次名称", "终止日应不早于", "不能早于今天"))


def test_steps_and_history_tell_the_whole_road(walk):
    walk.locked()
    assert [step.label for step in walk.row.steps.all()] == [
        "发起", "上报需求", "上报需求", "汇总核对", "优化", "交机构确认", "机构确认", "机构确认", "送审", "药事委员会审批同意",
    ]  # fmt: skip
    assert Event.objects.filter(verb="采购轮次送审").count() == 1


def test_alliance_check_sums_by_drug_with_the_largest_gap_first(walk):
    walk.open()
    line = lines(walk, "H1")["M2"]
    reports.save_lines(walk.report("H1"), {line.pk: (1000, "新开展诊疗项目")}, by=walk.people[Role.HEAD], now=NOW)
    rows = asked.check_rows(walk.row)
    assert [(row.name, row.reported, row.forecast, row.gap) for row in rows][:2] == [
        ("阿莫西林胶囊", 1000, 240, 760),
        ("氨氯地平片", 360, 360, 0),
    ]
