from django.apps import AppConfig


class ShortageConfig(AppConfig):
    name = "shortage"
    verbose_name = "短缺"
