"""代办: somebody acts for a person during a period; what is done then is recorded on that person's behalf."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from formulary.models.alliance import Alliance
from formulary.models.constraints import in_order


class Deputy(models.Model):
    """Covers applications, checks and approvals: a vote belongs to the seat's own person and is never delegated."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="deputies", verbose_name="医共体")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="deputies", verbose_name="委托人")
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="stands_in_for", verbose_name="代办人"
    )
    valid_from = models.DateField("起始日")
    valid_to = models.DateField("终止日")
    reason = models.CharField("事由", max_length=120)
    named_at = models.DateTimeField("登记时间")
    ended_at = models.DateTimeField("提前结束时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "代办"
        ordering = ["-valid_from", "-pk"]
        constraints = [
            in_order("valid_from", "valid_to", name="deputy_period_in_order"),
            models.CheckConstraint(name="deputy_is_somebody_else", condition=~Q(person=F("deputy"))),
        ]

    def __str__(self) -> str:
        return f"{self.deputy} 代 {self.person}"
