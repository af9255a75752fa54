"""规则例外: a hard finding that stands, and who let it stand, and why."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.adjustment import Adjustment


class RuleException(models.Model):
    adjustment = models.ForeignKey(Adjustment, models.CASCADE, related_name="exceptions", verbose_name="申请")
    code = models.CharField("规则", max_length=40)
    sentence = models.CharField("核对结论", max_length=500)
    reason = models.CharField("理由", max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="同意人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "规则例外"
        ordering = ["adjustment", "code"]
        constraints = [
            models.UniqueConstraint(fields=["adjustment", "code"], name="rule_exception_once"),
            models.CheckConstraint(name="rule_exception_has_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.adjustment.number} {self.code}"
