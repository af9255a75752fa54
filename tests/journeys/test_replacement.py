"""From a township's need to a changed purchase: the winner of 第四批 takes the place of the tablet in use.

Real: 替格瑞洛片 60mg won, the county uses the 90mg tablet that did not. Everything is done at pages by the people whose
work it is, each in an own session; days pass by the clock of the whole server alone.
"""

import datetime as dt
import io
import re

import docx
import pytest
from django.core.management import CommandError, call_command
from playwright.sync_api import expect

from tests.journeys import county
from tests.journeys.conftest import DEMO_PASSWORD, DESKTOP, PHONE
from tests.journeys.contrast import hard_to_read
from tests.journeys.sheets import fill_sheet

WINNER, IN_USE = "D1113", "D1114"
NEW, OLD = "替格瑞洛片 60mg", "替格瑞洛片 90mg"
BEGIN, MEETING_DAY, EFFECTIVE = dt.date(2026, 11, 23), dt.date(2026, 11, 27), dt.date(2026, 12, 8)
SCORERS = ("weiyuan1", "weiyuan8", "weiyuan9")
RECUSED = "weiyuan2"
VOTERS = ("yuanzhang", "weiyuan1", "weiyuan3", "weiyuan4", "weiyuan5", "weiyuan6", "yuanzhang-t01")
OBJECTOR = "yaoshi-h01b"


@pytest.fixture
def alliance(transactional_db, settings, tmp_path, clock):
    settings.MEDIA_ROOT = tmp_path
    clock.move_to(BEGIN)
    made = county.small_county(WINNER, IN_USE, sites=2)
    county.not_yet_listed(made, WINNER)
    return made


def apply_for_the_winner(doctor):
    """From the menu to a number; what is known stands in the form already."""
    doctor.go("/adjustments/")
    doctor.page.get_by_role("link", name="新建申请").first.click()
    doctor.page.get_by_role("link", name="替换", exact=True).click()
    doctor.page.get_by_label("药品", exact=True).fill("tgrl")
    doctor.page.get_by_role("link", name=f"选用 {NEW}").click()
    page = doctor.page
    doctor.sees(re.compile("第四批接续 中选"))
    expect(page.get_by_label("申请机构").locator("option:checked")).to_have_text("青埠镇中心卫生院")
    expect(page.get_by_label("换下的品规（引一退一）").locator("option:checked")).to_contain_text(OLD)
    page.get_by_label("最低使用级别").select_option("基层")
    page.get_by_label("科室").fill("全科")
    page.get_by_label("申请理由").fill("第四批中选，支架术后长期服用；在用的 90mg 未中选且价格高一倍")
    page.get_by_label("适应证").fill("急性冠脉综合征一年后的长期治疗")
    page.get_by_label(re.compile("预计月用量")).fill("600")
    page.get_by_label("利益关系声明").fill("无")
    doctor.fits()
    doctor.press("提交")
    doctor.sees("已提交，等待形式审查")
    doctor.fits()
    return page.url.rstrip("/").rsplit("/", 1)[1]


def ask_and_answer(desk, doctor, case):
    """The office has a question, the township answers, the office lets it pass."""
    desk.go("/adjustments/?state=open")
    desk.page.get_by_role("link", name=NEW).click()
    fold = desk.unfold("退回补充")
    fold.get_by_label("要补充或回答的问题").fill("镇上没有胸痛门诊，谁来开具首张处方？")
    fold.get_by_role("button", name="退回补充").click()
    desk.sees("已退回补充")
    doctor.go("/adjustments/")
    doctor.page.get_by_role("link", name=NEW).click()
    doctor.sees("谁来开具首张处方")
    doctor.fits()
    fold = doctor.unfold("提交")
    fold.get_by_label(re.compile("说明")).fill("首方由县医院心内科开具，本院只续方")
    fold.get_by_role("button", name="提交").click()
    doctor.sees("已提交")
    desk.go(f"/adjustments/{case}/")
    desk.sees("本院只续方")
    fold = desk.unfold("通过形式审查")
    for box in fold.locator("input[name^=exception_]").all():
        box.fill("集采中选品种，提交委员会审议")
    desk.fits()
    fold.get_by_role("button", name="通过形式审查").click()
    desk.sees("已通过形式审查")


