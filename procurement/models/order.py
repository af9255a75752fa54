"""Orders per supplier and month, what came, what was refused, and what must be paid."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from formulary.models import Alliance, Institution, Product
from formulary.models.constraints import at_least, both_or_neither, in_order, one_of
from procurement.models.round import PurchaseRound
from procurement.models.supply import Supplier
from procurement.rules.orders import STATE_NAMES


class Order(models.Model):
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="orders", verbose_name="医共体")
    number = models.CharField("订单号", max_length=40)
    round = models.ForeignKey(
        PurchaseRound, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name="采购轮次"
    )
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="orders", verbose_name="供应商")
    month = models.DateField("订货月起始日", help_text="计划发送日")
    due_on = models.DateField("要求到货日")
    state = models.CharField("状态", max_length=10, choices=list(STATE_NAMES.items()))
    amount = models.DecimalField("金额（元）", max_digits=16, decimal_places=2)
    on_platform = models.BooleanField("平台内采购", default=True)
    filing = models.CharField("平台外备案号", max_length=60, blank=True)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="发送人"
    )
    ended_for = models.CharField("取消或止供原因", max_length=200, blank=True)
    created_at = models.DateTimeField("生成时间")

    class Meta:
        verbose_name = verbose_name_plural = "采购订单"
        ordering = ["month", "number"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "number"], name="order_number_once"),
            one_of("state", list(STATE_NAMES), name="order_state_known"),
            in_order("month", "due_on", name="order_dates_in_order"),
            both_or_neither("sent_at", "sent_by", name="order_sent_together"),
            at_least("amount", 0, name="order_amount_not_negative"),
        ]
        indexes = [models.Index(fields=["alliance", "state"]), models.Index(fields=["round", "supplier"])]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """Packs of a product for one institution. `accepted` is kept by the acceptance, `stopped` will not come any more."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name="订单")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+", verbose_name="产品")
    packs = models.PositiveIntegerField("包数")
    price = models.DecimalField("单价（元/包装）", max_digits=12, decimal_places=2)
    accepted = models.PositiveIntegerField("已验收包数", default=0)
    stopped = models.PositiveIntegerField("不再供货包数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "订单明细"
        ordering = ["institution__code", "product__presentation__name", "product__code"]
        constraints = [
            models.UniqueConstraint(fields=["order", "institution", "product"], name="order_line_once"),
            at_least("packs", 1, name="order_line_packs_positive"),
            models.CheckConstraint(
                name="order_line_not_overfilled", condition=Q(packs__gte=F("accepted") + F("stopped"))
            ),
        ]
        indexes = [models.Index(fields=["institution", "order"])]

    def __str__(self) -> str:
        return f"{self.order} {self.product} ×{self.packs}"

    @property
    def open_packs(self) -> int:
        return self.packs - self.accepted - self.stopped

    @property
    def quantity(self) -> int:
        return self.packs * self.product.pack_size

    @property
    def amount(self):
        return self.price * self.packs


class Delivery(models.Model):
    """One van at one institution's door: what came of one order, checked and signed."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="deliveries", verbose_name="订单")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    arrived_on = models.DateField("到货日")
    slip = models.CharField("随货单号", max_length=60, blank=True)
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="验收人")
    received_at = models.DateTimeField("验收时间")
    amount = models.DecimalField("验收金额（元）", max_digits=14, decimal_places=2)
    intake = models.ForeignKey(
        "shortage.Intake", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="入库"
    )

    class Meta:
        verbose_name = verbose_name_plural = "收货验收"
        ordering = ["-arrived_on", "-pk"]
        indexes = [models.Index(fields=["institution", "arrived_on"])]

    def __str__(self) -> str:
        return f"{self.order} {self.institution} {self.arrived_on}"


class DeliveryLine(models.Model):
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="lines", verbose_name="收货")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="deliveries", verbose_name="订单明细")
    delivered = models.PositiveIntegerField("到货包数")
    refused = models.PositiveIntegerField("拒收包数", default=0)
    batch = models.CharField("批号", max_length=40, blank=True)
    expiry = models.DateField("有效期", null=True, blank=True)
    reason = models.CharField("拒收原因", max_length=20, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "收货明细"
        constraints = [
            models.UniqueConstraint(fields=["delivery", "line", "batch"], name="delivery_line_once_per_batch"),
            models.CheckConstraint(name="delivery_line_refused_came", condition=Q(refused__lte=F("delivered"))),
            models.CheckConstraint(name="delivery_line_refused_has_reason", condition=Q(refused=0) | ~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.delivered}−{self.refused}"

    @property
    def accepted(self) -> int:
        return self.delivered - self.refused


class Payable(models.Model):
    """What an accepted delivery costs and until when it must be paid (回款)."""

    delivery = models.OneToOneField(Delivery, models.PROTECT, related_name="payable", verbose_name="收货")
    amount = models.DecimalField("应付金额（元）", max_digits=14, decimal_places=2)
    accepted_on = models.DateField("验收日")
    due_on = models.DateField("应付日")
    paid_on = models.DateField("付款日", null=True, blank=True)
    voucher = models.CharField("凭证号", max_length=60, blank=True)
    paid_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="登记人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "应付款"
        ordering = ["due_on", "pk"]
        constraints = [
            in_order("accepted_on", "due_on", name="payable_due_after_acceptance"),
            in_order("accepted_on", "paid_on", name="payable_paid_after_acceptance"),
            both_or_neither("paid_on", "paid_by", name="payable_paid_together"),
            at_least("amount", 0, name="payable_not_negative"),
        ]
        indexes = [models.Index(fields=["paid_on", "due_on"])]

    def __str__(self) -> str:
        return f"{self.delivery} {self.amount}"
