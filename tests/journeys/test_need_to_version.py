"""From a need to an effective version of the list, by the people who do it; and an emergency item that cannot wait.

The case is real: 替格瑞洛片 60mg won in the 第四批 集采, the alliance uses the 90mg tablet that did not.
"""

import datetime as dt
import io
import re

import docx
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from fixtures import tables
from formulary.actions import agenda, attendance, ballots, declarations, meetings, versions
from formulary.actions.adjustments import move
from formulary.models import (
    Adjustment,
    AgendaItem,
    Alliance,
    Attendance,
    FormularyVersion,
    Person,
    Presentation,
    Publicity,
    VoterMark,
)
from formulary.queries import version_in_force
from formulary.queries.allowed import allowed
from formulary.queries.charter import body_of
from formulary.queries.version_lines import lines_of
from formulary.rules.adjustment_life import Verb
from procurement.actions.demo import load_demo
from procurement.case_facts import read_facts
from shortage.actions.watch import watch
from tests.journeys.conftest import Visitor

PASSWORD = "Yaoheng-demo-2026"
WINNER, IN_USE, EMERGENCY = "D1113", "D1114", "D1002"
DESKTOP, PHONE = (1440, 900), (390, 844)


@pytest.fixture
def county(transactional_db, settings, tmp_path):
    """Five institutions of the demonstration alliance with the two tablets and some other drugs; the winner not listed."""
    settings.MEDIA_ROOT = tmp_path
    today = timezone.localdate()
    files = tables.load()
    chosen = tuple(d for k, d in enumerate(files.drugs) if d.code in (WINNER, IN_USE, EMERGENCY) or k % 40 == 0)
    codes = {drug.code for drug in chosen}
    wares = tuple(ware for ware in files.wares if ware.drug in codes)
    small = tables.Files(files.sites[:5], chosen, wares, files.firms, files.troubles)
    list(load_demo(as_of=today - dt.timedelta(days=1), by=None, now=timezone.now(), files=small))
    alliance = Alliance.objects.get()
    without(alliance, WINNER, today)
    without(alliance, EMERGENCY, today)
    watch(alliance, today - dt.timedelta(days=1), by=None, now=timezone.now())
    return alliance


def without(alliance, code, today):
    """The list as it was before the drug was asked for."""
    secretary = Person.objects.get(username="mishu")
    base = version_in_force(alliance, today)
    who = {"by": secretary, "now": timezone.now()}
    draft = versions.draft_correction(base, wrong="尚未评审", effective_from=today, **who)
    versions.amend(draft, Presentation.objects.get(code=code).pk, None, reason="尚未评审", **who)
    try:
        versions.publish(draft, **who)
    except versions.VersionRefused:
        for one in versions.obstacles(draft).findings:
            if one.blocks:
                versions.except_finding(draft, one.key, "评审前不列入", **who)
        versions.publish(draft, **who)


@pytest.fixture
def enter(browser, live_server):
    """Opens a window of a size and signs somebody in (None: nobody)."""
    windows = []

    def window(username, size):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN", accept_downloads=True
        )
        context.set_default_timeout(15_000)
        visitor = Visitor(context.new_page(), live_server.url)
        windows.append((context, visitor))
        if username:
            visitor.sign_in(username, PASSWORD)
        return visitor

    yield window
    for context, visitor in windows:
        context.close()
        assert visitor.complaints == []


def press(visitor, name, yes=None):
    visitor.page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()
    if yes:
        visitor.page.locator("#confirm").get_by_role("button", name=yes, exact=True).click()


def opened(visitor, name):
    """Unfolds one of the deeds of an application."""
    fold = visitor.page.locator("details.fold", has=visitor.page.locator("summary", has_text=name)).first
    if not fold.evaluate("one => one.open"):
        fold.locator("summary").click()


def apply_for_the_winner(pharmacist):
    pharmacist.go("/adjustments/new/replace/" + WINNER + "/")
    page = pharmacist.page
    page.get_by_label("申请机构").select_option(label="淳川县人民医院")
    page.get_by_label("换下的品规（引一退一）").select_option(str(Presentation.objects.get(code=IN_USE).pk))
    page.get_by_label("最低使用级别").select_option("二级")
    page.get_by_label("科室").fill("药剂科")
    page.get_by_label("申请理由").fill("第四批中选，同一品种价格更低，可替换在用的非中选品规")
    page.get_by_label("适应证").fill("急性冠脉综合征后的长期治疗")
    page.get_by_label(re.compile("预计月用量")).fill("900")
    page.get_by_label("利益关系声明").fill("无")
    press(pharmacist, "提交")
    pharmacist.sees("形式审查")
    pharmacist.fits()
    return Adjustment.objects.latest("pk")


