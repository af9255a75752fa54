"""A plan is one solved case: its inputs, its lines with reasons, what stays unmet and why. Never edited, only replaced."""

from django.conf import settings as django_settings
from django.db import models
from django.db.models import Q

from formulary.models import Alliance, FormularyVersion, Institution, Job, Presentation, Product
from formulary.models.constraints import in_order, one_of


class PlanState(models.TextChoices):
    DRAFT = "draft", "待求解"
    SOLVING = "solving", "求解中"
    READY = "ready", "已生成"
    FAILED = "failed", "未成功"


class Plan(models.Model):
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="plans", verbose_name="医共体")
    title = models.CharField("名称", max_length=120)
    as_of = models.DateField("数据截至日")
    period_start = models.DateField("计划起始日")
    period_end = models.DateField("计划终止日")
    version = models.ForeignKey(FormularyVersion, models.PROTECT, related_name="plans", verbose_name="目录版本")
    settings = models.JSONField("求解设置", default=dict)
    state = models.CharField("状态", max_length=10, choices=PlanState.choices, default=PlanState.DRAFT)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="plans", verbose_name="任务")
    based_on = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="again", verbose_name="沿用其算例，按固定重新求解"
    )
    created_at = models.DateTimeField("创建时间")
    created_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="创建人"
    )
    status = models.CharField("求解结论", max_length=10, blank=True, help_text="optimal、feasible 或 rejected")
    case = models.JSONField("算例", null=True, blank=True)
    case_sha256 = models.CharField("算例校验值", max_length=64, blank=True)
    goals = models.JSONField("各目标", default=list)
    seconds = models.JSONField("用时", default=dict)
    summary = models.JSONField("汇总", default=dict)
    checks = models.JSONField("规则核对", default=list)
    commitments = models.JSONField("约定量执行", default=list)
    transfers = models.JSONField("调剂建议", default=list)
    replay = models.JSONField("复算信息", default=dict)
    reasons = models.JSONField("矛盾与出路", default=dict, help_text="clashes、unexplained、worths；旧计划为空")
    faults = models.JSONField("问题", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "采购计划"
        ordering = ["-created_at", "-pk"]
        constraints = [
            in_order("period_start", "period_end", name="plan_period_in_order"),
            one_of("state", PlanState.values, name="plan_state_known"),
            models.CheckConstraint(name="plan_ready_has_case", condition=~Q(state="ready") | ~Q(case_sha256="")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def standing(self) -> str:
        """The state as people should see it: a plan whose job ended without a result has failed."""
        if self.state in (PlanState.DRAFT, PlanState.SOLVING) and self.job is not None and self.job.is_over:
            return PlanState.FAILED.value
        return self.state


class PlanLine(models.Model):
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="lines", verbose_name="计划")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name="产品")
    supplier_code = models.CharField("供应商编码", max_length=40, blank=True)
    packs = models.PositiveIntegerField("包数")
    quantity = models.PositiveIntegerField("数量（最小单位）")
    amount = models.DecimalField("金额（元）", max_digits=14, decimal_places=2)
    need_class = models.CharField("类别", max_length=12, blank=True)
    reason = models.TextField("原因")

    class Meta:
        verbose_name = verbose_name_plural = "计划明细"
        ordering = ["institution__code", "product__code", "supplier_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "institution", "product", "supplier_code"], name="plan_line_once_per_supplier"
            ),
            models.CheckConstraint(name="plan_line_packs_positive", condition=Q(packs__gte=1)),
        ]
        indexes = [models.Index(fields=["plan", "need_class"]), models.Index(fields=["plan", "supplier_code"])]

    def __str__(self) -> str:
        return f"{self.institution} {self.product} ×{self.packs}"


class Unmet(models.Model):
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="unmet", verbose_name="计划")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    quantity = models.PositiveIntegerField("缺口（最小单位）")
    need_class = models.CharField("类别", max_length=12)
    reason = models.TextField("原因")
    remedy = models.TextField("补救", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "未满足需求"
        ordering = ["institution__code", "presentation__code"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "institution", "presentation"], name="unmet_once"),
            models.CheckConstraint(name="unmet_positive", condition=Q(quantity__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.presentation} 缺 {self.quantity}"
