"""Policy lists: which editions there are, what is in one, and a new file in two steps."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary import queries
from formulary.actions import list_uploads
from formulary.list_forms import EntryFilter, ListFileForm
from formulary.models import ListEdition, ListUpload
from formulary.views.guards import requires

State = ListUpload.State
HOME = "政策目录"


@requires(Permission.SEE_DRUGS)
def list_index(request):
    today = timezone.localdate()
    rows = queries.edition_rows(request.scope, today)
    context = {
        "rows": rows,
        "absent": queries.kinds_never_imported(rows),
        "missing": queries.kinds_without_edition(rows),
        "today": today,
        "may_import": can(request.user, Permission.IMPORT_LISTS),
        "may_decide": can(request.user, Permission.DECIDE_MATCHES),
    }
    return render(request, "formulary/list_index.html", context)


@requires(Permission.SEE_DRUGS)
def list_edition(request, pk):
    edition = get_object_or_404(ListEdition, pk=pk)
    form = EntryFilter(request.GET or None, sections=edition.sections)
    page = Paginator(queries.edition_entries(edition, **form.wanted()), 50).get_page(request.GET.get("page"))
    page.object_list = queries.with_spoken_of(page.object_list)
    context = {
        "edition": edition,
        "form": form,
        "page": page,
        "may_decide": can(request.user, Permission.DECIDE_MATCHES),
        "crumbs": [(HOME, reverse("list_index")), (str(edition), None)],
    }
    return render(request, "formulary/_list_rows.html" if request.htmx else "formulary/list_edition.html", context)


@requires(Permission.IMPORT_LISTS)
def list_import(request):
    form = ListFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = _received(request, form)
        if upload is not None:
            return redirect("list_import_detail", upload.pk)
    uploads = Paginator(queries.list_uploads(request.scope), 10).get_page(request.GET.get("page"))
    context = {"form": form, "page": uploads, "crumbs": [(HOME, reverse("list_index")), ("导入目录", None)]}
    return render(request, "formulary/list_import.html", context, status=422 if form.errors else 200)


@requires(Permission.IMPORT_LISTS)
def list_import_detail(request, pk):
    upload = get_object_or_404(queries.list_uploads(request.scope), pk=pk)
    if upload.job is not None and request.htmx:
        return _progress(request, upload)
    context = {
        "upload": upload,
        "counts": upload.effect.get("counts", {}),
        "faults": list_uploads.faults(upload),
        "more": max(0, upload.effect.get("fault_count", 0) - len(upload.faults)),
        "working": upload.job is not None and not upload.job.is_over,
        "medicines_note": f"带来新品种 {upload.effect['counts']['medicines']:,} 个"
        if upload.effect.get("counts")
        else "",
        "steps": _steps(upload),
        "editions": ListEdition.objects.filter(kind=upload.kind, edition__in=upload.effect.get("editions", [])),
        "crumbs": [(HOME, reverse("list_index")), ("导入目录", reverse("list_import")), (upload.name, None)],
    }
    return render(request, "formulary/list_import_detail.html", context)


@requires(Permission.IMPORT_LISTS)
@require_POST
def list_import_accept(request, pk):
    upload = get_object_or_404(queries.list_uploads(request.scope), pk=pk)
    try:
        upload = list_uploads.accept(upload, by=request.user, now=timezone.now())
    except (list_uploads.UploadRefused, list_uploads.EffectChanged) as refused:
        messages.warning(request, str(refused))
    else:
        if upload.state == State.ACCEPTED:
            messages.success(request, f"已导入 {upload.name}")
    return redirect("list_import_detail", pk)


def _received(request, form):
    file, given = form.cleaned_data["file"], form.given()
    try:
        return list_uploads.receive(
            file.read(), file.name, given=given, alliance=request.scope.alliance, by=request.user, now=timezone.now()
        )
    except list_uploads.UploadRefused as refused:
        form.add_error("file", str(refused))
        return None


def _progress(request, upload):
    """The polling fragment; when the job is over the whole page is asked for again."""
    response = render(request, "components/job.html", {"job": upload.job, "poll_url": request.path})
    if upload.job.is_over:
        response["HX-Refresh"] = "true"
    return response


def _steps(upload):
    """Choose, check, confirm: where this file stands."""
    done = {State.CHECKING: 1, State.FAULTY: 1, State.READY: 2, State.ACCEPTING: 2, State.ACCEPTED: 3}[upload.state]
    words = ("选择文件", "检查并预览", "确认导入")
    states = ["done" if k < done else "current" if k == done else "todo" for k in range(3)]
    if upload.state == State.FAULTY:
        states[1] = "refused"
    return [{"label": label, "state": state} for label, state in zip(words, states, strict=True)]
