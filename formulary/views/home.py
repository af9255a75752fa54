"""The first page after signing in, by role, and the help."""

from django.shortcuts import render

from config.access import Permission
from formulary.views.guards import requires


@requires(Permission.SEE_HOME)
def home(request):
    return render(request, "formulary/home.html")


@requires(Permission.SEE_HOME)
def help_page(request):
    return render(request, "formulary/help.html")
