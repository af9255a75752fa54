"""会商: meetings, one meeting with its agenda, minutes and decisions."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.models import Person
from formulary.views.guards import requires
from procurement.actions import consultations as actions
from procurement.consultation_files import minutes_document
from procurement.models import Decision
from procurement.queries import consultations as asked
from procurement.round_forms import DAY
from procurement.rules import consultations as rules
from procurement.rules.consultations import ConsultationRefused
from procurement.views.rounds import download

MEMBERS = "卫生健康局、医保局、市场监管局、财政局、牵头医院、配送企业"


class CallForm(forms.Form):
    title = forms.CharField(label="名称", max_length=120)
    on = forms.DateField(label="会商日", **DAY)
    place = forms.CharField(label="地点", max_length=80, required=False)
    members = forms.CharField(label="参加单位", max_length=300, required=False)


class DecisionForm(forms.Form):
    topic = forms.CharField(label="针对议题", max_length=200, required=False)
    text = forms.CharField(label="决定", max_length=300)
    owner = forms.ModelChoiceField(label="责任人", queryset=None)
    due_on = forms.DateField(label="办结期限", **DAY)

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people


@requires(Permission.SEE_PLANS, post=Permission.RUN_PLANS)
def consultation_list(request):
    today = timezone.localdate()
    title = f"{today:%Y年}第{(today.month - 1) // 3 + 1}季度采购与供应保障会商"
    form = CallForm(request.POST or None, initial={"on": today, "title": title, "members": MEMBERS})
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.call(**form.cleaned_data, by=request.user, now=timezone.now())
        except ConsultationRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"已发起，自动列出 {len(made.agenda)} 个议题")
            return redirect("consultation_detail", made.pk)
    page = Paginator(asked.consultations(request.scope).order_by("-on", "-pk"), 20).get_page(request.GET.get("page"))
    for row in page:
        row.tone = rules.TONES[row.state]
    mine = Decision.objects.filter(owner=request.user, done_at=None).select_related("consultation")
    context = {"page": page, "form": form, "mine": mine, "may_run": can(request.user, Permission.RUN_PLANS)}
    return render(request, "procurement/consultation_list.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_PLANS)
def consultation_detail(request, pk):
    return _page(request, find(request, pk), None)


def _page(request, row, form):
    people = Person.objects.filter(memberships__alliance=row.alliance, is_active=True).distinct()
    today = timezone.localdate()
    decisions = list(row.decisions.select_related("owner", "done_by"))
    for each in decisions:
        each.late = each.done_at is None and each.due_on < today
        each.mine = each.done_at is None and (
            each.owner_id == request.user.pk or can(request.user, Permission.RUN_PLANS)
        )
    context = {
        "row": row,
        "tone": rules.TONES[row.state],
        "topics": [topic | {"name": rules.KIND_NAMES[topic["kind"]]} for topic in row.agenda],
        "decisions": decisions,
        "form": form or DecisionForm(people=people),
        "may_run": can(request.user, Permission.RUN_PLANS),
        "crumbs": [("会商", reverse("consultation_list")), (row.title, None)],
    }
    return render(request, "procurement/consultation_detail.html", context, status=422 if form else 200)


@requires(Permission.RUN_PLANS)
@require_POST
def consultation_act(request, pk, verb):
    row = find(request, pk)
    acts = {
        "refresh": lambda **who: actions.refresh(row, **who),
        "hold": lambda **who: actions.hold(row, request.POST.get("minutes", ""), **who),
        "close": lambda **who: actions.close(row, **who),
    }
    if verb not in acts:
        raise Http404("没有这一步")
    return _told(request, pk, acts[verb], "已记录")


@requires(Permission.RUN_PLANS)
@require_POST
def consultation_decide(request, pk):
    row = find(request, pk)
    people = Person.objects.filter(memberships__alliance=row.alliance, is_active=True).distinct()
    form = DecisionForm(request.POST, people=people)
    if not form.is_valid():
        return _page(request, row, form)
    data = form.cleaned_data
    return _told(
        request,
        pk,
        lambda **who: actions.decide(row, data["text"], data["owner"], data["due_on"], topic=data["topic"], **who),
        "已记录决定，责任人会在菜单上看到",
    )


@requires(Permission.SEE_PLANS)
@require_POST
def consultation_finish(request, pk, decision):
    row = get_object_or_404(Decision, pk=decision, consultation=find(request, pk))
    return _told(request, pk, lambda **who: actions.finish(row, request.POST.get("outcome", ""), **who), "已办结")


@requires(Permission.SEE_PLANS)
def consultation_file(request, pk):
    row = find(request, pk)
    return download(minutes_document(row), f"会商纪要-{row.on}.docx")


def _told(request, pk, act, said):
    try:
        act(by=request.user, now=timezone.now())
    except ConsultationRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, said)
    return redirect("consultation_detail", pk)


def find(request, pk):
    row = asked.consultation_of_scope(request.scope, pk)
    if row is None:
        raise Http404("没有这次会商，或您无权查看")
    return row
