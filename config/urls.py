"""Addresses, grouped by noun in each app's urls.py."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("formulary.urls")),
    path("", include("shortage.urls")),
    path("", include("procurement.urls")),
    path("admin/", admin.site.urls),
]
