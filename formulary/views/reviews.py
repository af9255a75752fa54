"""复评: what became of decisions."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission, can
from formulary.actions.reviews import ReviewRefused, review
from formulary.queries import reviews as asked
from formulary.review_forms import ReviewForm
from formulary.views.guards import requires
from formulary.views.suggestions import adjustment_url


@requires(Permission.SEE_GOVERNANCE)
def review_list(request):
    today = timezone.localdate()
    context = {
        "due": asked.due_reviews(request.scope, today),
        "done": asked.done_reviews(request.scope),
        "today": today,
        "may_review": can(request.user, Permission.CHECK_PROPOSALS),
    }
    return render(request, "formulary/review_list.html", context)


@requires(Permission.SEE_GOVERNANCE, post=Permission.CHECK_PROPOSALS)
def review_detail(request, code):
    due = asked.due_review(request.scope, code, timezone.localdate())
    if due is None:
        raise Http404("这个品规现在没有到期的复评")
    form = ReviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = review(due, alliance=request.scope.alliance, by=request.user, now=timezone.now(), **form.cleaned_data)
        except ReviewRefused as refused:
            form.add_error(None, str(refused))
        else:
            return _told(request, row)
    context = {
        "due": due,
        "form": form,
        "may_review": can(request.user, Permission.CHECK_PROPOSALS),
        "crumbs": [("复评", reverse("review_list")), (str(due.presentation), None)],
    }
    return render(request, "formulary/review_detail.html", context, status=422 if form.errors else 200)


def _told(request, row):
    if row.adjustment is None:
        messages.success(request, f"已记录复评：保留 {row.presentation}。")
        return redirect("review_list")
    messages.success(
        request, f"已记录复评，并起草申请 {row.adjustment.number}（{row.adjustment.get_kind_display()}）。"
    )
    return redirect(adjustment_url(row.adjustment) or "review_list")
