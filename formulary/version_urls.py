"""Addresses of versions, drafts, publicity, notices, run-down and consequences."""

from django.urls import path

from formulary.views import (
    consequences,
    dossiers,
    drafts,
    formulary_imports,
    notices,
    publicity,
    version_exports,
    versions,
)

urlpatterns = [
    path("drugs/<str:code>/versions/", versions.drug_versions, name="drug_versions"),
    path("formulary/versions/", versions.version_list, name="version_list"),
    path("formulary/versions/<int:number>/", versions.version_detail, name="version_detail"),
    path("formulary/versions/<int:number>/changes/", versions.version_changes, name="version_changes"),
    path("formulary/versions/<int:number>/changes.xlsx", versions.version_changes_file, name="version_changes_file"),
    path("formulary/versions/<int:number>/notices/", notices.version_notices, name="version_notices"),
    path(
        "formulary/versions/<int:number>/notice.<str:ending>", notices.version_notice_file, name="version_notice_file"
    ),
    path("formulary/versions/<int:number>/run-down/", notices.version_run_down, name="version_run_down"),
    path(
        "formulary/versions/<int:number>/run-down/again/", notices.version_run_down_again, name="version_run_down_again"
    ),
    path("formulary/versions/<int:number>/file/<str:kind>/", version_exports.version_file, name="version_file"),
    path("formulary/notices/<int:pk>/read/", notices.version_notice_read, name="version_notice_read"),
    path("formulary/run-down/<int:pk>/confirm/", notices.version_run_down_confirm, name="version_run_down_confirm"),
    path("formulary/versions/<int:number>/dossier/", dossiers.version_dossier, name="version_dossier"),
    path("formulary/dossiers/check/", dossiers.version_dossier_check, name="version_dossier_check"),
    path("formulary/import/", formulary_imports.version_import, name="version_import"),
    path("formulary/import/<int:pk>/", formulary_imports.version_import_detail, name="version_import_detail"),
    path("formulary/import/<int:pk>/accept/", formulary_imports.version_import_accept, name="version_import_accept"),
    path("formulary/draft/", drafts.version_draft, name="version_draft"),
    path("formulary/draft/begin/", drafts.version_draft_begin, name="version_draft_begin"),
    path("formulary/draft/correct/", drafts.version_draft_correct, name="version_draft_correct"),
    path("formulary/draft/take/", drafts.version_draft_take, name="version_draft_take"),
    path("formulary/draft/describe/", drafts.version_draft_describe, name="version_draft_describe"),
    path("formulary/draft/amend/", drafts.version_draft_amend, name="version_draft_amend"),
    path("formulary/draft/except/", drafts.version_draft_except, name="version_draft_except"),
    path("formulary/draft/discard/", drafts.version_draft_discard, name="version_draft_discard"),
    path("formulary/draft/publish/", drafts.version_draft_publish, name="version_draft_publish"),
    path("publicity/", publicity.publicity_list, name="publicity_list"),
    path("publicity/announce/", publicity.publicity_announce, name="publicity_announce"),
    path("publicity/<int:pk>/", publicity.publicity_detail, name="publicity_detail"),
    path("publicity/<int:pk>/object/", publicity.publicity_object, name="publicity_object"),
    path("publicity/<int:pk>/end/", publicity.publicity_end, name="publicity_end"),
    path("objections/<int:pk>/answer/", publicity.publicity_answer, name="publicity_answer"),
    path("gongshi/<str:slug>/", publicity.publicity_public, name="publicity_public"),
    path("consequences/", consequences.consequences, name="consequences"),
]
