"""Changing one's password; a first password must be changed before anything else."""

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
    return render(request, "formulary/password_change.html", {"form": form})


class FirstPasswordMiddleware:
    """Sends people with a password given by others to the page where they choose their own."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        user = request.user
        if user.is_authenticated and user.must_change_password:
            open_pages = {reverse("password_change"), reverse("logout")}
            if request.path not in open_pages and not request.path.startswith("/static/"):
                return redirect("password_change")
        return self.get_response(request)
