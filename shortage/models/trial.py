"""What was tried on the alliance's own stored history, and what it showed."""

from django.conf import settings
from django.db import models

from formulary.models import Alliance, Job
from formulary.models.constraints import in_order, one_of


class Trial(models.Model):
    """A replay of the warnings or a back-test of the forecasts; its figures do not change afterwards."""

    class Kind(models.TextChoices):
        REPLAY = "replay", "预警回放"
        BACKTEST = "backtest", "预测回测"

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="trials", verbose_name="医共体")
    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    first = models.DateField("自")
    last = models.DateField("至")
    step_days = models.PositiveSmallIntegerField("间隔（天）", default=7)
    finished_at = models.DateTimeField("完成时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="发起人")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="任务")
    result = models.JSONField("结果", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "历史检验"
        ordering = ["-finished_at", "-pk"]
        constraints = [
            one_of("kind", ["replay", "backtest"], name="trial_kind_known"),
            in_order("first", "last", name="trial_in_order"),
        ]
        indexes = [models.Index(fields=["alliance", "kind", "-finished_at"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.first} 至 {self.last}"
