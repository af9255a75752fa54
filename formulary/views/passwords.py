"""Changing one's password; a first one, and one that grew old, must be changed before anything else."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from config.access import Permission
from formulary.actions.people import change_password
from formulary.views.guards import requires


@requires(Permission.SEE_HOME)
def password_change(request):
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        change_password(request.user, form.cleaned_data["new_password1"], by=request.user, now=timezone.now())
        update_session_auth_hash(request, request.user)
        messages.success(request, "密码已修改。")
        return redirect("home")
    context = {"form": form, "grown_old": has_grown_old(request.user), "days": settings.PASSWORD_DAYS}
    return render(request, "formulary/password_change.html", context)


def has_grown_old(user) -> bool:
    """Older than settings.PASSWORD_DAYS."""
    limit = timedelta(days=settings.PASSWORD_DAYS)
    return user.password_set_at is not None and timezone.now() - user.password_set_at > limit


class FirstPasswordMiddleware:
    """Sends people with a password given by others, or one that grew old, to the page where they choose their own."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        user = request.user
        if user.is_authenticated and (user.must_change_password or has_grown_old(user)):
            open_pages = {reverse("password_change"), reverse("logout")}
            if request.path not in open_pages and not request.path.startswith("/static/"):
                return redirect("password_change")
        return self.get_response(request)
