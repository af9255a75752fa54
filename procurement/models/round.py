"""A purchase round: need reported by institutions, planned, confirmed, approved, ordered, assessed. Steps are kept."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models import Alliance, Institution, Presentation, Product
from formulary.models.constraints import at_least, both_or_neither, in_order, one_of
from procurement.models.plan import Plan
from procurement.models.supply import Supplier, Tender
from procurement.rules.rounds import STATE_NAMES


class PurchaseRound(models.Model):
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="rounds", verbose_name="医共体")
    title = models.CharField("名称", max_length=120)
    tender = models.ForeignKey(
        Tender, models.PROTECT, null=True, blank=True, related_name="rounds", verbose_name="集采批次（空为常规采购）"
    )
    period_start = models.DateField("采购期起始日")
    period_end = models.DateField("采购期终止日")
    report_due = models.DateField("报量截止日")
    as_of = models.DateField("数据截至日")
    state = models.CharField("状态", max_length=12, choices=list(STATE_NAMES.items()))
    limits = models.JSONField("报量核对线", default=dict, help_text="发起时的规则值")
    plan = models.OneToOneField(
        Plan, models.PROTECT, null=True, blank=True, related_name="round", verbose_name="采购计划"
    )
    attempt = models.PositiveSmallIntegerField("送审次数", default=0)
    applicant = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="申请人"
    )
    amount = models.DecimalField("送审金额（元）", max_digits=16, decimal_places=2, null=True, blank=True)
    assessment = models.JSONField("考核", default=dict)
    audit = models.JSONField("修改后核对", default=dict, help_text="采购行按计划算例逐条规则复核的结果")
    created_at = models.DateTimeField("发起时间")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="发起人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "采购轮次"
        ordering = ["-created_at", "-pk"]
        constraints = [
            in_order("period_start", "period_end", name="round_period_in_order"),
            one_of("state", list(STATE_NAMES), name="round_state_known"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def days(self) -> int:
        return (self.period_end - self.period_start).days + 1


class RoundStep(models.Model):
    """What happened to a round, in order; never changed."""

    round = models.ForeignKey(PurchaseRound, models.CASCADE, related_name="steps", verbose_name="采购轮次")
    at = models.DateTimeField("时间")
    verb = models.CharField("动作", max_length=12)
    label = models.CharField("说法", max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="人员")
    institution = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", verbose_name="机构")
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "轮次过程"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.label} {self.at:%Y-%m-%d %H:%M}"


class NeedReport(models.Model):
    """报量 of one institution in one round."""

    class State(models.TextChoices):
        FILLING = "filling", "填报中"
        SUBMITTED = "submitted", "已报"
        RETURNED = "returned", "已退回"
        ASSUMED = "assumed", "未报，按预测"

    round = models.ForeignKey(PurchaseRound, models.CASCADE, related_name="reports", verbose_name="采购轮次")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    state = models.CharField("报量", max_length=10, choices=State.choices, default=State.FILLING)
    submitted_at = models.DateTimeField("上报时间", null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="上报人"
    )
    returned_for = models.CharField("退回原因", max_length=300, blank=True)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )
    # Counted when lines change, so that the board of forty institutions need not count four hundred thousand lines.
    lines_count = models.PositiveIntegerField("行数", default=0)
    changed = models.PositiveIntegerField("改动行", default=0)
    asked = models.PositiveIntegerField("须说明行", default=0)
    unexplained = models.PositiveIntegerField("未说明行", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "机构报量"
        ordering = ["institution__code"]
        constraints = [
            models.UniqueConstraint(fields=["round", "institution"], name="need_report_once"),
            one_of("state", ["filling", "submitted", "returned", "assumed"], name="need_report_state_known"),
            both_or_neither("submitted_at", "submitted_by", name="need_report_submitted_together"),
            both_or_neither("confirmed_at", "confirmed_by", name="need_report_confirmed_together"),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.round}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.FILLING, self.State.RETURNED)


class NeedLine(models.Model):
    """What one institution needs of one 品规 in the round's period, in minimal units, beside what it is judged by."""

    report = models.ForeignKey(NeedReport, models.CASCADE, related_name="lines", verbose_name="机构报量")
    presentation = models.ForeignKey(
        Presentation, models.PROTECT, related_name="+", verbose_name="品规", db_index=False
    )
    forecast = models.PositiveIntegerField("本期预测用量")
    before = models.PositiveIntegerField("期前预计用量", default=0, help_text="数据截至日到采购期起始前")
    used_12m = models.PositiveIntegerField("近12个月用量", default=0)
    safety = models.PositiveIntegerField("安全库存", default=0)
    stock = models.PositiveIntegerField("可用库存", default=0)
    on_order = models.PositiveIntegerField("可指望的在途", default=0, help_text="逾期订单只计仍可能到货的部分")
    ordered = models.PositiveIntegerField("全部在途", default=0)
    quantity = models.PositiveIntegerField("报量")
    asks = models.CharField("须说明", max_length=20, blank=True, help_text="high,low,year")
    reason = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "报量明细"
        ordering = ["presentation__name", "presentation__strength"]
        constraints = [models.UniqueConstraint(fields=["report", "presentation"], name="need_line_once")]
        indexes = [models.Index(fields=["presentation", "report"])]

    def __str__(self) -> str:
        return f"{self.presentation} {self.quantity}"


