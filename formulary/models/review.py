"""复评: what became of a decision. Was the drug used as it was said it would be, and did it harm anybody?"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.adjustment import Adjustment
from formulary.models.alliance import Alliance
from formulary.models.constraints import one_of
from formulary.models.medicine import Presentation
from formulary.models.version import FormularyVersion


class EntryReview(models.Model):
    """forecast and actual in minimal units a month, frozen as they were seen; months: full months looked at."""

    class Verdict(models.TextChoices):
        KEEP = "keep", "保留"
        ADJUST = "adjust", "调整使用级别或限制"
        REMOVE = "remove", "调出"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="reviews", verbose_name="医共体")
    version = models.ForeignKey(FormularyVersion, models.PROTECT, related_name="reviews", verbose_name="版本")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="reviews", verbose_name="品规")
    due_on = models.DateField("应复评日")
    forecast = models.PositiveIntegerField("预计月用量", null=True, blank=True)
    actual = models.PositiveIntegerField("实际月均用量")
    months = models.PositiveSmallIntegerField("看了几个整月")
    harm = models.TextField("不良反应与用药问题", help_text="没有也请写“无”")
    verdict = models.CharField("结论", max_length=8, choices=Verdict.choices)
    note = models.CharField("说明", max_length=300, blank=True)
    next_on = models.DateField("下次复评日", null=True, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="复评人")
    at = models.DateTimeField("复评时间")
    adjustment = models.ForeignKey(
        Adjustment, models.PROTECT, null=True, blank=True, related_name="reviews", verbose_name="调整申请"
    )

    class Meta:
        verbose_name = verbose_name_plural = "复评"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "presentation", "due_on"], name="review_once_when_due"),
            one_of("verdict", ["keep", "adjust", "remove"], name="review_verdict_known"),
            models.CheckConstraint(name="review_speaks_of_harm", condition=~Q(harm="")),
            models.CheckConstraint(
                name="review_only_keeping_comes_again", condition=Q(next_on__isnull=True) | Q(verdict="keep")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.presentation} {self.get_verdict_display()}"
