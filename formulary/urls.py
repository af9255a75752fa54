from django.urls import path

from formulary.views import drugs, history, passwords, versions

urlpatterns = [
    path("drugs/", drugs.drug_list, name="drug_list"),
    path("drugs/<str:code>/", drugs.drug_detail, name="drug_detail"),
    path("formulary/", versions.version_current, name="version_current"),
    path("history/", history.history_list, name="history_list"),
    path("password/", passwords.password_change, name="password_change"),
    path("history/verify/", history.history_verify, name="history_verify"),
]
