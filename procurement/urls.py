from django.urls import path

from procurement.views import orders, payables, plans, reports, rounds

REPORT = "rounds/<int:pk>/reports/<int:institution>/"

urlpatterns = [
    path("plans/", plans.plan_list, name="plan_list"),
    path("plans/new/", plans.plan_new, name="plan_new"),
    path("plans/<int:pk>/", plans.plan_detail, name="plan_detail"),
    path("plans/<int:pk>/progress/", plans.plan_progress, name="plan_progress"),
    path("plans/<int:pk>/stop/", plans.plan_stop, name="plan_stop"),
    path("plans/<int:pk>/again/", plans.plan_again, name="plan_again"),
    path("plans/<int:pk>/<slug:tab>/", plans.plan_detail, name="plan_tab"),
    path("plans/<int:pk>/files/<slug:kind>/<slug:ending>/", plans.plan_download, name="plan_download"),
    path("rounds/", rounds.round_list, name="round_list"),
    path("rounds/new/", rounds.round_new, name="round_new"),
    path("rounds/<int:pk>/", rounds.round_detail, name="round_detail"),
    path("rounds/<int:pk>/archive/", rounds.round_archive, name="round_archive"),
    path("rounds/<int:pk>/decide/", rounds.round_decide, name="round_decide"),
    path("rounds/<int:pk>/act/<slug:verb>/", rounds.round_act, name="round_act"),
    path("rounds/<int:pk>/lines/<int:line>/dispute/", reports.round_dispute, name="round_dispute"),
    path("rounds/<int:pk>/disputes/<int:case>/answer/", reports.round_dispute_answer, name="round_dispute_answer"),
    path(
        "rounds/<int:pk>/disputes/<int:case>/withdraw/", reports.round_dispute_withdraw, name="round_dispute_withdraw"
    ),
    path(REPORT, reports.round_report, name="round_report"),
    path(f"{REPORT}submit/", reports.round_report_submit, name="round_report_submit"),
    path(f"{REPORT}confirm/", reports.round_report_confirm, name="round_report_confirm"),
    path(f"{REPORT}return/", reports.round_report_return, name="round_report_return"),
    path(f"{REPORT}file/", reports.round_report_file, name="round_report_file"),
    path("rounds/<int:pk>/<slug:tab>/", rounds.round_detail, name="round_tab"),
    path("orders/", orders.order_list, name="order_list"),
    path("orders/<int:pk>/", orders.order_detail, name="order_detail"),
    path("orders/<int:pk>/act/<slug:verb>/", orders.order_act, name="order_act"),
    path("orders/<int:pk>/files/<slug:ending>/", orders.order_file, name="order_file"),
    path("orders/<int:pk>/receive/<int:institution>/", orders.order_receive, name="order_receive"),
    path("deliveries/<int:pk>/report/", orders.delivery_report, name="delivery_report"),
    path("payables/", payables.payable_list, name="payable_list"),
    path("payables/file/", payables.payable_file, name="payable_file"),
    path("payables/<int:pk>/pay/", payables.payable_pay, name="payable_pay"),
    path("deputies/", payables.deputy_list, name="deputy_list"),
    path("deputies/<int:pk>/end/", payables.deputy_end, name="deputy_end"),
]
