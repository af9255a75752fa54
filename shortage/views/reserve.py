"""储备: the board, one line with its lots and history, rotation proposals, what people do with them."""

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
from formulary.views.guards import requires
from shortage import queries
from shortage.actions import reserve as actions
from shortage.actions import transfers
from shortage.models import ReserveItem, Transfer
from shortage.queries import reserve as asked
from shortage.queries.transfers import to_approve
from shortage.reserve_forms import LotForm, ReserveFilter, ReserveLineForm, UnitsForm
from shortage.rules import reserve as rules
from shortage.rules.transfers import TransferRefused
from shortage.transfer_forms import ReasonForm

PER_PAGE = 40
REFUSALS = (actions.ReserveRefused, TransferRefused)


@requires(Permission.SEE_STOCK)
def reserve_list(request):
    board = asked.ReserveBoard(request.scope, timezone.localdate())
    form = ReserveFilter(request.GET or None, institutions=board.members.values())
    page = Paginator(board.lines(**form.wanted()), PER_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "rules": board.rules}
    if request.htmx and not request.htmx.history_restore_request:
        return render(request, "shortage/_reserve_rows.html", context)
    counts = board.counts
    context |= {
        "tiles": [
            {"code": code, "word": word, "tone": tone if counts[code] else "", "count": counts[code]}
            for code, (word, tone) in rules.STATES.items()
            if counts[code] or code in (rules.EMPTY, rules.SHORT, rules.ROTATE, rules.ENOUGH)
        ],
        "total": sum(counts.values()),
        "levels": board.by_level(),
        "approve": to_approve(request.user),
        "may_set": can(request.user, Permission.SET_RESERVE),
    }
    return render(request, "shortage/reserve_list.html", context)


@requires(Permission.SEE_STOCK)
def reserve_detail(request, pk):
    item, today = _item(pk, request.scope), timezone.localdate()
    line = asked.ReserveBoard(request.scope, today).of([item])[0]
    keeper = scope_of(request.user, Permission.KEEP_RESERVE)
    keeps = bool(keeper and item.institution_id in keeper.institution_ids and item.ended_at is None)
    released = queries.transfers(request.scope).filter(
        kind=Transfer.Kind.RELEASE, donor=item.institution, lines__presentation=item.presentation
    )
    context = {
        "item": item,
        "line": line,
        "lots": [(lot, lot.expiry is not None and lot.expiry <= today) for lot in line.lots],
        "moves": asked.reserve_moves(request.scope, item)[:50],
        "versions": asked.reserve_versions(request.scope, item),
        "releases": released.distinct()[:20],
        "keeps": keeps,
        "may_set": can(request.user, Permission.SET_RESERVE) and item.ended_at is None,
        "fill": UnitsForm(initial={"units": line.standing.gap or None}),
        "today": today,
        "crumbs": [("储备", reverse("reserve_list")), (str(item.presentation), None)],
    }
    return render(request, "shortage/reserve_detail.html", context)


@requires(Permission.SEE_STOCK)
def reserve_rotation(request):
    """Lots that have to go into use, by day; who could use them."""
    board = asked.ReserveBoard(request.scope, timezone.localdate())
    keeper = scope_of(request.user, Permission.KEEP_RESERVE)
    context = {
        "rows": board.rotations(),
        "rules": board.rules,
        "mine": keeper.institution_ids if keeper else frozenset(),
        "crumbs": [("储备", reverse("reserve_list")), ("轮换建议", None)],
    }
    return render(request, "shortage/reserve_rotation.html", context)


@requires(Permission.SET_RESERVE)
def reserve_edit(request, pk=None):
    """A new line, or a change: the old line is ended and stays readable."""
    item = _item(pk, request.scope) if pk else None
    members = Institution.objects.filter(pk__in=request.scope.institution_ids, active=True)
    form = ReserveLineForm(request.POST or None, institutions=members, item=item)
    if form.is_valid():
        try:
            row = form.row()
            actions.set_lines(request.scope.alliance, [row], by=request.user, now=timezone.now())
            made = ReserveItem.objects.get(
                institution=row.institution, presentation=row.presentation, ended_at__isnull=True
            )
            messages.success(request, "储备目录已更新")
            return redirect("reserve_detail", made.pk)
        except REFUSALS as refused:
            form.add_error(None, str(refused))
    crumbs = [("储备", reverse("reserve_list")), ("修改" if item else "新增", None)]
    status = 422 if form.errors else 200
    return render(request, "shortage/reserve_edit.html", {"form": form, "item": item, "crumbs": crumbs}, status=status)


@requires(Permission.SET_RESERVE)
@require_POST
def reserve_end(request, pk):
    try:
        actions.end_line(_item(pk, request.scope), by=request.user, now=timezone.now())
        messages.success(request, "已移出储备目录；已储备的实物仍在台账中，可动用或报损")
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("reserve_list")


@requires(Permission.KEEP_RESERVE)
@require_POST
def reserve_act(request, pk, verb):
    """fill, rotate or write_off by the keeper's pharmacist."""
    item = _item(pk, request.scope)
    form = {"fill": UnitsForm, "rotate": LotForm, "write_off": LotForm}.get(verb, lambda _data: None)(request.POST)
    if form is None:
        raise Http404("没有这种操作")
    if not form.is_valid():
        messages.error(request, "数量应为不小于 1 的整数，请选择批次后再填")
        return redirect("reserve_detail", pk)
    try:
        messages.success(request, _done(item, verb, form.cleaned_data, by=request.user, now=timezone.now()))
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("reserve_detail", pk)


def _done(item, verb, given, *, by, now):
    unit = item.presentation.unit
    if verb == "fill":
        return f"已从药房划入储备 {actions.fill(item, given['units'], by=by, now=now):,} {unit}"
    lot = (given["batch"], given["product"])
    if verb == "write_off":
        actions.write_off(item, *lot, given["units"], given["why"], by=by, now=now)
        return f"已报损 {given['units']:,} {unit}"
    used, replaced = actions.rotate(item, *lot, given["units"], by=by, now=now)
    rest = "" if replaced == used else f"，药房新批次不足，尚缺 {used - replaced:,}，请采购后补足"
    return f"已轮换：转入使用 {used:,} {unit}，补入新批次 {replaced:,}{rest}"


@requires(Permission.APPROVE_RELEASE)
@require_POST
def reserve_release(request, pk, verb):
    """Approves or refuses a release; the goods move when the keeper sends them."""
    order = get_object_or_404(to_approve(request.user), pk=pk)
    if verb not in ("approve", "refuse"):
        raise Http404("没有这种操作")
    form = ReasonForm(request.POST)
    try:
        if verb == "approve":
            transfers.sign(order, by=request.user, now=timezone.now())
            messages.success(request, f"已批准 {order.number}，请储备机构发出")
        else:
            reason = form.cleaned_data["reason"] if form.is_valid() else ""
            transfers.refuse(order, reason, by=request.user, now=timezone.now())
            messages.success(request, f"已拒绝 {order.number}")
    except REFUSALS as refused:
        messages.error(request, str(refused))
    return redirect("transfer_detail", pk)


def _item(pk, scope):
    rows = ReserveItem.objects.select_related("institution__alliance", "presentation__medicine", "alliance", "added_by")
    return get_object_or_404(rows, pk=pk, alliance=scope.alliance)
