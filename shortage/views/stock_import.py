"""Files come in: choose, see the effect, accept, take back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from config.access import Permission
from formulary.rules.tables import DataRefused
from formulary.views.guards import requires
from shortage.actions import intake as actions
from shortage.actions import uploads
from shortage.models import Intake, Upload
from shortage.queries import stock_list as items
from shortage.rules.stock_file import Kind
from shortage.rules.stock_workbook import template
from shortage.stock_forms import StockFileForm

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PER_PAGE = 15


@requires(Permission.IMPORT_STOCK)
def stock_import(request):
    form = StockFileForm(request.POST, request.FILES) if request.method == "POST" else StockFileForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = uploads.receive(file.read(), file.name, scope=request.scope, by=request.user, now=timezone.now())
            return redirect("stock_import_detail", upload.pk)
        except uploads.UploadRefused as refused:
            form.add_error("file", str(refused))
    history = Paginator(items.intakes(request.scope), PER_PAGE).get_page(request.GET.get("page"))
    for row in history:
        row.lines = _lines(row.counts.get("rows", {}))
    waiting = Upload.objects.filter(by=request.user, state=Upload.State.READY).defer("content")[:5]
    context = {"form": form, "page": history, "waiting": waiting}
    return render(request, "shortage/stock_import.html", context, status=422 if form.errors else 200)


@requires(Permission.IMPORT_STOCK)
@require_GET
def stock_template(request):  # noqa: ARG001 (a view)
    return _workbook(template(), "库存与消耗模板.xlsx")


@requires(Permission.IMPORT_STOCK)
def stock_upload(request, pk):
    upload = _upload(request, pk)
    if upload.job is not None and request.htmx:
        return _progress(request, upload)
    context = {
        "upload": upload,
        "faults": uploads.faults(upload),
        "more": max(0, upload.effect.get("fault_count", 0) - len(upload.faults)),
        "lines": _lines(upload.effect.get("rows", {})),
        "working": upload.state in (Upload.State.CHECKING, Upload.State.ACCEPTING),
        "poll_url": reverse("stock_import_detail", args=[pk]),
        "crumbs": [("导入库存与用量", reverse("stock_import")), (upload.name, None)],
    }
    return render(request, "shortage/stock_upload.html", context)


def _progress(request, upload):
    """The polling fragment; when the job is over the whole page is asked for again."""
    response = render(request, "components/job.html", {"job": upload.job, "poll_url": request.path})
    if upload.job.is_over:
        response["HX-Refresh"] = "true"
    return response


@requires(Permission.IMPORT_STOCK)
@require_POST
def stock_accept(request, pk):
    try:
        upload = uploads.accept(_upload(request, pk), by=request.user, now=timezone.now())
    except (uploads.UploadRefused, actions.EffectChanged) as refused:
        messages.warning(request, str(refused))
    except DataRefused:
        messages.error(request, "文件与现在的基础数据不符，请查看下列问题")
    else:
        if upload.state == Upload.State.ACCEPTED:
            messages.success(request, f"已接收 {upload.name}；如有误，可在导入记录中整批撤销")
            return redirect("stock_import")
    return redirect("stock_import_detail", pk)


@requires(Permission.IMPORT_STOCK)
@require_GET
def stock_marked(request, pk):
    upload = _upload(request, pk)
    return _workbook(uploads.workbook(upload), f"{upload.name.rsplit('.', 1)[0]}-标注.xlsx")


@requires(Permission.IMPORT_STOCK)
@require_POST
def stock_undo(request, pk):
    intake = get_object_or_404(items.intakes(request.scope), pk=pk)
    try:
        actions.undo(Intake.objects.get(pk=intake.pk), by=request.user, now=timezone.now())
        messages.success(request, f"已撤销 {intake.name}，原有数据已恢复")
    except actions.UndoRefused as refused:
        messages.error(request, str(refused))
    return redirect("stock_import")


def _upload(request, pk):
    """One's own upload; the alliance's purchasers may also see one another's."""
    rows = Upload.objects.select_related("job", "intake", "alliance", "by").defer("content")
    rows = rows.filter(alliance=request.scope.alliance)
    return get_object_or_404(rows if request.scope.whole_alliance else rows.filter(by=request.user), pk=pk)


def _lines(rows):
    """Counts by kind as (word, counts) for the page; other keys (batches of a seed) are no sheet of a file."""
    return [(kind.label, rows[kind]) for kind in Kind if kind in rows]


def _workbook(content, name):
    response = HttpResponse(content, content_type=XLSX)
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response
