"""Stock that one institution gives to another: planned, signed by both, sent, received. Never counted as use."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from formulary.models import Alliance, Institution, Presentation, Product
from formulary.models.constraints import at_least, both_or_neither, in_order, one_of
from shortage.models.alert import Alert
from shortage.models.central import DeliveryRun


def person(label):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=label
    )


class TransferState(models.TextChoices):
    PLANNED = "planned", "待签字"
    APPROVED = "approved", "待发出"
    DISPATCHED = "dispatched", "运送中"
    PARTLY = "partly", "部分收货"
    CLOSED = "closed", "已完成"
    REFUSED = "refused", "已拒绝"
    CANCELLED = "cancelled", "已取消"


class Transfer(models.Model):
    """One trip of one or more drugs from a donor to a receiver of the same alliance."""

    class Kind(models.TextChoices):
        GIVEN = "given", "划转"
        LOAN = "loan", "借用"
        BACK = "back", "归还"
        RELEASE = "release", "动用储备"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="transfers", verbose_name="医共体")
    number = models.CharField("单号", max_length=20)
    kind = models.CharField("方式", max_length=8, choices=Kind.choices, default=Kind.GIVEN)
    donor = models.ForeignKey(Institution, models.PROTECT, related_name="transfers_out", verbose_name="调出机构")
    receiver = models.ForeignKey(Institution, models.PROTECT, related_name="transfers_in", verbose_name="调入机构")
    state = models.CharField("状态", max_length=12, choices=TransferState.choices, default=TransferState.PLANNED)
    alert = models.ForeignKey(
        Alert, models.PROTECT, null=True, blank=True, related_name="transfers", verbose_name="起因预警"
    )
    loan = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="returns", verbose_name="所还借单"
    )
    run = models.ForeignKey(
        DeliveryRun, models.PROTECT, null=True, blank=True, related_name="legs", verbose_name="配送单"
    )
    reason = models.CharField("事由", max_length=200)
    due_on = models.DateField("约定归还日", null=True, blank=True)
    planned_by = person("拟定人")
    planned_at = models.DateTimeField("拟定时间")
    donor_by = person("调出方签字")
    donor_at = models.DateTimeField("调出方签字时间", null=True, blank=True)
    receiver_by = person("调入方签字")
    receiver_at = models.DateTimeField("调入方签字时间", null=True, blank=True)
    dispatched_by = person("发出人")
    dispatched_at = models.DateTimeField("发出时间", null=True, blank=True)
    received_by = person("收货人")
    received_at = models.DateTimeField("最近收货时间", null=True, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    outcome = models.CharField("结果", max_length=200, blank=True)
    converted_at = models.DateTimeField("借转划转时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "调剂单"
        ordering = ["-planned_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "number"], name="transfer_number_once"),
            one_of("kind", ["given", "loan", "back", "release"], name="transfer_kind_known"),
            one_of("state", TransferState.values, name="transfer_state_known"),
            # An institution that keeps a reserve may release it to its own pharmacy.
            models.CheckConstraint(name="transfer_between_two", condition=~Q(donor=F("receiver")) | Q(kind="release")),
            models.CheckConstraint(
                name="transfer_signed_by_two",
                condition=Q(donor_by__isnull=True) | Q(receiver_by__isnull=True) | ~Q(donor_by=F("receiver_by")),
            ),
            models.CheckConstraint(
                name="transfer_moves_only_when_signed",
                condition=Q(state__in=["planned", "refused", "cancelled"])
                | Q(donor_by__isnull=False, receiver_by__isnull=False),
            ),
            both_or_neither("donor_at", "donor_by", name="transfer_donor_signed_together"),
            both_or_neither("receiver_at", "receiver_by", name="transfer_receiver_signed_together"),
            both_or_neither("dispatched_at", "dispatched_by", name="transfer_dispatched_together"),
            in_order("dispatched_at", "received_at", name="transfer_in_order"),
            models.CheckConstraint(
                name="transfer_back_names_its_loan",
                condition=Q(kind="back", loan__isnull=False) | Q(~Q(kind="back"), loan__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["alliance", "state"])]

    def __str__(self) -> str:
        return self.number


class TransferLine(models.Model):
    """One lot of one drug. quantity: agreed; sent, received: what really went and came; lost, back: how the rest ended."""

    transfer = models.ForeignKey(Transfer, models.CASCADE, related_name="lines", verbose_name="调剂单")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="产品")
    batch = models.CharField("批号", max_length=40, blank=True)
    expiry = models.DateField("有效期", null=True, blank=True)
    quantity = models.PositiveIntegerField("约定数量（最小单位）")
    sent = models.PositiveIntegerField("发出数量", default=0)
    received = models.PositiveIntegerField("收到数量", default=0)
    lost = models.PositiveIntegerField("报损数量", default=0)
    back = models.PositiveIntegerField("退回数量", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "调剂明细"
        ordering = ["presentation", "expiry", "batch", "pk"]
        constraints = [
            at_least("quantity", 1, name="transfer_line_positive"),
            models.CheckConstraint(name="transfer_line_sent_as_agreed", condition=Q(sent__lte=F("quantity"))),
            models.CheckConstraint(
                name="transfer_line_conserves", condition=Q(sent__gte=F("received") + F("lost") + F("back"))
            ),
            models.UniqueConstraint(
                fields=["transfer", "presentation", "product", "batch"],
                condition=Q(product__isnull=False),
                name="transfer_line_once_by_product",
            ),
            models.UniqueConstraint(
                fields=["transfer", "presentation", "batch"],
                condition=Q(product__isnull=True),
                name="transfer_line_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.presentation_id} {self.batch}: {self.quantity}"

    @property
    def missing(self) -> int:
        """Sent, and neither received nor settled."""
        return self.sent - self.received - self.lost - self.back


class Disposition(models.Model):
    """A measure taken on an alert; its outcome returns to the alert."""

    class Kind(models.TextChoices):
        TRANSFER = "transfer", "调剂"
        SUBSTITUTE = "substitute", "替代用药"
        ORDER = "order", "采购建议"
        RELEASE = "release", "动用储备"
        REPORT = "report", "短缺直报"
        MEETING = "meeting", "会商"

    class State(models.TextChoices):
        STARTED = "started", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "未成"

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="dispositions", verbose_name="预警")
    kind = models.CharField("措施", max_length=12, choices=Kind.choices)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.STARTED)
    title = models.CharField("内容", max_length=200)
    quantity = models.PositiveIntegerField("数量（最小单位）", null=True, blank=True)
    detail = models.JSONField("明细", default=dict)
    # One trip may carry drugs for several alerts.
    transfer = models.ForeignKey(
        Transfer, models.PROTECT, null=True, blank=True, related_name="dispositions", verbose_name="调剂单"
    )
    presentation = models.ForeignKey(
        Presentation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="替代品规"
    )
    by = person("发起人")
    at = models.DateTimeField("发起时间")
    due_on = models.DateField("期限", null=True, blank=True)
    owner = models.CharField("责任人", max_length=60, blank=True)
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)
    finished_by = person("结束人")
    outcome = models.CharField("结果", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "处置措施"
        ordering = ["-at", "-pk"]
        constraints = [
            one_of(
                "kind",
                ["transfer", "substitute", "order", "release", "report", "meeting"],
                name="disposition_kind_known",
            ),
            one_of("state", ["started", "done", "failed"], name="disposition_state_known"),
            models.CheckConstraint(
                name="disposition_over_has_date",
                condition=Q(state="started", finished_at__isnull=True)
                | Q(~Q(state="started"), finished_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["kind", "state"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.title}"
