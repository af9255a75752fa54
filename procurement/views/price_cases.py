"""Price cases: what the prices brought up, the cases about it, one case with its evidence and what was done."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.views.guards import requires
from procurement import price_case_forms as forms
from procurement.actions import price_cases as actions
from procurement.queries import price_cases as asked
from procurement.queries.prices import history
from procurement.rules import price_cases as rules
from procurement.rules import prices
from procurement.rules.price_cases import MOVES, PriceCaseRefused, Verb

PER_PAGE = 40
EVIDENCE = {
    "former": "前价（元/包装）",
    "award": "中选价（元/最小单位）",
    "listed": "挂网价（元/包装）",
    "label": "价格标识",
    "unit": "单位价（元/最小单位）",
    "amount": "订单金额（元）",
    "sent": "发送日",
}


@requires(Permission.SEE_PLANS)
def price_case_list(request):
    today = timezone.localdate()
    form = forms.CaseFilter(request.GET or {"state": "open"})
    page = Paginator(asked.cases(request.scope, today=today, **form.wanted()), PER_PAGE).get_page(
        request.GET.get("page")
    )
    for case in page:
        case.tone, case.late = rules.TONES[case.state], rules.overdue_days(case.due_on, case.state, today)
    context = {"form": form, "page": page}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "procurement/_price_case_rows.html", context)
    may_run = can(request.user, Permission.RUN_PLANS)
    context |= {
        "may_run": may_run,
        "waiting": asked.uncovered(request.scope.alliance, today=today) if may_run else [],
        "crumbs": [("价格", reverse("price_list")), ("价格个案", None)],
    }
    return render(request, "procurement/price_case_list.html", context)


@requires(Permission.SEE_PLANS, post=Permission.RUN_PLANS)
@require_POST
def price_case_open(request):
    """Opens a case for each ticked event."""
    events = set(request.POST.getlist("pick"))
    made = actions.open_found(request.scope.alliance, by=request.user, now=timezone.now(), events=events)
    if len(made) == 1:
        messages.success(request, f"已立案 {made[0].number}")
        return redirect("pricecase_detail", made[0].pk)
    messages.success(request, f"已立案 {len(made)} 件" if made else "没有可立案的：所选事件已有个案，或价格已变")
    return redirect("pricecase_list")


@requires(Permission.SEE_PLANS)
def price_case_detail(request, pk):
    return _page(request, _case(request, pk))


def _page(request, case, bound=None, status=200):
    today = timezone.localdate()
    runs, own = can(request.user, Permission.RUN_PLANS), case.owner_id == request.user.pk
    made = {
        Verb.DECIDE: lambda: forms.DecideForm(case=case),
        Verb.TALK: lambda: forms.TalkForm(initial={"on": today}),
        Verb.CORRECT: forms.CorrectForm,
        Verb.DISMISS: forms.DismissForm,
        Verb.TAKE: lambda: forms.TakeForm(case=case),
    }
    may = [
        verb
        for verb in made
        if case.state in MOVES[verb].before and (runs or (own and verb in (Verb.TALK, Verb.CORRECT)))
    ]
    offers = list(history(case.alliance, case.product)[:12]) if case.product else []
    for offer in offers:
        offer.unit = prices.unit_price(offer.price, case.product.pack_size)
    context = {
        "case": case,
        "tone": rules.TONES[case.state],
        "late": rules.overdue_days(case.due_on, case.state, today),
        "alert": rules.ALERTS[case.kind],
        "facts": _facts(case, today),
        "notes": case.notes.select_related("by"),
        "offers": offers,
        "comparables": asked.comparables(case, today=today),
        "forms": [
            {"verb": verb, "label": MOVES[verb].label, "form": (bound or {}).get(verb) or made[verb]()} for verb in may
        ],
        "may_close": runs and case.state in MOVES[Verb.CLOSE].before,
        "crumbs": [("价格", reverse("price_list")), ("价格个案", reverse("pricecase_list")), (case.number, None)],
    }
    return render(request, "procurement/price_case_detail.html", context, status=status)


def _facts(case, today):
    """What was found when the case was opened, and the price of today beside it."""
    found = [(name, case.evidence[key]) for key, name in EVIDENCE.items() if key in case.evidence]
    if case.price is not None:
        now = asked.price_now(case, today)
        found = [("立案时单价（元/包装）", case.price), ("现价（元/包装）", "已不供货" if now is None else now), *found]
    return found


@requires(Permission.SEE_PLANS)
@require_POST
def price_case_act(request, pk, verb):
    """One of the moves of `rules.price_cases.MOVES`; who may make it is asked by the action."""
    case = _case(request, pk)
    forms_of = {
        Verb.TALK: forms.TalkForm,
        Verb.DECIDE: lambda data: forms.DecideForm(data, case=case),
        Verb.CORRECT: forms.CorrectForm,
        Verb.DISMISS: forms.DismissForm,
        Verb.TAKE: lambda data: forms.TakeForm(data, case=case),
        Verb.CLOSE: None,
    }
    if verb not in forms_of:
        raise Http404("没有这一步")
    step = Verb(verb)
    make = forms_of[step]
    form = make(request.POST) if make else None
    if form is not None and not form.is_valid():
        return _page(request, case, {step: form}, status=422)
    act = getattr(actions, step.value)
    try:
        act(case, **(form.cleaned_data if form else {}), by=request.user, now=timezone.now())
    except PriceCaseRefused as refused:
        if form is None:
            messages.error(request, str(refused))
            return redirect("pricecase_detail", pk)
        form.add_error(None, str(refused))
        return _page(request, case, {step: form}, status=422)
    messages.success(request, f"{case.number} 已{MOVES[step].label}")
    return redirect("pricecase_detail", pk)


def _case(request, pk):
    case = asked.case_of_scope(request.scope, pk)
    if case is None:
        raise Http404("没有这件价格个案，或您无权查看")
    return case
