"""What if, kept apart from what is: a study asks of one plan, its trials are the solved cases. And 固定 by hand."""

from django.conf import settings as django_settings
from django.db import models
from django.db.models import Q

from formulary.models import Alliance, Institution, Job, Product
from formulary.models.constraints import both_or_neither, in_order, one_of
from procurement.models.plan import Plan
from procurement.optimiser.case import COUNTED, WAYS

SAME = ["alliance", "period_start", "period_end", "product", "supplier_code", "way"]


class Pin(models.Model):
    """固定: what the officer decided by hand for a period. Every plan of that period is solved around it until it is
    withdrawn; never edited, never deleted."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="pins", verbose_name="医共体")
    period_start = models.DateField("计划起始日")
    period_end = models.DateField("计划终止日")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="pins", verbose_name="作出时所看的计划")
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="机构（空为全医共体合计）"
    )
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name="产品")
    supplier_code = models.CharField("供应商编码", max_length=40)
    way = models.CharField("方式", max_length=4, choices=[(word, word) for word in WAYS])
    quantity = models.PositiveIntegerField("数量（最小单位）", null=True, blank=True)
    reason = models.CharField("原因", max_length=200)
    made_at = models.DateTimeField("时间")
    made_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="作出人"
    )
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="撤回人"
    )
    withdrawn_for = models.CharField("撤回原因", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "固定"
        ordering = ["-made_at", "-pk"]
        constraints = [
            in_order("period_start", "period_end", name="pin_period_in_order"),
            one_of("way", WAYS, name="pin_way_known"),
            models.CheckConstraint(
                name="pin_quantity_where_counted",
                condition=Q(way__in=COUNTED, quantity__isnull=False) | (~Q(way__in=COUNTED) & Q(quantity__isnull=True)),
            ),
            models.CheckConstraint(name="pin_says_why", condition=~Q(reason="")),
            both_or_neither("withdrawn_at", "withdrawn_by", name="pin_withdrawn_together"),
            models.CheckConstraint(
                name="pin_withdrawal_says_why", condition=Q(withdrawn_at=None) | ~Q(withdrawn_for="")
            ),
            models.UniqueConstraint(
                fields=[*SAME, "institution"],
                condition=Q(withdrawn_at=None, institution__isnull=False),
                name="pin_of_institution_holds_once",
            ),
            models.UniqueConstraint(
                fields=SAME, condition=Q(withdrawn_at=None, institution=None), name="pin_of_alliance_holds_once"
            ),
        ]
        indexes = [models.Index(fields=["alliance", "period_start", "period_end"])]

    def __str__(self) -> str:
        return f"{self.institution or '全医共体'} {self.product} {self.words}"

    @property
    def words(self) -> str:
        return f"{self.way} {self.quantity:,}" if self.quantity is not None else self.way


class StudyKind(models.TextChoices):
    SCENARIOS = "scenarios", "情景"
    CURVE = "curve", "取舍曲线"
    ROBUST = "robust", "稳妥方案"


class Study(models.Model):
    """One question asked of one finished plan. `base` is the plan's outcome when it was asked (rules/outcomes.py)."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="studies", verbose_name="医共体")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="studies", verbose_name="所测算的计划")
    kind = models.CharField("种类", max_length=10, choices=StudyKind.choices)
    title = models.CharField("名称", max_length=120)
    settings = models.JSONField("设置", default=dict)
    base = models.JSONField("现计划", default=dict)
    result = models.JSONField("结论", default=dict)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="任务")
    created_at = models.DateTimeField("创建时间")
    created_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="创建人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "测算"
        ordering = ["-created_at", "-pk"]
        constraints = [one_of("kind", StudyKind.values, name="study_kind_known")]

    def __str__(self) -> str:
        return self.title

    @property
    def running(self) -> bool:
        return self.job is not None and not self.job.is_over


class Trial(models.Model):
    """One case of a study, and what it came to. Its lines live in `outcome`: no order is ever made from them."""

    class State(models.TextChoices):
        WAITING = "waiting", "待求解"
        DONE = "done", "已求解"
        FAILED = "failed", "无解"

    study = models.ForeignKey(Study, models.CASCADE, related_name="trials", verbose_name="测算")
    number = models.PositiveSmallIntegerField("序号")
    name = models.CharField("名称", max_length=60)
    changes = models.JSONField("变化", default=list)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    outcome = models.JSONField("结果", default=dict)
    fault = models.TextField("问题", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "情景"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="trial_number_once"),
            models.UniqueConstraint(fields=["study", "name"], name="trial_name_once"),
            one_of("state", ["waiting", "done", "failed"], name="trial_state_known"),
            models.CheckConstraint(name="trial_failure_says_why", condition=~Q(state="failed") | ~Q(fault="")),
        ]

    def __str__(self) -> str:
        return self.name
