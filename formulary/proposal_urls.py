"""Addresses of the committee, of applications and of 缺药登记."""

from django.urls import path

from formulary.views import application_drugs, applications, committee, deputies, drug_requests

urlpatterns = [
    path("committee/", committee.committee_index, name="committee_index"),
    path("committee/<int:pk>/", committee.committee_body, name="committee_body"),
    path("committee/found/", committee.committee_found, name="committee_found"),
    path("committee/<int:pk>/appoint/", committee.committee_appoint, name="committee_appoint"),
    path("committee/seats/<int:pk>/end/", committee.committee_end, name="committee_end"),
    path("committee/charter/", committee.committee_charter, name="committee_charter"),
    path("committee/charter/<str:field>/", committee.committee_rule, name="committee_rule"),
    path("committee/experts/", committee.committee_experts, name="committee_experts"),
    path("committee/experts/<int:pk>/retire/", committee.committee_retire, name="committee_retire"),
    path("committee/draws/new/", committee.committee_draw, name="committee_draw"),
    path("committee/draws/<int:pk>/", committee.committee_draw_detail, name="committee_draw_detail"),
    path("adjustments/", applications.adjustment_list, name="adjustment_list"),
    path("adjustments/new/", application_drugs.adjustment_new, name="adjustment_new"),
    path("adjustments/new/<str:kind>/", application_drugs.adjustment_new, name="adjustment_new"),
    path(
        "adjustments/new/<str:kind>/medicine/<int:medicine>/",
        application_drugs.adjustment_presentation,
        name="adjustment_presentation",
    ),
    path("adjustments/new/<str:kind>/<str:code>/", applications.adjustment_write, name="adjustment_write"),
    path("adjustments/<int:pk>/", applications.adjustment_detail, name="adjustment_detail"),
    path("adjustments/<int:pk>/edit/", applications.adjustment_edit, name="adjustment_edit"),
    path("adjustments/<int:pk>/files/", applications.adjustment_attach, name="adjustment_attach"),
    path("adjustments/<int:pk>/files/<int:file>/", applications.adjustment_file, name="adjustment_file"),
    path("adjustments/<int:pk>/<str:verb>/", applications.adjustment_act, name="adjustment_act"),
    path("deputies/", deputies.deputy_list, name="deputy_list"),
    path("deputies/<int:pk>/end/", deputies.deputy_end, name="deputy_end"),
    path("requests/", drug_requests.request_list, name="request_list"),
    path("requests/new/", drug_requests.request_new, name="request_new"),
    path("requests/summary/", drug_requests.request_summary, name="request_summary"),
    path("requests/draft/", drug_requests.request_draft, name="request_draft"),
    path("requests/<int:pk>/", drug_requests.request_detail, name="request_detail"),
    path("requests/<int:pk>/<str:verb>/", drug_requests.request_act, name="request_act"),
]
