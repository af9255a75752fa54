from django.urls import include, path

from formulary import practice_urls, proposal_urls, version_urls
from formulary.views import drugs, history, jobs, lists, matches, passwords, versions

urlpatterns = [
    *version_urls.urlpatterns,
    *practice_urls.urlpatterns,
    path("drugs/", drugs.drug_list, name="drug_list"),
    path("drugs/<str:code>/", drugs.drug_detail, name="drug_detail"),
    path("formulary/", versions.version_current, name="version_current"),
    path("lists/", lists.list_index, name="list_index"),
    path("lists/<int:pk>/", lists.list_edition, name="list_edition"),
    path("lists/import/", lists.list_import, name="list_import"),
    path("lists/import/<int:pk>/", lists.list_import_detail, name="list_import_detail"),
    path("lists/import/<int:pk>/accept/", lists.list_import_accept, name="list_import_accept"),
    path("matches/", matches.match_list, name="match_list"),
    path("matches/<int:pk>/", matches.match_detail, name="match_detail"),
    path("history/", history.history_list, name="history_list"),
    path("password/", passwords.password_change, name="password_change"),
    path("history/verify/", history.history_verify, name="history_verify"),
    path("jobs/", jobs.job_list, name="job_list"),
    path("jobs/<int:pk>/", jobs.job_detail, name="job_detail"),
    path("jobs/<int:pk>/progress/", jobs.job_progress, name="job_progress"),
    path("jobs/<int:pk>/stop/", jobs.job_stop, name="job_stop"),
    *proposal_urls.urlpatterns,
    path("", include("formulary.meeting_urls")),
    path("", include("formulary.score_urls")),
]
