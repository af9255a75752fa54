"""The bell: messages about alerts to the person who looks."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.views.guards import requires
from shortage import queries
from shortage.actions import notices
from shortage.models import Notice


@requires(Permission.SEE_ALERTS)
def notice_list(request):
    page = Paginator(queries.notices(request.user), 30).get_page(request.GET.get("page"))
    unread = queries.unread_notice_count(request.user)
    crumbs = [("预警", reverse("alert_list")), ("通知", None)]
    return render(request, "shortage/notice_list.html", {"page": page, "unread": unread, "crumbs": crumbs})


@requires(Permission.SEE_ALERTS)
@require_POST
def notice_read(request, pk=None):
    """One message leads on to its alert, to the weekly status, or to what waits; without one, all are read."""
    notice = get_object_or_404(Notice, pk=pk, person=request.user) if pk else None
    notices.read(by=request.user, now=timezone.now(), notice=pk)
    if notice is None:
        return redirect("notice_list")
    if notice.alert_id:
        return redirect("alert_detail", notice.alert_id)
    return redirect(notice.path or "status_list")
