"""中心药房: the store of the alliance from which townships are supplied, and its delivery runs.

A run is a proposal (who gets how many packs of what), then one transfer for each institution served; what moves is moved
by the transfers alone.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from formulary.models import Alliance, Institution, Presentation, Product
from formulary.models.constraints import at_least, both_or_neither, one_of
from shortage.rules.runs import STATE_NAMES


class CentralStore(models.Model):
    """Which institution of the alliance is its central store; what it keeps for its own patients stays there."""

    alliance = models.OneToOneField(
        Alliance, models.PROTECT, related_name="central_store", verbose_name="医共体", primary_key=True
    )
    institution = models.OneToOneField(
        Institution, models.PROTECT, related_name="central_store", verbose_name="中心药房所在机构"
    )
    set_at = models.DateTimeField("设定时间")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="设定人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "中心药房"

    def __str__(self) -> str:
        return f"中心药房（{self.institution}）"


class DeliveryRun(models.Model):
    """One trip of the van: the day, the way, the institutions served. Its legs are transfers."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="runs", verbose_name="医共体")
    number = models.CharField("配送单号", max_length=20)
    centre = models.ForeignKey(Institution, models.PROTECT, related_name="runs", verbose_name="中心药房")
    on = models.DateField("配送日")
    route = models.CharField("线路", max_length=60)
    state = models.CharField("状态", max_length=10, choices=list(STATE_NAMES.items()))
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="拟定人")
    planned_at = models.DateTimeField("拟定时间")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    loaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="装车人"
    )
    loaded_at = models.DateTimeField("装车时间", null=True, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    outcome = models.CharField("结果", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "配送单"
        ordering = ["-on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "number"], name="run_number_once"),
            one_of("state", list(STATE_NAMES), name="run_state_known"),
            both_or_neither("confirmed_at", "confirmed_by", name="run_confirmed_together"),
            both_or_neither("loaded_at", "loaded_by", name="run_loaded_together"),
            models.CheckConstraint(
                name="run_moves_only_when_confirmed",
                condition=Q(state__in=["draft", "cancelled"]) | Q(confirmed_by__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["alliance", "state"])]

    def __str__(self) -> str:
        return self.number


class Allocation(models.Model):
    """What one institution is to get of one product: proposed by the formula, changed by a person with a reason.

    stock, coming, per_day, risk: what the proposal was computed from; None where it was not proposed by the formula.
    """

    run = models.ForeignKey(DeliveryRun, models.CASCADE, related_name="allocations", verbose_name="配送单")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="产品")
    proposed = models.PositiveIntegerField("建议数量（最小单位）", default=0)
    quantity = models.PositiveIntegerField("分配数量（最小单位）")
    reason = models.CharField("调整原因", max_length=200, blank=True)
    stock = models.PositiveIntegerField("可用库存", null=True)
    coming = models.PositiveIntegerField("在途", null=True)
    per_day = models.FloatField("日均用量", null=True)
    risk = models.FloatField("14 日缺货概率", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "配送分配"
        ordering = ["presentation__name", "presentation", "product", "institution__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "institution", "product"],
                condition=Q(product__isnull=False),
                name="allocation_once_by_product",
            ),
            models.UniqueConstraint(
                fields=["run", "institution", "presentation"],
                condition=Q(product__isnull=True),
                name="allocation_once",
            ),
            models.CheckConstraint(
                name="allocation_change_has_reason", condition=Q(quantity=F("proposed")) | ~Q(reason="")
            ),
            at_least("quantity", 0, name="allocation_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.presentation_id}: {self.quantity}"

    @property
    def pack(self) -> int:
        return self.product.pack_size if self.product else 1

    @property
    def packs(self) -> int:
        return self.quantity // self.pack

    @property
    def days_before(self) -> float | None:
        """Days of cover without this run: stock and what is coming."""
        return self._days(0)

    @property
    def days_after(self) -> float | None:
        return self._days(self.quantity)

    def _days(self, more: int) -> float | None:
        if not self.per_day or self.stock is None:
            return None
        return (self.stock + (self.coming or 0) + more) / self.per_day
