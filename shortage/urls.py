from django.urls import path

from shortage.views import alerts, entry, foresight, notices, quality, reorder, stock, stock_import, watching

urlpatterns = [
    path("alerts/", alerts.alert_list, name="alert_list"),
    path("alerts/<int:pk>/", alerts.alert_detail, name="alert_detail"),
    path("alerts/<int:pk>/<str:verb>/", alerts.alert_act, name="alert_act"),
    path("notices/", notices.notice_list, name="notice_list"),
    path("notices/read/", notices.notice_read, name="notice_read_all"),
    path("notices/<int:pk>/read/", notices.notice_read, name="notice_read"),
    path("watch/start/", watching.watch_start, name="watch_start"),
    path("watch/<int:pk>/", watching.watch_status, name="watch_status"),
    path("foresight/", foresight.calibration, name="foresight"),
    path("stock/", stock.stock_list, name="stock_list"),
    path("stock/<int:institution>/<int:presentation>/", stock.stock_detail, name="stock_detail"),
    path("stock/reorder/", reorder.reorder_list, name="stock_reorder"),
    path("stock/entry/<str:kind>/", entry.stock_entry, name="stock_entry"),
    path("stock/findings/", quality.finding_list, name="finding_list"),
    path("stock/findings/<int:pk>/", quality.finding_detail, name="finding_detail"),
    path("stock/findings/<int:pk>/<str:verb>/", quality.finding_decide, name="finding_decide"),
    path("stock/feeds/", stock.stock_feeds, name="stock_feeds"),
    path("stock/import/", stock_import.stock_import, name="stock_import"),
    path("stock/import/template/", stock_import.stock_template, name="stock_import_template"),
    path("stock/import/<int:pk>/", stock_import.stock_upload, name="stock_import_detail"),
    path("stock/import/<int:pk>/accept/", stock_import.stock_accept, name="stock_import_accept"),
    path("stock/import/<int:pk>/marked/", stock_import.stock_marked, name="stock_import_marked"),
    path("stock/intakes/<int:pk>/undo/", stock_import.stock_undo, name="stock_import_undo"),
]
