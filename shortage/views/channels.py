"""Where messages go besides the application: channels, a test message, and the log of what was sent."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission
from formulary.views.guards import requires
from shortage.actions import channels as actions
from shortage.channel_forms import ChannelForm
from shortage.models import Delivery, NoticeChannel
from shortage.rules.addresses import masked

PER_PAGE = 40


@requires(Permission.ADMINISTER)
def channel_list(request):
    rows = NoticeChannel.objects.filter(alliance=request.scope.alliance)
    return _list(request, rows, own=False)


@requires(Permission.SEE_ALERTS)
def my_channels(request):
    return _list(request, NoticeChannel.objects.filter(person=request.user), own=True)


def _list(request, rows, *, own):
    rows = list(rows.select_related("person", "institution"))
    for row in rows:
        row.shown = masked(row.address)
    home = "my_channels" if own else "channel_list"
    deliveries = Delivery.objects.filter(channel__in=rows).select_related("channel", "alert")
    page = Paginator(deliveries, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "rows": rows,
        "own": own,
        "page": page,
        "new_url": reverse("my_channel_new" if own else "channel_new"),
        "crumbs": [("通知", reverse("notice_list")), ("我的通知方式", None)] if own else [],
        "home": home,
    }
    return render(request, "shortage/channel_list.html", context)


@requires(Permission.ADMINISTER)
def channel_edit(request, pk=None):
    rows = NoticeChannel.objects.filter(alliance=request.scope.alliance)
    return _edit(request, get_object_or_404(rows, pk=pk) if pk else None, own=False)


@requires(Permission.SEE_ALERTS)
def my_channel_edit(request, pk=None):
    rows = NoticeChannel.objects.filter(person=request.user)
    return _edit(request, get_object_or_404(rows, pk=pk) if pk else None, own=True)


def _edit(request, channel, *, own):
    form = ChannelForm(request.POST or None, instance=channel, own=own, alliance=request.scope.alliance)
    home = "my_channels" if own else "channel_list"
    if request.method == "POST" and form.is_valid():
        kept = NoticeChannel.objects.get(pk=channel.pk) if channel else None
        try:
            actions.save(kept, form.cleaned_data, by=request.user, now=timezone.now())
            messages.success(request, "已保存通知渠道")
            return redirect(home)
        except actions.ChannelRefused as refused:
            form.add_error("address", str(refused))
    crumbs = [("通知渠道", reverse(home)), (channel.name if channel else "新建", None)]
    status = 422 if form.errors else 200
    return render(request, "shortage/channel_edit.html", {"form": form, "crumbs": crumbs, "home": home}, status=status)


@requires(Permission.ADMINISTER)
@require_POST
def channel_test(request, pk):
    return _test(request, get_object_or_404(NoticeChannel, pk=pk, alliance=request.scope.alliance), "channel_list")


@requires(Permission.SEE_ALERTS)
@require_POST
def my_channel_test(request, pk):
    return _test(request, get_object_or_404(NoticeChannel, pk=pk, person=request.user), "my_channels")


def _test(request, channel, home):
    error = actions.try_out(channel, by=request.user, now=timezone.now())
    if error:
        messages.error(request, f"测试未送达：{error}")
    else:
        messages.success(request, "测试通知已送出，请到对方处查看")
    return redirect(home)
