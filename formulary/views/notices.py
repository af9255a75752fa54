"""A version's notices and run-down plan: read, confirmed, taken away as files."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary import notice_files
from formulary.actions import notices, run_down
from formulary.models import RunDown, VersionNotice
from formulary.queries import notices as queries
from formulary.queries.reach import scope_of
from formulary.rules.workbook import Sheet
from formulary.views.downloads import download, workbook
from formulary.views.guards import requires
from formulary.views.versions import crumbs, tabs, version_of

RUN_DOWN_HEADER = (
    "机构编码", "机构名称", "药品编码", "通用名", "规格", "库存日期", "可用库存", "日均用量", "可用天数", "最后订货日",
    "最早有效期", "本机构用完", "调剂数量", "调往", "退货数量", "确认人", "说明",
)  # fmt: skip


@requires(Permission.SEE_FORMULARY)
def version_notices(request, number):
    version = version_of(request, number)
    mine = scope_of(request.user, Permission.CONFIRM_NOTICES)
    rows = list(queries.notices_of(version))
    for row in rows:
        row.mine = mine is not None and row.institution_id in mine.institution_ids and row.read_at is None
    context = {
        "version": version,
        "rows": rows,
        "read": sum(row.read_at is not None for row in rows),
        "tabs": tabs(version, "version_notices"),
        "crumbs": crumbs(version, "通知与阅知"),
    }
    return render(request, "formulary/version_notices.html", context)


@requires(Permission.CONFIRM_NOTICES)
@require_POST
def version_notice_read(request, pk):
    rows = VersionNotice.objects.filter(institution__in=request.scope.institution_ids)
    notice = get_object_or_404(rows.select_related("version", "institution__alliance"), pk=pk)
    notices.confirm_read(notice, institution=notice.institution, by=request.user, now=timezone.now())
    messages.success(request, f"{notice.institution}已阅知第 {notice.version.number} 版")
    return redirect("version_notices", notice.version.number)


@requires(Permission.SEE_FORMULARY)
def version_notice_file(request, number, ending):
    version = version_of(request, number)
    if ending == "docx":
        return download(f"目录通知-第{version.number}版.docx", notice_files.notice_docx(version))
    return workbook(f"目录通知-第{version.number}版.xlsx", notice_files.notice_sheets(version))


@requires(Permission.SEE_FORMULARY)
def version_run_down(request, number):
    version = version_of(request, number)
    rows = list(queries.run_downs(version, request.scope))
    if request.GET.get("file"):
        return workbook(f"消化计划-第{version.number}版.xlsx", {"消化计划": _sheet(rows)})
    mine = scope_of(request.user, Permission.CONFIRM_NOTICES)
    context = {
        "version": version,
        "rows": rows,
        "mine": mine.institution_ids if mine else (),
        "may_publish": can(request.user, Permission.PUBLISH_FORMULARY),
        "tabs": tabs(version, "version_run_down"),
        "crumbs": crumbs(version, "调出品规消化"),
    }
    return render(request, "formulary/version_run_down.html", context)


@requires(Permission.PUBLISH_FORMULARY)
@require_POST
def version_run_down_again(request, number):
    version = version_of(request, number)
    count = run_down.replan(version, by=request.user, now=timezone.now())
    messages.success(request, f"已按今天的库存与用量更新 {count} 项，已确认的不变")
    return redirect("version_run_down", number)


@requires(Permission.CONFIRM_NOTICES)
@require_POST
def version_run_down_confirm(request, pk):
    rows = RunDown.objects.filter(institution__in=request.scope.institution_ids)
    row = get_object_or_404(rows.select_related("version", "institution__alliance", "presentation"), pk=pk)
    given = {"note": request.POST.get("note", ""), "by": request.user, "now": timezone.now()}
    try:
        run_down.confirm(row, institution=row.institution, **given)
    except run_down.RunDownRefused as refused:
        messages.warning(request, str(refused))
    return redirect("version_run_down", row.version.number)


def _sheet(rows) -> Sheet:
    return RUN_DOWN_HEADER, [
        (
            row.institution.code, row.institution.name, row.presentation.code, row.presentation.name,
            row.presentation.strength, row.as_of.isoformat(), row.quantity, row.daily_use,
            "" if row.cover_days is None else row.cover_days, row.last_order_on.isoformat(),
            row.expires_on.isoformat() if row.expires_on else "", row.use_up, row.transfer,
            row.transfer_to.name if row.transfer_to else "", row.give_back, str(row.confirmed_by or ""), row.note,
        )
        for row in rows
    ]  # fmt: skip
