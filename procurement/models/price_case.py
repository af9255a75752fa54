"""Price cases: one row an event, with what was found, what was said, what was decided and that it was done."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models import Alliance, Product
from formulary.models.constraints import both_or_neither, one_of
from procurement.models.order import Order
from procurement.models.supply import Supplier
from procurement.rules.price_cases import KIND_NAMES, OUTCOMES, STATE_NAMES


class PriceCase(models.Model):
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="price_cases", verbose_name="医共体")
    number = models.CharField("编号", max_length=20)
    event = models.CharField("事件", max_length=60, help_text="同一事件只立一案")
    kind = models.CharField("类别", max_length=8, choices=list(KIND_NAMES.items()))
    level = models.CharField("程度", max_length=8)
    title = models.CharField("标题", max_length=200)
    why = models.CharField("情况", max_length=300)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="price_cases", verbose_name="产品"
    )
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, null=True, blank=True, related_name="price_cases", verbose_name="供应商"
    )
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="price_cases", verbose_name="订单"
    )
    price = models.DecimalField("立案时单价（元/包装）", max_digits=12, decimal_places=2, null=True, blank=True)
    evidence = models.JSONField("立案依据", default=dict)
    state = models.CharField("状态", max_length=10, choices=list(STATE_NAMES.items()))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="price_cases",
        verbose_name="责任人",
    )
    due_on = models.DateField("办结期限")
    opened_at = models.DateTimeField("立案时间")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="立案人（空为系统）",
    )
    outcome = models.CharField("处理方式", max_length=8, blank=True, choices=list(OUTCOMES.items()))
    words = models.CharField("处理意见", max_length=300, blank=True)
    replacement = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="改用产品"
    )
    filing = models.CharField("备案号或上报文号", max_length=60, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="办结人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "价格个案"
        ordering = ["due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "event"], name="price_case_once_per_event"),
            models.UniqueConstraint(fields=["alliance", "number"], name="price_case_number_once"),
            one_of("kind", list(KIND_NAMES), name="price_case_kind_known"),
            one_of("state", list(STATE_NAMES), name="price_case_state_known"),
            one_of("outcome", ["", *OUTCOMES], name="price_case_outcome_known"),
            both_or_neither("closed_at", "closed_by", name="price_case_closed_together"),
            models.CheckConstraint(
                name="price_case_of_offer_or_order",
                condition=Q(product__isnull=False, supplier__isnull=False, order__isnull=True)
                | Q(product__isnull=True, order__isnull=False),
            ),
            models.CheckConstraint(
                name="price_case_decided_says_how",
                condition=Q(state__in=["detected", "explained"]) | (~Q(outcome="") & ~Q(words="")),
            ),
            models.CheckConstraint(
                name="price_case_closed_iff_dated",
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["alliance", "state", "due_on"])]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class PriceCaseNote(models.Model):
    """What was done in a case; a talk names whom with, what was said and the price that was offered."""

    case = models.ForeignKey(PriceCase, models.CASCADE, related_name="notes", verbose_name="个案")
    verb = models.CharField("动作", max_length=20)
    on = models.DateField("日期")
    contact = models.CharField("对方单位与联系人", max_length=120, blank=True)
    words = models.CharField("内容", max_length=500, blank=True)
    price = models.DecimalField("对方报价（元/包装）", max_digits=12, decimal_places=2, null=True, blank=True)
    at = models.DateTimeField("记录时间")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="记录人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "价格个案过程"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.verb}"
