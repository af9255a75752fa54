"""Who stands in for me, for whom I stand in, and naming somebody."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.actions.deputies import DeputyRefused, end_deputy, name_deputy
from formulary.application_forms import DeputyForm
from formulary.models import Deputy, Person
from formulary.queries.deputies import deputies
from formulary.views.guards import requires


@requires(Permission.SEE_GOVERNANCE)
def deputy_list(request):
    alliance, today = request.scope.alliance, timezone.localdate()
    people = Person.objects.filter(memberships__alliance=alliance, is_active=True).exclude(pk=request.user.pk)
    form = DeputyForm(request.POST or None, people=people.distinct().order_by("name"), initial={"valid_from": today})
    if request.method == "POST" and form.is_valid():
        try:
            name_deputy(alliance, **form.cleaned_data, by=request.user, now=timezone.now())
        except DeputyRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "已登记代办")
            return redirect("deputy_list")
    rows = deputies(alliance)
    context = {
        "form": form,
        "mine": rows.filter(person=request.user),
        "for_others": rows.filter(deputy=request.user),
        "today": today,
    }
    return render(request, "formulary/deputy_list.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_GOVERNANCE)
@require_POST
def deputy_end(request, pk):
    row = get_object_or_404(Deputy, pk=pk, alliance=request.scope.alliance, person=request.user)
    try:
        end_deputy(row, by=request.user, now=timezone.now())
        messages.success(request, "已结束代办")
    except DeputyRefused as refused:
        messages.error(request, str(refused))
    return redirect("deputy_list")
