"""带量采购: tenders, progress against time, volume passed on, score sheets, surplus."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.models import Institution
from formulary.queries import scope_of
from formulary.rules.tables import DataRefused
from formulary.views.guards import requires
from procurement.actions import tenders as actions
from procurement.actions.tenders import TenderRefused
from procurement.models import Commitment, SurplusCase, VolumeTransfer
from procurement.queries import tenders as asked
from procurement.queries.settings import buying_settings
from procurement.rules.surplus import Terms, differences
from procurement.tender_forms import ProgressFilter, SurplusForm, TableForm, TransferAnswerForm, TransferForm

PER_PAGE = 50
TABS = {
    "progress": "执行进度",
    "products": "中选产品",
    "transfers": "约定量调整",
    "sheets": "考核评分",
    "surplus": "结余留用",
}


@requires(Permission.SEE_PLANS)
def tender_list(request):
    today = timezone.localdate()
    rows = [asked.progress(tender, request.scope, today=today) for tender in asked.tenders(request.scope)]
    return render(request, "procurement/tender_list.html", {"rows": rows})


@requires(Permission.SEE_PLANS)
def tender_detail(request, pk, tab="progress"):
    tender = find(request, pk)
    if tab not in TABS:
        raise Http404("没有这一页")
    context = {"tender": tender, "tab": tab} | CONTEXTS[tab](request, tender)
    if tab == "progress" and request.htmx and not request.htmx.history_restore_request:
        return render(request, "procurement/_tender_progress_rows.html", context)
    context |= {
        "tabs": [
            {"label": label, "url": reverse("tender_tab", args=[pk, key]), "active": key == tab}
            for key, label in TABS.items()
        ],
        "body": f"procurement/_tender_{tab}.html",
        "crumbs": [("带量采购", reverse("tender_list")), (tender.name, None)],
        "may_run": can(request.user, Permission.RUN_PLANS),
    }
    return render(request, "procurement/tender_detail.html", context)


def _progress(request, tender):
    places = [(place.code, place.short_name) for place in request.scope.institutions]
    form = ProgressFilter(request.GET, choices={"institution": places})
    found = asked.progress(tender, request.scope, today=timezone.localdate(), **form.wanted())
    return {"form": form, "found": found, "page": Paginator(found.rows, PER_PAGE).get_page(request.GET.get("page"))}


def _products(_request, tender):
    shares = buying_settings(tender.alliance, timezone.localdate())["vbp.shares"]
    rows = list(tender.products.select_related("product__presentation", "supplier"))
    for row in rows:
        row.share = asked.rules.agreed_share(row.winners, row.group, shares)
    return {"rows": rows}


def _transfers(request, tender):
    rows = list(asked.volume_transfers(tender, request.scope))
    scope = scope_of(request.user, Permission.REPORT_NEED)
    mine = scope.institution_ids if scope else frozenset()
    for row in rows:
        row.side = _side(row, mine)
    ideas = []
    if can(request.user, Permission.RUN_PLANS):
        ideas = asked.suggestions(asked.progress(tender, request.scope, today=timezone.localdate()))[:40]
    return {"rows": rows, "ideas": ideas, "signed": actions.agreed_in_all(tender)}


def _side(row, mine):
    """Which side this person may still answer for."""
    if row.state != VolumeTransfer.State.PROPOSED:
        return ""
    if row.giver.institution_id in mine and row.giver_at is None:
        return actions.GIVER
    return actions.TAKER if row.taker.institution_id in mine and row.taker_at is None else ""


def _sheets(request, tender):
    places = Institution.objects.filter(pk__in=request.scope.institution_ids, commitments__tender=tender).distinct()
    latest = {}
    for sheet in tender.sheets.select_related("by").order_by("at", "pk"):
        latest[sheet.institution_id] = sheet
    items = buying_settings(tender.alliance, timezone.localdate())["vbp.assessment_items"]
    by_hand = [(f"mark_{k}", name, points) for k, (name, points, measure) in enumerate(items) if not measure]
    rows = [{"place": place, "sheet": latest.get(place.pk)} for place in places]
    return {"rows": rows, "items": items, "by_hand": by_hand}


def _surplus(request, tender):
    settings = buying_settings(tender.alliance, timezone.localdate())
    names = ("fund_share", "insured_share", "ratio", "factor")
    form = SurplusForm(initial={name: settings[f"surplus.{name}"] for name in names})
    case = tender.surpluses.select_related("by").first() if request.scope.whole_alliance else None
    found = []
    if case and case.official:
        own = {row["code"]: Decimal(row["saving"]) for row in case.rows}
        names = {row["code"]: row["name"] for row in case.rows}
        official = {code: Decimal(amount) for code, amount in case.official.items()}
        found = [(names.get(code, code), a, b, a - b) for code, a, b in differences(own, official)]
    missing = tender.products.filter(prior_price=None).count()
    return {"form": form, "case": case, "differences": found, "file_form": TableForm(), "missing": missing}


CONTEXTS = {
    "progress": _progress,
    "products": _products,
    "transfers": _transfers,
    "sheets": _sheets,
    "surplus": _surplus,
}


@requires(Permission.RUN_PLANS)
@require_POST
def tender_transfer(request, pk):
    tender, form = find(request, pk), TransferForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请填写数量与理由")
        return redirect("tender_tab", pk, "transfers")
    data = form.cleaned_data
    sides = [get_object_or_404(Commitment, pk=data[side], tender=tender) for side in ("giver", "taker")]
    return _told(
        request,
        pk,
        "transfers",
        lambda **who: actions.propose_transfer(*sides, data["quantity"], data["why"], **who),
        "已提出，等待两家机构同意",
    )


@requires(Permission.REPORT_NEED)
@require_POST
def tender_transfer_answer(request, pk, transfer):
    row = get_object_or_404(VolumeTransfer, pk=transfer, giver__tender=find(request, pk))
    form = TransferAnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, "请选择同意或不同意")
        return redirect("tender_tab", pk, "transfers")
    data = form.cleaned_data
    return _told(
        request,
        pk,
        "transfers",
        lambda **who: actions.answer_transfer(row, data["side"], data["agreed"], data["words"], **who),
        "已记录本机构的意见",
    )


@requires(Permission.RUN_PLANS)
@require_POST
def tender_score(request, pk, institution):
    tender = find(request, pk)
    place = get_object_or_404(Institution, pk=institution, pk__in=request.scope.institution_ids)
    items = buying_settings(tender.alliance, timezone.localdate())["vbp.assessment_items"]
    given = {}
    for number, (name, _points, measure) in enumerate(items):
        text = request.POST.get(f"mark_{number}", "").strip()
        if not measure and text:
            try:
                given[name] = Decimal(text)
            except InvalidOperation:
                messages.error(request, f"“{name}”应为数字，收到“{text}”")
                return redirect("tender_tab", pk, "sheets")
    note = request.POST.get("note", "")
    return _told(
        request,
        pk,
        "sheets",
        lambda **who: actions.score(tender, place, given, note=note, **who),
        f"已评分：{place.short_name}",
    )


@requires(Permission.RUN_PLANS)
@require_POST
def tender_surplus(request, pk):
    tender, form = find(request, pk), SurplusForm(request.POST)
    if not form.is_valid():
        messages.error(request, "四个参数都应在 0 与 1 之间")
        return redirect("tender_tab", pk, "surplus")
    data = form.cleaned_data
    terms = Terms(data["fund_share"], data["insured_share"], data["ratio"], data["factor"])
    sources = {
        "基金支付比例": data["fund_source"],
        "参保使用比例": data["insured_source"],
        "留用比例": data["ratio_source"],
        "考核系数": data["factor_source"],
    }
    return _told(
        request, pk, "surplus", lambda **who: actions.work_out_surplus(tender, terms, sources, **who), "已测算并保存"
    )


@requires(Permission.RUN_PLANS)
@require_POST
def tender_file(request, pk, kind):
    """医保核定结果 or 集采前价 as a table; every fault is told at once."""
    tender, form = find(request, pk), TableForm(request.POST, request.FILES)
    case = SurplusCase.objects.filter(tender=tender).first()
    if kind not in ("official", "prior") or (kind == "official" and case is None):
        raise Http404("没有这个表格")
    if not form.is_valid():
        messages.error(request, "请选择文件")
        return redirect("tender_tab", pk, "surplus")
    file = form.cleaned_data["file"]
    try:
        if kind == "official":
            actions.import_official(case, file.read(), file.name, by=request.user, now=timezone.now())
        else:
            actions.import_prior_prices(tender, file.read(), file.name, by=request.user, now=timezone.now())
    except DataRefused as refused:
        context = {"faults": refused.faults, "tender": tender, "name": file.name}
        return render(request, "procurement/tender_file_faults.html", context, status=422)
    except TenderRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "已导入")
    return redirect("tender_tab", pk, "surplus")


def _told(request, pk, tab, act, said):
    try:
        act(by=request.user, now=timezone.now())
    except TenderRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("tender_tab", pk, tab)


def find(request, pk):
    tender = asked.tender_of_scope(request.scope, pk)
    if tender is None:
        raise Http404("没有这个批次，或您无权查看")
    return tender
