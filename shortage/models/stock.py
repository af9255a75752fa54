"""Facts by institution, in minimal units, each with the intake and row it came from.

A fact is never edited: a newer one supersedes it (`superseded_by`), and undoing that intake brings it back.
The current fact of a key is the one with `superseded_by` empty; the database keeps it unique.
A fact superseded by its own intake was withdrawn: its intake has been undone.
"""

from django.db import models
from django.db.models import Q

from formulary.models import Institution, Presentation, Product
from formulary.models.constraints import at_least, in_order
from shortage.models.intake import Intake


class Fact(models.Model):
    # Every index costs each of millions of rows: the institution leads the composite ones below.
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构", db_index=False)
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    intake = models.ForeignKey(Intake, models.PROTECT, related_name="+", verbose_name="来源")
    row = models.PositiveIntegerField("源行号", default=0)
    superseded_by = models.ForeignKey(
        Intake, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="被取代于", db_index=False
    )

    class Meta:
        abstract = True


CURRENT = Q(superseded_by__isnull=True)


def superseded(name: str) -> models.Index:
    """Finds what an intake superseded; most facts are in force, so only the others are in it."""
    return models.Index(fields=["superseded_by"], condition=~CURRENT, name=name)


def by_day(name: str) -> models.Index:
    """A year of one institution in the order of days; holds all that the watch reads, so it need not visit the rows."""
    return models.Index(fields=["institution", "date", "presentation", "quantity"], condition=CURRENT, name=name)


class StockLevel(Fact):
    """Closing stock of a day: usable units in all batches. Between two rows it does not change."""

    date = models.DateField("日期")
    quantity = models.PositiveIntegerField("数量（最小单位）")

    class Meta:
        verbose_name = verbose_name_plural = "日末库存"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "presentation", "date"], condition=CURRENT, name="stock_level_current_once"
            )
        ]
        indexes = [
            by_day("level_by_day"),
            models.Index(fields=["date"]),
            superseded("level_superseded"),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.presentation_id} {self.date}: {self.quantity}"


class StockLot(Fact):
    """What one batch held on a date. The newest date of an institution's presentation is its stock by batch."""

    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="产品")
    date = models.DateField("日期")
    batch = models.CharField("批号", max_length=40, blank=True)
    expiry = models.DateField("有效期", null=True, blank=True)
    quantity = models.PositiveIntegerField("数量（最小单位）")

    class Meta:
        verbose_name = verbose_name_plural = "批次库存"
        ordering = ["expiry", "batch"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "presentation", "product", "batch", "date"],
                condition=CURRENT & Q(product__isnull=False),
                name="stock_lot_current_once_by_product",
            ),
            models.UniqueConstraint(
                fields=["institution", "presentation", "batch", "date"],
                condition=CURRENT & Q(product__isnull=True),
                name="stock_lot_current_once",
            ),
        ]
        indexes = [models.Index(fields=["institution", "presentation", "-date"]), superseded("lot_superseded")]

    def __str__(self) -> str:
        return f"{self.batch}: {self.quantity}"


class StockPosition(models.Model):
    """The newest closing stock of each item, kept beside the facts so that a page need not search years of days.

    Written only together with the facts it follows from (shortage.actions.positions).
    """

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="positions", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.CASCADE, related_name="positions", verbose_name="品规")
    date = models.DateField("日期")
    quantity = models.PositiveIntegerField("可用库存（最小单位）")
    expired = models.PositiveIntegerField("其中已过期未计入", default=0)
    nearest_expiry = models.DateField("最近有效期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "当前库存"
        constraints = [models.UniqueConstraint(fields=["institution", "presentation"], name="stock_position_once")]
        indexes = [models.Index(fields=["presentation"]), models.Index(fields=["nearest_expiry"])]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.presentation_id}: {self.quantity}"


class Consumption(Fact):
    """Units used (issued) on a day; a day without a row, covered by a Feed, is a day without use."""

    date = models.DateField("日期")
    quantity = models.PositiveIntegerField("数量（最小单位）")

    class Meta:
        verbose_name = verbose_name_plural = "日消耗"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "presentation", "date"], condition=CURRENT, name="consumption_current_once"
            )
        ]
        indexes = [
            by_day("consumption_by_day"),
            models.Index(fields=["date"]),
            superseded("consumption_superseded"),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.presentation_id} {self.date}: {self.quantity}"


