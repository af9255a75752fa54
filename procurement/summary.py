"""What the database holds, in readable lines: the end of `make demo`. Reads only; what has not run says so."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.db.models import Count, Max, Min, Q, Sum

from config.access import ROLES, Role
from formulary.models import Alliance, EntryLink, ListEdition, ListKind, Membership, NameMatch, Presentation
from formulary.queries import version_in_force
from formulary.rules.lists.sections import is_win
from procurement.models import Commitment, Offer, Plan, PlanState, Supplier
from shortage.models import LIVE, Alert, AlertLevel, ExpectedReceipt, Feed, StockPosition, WatchRun
from shortage.queries import gives_only

NOT_YET = "尚未运行"
PLAN_STATUS = {"optimal": "已证最优", "feasible": "可行（限时内未证最优）", "rejected": "算例有误"}


def summary(alliance: Alliance, *, on: dt.date, password: str, workbook: Path) -> Iterator[str]:
    """Section by section; `on` is the day whose version counts, `workbook` where the plan was written."""
    yield f"{alliance.name}"
    for title, lines in (
        ("成员机构", _institutions(alliance)),
        ("政策目录", _lists()),
        ("用药目录", _version(alliance, on)),
        ("供应", _supply(alliance, on)),
        ("库存与用量", _stock(alliance)),
        ("缺药预警", _alerts(alliance)),
        ("采购计划", _plan(alliance, workbook)),
        (f"演示账号（密码均为 {password}，不得用于正式系统）", _accounts(alliance)),
    ):
        yield ""
        yield f"【{title}】"
        yield from lines


def _institutions(alliance: Alliance) -> Iterator[str]:
    lead = alliance.institutions.filter(is_lead=True).first()
    store = gives_only(alliance)
    levels = alliance.institutions.exclude(pk__in=store).order_by().values_list("level").annotate(Count("pk"))
    counts = "、".join(f"{level} {count} 家" for level, count in sorted(levels, key=lambda row: row[1]))
    yield f"{counts}{'；中心药房 1 处' if store else ''}；牵头机构 {lead or '未定'}"


def _lists() -> Iterator[str]:
    editions = ListEdition.objects.annotate(rows=Count("entries", filter=Q(entries__superseded_at=None)))
    table = [
        [
            ListKind(each.kind).label,
            each.edition,
            f"{each.rows:,} 条",
            f"{each.valid_from} 起" + (f"至 {each.valid_to}" if each.valid_to else ""),
            "" if each.official else "非官方",
        ]
        for each in editions
    ]
    yield from aligned(table) if table else ["尚未导入"]
    pending = NameMatch.objects.filter(state=NameMatch.State.PENDING).count()
    yield f"待人工确认的名称 {pending} 个"


def _version(alliance: Alliance, on: dt.date) -> Iterator[str]:
    version = version_in_force(alliance, on)
    if version is None:
        yield "尚无生效版本"
        return
    drugs = Presentation.objects.filter(entries__version=version)
    marks = [f"{label} {_linked(drugs, kind):,}" for kind, label in LISTED]
    yield f"{version}，{version.effective_from} 起生效，品规 {drugs.count():,} 个"
    yield f"其中品种见于：{'、'.join(marks)}"


LISTED = ((ListKind.NEML, "基药目录"), (ListKind.NRDL, "医保目录"), (ListKind.VBP_AWARDS, "集采中选结果"))


def _linked(drugs, kind: ListKind) -> int:
    links = EntryLink.objects.filter(entry__edition__kind=kind, entry__superseded_at=None)
    spoken = {medicine for medicine, category in links.values_list("medicine", "entry__category") if is_win(category)}
    return drugs.filter(medicine__in=spoken).count()


def _supply(alliance: Alliance, on: dt.date) -> Iterator[str]:
    offers = Offer.objects.filter(supplier__alliance=alliance, valid_to=None) | Offer.objects.filter(
        supplier__alliance=alliance, valid_to__gte=on
    )
    agreed = Commitment.objects.filter(tender__alliance=alliance)
    yield (
        f"供应商 {Supplier.objects.filter(alliance=alliance).count()} 家，在用报价 {offers.count():,} 条，"
        f"约定采购量 {agreed.count():,} 条（{agreed.order_by().values('tender').distinct().count()} 个批次）"
    )


def _stock(alliance: Alliance) -> Iterator[str]:
    positions = StockPosition.objects.filter(institution__alliance=alliance)
    feeds = Feed.objects.filter(institution__alliance=alliance)
    span = feeds.aggregate(first=Min("first_date"), last=Max("last_date"))
    if span["last"] is None:
        yield "尚无数据"
        return
    zero = positions.filter(quantity=0).count()
    opened = ExpectedReceipt.objects.filter(institution__alliance=alliance, state=ExpectedReceipt.State.OPEN)
    yield f"序列（机构 × 品规）{positions.count():,} 个，{span['first']} 至 {span['last']}；目前为零 {zero:,} 个"
    yield f"在途订单 {opened.count():,} 笔，其中已过预计到货日 {opened.filter(due_on__lt=span['last']).count():,} 笔"
    late = feeds.filter(kind=Feed.Kind.STOCK, last_date__lt=span["last"]).select_related("institution")
    for feed in late:
        yield f"没有数据：{feed.institution} 只到 {feed.last_date}"


def _alerts(alliance: Alliance) -> Iterator[str]:
    run = WatchRun.objects.filter(alliance=alliance).order_by("-as_of").first()
    if run is None:
        yield NOT_YET
        return
    live = (
        Alert.objects.filter(LIVE, institution__alliance=alliance).order_by().values_list("level").annotate(Count("pk"))
    )
    counts = dict(live)
    graded = "、".join(f"{level.label} {counts.get(level.value, 0)}" for level in AlertLevel)
    yield f"截至 {run.as_of}（用时 {run.seconds:.1f} 秒）：{graded}"


def _plan(alliance: Alliance, workbook: Path) -> Iterator[str]:
    plan = Plan.objects.filter(alliance=alliance, state=PlanState.READY).order_by("-pk").first()
    if plan is None:
        yield NOT_YET
        return
    spend = plan.lines.aggregate(total=Sum("amount"))["total"] or 0
    yield f"{plan.title}，{plan.period_start} 至 {plan.period_end}，{PLAN_STATUS.get(plan.status, plan.status)}"
    yield f"采购明细 {plan.lines.count():,} 行，金额 {spend:,.2f} 元，未满足 {plan.unmet.count():,} 项"
    yield from aligned(
        [
            [str(k), str(goal["name"]), f"{goal['value']:,.2f}", f"差距 {_gap(goal['gap'])}"]
            for k, goal in enumerate(plan.goals, 1)
        ]
    )
    if workbook.exists():
        yield f"工作簿：{workbook}"


def _gap(share: float | None) -> str:
    if share is None:
        return "未知"
    return "0" if not share else "不足 0.01%" if share < 0.0001 else f"{share:.2%}"


def _accounts(alliance: Alliance) -> Iterator[str]:
    rows = Membership.objects.filter(alliance=alliance).select_related("person", "institution")
    ordered = sorted(rows, key=lambda row: (list(ROLES).index(Role(row.role)), row.person.username))
    yield from aligned(
        [
            [row.person.username, str(row.person), ROLES[Role(row.role)].label, str(row.institution or "全医共体")]
            for row in ordered
        ]
    )


def aligned(table: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns side by side on a terminal, where a Chinese character is two wide."""
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield (
            "  "
            + "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
