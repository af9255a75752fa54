"""The review queue: names of policy lists that only a person can place."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission
from formulary import queries
from formulary.actions.matches import MatchRefused, decide_match
from formulary.forms import MatchDecision, MatchFilter
from formulary.models import NameMatch
from formulary.views.guards import requires


@requires(Permission.DECIDE_MATCHES)
def match_list(request):
    form = MatchFilter(request.GET if request.GET else {"state": NameMatch.State.PENDING})
    page = Paginator(queries.matches(**form.wanted()), 50).get_page(request.GET.get("page"))
    page.object_list = queries.with_best_candidate(page.object_list)
    template = "formulary/_match_rows.html" if request.htmx else "formulary/match_list.html"
    return render(request, template, {"form": form, "page": page})


@requires(Permission.DECIDE_MATCHES)
def match_detail(request, pk):
    match = get_object_or_404(NameMatch.objects.select_related("medicine", "decided_by"), pk=pk)
    form = MatchDecision(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _decide(request, match, *form.cleaned_data["answer"], form.cleaned_data["note"])
    words = request.GET.get("words", "")
    context = {
        "match": match,
        "form": form,
        "words": words,
        "candidates": queries.ranked_candidates(match),
        "found": queries.medicines_named(words),
        "rows": queries.asking_rows(match),
        "crumbs": [("名称匹配待审", reverse("match_list")), (match.name, None)],
    }
    return render(request, "formulary/match_detail.html", context)


def _decide(request, match, state, medicine, note):
    try:
        decide_match(match, state=state, medicine=medicine, note=note, by=request.user, now=timezone.now())
        messages.success(request, f"已记住“{match.name}”的结论，以后导入同名自动采用。")
    except MatchRefused as refused:
        messages.error(request, str(refused))
    return redirect("match_list")
