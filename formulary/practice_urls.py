"""Pages of what practice says of the list: suggestions, reviews, 基药 assessment, institution lists."""

from django.urls import path

from formulary.views import assessments, reviews, subsets, suggestions

urlpatterns = [
    path("subsets/", subsets.subset_list, name="subset_list"),
    path("subsets/<str:code>/", subsets.subset_detail, name="subset_detail"),
    path("subsets/<str:code>/change/", subsets.subset_change, name="subset_change"),
    path("subsets/<str:code>/import/", subsets.subset_import, name="subset_import"),
    path("subsets/<str:code>/export/", subsets.subset_export, name="subset_export"),
    path("reviews/", reviews.review_list, name="review_list"),
    path("reviews/<str:code>/", reviews.review_detail, name="review_detail"),
    path("assessment/", assessments.assessment_list, name="assessment_list"),
    path("assessment/export/", assessments.assessment_export, name="assessment_export"),
    path("assessment/prescriptions/", assessments.prescription_import, name="prescription_import"),
    path("assessment/cohesion/", assessments.cohesion, name="cohesion"),
    path("assessment/<str:code>/", assessments.assessment_detail, name="assessment_detail"),
    path("assessment/<str:code>/export/", assessments.assessment_detail_export, name="assessment_detail_export"),
    path("suggestions/", suggestions.suggestion_list, name="suggestion_list"),
    path("suggestions/scan/", suggestions.suggestion_scan, name="suggestion_scan"),
    path("suggestions/scan/<int:pk>/", suggestions.suggestion_scan_state, name="suggestion_scan_state"),
    path("suggestions/dismiss/", suggestions.suggestion_dismiss, name="suggestion_dismiss"),
    path("suggestions/<int:pk>/", suggestions.suggestion_detail, name="suggestion_detail"),
    path("suggestions/<int:pk>/accept/", suggestions.suggestion_accept, name="suggestion_accept"),
]
