"""调剂建议: the alliance's transfer plan with accept per line; and the board of lots that expire soon."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.actions import jobs
from formulary.models import Job
from formulary.views.guards import requires
from shortage.actions import balancing
from shortage.models import BalanceLine, BalanceRun
from shortage.queries import expiry
from shortage.rules.transfers import TransferRefused
from shortage.transfer_forms import ExpiryFilter

PER_PAGE = 30


@requires(Permission.SEE_TRANSFERS)
def balance_list(request):
    """The newest plan, trip by trip."""
    alliance = request.scope.alliance
    run = BalanceRun.objects.filter(alliance=alliance).select_related("by").first()
    rows = _lines(request).filter(run=run) if run else BalanceLine.objects.none()
    trips = {}
    for line in rows:
        trips.setdefault((line.donor, line.receiver), []).append(line)
    context = {
        "run": run,
        "trips": [{"donor": donor, "receiver": receiver, "lines": lines} for (donor, receiver), lines in trips.items()],
        "may_plan": can(request.user, Permission.PLAN_TRANSFERS),
        "crumbs": [("调剂", reverse("transfer_list")), ("调剂建议", None)],
    }
    asked = request.GET.get("job", "")
    if context["may_plan"] and asked.isdigit():
        job = Job.objects.filter(pk=asked, kind="balance", alliance=alliance).first()
        context["job"] = _job(job) if job else None
    return render(request, "shortage/balance_list.html", context)


def _lines(request):
    rows = BalanceLine.objects.select_related("donor", "receiver", "presentation", "transfer", "run__alliance")
    rows = rows.filter(run__alliance=request.scope.alliance)
    if not request.scope.whole_alliance:
        mine = request.scope.institution_ids
        rows = rows.filter(Q(donor__in=mine) | Q(receiver__in=mine))
    return rows.order_by("donor__code", "receiver__code", "-before", "presentation__name")


@requires(Permission.PLAN_TRANSFERS)
@require_POST
def balance_start(request):
    alliance = request.scope.alliance
    running = Job.objects.filter(kind="balance", alliance=alliance, finished_at__isnull=True).first()
    job = running or jobs.start(
        "balance", title="计算调剂建议", alliance=alliance, params={}, by=request.user, now=timezone.now()
    )
    return redirect(f"{reverse('balance_list')}?job={job.pk}")


@requires(Permission.PLAN_TRANSFERS)
def balance_status(request, pk):
    job = get_object_or_404(Job, pk=pk, kind="balance", alliance=request.scope.alliance)
    return render(request, "components/job.html", _job(job))


def _job(job):
    result = {"result_url": reverse("balance_list"), "result_label": "查看建议"}
    return {"job": job, "poll_url": reverse("balance_status", args=[job.pk]), **result}


@requires(Permission.PLAN_TRANSFERS)
@require_POST
def balance_accept(request):
    """Drafts the ticked lines, or sets them aside."""
    picked = [pk for pk in request.POST.getlist("pick") if pk.isdigit()]
    lines = list(_lines(request).filter(pk__in=picked, state=BalanceLine.State.OPEN))
    if not lines:
        messages.error(request, "请先勾选要采纳的行")
        return redirect("balance_list")
    try:
        if "leave" in request.POST:
            count = balancing.leave(lines, by=request.user, now=timezone.now())
            messages.success(request, f"已标记 {count} 行不采纳")
        else:
            made = balancing.accept(lines, by=request.user, now=timezone.now())
            messages.success(request, f"已拟定 {len(made)} 张调剂单：{'、'.join(order.number for order in made)}")
    except TransferRefused as refused:
        messages.error(request, f"没有拟定任何调剂单：{refused}")
    return redirect("balance_list")


@requires(Permission.SEE_STOCK)
def expiry_list(request):
    """Lots that expire soon, what will be left of them here, and who could use it."""
    on = timezone.localdate()
    form = ExpiryFilter(request.GET or None, institutions=request.scope.institutions)
    wanted = form.wanted()
    band = wanted.pop("band", "red")
    page = Paginator(expiry.positions(request.scope, on, band, **wanted), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "rows": expiry.with_takers(request.scope, list(page.object_list), on, band),
        "band": band,
        "may_plan": can(request.user, Permission.PLAN_TRANSFERS),
        "one_place": len(request.scope.institution_ids) == 1,
    }
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "shortage/_expiry_rows.html", context)
    counts = {name: expiry.positions(request.scope, on, name).count() for name in expiry.BANDS}
    context["counts"], context["limits"] = counts, expiry.limits(request.scope, on)
    return render(request, "shortage/expiry_list.html", context)