def score_on_pages(enter, desk, case):
    """Opened beside the tablet in use; three members score both, each sees the others only after handing in."""
    desk.page.get_by_role("link", name="待发起").click()
    desk.page.get_by_label(re.compile(OLD)).check()
    desk.press("发起评分")
    desk.sees("已发起评分")
    for at, name in enumerate(SCORERS):
        scorer = enter(name, PHONE if at == 0 else DESKTOP, to="/scores/")
        scorer.sees("有评分等您完成")
        scorer.page.get_by_role("link", name=NEW).click()
        for drug in (NEW, OLD):
            scorer.page.get_by_role("link", name=f"打分：{drug}").click()
            scorer.sees("已知：")
            fill_sheet(scorer, at if drug == NEW else at + 1)
            scorer.press("提交评分")
            scorer.sees("评分已提交")
            if drug == NEW:
                scorer.sees("交齐您的评分后显示结果")
        scorer.sees("逐维度比较")
        scorer.fits()
        scorer.page.context.close()
    desk.page.reload()
    desk.sees("换一种权重，结论变吗")
    desk.fits()
    desk.press("结束评分", "结束评分")
    desk.sees("评分完成，申请待上会")


def call_the_meeting(desk, enter, clock):
    """Notice, agenda, arrival at the members' own phones; one declares an interest."""
    desk.go("/meetings/")
    desk.page.get_by_role("link", name="筹备会议").first.click()
    desk.page.get_by_role("textbox", name="名称", exact=True).fill("2026 年第四季度例会")
    desk.page.get_by_label("开会时间").fill(f"{MEETING_DAY}T09:00")
    desk.page.get_by_label("地点").fill("县医院三楼会议室")
    desk.press("建立会议")
    desk.press(f"列入议程：{NEW}")
    desk.page.get_by_role("textbox", name="议题", exact=True).fill("通报第三季度处方点评")
    desk.page.get_by_label("需要表决").uncheck()
    desk.press("加入议程")
    desk.sees("通报第三季度处方点评")
    desk.fits()
    paper, _name = desk.take("会议通知")
    assert "替格瑞洛片" in words_of(paper)
    desk.press("发出通知", "发出通知")
    desk.sees("会议已通知")

    clock.move_to(MEETING_DAY)
    desk.sign_in("mishu", to="/meetings/")
    members = {name: enter(name, PHONE, to="/ballots/") for name in (RECUSED, *VOTERS)}
    for name, member in members.items():
        member.page.get_by_role("link", name=re.compile("第四季度例会")).click()
        member.press("签到")
        member.sees(re.compile("到会 "))
        if name == RECUSED:
            member.page.get_by_label("回避事由").fill("近两年在原研企业讲课取酬")
            member.press("我要回避")
            member.sees("回避（近两年在原研企业讲课取酬）")
        else:
            member.press("1 个未声明的议题均无利益冲突", "声明")
            member.sees("您的声明：无利益冲突")
    members[RECUSED].fits()
    return members


def vote_in_secret(desk, members):
    """Each member alone; the one with an interest cannot; the office sees how many, never who said what."""
    desk.page.get_by_role("link", name="2026 年第四季度例会").click()
    desk.press("宣布开会", "开会")
    desk.page.get_by_role("button", name=re.compile("开始表决")).click()
    desk.sees(f"0 / {len(VOTERS)} 人已投")
    recused = members.pop(RECUSED)
    expect(recused.page.get_by_text("您已回避").first).to_be_visible(timeout=20_000)
    recused.sees("您已回避，不参加本议题表决")
    expect(recused.page.get_by_role("button", name="投票", exact=True)).to_have_count(0)
    receipts = {}
    for name, member in members.items():
        expect(member.page.get_by_role("button", name="投票", exact=True)).to_be_visible(timeout=20_000)
        if name == "weiyuan6":
            member.page.get_by_text("反对", exact=True).click()
            member.page.get_by_label("书面意见").fill("出血风险高，镇上不能监测")
        else:
            member.page.get_by_text("同意", exact=True).click()
        member.press("投票", "投票")
        member.sees("只显示这一次")
        receipts[name] = member.page.locator(".receipt").inner_text()
    members["weiyuan6"].fits()
    assert len(set(receipts.values())) == len(VOTERS)
    desk.page.reload()
    desk.press("计票", "计票")
    desk.sees("同意 6 · 反对 1 · 弃权 0")
    desk.fits()
    return receipts


