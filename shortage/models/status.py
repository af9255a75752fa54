"""每周短缺状态: a round of a week, one report of each institution, one line per drug that is not 充足."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models import Alliance, Institution, Presentation
from formulary.models.constraints import both_or_neither, in_order, one_of
from shortage.models.alert import Alert


class StatusRound(models.Model):
    """due_at: institutions have confirmed; answer_due: the alliance has answered what is short."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="status_rounds", verbose_name="医共体")
    week = models.DateField("填报周（周一）")
    opened_at = models.DateTimeField("发起时间")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="发起人"
    )
    due_at = models.DateTimeField("确认截止")
    answer_due = models.DateField("答复截止")

    class Meta:
        verbose_name = verbose_name_plural = "短缺状态周报"
        ordering = ["-week"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "week"], name="status_round_once_a_week"),
            models.CheckConstraint(name="status_round_week_is_monday", condition=Q(week__week_day=2)),
            in_order("opened_at", "due_at", name="status_round_in_order"),
        ]

    def __str__(self) -> str:
        year, week, _ = self.week.isocalendar()
        return f"{year}-{week:02d} 周短缺状态"


class StatusReport(models.Model):
    round = models.ForeignKey(StatusRound, models.PROTECT, related_name="reports", verbose_name="周报")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "机构短缺状态"
        ordering = ["institution"]
        constraints = [
            models.UniqueConstraint(fields=["round", "institution"], name="status_report_once"),
            both_or_neither("confirmed_at", "confirmed_by", name="status_report_confirmed_together"),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.round}"


class StatusLine(models.Model):
    """supply: what the institution says; computed: what the alert said when the line was made (0: added by hand)."""

    class Supply(models.IntegerChoices):
        AMPLE = 1, "充足"
        FAIR = 2, "较充足"
        SHORT = 3, "短缺"
        SEVERE = 4, "严重短缺"

    report = models.ForeignKey(StatusReport, models.CASCADE, related_name="lines", verbose_name="机构短缺状态")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    alert = models.ForeignKey(Alert, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="预警")
    supply = models.PositiveSmallIntegerField("供应状态", choices=Supply.choices)
    computed = models.PositiveSmallIntegerField("预填", default=0)
    stock = models.PositiveIntegerField("当日库存", null=True, blank=True)
    week_use = models.PositiveIntegerField("本周用量", null=True, blank=True)
    days = models.FloatField("可用天数", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    answer = models.CharField("答复", max_length=200, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "短缺状态明细"
        ordering = ["-supply", "presentation"]
        constraints = [
            models.UniqueConstraint(fields=["report", "presentation"], name="status_line_once"),
            one_of("supply", [1, 2, 3, 4], name="status_line_supply_known"),
            one_of("computed", [0, 1, 2, 3, 4], name="status_line_computed_known"),
            both_or_neither("answered_at", "answered_by", name="status_line_answered_together"),
        ]

    def __str__(self) -> str:
        return f"{self.presentation} {self.get_supply_display()}"
