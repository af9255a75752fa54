"""Doubts about facts: what looks wrong, what was expected, and what a person decided about it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models import Institution, Presentation
from formulary.models.constraints import both_or_neither, one_of
from shortage.models.intake import Intake


class DataFinding(models.Model):
    """One doubt. It stays while the facts look so; a person accepts, corrects or withdraws them."""

    class Kind(models.TextChoices):
        MISSING_DAY = "missing_day", "缺日"
        NEGATIVE = "negative", "账面为负"
        STOCK_JUMP = "stock_jump", "库存跳变"
        USE_JUMP = "use_jump", "用量跳变"
        DOUBLED_MONTH = "doubled_month", "整月重复"
        WRONG_YEAR = "wrong_year", "年份可疑"
        CODE_DRIFT = "code_drift", "疑似换码"

    class State(models.TextChoices):
        OPEN = "open", "待核对"
        ACCEPTED = "accepted", "属实"
        CORRECTED = "corrected", "已更正"
        WITHDRAWN = "withdrawn", "已撤回"
        GONE = "gone", "已消失"

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="data_findings", verbose_name="机构")
    presentation = models.ForeignKey(
        Presentation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="品规"
    )
    kind = models.CharField("问题", max_length=16, choices=Kind.choices)
    date = models.DateField("日期")
    until = models.DateField("止", null=True, blank=True)
    value = models.BigIntegerField("数值", null=True, blank=True)
    before = models.BigIntegerField("上次数值", null=True, blank=True)
    expected = models.CharField("应为", max_length=200)
    intake = models.ForeignKey(Intake, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="来源")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    found_at = models.DateTimeField("发现时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="核对人"
    )
    decided_at = models.DateTimeField("核对时间", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "数据核对"
        ordering = ["-date", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "presentation", "kind", "date"],
                condition=Q(presentation__isnull=False),
                name="data_finding_once_per_item",
            ),
            models.UniqueConstraint(
                fields=["institution", "kind", "date"],
                condition=Q(presentation__isnull=True),
                name="data_finding_once_per_place",
            ),
            one_of(
                "kind",
                [
                    "missing_day",
                    "negative",
                    "stock_jump",
                    "use_jump",
                    "doubled_month",
                    "wrong_year",
                    "code_drift",
                ],
                name="data_finding_kind_known",
            ),
            one_of("state", ["open", "accepted", "corrected", "withdrawn", "gone"], name="data_finding_state_known"),
            both_or_neither("decided_at", "decided_by", name="data_finding_decided_together"),
        ]
        indexes = [models.Index(fields=["institution", "state"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.institution} {self.date}"