def check_formally(desk, row):
    desk.go(f"/adjustments/{row.pk}/")
    opened(desk, "通过形式审查")
    for box in desk.page.locator("input[name^=exception_]:visible").all():
        box.fill("集采中选品种，委员会审议")
    press(desk, "通过形式审查")
    desk.sees("评分")
    row.refresh_from_db()
    assert row.state == "scoring"


def vote(alliance, enter, desk, row):
    """A meeting: one member recuses on the phone, one votes secretly, the others vote, the secretary counts."""
    secretary, now = Person.objects.get(username="mishu"), timezone.now()
    move(row, Verb.SCORED, by=secretary, now=now)
    meeting = meetings.plan(
        body_of(alliance), title="临时会议", occasion="extra", starts_at=now, place="三楼", by=secretary, now=now
    )
    item = agenda.add_application(meeting, row, by=secretary, now=now)
    meetings.notify(meeting, by=secretary, now=now)
    for there in Attendance.objects.filter(meeting=meeting):
        attendance.mark(there, "arrive", by=secretary, now=now)
    recused, voter = enter("weiyuan2", PHONE), enter("weiyuan1", PHONE)
    for phone in (recused, voter):
        phone.go("/ballots/")
        phone.page.get_by_role("link", name=re.compile("临时会议")).click()
        phone.fits()
    recused.page.get_by_label("回避事由").fill("近两年在该企业讲课取酬")
    press(recused, "我要回避")
    recused.sees("回避（近两年在该企业讲课取酬）")
    press(voter, "1 个未声明的议题均无利益冲突", "声明")
    seats = [
        one.seat for one in Attendance.objects.filter(meeting=meeting).select_related("seat__person") if one.seat.votes
    ]
    others = [seat for seat in seats if seat.person.username not in ("weiyuan1", "weiyuan2")]
    for seat in others:
        declarations.declare(item, seat, recused=False, by=seat.person, now=timezone.now())
    desk.go(f"/meetings/{meeting.pk}/")
    press(desk, "宣布开会", "开会")
    desk.page.get_by_role("button", name=re.compile("开始表决")).click()
    desk.sees(f"0 / {len(others) + 1} 人已投")
    voter.page.reload()
    voter.page.get_by_text("同意", exact=True).click()
    press(voter, "投票", "投票")
    voter.sees("只显示这一次")
    recused.page.reload()
    expect(recused.page.get_by_role("button", name="投票", exact=True)).to_have_count(0)
    for at, seat in enumerate(others):
        choice, words = ("against", "疗程费用尚需观察") if at == 0 else ("agree", "")
        ballots.cast(item, choice, words, by=seat.person, now=timezone.now())
    assert VoterMark.objects.filter(item=item).count() == len(seats) - 1
    desk.page.reload()
    press(desk, "计票", "计票")
    desk.sees(f"同意 {len(others)} · 反对 1 · 弃权 0")
    row.refresh_from_db()
    assert row.state == "passed"
    assert AgendaItem.objects.get(pk=item.pk).tally["recused"]


def show_and_answer(enter, desk, pharmacist, row):
    """公示: anybody reads it, an institution objects, the secretary answers, the days go by."""
    desk.go("/publicity/")
    desk.page.get_by_label("联系方式").fill("县医院药学部 025-8888")
    desk.fits()
    press(desk, "发布公示")
    desk.sees("公示中")
    shown = Publicity.objects.latest("pk")
    stranger = enter(None, PHONE)
    stranger.go(f"/gongshi/{shown.slug}/")
    stranger.sees("替格瑞洛片")
    stranger.sees(re.compile("反对 1"))
    stranger.fits()
    pharmacist.go(f"/publicity/{shown.pk}/")
    pharmacist.page.get_by_label("对哪一项").select_option(str(row.pk))
    pharmacist.page.get_by_label("异议内容").fill("我院尚有 90mg 库存，请给消化时间")
    press(pharmacist, "提出异议")
    pharmacist.sees("异议已提出")
    desk.page.reload()
    desk.page.get_by_text("异议不成立", exact=True).click()
    desk.page.get_by_label("答复").fill("现有库存按消化计划用完，不影响患者")
    press(desk, "答复")
    desk.sees("现有库存按消化计划用完")
    pharmacist.page.reload()
    pharmacist.sees("现有库存按消化计划用完")
    past = dt.timedelta(days=30)
    Publicity.objects.filter(pk=shown.pk).update(
        opens_on=shown.opens_on - past, closes_on=shown.opens_on - past + dt.timedelta(days=15)
    )
    desk.page.reload()
    press(desk, "结束公示")
    desk.sees("公示已结束")
    row.refresh_from_db()
    assert row.state == "cleared"