def seal_the_minutes(desk, members, receipts):
    """The office writes, the chair signs; a member finds the own vote in the sealed box, the paper names no voter."""
    desk.page.get_by_role("link", name="记录结论").click()
    desk.page.get_by_label("说明").fill("请各机构按点评结果整改")
    desk.press("记录")
    desk.press("结束会议", "结束会议")
    desk.page.get_by_role("link", name=re.compile("1. 替换")).click()
    desk.page.get_by_label("讨论要点").fill("比较了 60mg 与 90mg 的适用阶段与费用。")
    desk.press("写入纪要")
    desk.sees("反对：出血风险高，镇上不能监测")
    desk.fits()
    chair, against = members["yuanzhang"], members["weiyuan6"]
    chair.go("/ballots/")
    chair.page.get_by_role("link", name=re.compile("第四季度例会")).click()
    chair.page.get_by_role("link", name="会议记录").click()
    chair.press("签发纪要", "签发")
    chair.sees("纪要已签发并封存")
    chair.fits()
    against.page.get_by_role("link", name="核对回执").click()
    against.page.get_by_label("回执号").fill(receipts["weiyuan6"])
    against.press("核对")
    against.sees("出血风险高，镇上不能监测")
    desk.go("/meetings/")
    desk.page.get_by_role("link", name="2026 年第四季度例会").click()
    paper, name = desk.take("会议纪要")
    assert name.startswith("会议纪要")
    written = words_of(paper)
    assert "同意 6" in written
    assert "比较了 60mg 与 90mg" in written
    assert "沈若兰" in written
    assert not re.search(r"傅远山[^。；\n]*反对", written)
    desk.page.get_by_role("link", name="核验封存").click()
    desk.sees("封存完整")


def show_object_answer(desk, enter, window, clock):
    """公示: a stranger reads it, a township objects, the office answers; five working days and a weekend go by."""
    desk.go("/publicity/")
    desk.page.get_by_label("联系方式").fill("县医院药学部 025-5720 8888")
    desk.fits()
    desk.press("发布公示")
    desk.sees("已公示，至 2026-12-04 止")
    desk.fits()
    address = desk.page.get_by_role("link", name="公开页").get_attribute("href")
    stranger = window(PHONE)
    stranger.go(address)
    stranger.sees("替格瑞洛片")
    stranger.sees(re.compile("同意 6.*反对 1"))
    assert "傅远山" not in stranger.page.content()
    assert hard_to_read(stranger.page) == []
    stranger.fits()
    stranger.page.get_by_role("link", name="登录提出异议").click()
    stranger.page.get_by_label("用户名").fill(OBJECTOR)
    stranger.page.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    stranger.press("登录")
    objector = stranger
    objector.page.get_by_label("对哪一项").select_option(index=1)
    objector.page.get_by_label("异议内容").fill("本院还有 90mg 库存，病人正在服用，请给消化时间")
    objector.press("提出异议")
    objector.sees("异议已提出")
    objector.fits()

    clock.move_to(dt.date(2026, 12, 1))
    desk.sign_in("mishu", to="/publicity/")
    desk.page.get_by_role("link", name=re.compile("用药目录调整结果公示")).click()
    expect(desk.page.get_by_role("button", name="结束公示")).to_be_disabled()
    desk.page.get_by_text("异议不成立", exact=True).click()
    desk.page.get_by_label("答复").fill("生效日前按消化计划用完或调剂，已在用的病人由县医院换方")
    desk.press("答复")
    desk.sees("已在用的病人由县医院换方")
    objector.sign_in(OBJECTOR, to="/publicity/")
    objector.page.get_by_role("link", name=re.compile("用药目录调整结果公示")).click()
    objector.sees("已在用的病人由县医院换方")
    clock.move_to(dt.date(2026, 12, 7))
    desk.sign_in("mishu", to="/publicity/")
    desk.page.get_by_role("link", name=re.compile("用药目录调整结果公示")).click()
    desk.press("结束公示")
    desk.sees("公示已结束")


