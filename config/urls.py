"""Addresses, grouped by noun in each app's urls.py."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from config import home
from config.api import api

urlpatterns = [
    path("", home.home, name="home"),
    path("help/", home.help_page, name="help"),
    path("sign-in/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("sign-out/", auth.LogoutView.as_view(), name="logout"),
    path("", include("formulary.urls")),
    path("", include("shortage.urls")),
    path("", include("procurement.urls")),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
]
