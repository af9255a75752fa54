"""公示: what was passed is shown to everyone for some working days; each objection is answered before it takes effect."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.adjustment import Adjustment
from formulary.models.alliance import Alliance, Institution
from formulary.models.constraints import both_or_neither, in_order, one_of


class Publicity(models.Model):
    """One notice over several applications; open from opens_on to closes_on, both inclusive."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="publicities", verbose_name="医共体")
    number = models.CharField("公示号", max_length=20)
    title = models.CharField("标题", max_length=120)
    slug = models.CharField("公开地址", max_length=32, unique=True)
    opens_on = models.DateField("公示起")
    closes_on = models.DateField("公示止")
    working_days = models.PositiveSmallIntegerField("工作日数")
    adjustments = models.ManyToManyField(Adjustment, related_name="publicities", verbose_name="申请")
    announced_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发布人")
    announced_at = models.DateTimeField("发布时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    contact = models.CharField("联系方式", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "公示"
        ordering = ["-opens_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "number"], name="publicity_number_once"),
            in_order("opens_on", "closes_on", name="publicity_period_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Objection(models.Model):
    """From any member institution; upheld sends the application back, dismissed needs words."""

    class Outcome(models.TextChoices):
        UPHELD = "upheld", "异议成立"
        DISMISSED = "dismissed", "异议不成立"

    publicity = models.ForeignKey(Publicity, models.PROTECT, related_name="objections", verbose_name="公示")
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, related_name="objections", verbose_name="申请")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提出人")
    at = models.DateTimeField("提出时间")
    text = models.TextField("异议内容")
    outcome = models.CharField("处理结果", max_length=10, choices=Outcome.choices, blank=True)
    answer = models.TextField("答复", blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "异议"
        ordering = ["publicity", "at"]
        constraints = [
            one_of("outcome", ["", "upheld", "dismissed"], name="objection_outcome_known"),
            both_or_neither("answered_at", "answered_by", name="objection_answered_together"),
            models.CheckConstraint(
                name="objection_answer_has_words",
                condition=Q(answered_at__isnull=True, outcome="", answer="")
                | Q(answered_at__isnull=False) & ~Q(outcome="") & ~Q(answer=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution}：{self.text[:30]}"
