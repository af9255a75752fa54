"""评分: numbered versions of the form, one scoring of an application, one sheet for each subject and scorer."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.adjustment import Adjustment
from formulary.models.alliance import Alliance
from formulary.models.constraints import at_least, both_or_neither, one_of
from formulary.models.medicine import Presentation


class ScoreTemplate(models.Model):
    """Never edited: a change is the next number. `seal` is the hash of the content."""

    class Form(models.TextChoices):
        WESTERN = "western", "西药"
        CHINESE = "chinese", "中成药"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="score_templates", verbose_name="医共体")
    form = models.CharField("适用", max_length=8, choices=Form.choices)
    number = models.PositiveSmallIntegerField("版次")
    title = models.CharField("名称", max_length=120)
    source = models.CharField("依据", max_length=200, blank=True)
    content = models.JSONField("内容")
    seal = models.CharField("内容哈希", max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="制定人"
    )
    at = models.DateTimeField("制定时间")

    class Meta:
        verbose_name = verbose_name_plural = "评分表"
        ordering = ["alliance", "form", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "form", "number"], name="score_template_number_once"),
            one_of("form", ["western", "chinese"], name="score_template_form_known"),
            at_least("number", 1, name="score_template_number_positive"),
            models.CheckConstraint(name="score_template_sealed", condition=~Q(seal="")),
        ]

    def __str__(self) -> str:
        return f"{self.title} 第 {self.number} 版"


class Scoring(models.Model):
    """What an application is scored by: the form, the subjects (candidate first) and what was known of each that day."""

    adjustment = models.OneToOneField(Adjustment, models.PROTECT, related_name="scoring", verbose_name="申请")
    template = models.ForeignKey(ScoreTemplate, models.PROTECT, related_name="scorings", verbose_name="评分表")
    subjects = models.ManyToManyField(Presentation, related_name="+", verbose_name="评分对象")
    facts = models.JSONField("已知资料", default=dict, help_text="品规 → 事实 → 值与来源")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发起人")
    opened_at = models.DateTimeField("发起时间")
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="结束人"
    )
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "评分"
        ordering = ["-opened_at"]
        constraints = [both_or_neither("closed_at", "closed_by", name="scoring_closed_together")]

    def __str__(self) -> str:
        return f"{self.adjustment} 评分"


class ScoreSheet(models.Model):
    """One scorer on one subject. submitted_at null: a draft that counts nowhere."""

    scoring = models.ForeignKey(Scoring, models.PROTECT, related_name="sheets", verbose_name="评分")
    subject = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="评分对象")
    scorer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sheets", verbose_name="评分人")
    answers = models.JSONField("评分", default=dict)
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "评分表单"
        ordering = ["scoring", "subject", "pk"]
        constraints = [models.UniqueConstraint(fields=["scoring", "subject", "scorer"], name="score_sheet_once")]

    def __str__(self) -> str:
        return f"{self.scorer} 评 {self.subject}"