def publish(desk, today):
    desk.go("/formulary/draft/")
    desk.page.get_by_label("生效日").first.fill(today.isoformat())
    press(desk, "起草下一版")
    desk.sees("本版的变化")
    desk.fits()
    desk.page.get_by_role("link", name="影响测算").click()
    desk.sees("涉及药品年费用")
    desk.fits()
    desk.go("/formulary/draft/")
    while desk.page.get_by_role("button", name="记为例外").count():
        desk.page.get_by_label("例外理由").first.fill("委员会已审议")
        desk.page.get_by_role("button", name="记为例外").first.click()
        desk.sees("例外已记录")
    press(desk, "发布", "发布")
    desk.sees("封存完好")
    return FormularyVersion.objects.order_by("-number").first()


def test_a_winner_replaces_the_tablet_in_use(county, enter):
    today = timezone.localdate()
    site = county.institutions.get(is_lead=True)
    old, new = (Presentation.objects.get(code=code) for code in (IN_USE, WINNER))
    before = version_in_force(county, today)
    pharmacist, desk = enter("yaoshi-h01", PHONE), enter("mishu", DESKTOP)
    row = apply_for_the_winner(pharmacist)
    check_formally(desk, row)
    vote(county, enter, desk, row)
    show_and_answer(enter, desk, pharmacist, row)
    version = publish(desk, today)

    row.refresh_from_db()
    assert row.state == "effective"
    assert version_in_force(county, today) == version
    assert set(lines_of(version)) == set(lines_of(before)) - {old.pk} | {new.pk}
    may = allowed(county, today).open_to(site)
    assert new.pk in may
    assert old.pk not in may

    desk.go(f"/formulary/versions/{version.number}/changes/")
    desk.sees("调入")
    desk.sees(re.compile("回避 1"))
    desk.fits()
    with desk.page.expect_download() as waiting:
        desk.go(f"/formulary/versions/{version.number}/notices/")
        desk.page.get_by_role("link", name="下载正式通知").click()
    found = docx.Document(io.BytesIO(waiting.value.path().read_bytes()))
    assert any("替格瑞洛片" in cell.text for table in found.tables for line in table.rows for cell in line.cells)
    pharmacist.go(f"/formulary/versions/{version.number}/notices/")
    press(pharmacist, "确认阅知")
    pharmacist.sees("已阅知第")
    pharmacist.fits()

    watch(county, today, by=None, now=timezone.now())
    facts = read_facts(county, as_of=today, start=today, end=today + dt.timedelta(days=30))
    needed = {need.presentation_id for need in facts.needs if need.institution_id == site.pk}
    assert new.pk in needed
    assert old.pk not in needed


def test_an_emergency_item_is_used_before_the_meeting(county, enter):
    today = timezone.localdate()
    drug = Presentation.objects.get(code=EMERGENCY)
    site = county.institutions.get(is_lead=True)
    assert drug.pk not in allowed(county, today).open_to(site)
    doctor, chair = enter("yaoshi-h01", PHONE), enter("yuanzhang", PHONE)
    doctor.go(f"/adjustments/new/emergency/{EMERGENCY}/")
    doctor.page.get_by_label("申请机构").select_option(label="淳川县人民医院")
    doctor.page.get_by_label("科室").fill("感染科")
    doctor.page.get_by_label(re.compile("病情或适应证")).fill("梅毒，青霉素为首选")
    doctor.page.get_by_label("申请理由").fill("目录外品种，患者急需，没有其他药可以替代")
    doctor.page.get_by_label(re.compile("临时采购数量")).fill("20")
    doctor.page.get_by_label("临时使用至").fill((today + dt.timedelta(days=30)).isoformat())
    doctor.page.get_by_label("利益关系声明").fill("无")
    press(doctor, "提交")
    doctor.sees("已提交")
    doctor.fits()
    row = Adjustment.objects.latest("pk")
    chair.go(f"/adjustments/{row.pk}/")
    opened(chair, "批准临时使用")
    for box in chair.page.locator("input[name^=exception_]:visible").all():
        box.fill("急需")
    press(chair, "批准临时使用")
    chair.sees("临时使用")
    chair.fits()
    row.refresh_from_db()
    assert row.state == "temporary"
    assert drug.pk in allowed(county, today).open_to(site)
    assert drug.pk not in allowed(county, today + dt.timedelta(days=31)).open_to(site)
    desk = enter("mishu", DESKTOP)
    desk.go(f"/adjustments/{row.pk}/")
    opened(desk, "登记追认")
    desk.page.get_by_label("追认的会议与决议").fill("2026 年第四季度例会：追认")
    press(desk, "登记追认")
    desk.sees("已追认")
    row.refresh_from_db()
    assert row.state == "ratified"
