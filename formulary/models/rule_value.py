"""Every threshold is a dated row with its 文号 and who confirmed it; code holds the formula, never the number."""

from django.db import models
from django.db.models import Q

from formulary.models.alliance import Alliance
from formulary.models.constraints import in_order


class RuleValue(models.Model):
    key = models.CharField("规则", max_length=60)
    alliance = models.ForeignKey(
        Alliance, models.PROTECT, null=True, blank=True, related_name="rule_values", verbose_name="医共体（空为通用）"
    )
    value = models.JSONField("值")
    valid_from = models.DateField("生效日")
    valid_to = models.DateField("失效日", null=True, blank=True)
    document = models.CharField("文号", max_length=120, blank=True)
    confirmed_by = models.CharField("确认人", max_length=60, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "规则值"
        ordering = ["key", "-valid_from"]
        constraints = [
            in_order("valid_from", "valid_to", name="rule_value_period_in_order"),
            models.UniqueConstraint(
                fields=["key", "alliance", "valid_from"],
                condition=Q(alliance__isnull=False),
                name="rule_value_once_per_alliance",
            ),
            models.UniqueConstraint(
                fields=["key", "valid_from"], condition=Q(alliance__isnull=True), name="rule_value_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} = {self.value}（{self.valid_from} 起）"
