"""基药考核: shares by institution and quarter as they were computed, what they rest on, and prescription counts that people bring."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from formulary.models.alliance import Alliance, Institution
from formulary.models.constraints import at_least, one_of
from formulary.rules.assessment import Ratio

RATIO_CHOICES = [(ratio.value, ratio.label) for ratio in Ratio]
BEGINS_QUARTER = Q(quarter__day=1, quarter__month__in=[1, 4, 7, 10])


class AssessmentRun(models.Model):
    """One quarter of one alliance, computed again while it runs; essential, excluded and winners are 品规 ids on `until`."""

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="assessments", verbose_name="医共体")
    quarter = models.DateField("季度", help_text="季度第一天")
    until = models.DateField("截至")
    computed_at = models.DateTimeField("计算时间")
    edition = models.CharField("基药目录版本", max_length=60, blank=True)
    terms = models.JSONField("口径", default=dict)
    essential = models.JSONField("基药品规", default=list)
    excluded = models.JSONField("不计入品规", default=list)
    winners = models.JSONField("集采中选品规", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "基药考核"
        ordering = ["-quarter"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "quarter"], name="assessment_once_per_quarter"),
            models.CheckConstraint(name="assessment_begins_a_quarter", condition=BEGINS_QUARTER),
        ]

    def __str__(self) -> str:
        return f"{self.alliance} {self.quarter:%Y-%m}"


class AssessmentFigure(models.Model):
    """One share of one institution; institution empty: the whole alliance. unpriced: units bought at no known price."""

    run = models.ForeignKey(AssessmentRun, models.CASCADE, related_name="figures", verbose_name="考核")
    institution = models.ForeignKey(
        Institution, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="机构"
    )
    ratio = models.CharField("指标", max_length=14, choices=RATIO_CHOICES)
    essential = models.DecimalField("基药", max_digits=18, decimal_places=2)
    total = models.DecimalField("全部", max_digits=18, decimal_places=2)
    unpriced = models.PositiveBigIntegerField("无价格数量", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "基药占比"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "institution", "ratio"], condition=Q(institution__isnull=False), name="figure_once"
            ),
            models.UniqueConstraint(
                fields=["run", "ratio"], condition=Q(institution__isnull=True), name="figure_of_alliance_once"
            ),
            models.CheckConstraint(name="figure_is_a_share", condition=Q(essential__gte=0, essential__lte=F("total"))),
            one_of("ratio", [ratio.value for ratio in Ratio], name="figure_ratio_known"),
        ]

    def __str__(self) -> str:
        return f"{self.institution or '合计'} {self.get_ratio_display()} {self.essential}/{self.total}"


class Holding(models.Model):
    """What an institution held in the quarter: 品规 it used, received or, in the running quarter, has in stock."""

    run = models.ForeignKey(AssessmentRun, models.CASCADE, related_name="holdings", verbose_name="考核")
    institution = models.ForeignKey(Institution, models.CASCADE, related_name="+", verbose_name="机构")
    presentations = models.JSONField("品规", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "配备品规"
        constraints = [models.UniqueConstraint(fields=["run", "institution"], name="holding_once")]

    def __str__(self) -> str:
        return f"{self.institution} {len(self.presentations)} 个品规"


class PrescriptionCount(models.Model):
    """Out-patient prescriptions of a quarter, with drugs and with at least one 基药; counted by the institution's own HIS."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="+", verbose_name="机构")
    quarter = models.DateField("季度", help_text="季度第一天")
    essential = models.PositiveIntegerField("含基药处方数")
    total = models.PositiveIntegerField("处方总数")
    source = models.CharField("来源文件", max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="导入人")
    at = models.DateTimeField("导入时间")

    class Meta:
        verbose_name = verbose_name_plural = "处方数"
        constraints = [
            models.UniqueConstraint(fields=["institution", "quarter"], name="prescription_count_once"),
            models.CheckConstraint(name="prescription_count_begins_a_quarter", condition=BEGINS_QUARTER),
            models.CheckConstraint(name="prescription_count_is_a_part", condition=Q(essential__lte=F("total"))),
            at_least("total", 1, name="prescription_count_some"),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.quarter:%Y-%m}: {self.essential}/{self.total}"
