"""短缺直报: a draft filled from data, corrected by a person, handed in outside; kept as it was handed in."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.constraints import both_or_neither, one_of
from shortage.models.alert import Alert


class DirectReport(models.Model):
    class State(models.TextChoices):
        DRAFT = "draft", "草稿"
        SENT = "sent", "已上报"

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="reports", verbose_name="预警")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.DRAFT)
    values = models.JSONField("填报内容", default=dict, help_text="字段见 shortage.rules.report_form")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="填报人")
    made_at = models.DateTimeField("起草时间")
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="上报人"
    )
    sent_at = models.DateTimeField("上报时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "短缺直报"
        ordering = ["-made_at", "-pk"]
        constraints = [
            one_of("state", ["draft", "sent"], name="direct_report_state_known"),
            both_or_neither("sent_at", "sent_by", name="direct_report_sent_together"),
            models.CheckConstraint(
                name="direct_report_sent_iff_dated",
                condition=Q(state="sent", sent_at__isnull=False) | Q(state="draft", sent_at__isnull=True),
            ),
            models.UniqueConstraint(fields=["alert"], condition=Q(state="draft"), name="direct_report_one_draft"),
        ]

    def __str__(self) -> str:
        return f"短缺直报 {self.alert}"
