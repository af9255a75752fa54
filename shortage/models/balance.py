"""The alliance's transfer plan as it was computed, line by line, with what became of each line."""

from django.conf import settings
from django.db import models

from formulary.models import Alliance, Institution, Job, Presentation
from formulary.models.constraints import at_least, one_of
from shortage.models.transfer import Transfer


class BalanceRun(models.Model):
    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="balance_runs", verbose_name="医共体")
    as_of = models.DateField("依据监测日")
    made_at = models.DateTimeField("计算时间")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="发起人"
    )
    counts = models.JSONField("计数", default=dict)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="任务")

    class Meta:
        verbose_name = verbose_name_plural = "调剂建议"
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.alliance} {self.as_of} 调剂建议"


class BalanceLine(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "待采纳"
        TAKEN = "taken", "已采纳"
        LEFT = "left", "不采纳"

    run = models.ForeignKey(BalanceRun, models.CASCADE, related_name="lines", verbose_name="调剂建议")
    donor = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="调出机构")
    receiver = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="调入机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    quantity = models.PositiveIntegerField("数量（最小单位）")
    expiry = models.DateField("最早效期", null=True, blank=True)
    km = models.FloatField("直线公里", null=True, blank=True)
    before = models.FloatField("调入方原缺货概率")
    after = models.FloatField("调入方调后缺货概率")
    donor_after = models.FloatField("调出方调后缺货概率", null=True, blank=True)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    transfer = models.ForeignKey(
        Transfer, models.PROTECT, null=True, blank=True, related_name="suggested", verbose_name="调剂单"
    )

    class Meta:
        verbose_name = verbose_name_plural = "调剂建议明细"
        ordering = ["donor", "receiver", "presentation"]
        constraints = [
            at_least("quantity", 1, name="balance_line_positive"),
            one_of("state", ["open", "taken", "left"], name="balance_line_state_known"),
            models.UniqueConstraint(fields=["run", "donor", "receiver", "presentation"], name="balance_line_once"),
        ]

    def __str__(self) -> str:
        return f"{self.donor_id}→{self.receiver_id} {self.presentation_id}: {self.quantity}"
