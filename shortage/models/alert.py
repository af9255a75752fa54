"""An alert is one event: opened, escalated, acted on, closed. Its changes are kept as steps."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models import Institution, Presentation
from formulary.models.constraints import one_of


class AlertLevel(models.TextChoices):
    RED = "red", "红色"
    ORANGE = "orange", "橙色"
    YELLOW = "yellow", "黄色"
    BLUE = "blue", "蓝色"


class AlertState(models.TextChoices):
    OPEN = "open", "待处置"
    ACTING = "acting", "处置中"
    CLOSED = "closed", "已解除"


LIVE = Q(state__in=["open", "acting"])


class Alert(models.Model):
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="alerts", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="alerts", verbose_name="品规")
    level = models.CharField("等级", max_length=8, choices=AlertLevel.choices)
    state = models.CharField("状态", max_length=8, choices=AlertState.choices, default=AlertState.OPEN)
    cause = models.CharField("原因代码", max_length=20)
    reason = models.CharField("原因", max_length=300)
    risk = models.FloatField("缺货概率")
    drug_short = models.BooleanField("全域短缺", default=False, help_text="药品本身短缺，不只是本机构缺货")
    stockout_on = models.DateField("预计断货日", null=True, blank=True)
    opened_on = models.DateField("触发日")
    updated_on = models.DateField("最近评估日")
    stock = models.PositiveIntegerField("可用库存", default=0)
    days_of_supply = models.FloatField("可用天数", null=True, blank=True)
    calm_days = models.PositiveSmallIntegerField("连续低于解除线天数", default=0)
    # What the watch of updated_on started from: a second run for the same day starts there again.
    level_before = models.CharField("前一评估日等级", max_length=8, blank=True)
    calm_before = models.PositiveSmallIntegerField("前一评估日平静天数", default=0)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="处置人"
    )
    closed_on = models.DateField("解除日", null=True, blank=True)
    outcome = models.CharField("处置结果", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "缺药预警"
        ordering = ["state", "-opened_on"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "presentation"], condition=LIVE, name="alert_live_once"),
            one_of("level", AlertLevel.values, name="alert_level_known"),
            one_of("state", AlertState.values, name="alert_state_known"),
            models.CheckConstraint(
                name="alert_closed_iff_dated",
                condition=Q(state="closed", closed_on__isnull=False) | Q(~Q(state="closed"), closed_on__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["state", "level"]), models.Index(fields=["institution", "state"])]

    def __str__(self) -> str:
        return f"{self.get_level_display()} {self.presentation} {self.institution}"


class AlertStep(models.Model):
    """What happened to an alert: raised, changed level, taken on, noted, closed, re-opened."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="steps", verbose_name="预警")
    at = models.DateTimeField("时间")
    on = models.DateField("评估日")
    verb = models.CharField("动作", max_length=20)
    level = models.CharField("等级", max_length=8, choices=AlertLevel.choices)
    risk = models.FloatField("缺货概率", null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="人员"
    )
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "预警过程"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.verb} {self.on}"


class Notice(models.Model):
    """A message in the application to one person: about an alert, about the weekly status (no alert, no level), or about
    something else that waits at `path`."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices", verbose_name="收件人")
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, blank=True, related_name="notices", verbose_name="预警")
    path = models.CharField("页面", max_length=200, blank=True, default="", db_default="")
    on = models.DateField("日期")
    level = models.CharField("等级", max_length=8, choices=AlertLevel.choices, blank=True)
    kind = models.CharField("事由", max_length=12, default="raise", db_default="raise")
    text = models.CharField("内容", max_length=300)
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["person", "alert", "level", "kind", "on"], name="notice_once_per_raise"),
            models.UniqueConstraint(
                fields=["person", "kind", "on"], condition=Q(alert__isnull=True, path=""), name="notice_once_a_day"
            ),
            models.CheckConstraint(
                name="notice_leads_somewhere",
                condition=Q(kind="status", alert__isnull=True)
                | (~Q(kind="status") & (Q(alert__isnull=False) | ~Q(path=""))),
            ),
        ]

    def __str__(self) -> str:
        return self.text
