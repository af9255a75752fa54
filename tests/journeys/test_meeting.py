"""A meeting of the committee: two members on their phones, the secretary at a desktop, the chair's signature."""

import re

import pytest
from playwright.sync_api import expect

from formulary.actions import agenda, attendance, declarations, meetings
from formulary.models import AgendaItem, Attendance, BallotBox, Meeting
from formulary.rules.voting import receipt_hash
from tests.conftest import NOW
from tests.formulary.committee import Committee
from tests.journeys.conftest import Visitor
from tests.journeys.contrast import hard_to_read

pytestmark = pytest.mark.django_db(transaction=True)
DESKTOP, PHONE = (1440, 900), (390, 844)


@pytest.fixture
def committee(transactional_db, settings, tmp_path):
    from tests.world import make_world

    settings.MEDIA_ROOT = tmp_path
    committee = Committee(make_world())
    for person in [committee.secretary, *(seat.person for seat in committee.seats)]:
        person.set_password("Yaoheng-demo-2026")
        person.save()
    return committee


@pytest.fixture
def enter(browser, live_server):
    """Opens a window of a size and signs somebody in."""
    windows = []

    def window(person, size):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN", accept_downloads=True
        )
        context.set_default_timeout(15_000)
        visitor = Visitor(context.new_page(), live_server.url)
        windows.append((context, visitor))
        visitor.sign_in(person.username)
        return visitor

    yield window
    for context, visitor in windows:
        context.close()
        assert visitor.complaints == []


def press(visitor, name, yes=None):
    visitor.page.get_by_role("button", name=name, exact=True).locator("visible=true").first.click()
    if yes:
        visitor.page.locator("#confirm").get_by_role("button", name=yes, exact=True).click()


def planned(committee):
    """An application and a topic on the agenda; 乙 丙 丁 there, declared for both."""
    meeting = committee.planned()
    agenda.add_application(meeting, committee.application(reason="慢病患者需要"), by=committee.secretary, now=NOW)
    agenda.add_topic(meeting, "通报处方点评结果", balloted=False, by=committee.secretary, now=NOW)
    meetings.notify(meeting, by=committee.secretary, now=NOW)
    item = meeting.items.first()
    for seat in committee.seats[2:]:
        row = Attendance.objects.get(meeting=meeting, seat=seat)
        attendance.mark(row, "arrive", by=committee.secretary, now=NOW)
        declarations.declare(item, seat, recused=False, by=seat.person, now=NOW)
    return meeting, item


def test_two_phones_and_a_desk_hold_a_secret_vote(committee, enter):
    meeting, item = planned(committee)
    chair, vice = (seat.person for seat in committee.seats[:2])
    first, second = enter(chair, PHONE), enter(vice, PHONE)
    desk = enter(committee.secretary, DESKTOP)

    for phone in (first, second):
        phone.go("/ballots/")
        phone.fits()
        phone.page.get_by_role("link", name=re.compile("第四季度例会")).click()
        press(phone, "签到")
        phone.sees("到会 ")
        phone.fits()
    press(first, "1 个未声明的议题均无利益冲突", "声明")
    first.sees("您的声明：无利益冲突")
    second.page.get_by_label("回避事由").fill("配偶在生产企业任职")
    press(second, "我要回避")
    second.sees("回避（配偶在生产企业任职）")

    desk.go(f"/meetings/{meeting.pk}/")
    desk.sees("5 人已声明，回避 1 人")
    press(desk, "宣布开会", "开会")
    desk.sees("进行中")
    desk.page.get_by_role("button", name=re.compile("开始表决")).click()
    desk.sees("0 / 4 人已投")
    desk.fits()

    expect(first.page.get_by_role("button", name="投票", exact=True)).to_be_visible(timeout=20_000)
    assert hard_to_read(first.page) == []
    first.page.get_by_text("反对", exact=True).click()
    press(first, "投票", "投票")
    first.sees("投反对票须写明意见")
    assert "422" in first.complaints.pop()
    first.page.get_by_label("书面意见").fill("疗效证据不足")
    press(first, "投票", "投票")
    first.sees("只显示这一次")
    first.fits()
    receipt = first.page.locator(".receipt").inner_text()
    assert hard_to_read(first.page) == []
    second.sees("您已回避，不参加本议题表决")
    expect(second.page.get_by_role("button", name="投票", exact=True)).to_have_count(0)

    for at in (2, 3, 4):
        committee.cast(item, at, "agree")
    expect(desk.page.get_by_text("4 / 4 人已投").first).to_be_visible(timeout=20_000)
    press(desk, "计票", "计票")
    desk.sees("同意 3 · 反对 1 · 弃权 0")
    desk.page.get_by_role("link", name="记录结论").click()
    desk.page.get_by_label("说明").fill("各机构按结果整改")
    press(desk, "记录")
    press(desk, "结束会议", "结束会议")
    desk.sees("表决结束")
    desk.page.get_by_role("link", name=re.compile("1. 调入")).click()
    desk.page.get_by_label("讨论要点").fill("比较了同类在用品种。")
    desk.page.get_by_label("责任人").fill("药学部")
    press(desk, "写入纪要")
    desk.sees("反对：疗效证据不足")
    desk.fits()

    first.go(f"/meetings/{meeting.pk}/")
    press(first, "签发纪要", "签发")
    first.sees("纪要已签发并封存")
    first.go("/ballots/receipt/")
    first.page.get_by_label("回执号").fill(receipt.lower())
    press(first, "核对")
    first.sees("选票在票箱中")
    first.sees("疗效证据不足")
    desk.go(f"/meetings/{meeting.pk}/verify/")
    desk.sees("封存完整")
    with desk.page.expect_download() as download:
        desk.go(f"/meetings/{meeting.pk}/")
        desk.page.get_by_role("link", name="会议纪要").click()
    assert download.value.suggested_filename == f"会议纪要 {meeting.number} 第四季度例会.docx"

    assert Meeting.objects.get().state == "signed"
    assert AgendaItem.objects.get(pk=item.pk).adjustment.state == "passed"
    kept = {one["receipt"] for one in BallotBox.objects.get().ballots}
    assert receipt_hash(receipt.split(".")[-1]) in kept
