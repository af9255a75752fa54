from django.apps import AppConfig


class ProcurementConfig(AppConfig):
    name = "procurement"
    verbose_name = "采购"

    def ready(self):
        from procurement import checks  # noqa: F401 (registers itself)
