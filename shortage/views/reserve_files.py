"""The reserve as a file: take it away, bring it back; a preview, and then exactly what was shown."""

from dataclasses import asdict

from django.contrib import messages
from django.core import signing
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from config.access import Permission
from formulary.models import Institution, Presentation, Product
from formulary.rules.tables import DataRefused
from formulary.views.downloads import workbook
from formulary.views.guards import requires
from shortage.actions import reserve as actions
from shortage.models import ReserveItem
from shortage.queries import reserve as asked
from shortage.queries.reserve_lots import reserve_lots
from shortage.reserve_forms import ReserveFile
from shortage.rules import reserve as rules
from shortage.rules import reserve_file as files
from shortage.rules.transfers import Lot, TransferRefused

SALT = "shortage.reserve_import"


@requires(Permission.SET_RESERVE)
def reserve_import(request):
    form = ReserveFile(request.POST or None, request.FILES or None)
    context = {"form": form, "crumbs": [("储备", reverse("reserve_list")), ("导入", None)]}
    if request.method == "POST" and "confirm" in request.POST:
        return _confirmed(request)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            rows, lots = files.read(file.read(), name=file.name, known=_known(request.scope))
        except DataRefused as refused:
            return render(request, "shortage/reserve_import.html", context | {"error": refused}, status=422)
        context |= {"preview": _preview(rows, lots), "name": file.name}
    return render(request, "shortage/reserve_import.html", context, status=422 if form.errors else 200)


@requires(Permission.SEE_STOCK)
def reserve_export(request):
    """The list with target, stock and gap, and every lot; the first sheet can be changed and brought back."""
    board = asked.ReserveBoard(request.scope, timezone.localdate())
    head = (*files.LIST_HEAD, "目标（最小单位）", "可用储备", "缺口", "可保障月数", "最近有效期", "状态")
    rows = [
        (
            line.item.institution.code, line.item.presentation.code, line.item.presentation.name,
            line.item.presentation.strength, line.item.get_reason_display(), line.item.document,
            line.item.get_covers_display(), _number(line.item.target_months), line.item.target_units, line.item.note,
            line.target.units, line.standing.usable, line.standing.gap,
            None if line.months is None else round(line.months, 1), line.soonest, line.word,
        )
        for line in board.all
    ]  # fmt: skip
    codes = dict(
        Product.objects.filter(pk__in={lot.product for line in board.all for lot in line.lots}).values_list(
            "pk", "code"
        )
    )
    lots = [
        (
            line.item.institution.code, line.item.presentation.code, codes.get(lot.product, ""), lot.batch, lot.expiry,
            lot.quantity,
        )
        for line in board.all
        for lot in line.lots
    ]  # fmt: skip
    name = f"储备目录 {timezone.localdate()}.xlsx"
    return workbook(name, {files.LIST: (head, rows), files.STOCK: (files.STOCK_HEAD, lots)})


def _number(value):
    return None if value is None else float(value)


def _known(scope):
    members = scope.alliance.institutions.filter(active=True)
    codes = dict(members.values_list("code", "pk"))
    return files.Known(
        reach={code: pk for code, pk in codes.items() if pk in scope.institution_ids},
        members=codes,
        drugs=dict(Presentation.objects.order_by().values_list("code", "pk")),
        products={code: (pk, drug) for code, pk, drug in Product.objects.values_list("code", "pk", "presentation")},
    )


def _preview(rows, lots):
    """What the file would do, line by line, and the same sealed for the confirmation."""
    keepers = {row.institution for row in (*rows, *lots)}
    drugs = Presentation.objects.in_bulk({row.presentation for row in (*rows, *lots)})
    places = Institution.objects.in_bulk(keepers)
    standing = {
        (item.institution_id, item.presentation_id): item
        for item in ReserveItem.objects.filter(institution__in=keepers, ended_at__isnull=True)
    }
    lines = []
    for row in rows:
        old = standing.get((row.institution, row.presentation))
        does = "新增" if old is None else "不变" if actions.line_row(old) == row else "修改"
        lines.append({"row": row, "old": old, "does": does, "place": places[row.institution], "drug": drugs[row.presentation],
                      "reason": rules.REASONS[row.reason], "covers": rules.COVERS[row.covers]})  # fmt: skip
    counted = [
        {"place": places[place], "drug": drugs[drug], "lot": lot} for place, drug, lot in _changes(keepers, lots)
    ]
    sealed = signing.dumps([[asdict(row) for row in rows], [_plain(lot) for lot in lots]], salt=SALT, compress=True)
    return {"lines": lines, "counted": counted, "lots": len(lots), "sealed": sealed}


def _changes(keepers, counted):
    kept = reserve_lots(keepers)
    by_item = {}
    for one in counted:
        item = by_item.setdefault((one.institution, one.presentation), [])
        item.append(Lot(one.product, one.batch, one.expiry, one.quantity))
    for (place, drug), lots in by_item.items():
        for lot in rules.changes(kept.get((place, drug), []), lots):
            yield place, drug, lot


def _plain(lot):
    return asdict(lot) | {"expiry": lot.expiry.isoformat() if lot.expiry else None}


def _confirmed(request):
    """Writes what the preview showed; what was not sealed by this page is not taken."""
    try:
        rows, lots = signing.loads(request.POST.get("sealed", ""), salt=SALT, max_age=3600)
    except signing.BadSignature:
        messages.error(request, "预览已过期或内容不完整，请重新上传文件")
        return redirect("reserve_import")
    rows = [files.Row(**row) for row in rows]
    lots = [files.Counted(**lot | {"expiry": parse_date(lot["expiry"]) if lot["expiry"] else None}) for lot in lots]
    try:
        done = actions.bring_in(request.scope.alliance, rows, lots, by=request.user, now=timezone.now())
        messages.success(request, done)
    except (actions.ReserveRefused, TransferRefused) as refused:
        messages.error(request, str(refused))
        return redirect("reserve_import")
    return redirect("reserve_list")
