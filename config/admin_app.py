"""Django's admin app with our site; apart from admin_site.py because settings name it before any model is loaded."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default = False
    default_site = "config.admin_site.YaohengAdminSite"
