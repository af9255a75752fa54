from django.urls import path

from shortage.views import alerts, notices, watching

urlpatterns = [
    path("alerts/", alerts.alert_list, name="alert_list"),
    path("alerts/<int:pk>/", alerts.alert_detail, name="alert_detail"),
    path("alerts/<int:pk>/<str:verb>/", alerts.alert_act, name="alert_act"),
    path("notices/", notices.notice_list, name="notice_list"),
    path("notices/read/", notices.notice_read, name="notice_read_all"),
    path("notices/<int:pk>/read/", notices.notice_read, name="notice_read"),
    path("watch/start/", watching.watch_start, name="watch_start"),
    path("watch/<int:pk>/", watching.watch_status, name="watch_status"),
]
