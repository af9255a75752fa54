from django.urls import path

from formulary.views import history, passwords, versions

urlpatterns = [
    path("formulary/", versions.version_current, name="version_current"),
    path("history/", history.history_list, name="history_list"),
    path("password/", passwords.password_change, name="password_change"),
    path("history/verify/", history.history_verify, name="history_verify"),
]