class RoundLine(models.Model):
    """What is to be bought: the plan's line as the institution saw it, with the packs agreed since."""

    round = models.ForeignKey(PurchaseRound, models.CASCADE, related_name="lines", verbose_name="采购轮次")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name="产品")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    price = models.DecimalField("单价（元/包装）", max_digits=12, decimal_places=2)
    minimum_packs = models.PositiveIntegerField("起订包数", default=1)
    planned = models.PositiveIntegerField("计划包数")
    packs = models.PositiveIntegerField("确认包数")
    reason = models.TextField("原因", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "采购行"
        ordering = ["institution__code", "product__presentation__name", "product__code"]
        constraints = [
            models.UniqueConstraint(fields=["round", "institution", "product", "supplier"], name="round_line_once"),
            models.CheckConstraint(name="round_line_price_not_negative", condition=Q(price__gte=0)),
        ]
        indexes = [models.Index(fields=["round", "institution"])]

    def __str__(self) -> str:
        return f"{self.institution} {self.product} ×{self.packs}"

    @property
    def amount(self):
        return self.price * self.packs


class Dispute(models.Model):
    """An institution asks for another amount than planned; the buyer answers."""

    class State(models.TextChoices):
        OPEN = "open", "待答复"
        ACCEPTED = "accepted", "已采纳"
        REFUSED = "refused", "未采纳"
        DROPPED = "dropped", "已撤回"

    line = models.ForeignKey(RoundLine, models.CASCADE, related_name="disputes", verbose_name="采购行")
    wanted = models.PositiveIntegerField("希望包数")
    reason = models.CharField("理由", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    raised_at = models.DateTimeField("提出时间")
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提出人")
    answer = models.CharField("答复", max_length=200, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="答复人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "采购行异议"
        ordering = ["state", "raised_at"]
        constraints = [
            models.UniqueConstraint(fields=["line"], condition=Q(state="open"), name="dispute_open_once"),
            one_of("state", ["open", "accepted", "refused", "dropped"], name="dispute_state_known"),
            both_or_neither("answered_at", "answered_by", name="dispute_answered_together"),
        ]

    def __str__(self) -> str:
        return f"{self.line} → {self.wanted}"


class Approval(models.Model):
    """One level's word on one submission of a round."""

    round = models.ForeignKey(PurchaseRound, models.CASCADE, related_name="approvals", verbose_name="采购轮次")
    attempt = models.PositiveSmallIntegerField("第几次送审")
    number = models.PositiveSmallIntegerField("级次")
    label = models.CharField("环节", max_length=40)
    agreed = models.BooleanField("同意")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="审批人")
    instead_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="代"
    )
    note = models.CharField("意见", max_length=300, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "采购审批"
        ordering = ["attempt", "number", "at"]
        constraints = [
            models.UniqueConstraint(fields=["round", "attempt", "number"], name="approval_once_per_level"),
            at_least("number", 1, name="approval_number_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {'同意' if self.agreed else '退回'}"