def publish(desk, effective):
    """The next version, in force from a day to come."""
    desk.go("/formulary/draft/")
    desk.page.get_by_label("生效日").first.fill(effective.isoformat())
    desk.press("起草下一版")
    desk.sees("本版的变化")
    desk.page.get_by_role("link", name="影响测算").click()
    desk.sees("涉及药品年费用")
    desk.go("/formulary/draft/")
    while desk.page.get_by_role("button", name="记为例外").count():
        desk.page.get_by_label("例外理由").first.fill("委员会已审议")
        desk.page.get_by_role("button", name="记为例外").first.click()
        desk.sees("例外已记录")
    desk.fits()
    desk.press("发布", "发布")
    desk.sees("封存完好")
    desk.fits()
    return re.search(r"versions/(\d+)/", desk.page.url).group(1)


def follow_it_up(desk, enter, number, tmp_path):
    """The change in words, the institutions' confirmation, the plan for what is left on the shelves, the dossier."""
    desk.go(f"/formulary/versions/{number}/changes/")
    desk.sees(re.compile("同意 6、反对 1、弃权 0、回避 1"))
    desk.sees("调入")
    desk.sees("调出")
    desk.fits()
    desk.page.get_by_role("link", name=re.compile("通知与阅知")).click()
    paper, _name = desk.take("下载正式通知")
    assert "替格瑞洛片" in words_of(paper)
    for name in ("yaoshi-t01", "yaoshi-h01"):
        place = enter(name, PHONE)
        place.page.get_by_role("link", name=re.compile(f"第 {number} 版")).first.click()
        place.press("确认阅知")
        place.sees("已阅知第")
        place.fits()
    place.page.get_by_role("link", name=re.compile("调出品规消化")).click()
    place.sees(OLD.split()[0])
    place.fits()
    place.press("确认")
    place.sees("已确认")
    desk.go(f"/formulary/versions/{number}/")
    with desk.page.expect_download() as waiting:
        desk.press("导出卷宗")
    kept = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(kept)
    call_command("verify_dossier", str(kept))
    broken = bytearray(kept.read_bytes())
    broken[len(broken) // 2] ^= 1
    kept.write_bytes(bytes(broken))
    with pytest.raises(CommandError):
        call_command("verify_dossier", str(kept))


def need_of_the_hospital(buyer, title):
    """A purchase round opened by the buyer: which 替格瑞洛 the hospital is asked for."""
    buyer.page.get_by_role("link", name="发起一轮").first.click()
    buyer.page.get_by_label("轮次名称").fill(title)
    buyer.press("发起报量")
    buyer.sees("等待各机构报量")
    buyer.page.get_by_role("link", name=re.compile("报量")).locator("visible=true").last.click()
    buyer.page.get_by_role("link", name="淳川县人民医院").click()
    buyer.page.get_by_label("药品", exact=True).fill("替格瑞洛")
    buyer.page.wait_for_url(re.compile("words="))
    buyer.fits()
    rows = buyer.page.locator("#rows tbody tr")
    expect(rows).to_have_count(1)
    return rows.first.inner_text()


def words_of(content):
    found = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(one.text for one in found.paragraphs), *cells])


def test_a_winner_takes_the_place_of_the_tablet_in_use(alliance, enter, window, clock, tmp_path):
    buyer = enter("caigou", to="/rounds/")
    assert "90mg" in need_of_the_hospital(buyer, "目录换版前")
    doctor, desk = enter("yaoshi-t01", PHONE), enter("mishu", DESKTOP)
    case = apply_for_the_winner(doctor)
    ask_and_answer(desk, doctor, case)
    score_on_pages(enter, desk, case)
    members = call_the_meeting(desk, enter, clock)
    receipts = vote_in_secret(desk, members)
    seal_the_minutes(desk, members, receipts)
    show_object_answer(desk, enter, window, clock)
    number = publish(desk, EFFECTIVE)
    follow_it_up(desk, enter, number, tmp_path)
    clock.move_to(EFFECTIVE + dt.timedelta(days=1))
    county.night(alliance)
    buyer.sign_in("caigou", to="/rounds/")
    assert "60mg" in need_of_the_hospital(buyer, "目录换版后")
    doctor.sign_in("yaoshi-t01")
    doctor.go(f"/adjustments/{case}/")
    doctor.sees("已生效")
    doctor.page.get_by_role("link", name=re.compile(f"第 {number} 版")).click()
    doctor.sees("替格瑞洛片")