class MonthlyUse(models.Model):
    """Use by calendar month, kept beside the days so that a page need not add up years of them.

    Written only together with the facts it follows from (shortage.actions.monthly).
    """

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="+", verbose_name="机构", db_index=False)
    presentation = models.ForeignKey(
        Presentation, models.CASCADE, related_name="+", verbose_name="品规", db_index=False
    )
    month = models.DateField("月份", help_text="当月第一天")
    quantity = models.PositiveBigIntegerField("数量（最小单位）")

    class Meta:
        verbose_name = verbose_name_plural = "月用量"
        constraints = [
            models.UniqueConstraint(fields=["presentation", "institution", "month"], name="monthly_use_once"),
            models.CheckConstraint(name="monthly_use_begins_a_month", condition=Q(month__day=1)),
        ]
        indexes = [
            models.Index(fields=["institution", "month", "presentation", "quantity"], name="monthly_use_by_month")
        ]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.presentation_id} {self.month:%Y-%m}: {self.quantity}"


class Receipt(Fact):
    """Goods that arrived."""

    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="产品")
    date = models.DateField("到货日")
    quantity = models.PositiveIntegerField("数量（最小单位）")
    batch = models.CharField("批号", max_length=40, blank=True)
    expiry = models.DateField("有效期", null=True, blank=True)
    supplier_code = models.CharField("供应商编码", max_length=40, blank=True)
    order_reference = models.CharField("订单号", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "到货"
        constraints = [
            at_least("quantity", 1, name="receipt_quantity_positive"),
            models.UniqueConstraint(
                fields=["institution", "presentation", "product", "date", "batch", "order_reference"],
                condition=CURRENT & Q(product__isnull=False),
                name="receipt_current_once_by_product",
            ),
            models.UniqueConstraint(
                fields=["institution", "presentation", "date", "batch", "order_reference"],
                condition=CURRENT & Q(product__isnull=True),
                name="receipt_current_once",
            ),
        ]
        indexes = [models.Index(fields=["institution", "date"]), superseded("receipt_superseded")]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.presentation_id} {self.date}: +{self.quantity}"


class ExpectedReceipt(models.Model):
    """An order not yet arrived, as the forecast of risk sees it. Pushed here by procurement or read from a file."""

    class State(models.TextChoices):
        OPEN = "open", "在途"
        ARRIVED = "arrived", "已到货"
        CANCELLED = "cancelled", "已取消"

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="expected", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="expected", verbose_name="品规")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="产品")
    reference = models.CharField("订单号", max_length=60)
    supplier_code = models.CharField("供应商编码", max_length=40, blank=True)
    supplier_name = models.CharField("供应商", max_length=120, blank=True)
    quantity = models.PositiveIntegerField("数量（最小单位）")
    ordered_on = models.DateField("下单日")
    due_on = models.DateField("预计到货日", null=True, blank=True)
    arrived_on = models.DateField("到货日", null=True, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    internal = models.BooleanField(
        "调剂在途", default=False, db_default=False, help_text="来自其他机构：不用于估计供应商的到货时间"
    )
    intake = models.ForeignKey(
        Intake, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="来源（空为采购）"
    )

    class Meta:
        verbose_name = verbose_name_plural = "在途订单"
        constraints = [
            models.UniqueConstraint(fields=["institution", "presentation", "reference"], name="expected_receipt_once"),
            in_order("ordered_on", "arrived_on", name="expected_receipt_in_order"),
            models.CheckConstraint(
                name="expected_receipt_arrived_has_date",
                condition=~Q(state="arrived") | Q(arrived_on__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "institution"])]

    def __str__(self) -> str:
        return self.reference


class Feed(models.Model):
    """Up to which day an institution's data is here. Late means 没有数据, never 充足."""

    class Kind(models.TextChoices):
        STOCK = "stock", "库存"
        CONSUMPTION = "consumption", "消耗"

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="feeds", verbose_name="机构")
    kind = models.CharField("数据", max_length=12, choices=Kind.choices)
    first_date = models.DateField("最早日期")
    last_date = models.DateField("最新日期")
    received_at = models.DateTimeField("最近接收")

    class Meta:
        verbose_name = verbose_name_plural = "数据到达"
        constraints = [models.UniqueConstraint(fields=["institution", "kind"], name="feed_once")]

    def __str__(self) -> str:
        return f"{self.institution} {self.get_kind_display()} 至 {self.last_date}"
