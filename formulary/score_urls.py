"""Scoring and its forms."""

from django.urls import path

from formulary.views import score_templates, scoring

urlpatterns = [
    path("scores/", scoring.score_list, name="score_list"),
    path("scores/forms/", score_templates.score_template_list, name="score_template_list"),
    path("scores/forms/new/", score_templates.score_template_new, name="score_template_new"),
    path("scores/forms/<int:pk>/", score_templates.score_template_detail, name="score_template_detail"),
    path("scores/forms/<int:pk>/file/", score_templates.score_template_file, name="score_template_file"),
    path("scores/<int:pk>/", scoring.score_detail, name="score_detail"),
    path("scores/<int:pk>/act/<str:verb>/", scoring.score_act, name="score_act"),
    path("scores/<int:pk>/sheets/<int:subject>/", scoring.score_sheet, name="score_sheet"),
]
