"""储备: which drugs an institution keeps apart against a shortage, how much, and every unit that went in or out."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models import Alliance, Institution, Presentation, Product
from formulary.models.constraints import both_or_neither, in_order, one_of
from shortage.models.transfer import Transfer


class ReserveItem(models.Model):
    """A line of the reserve list. It is never edited: a change ends the line and begins another."""

    class Reason(models.TextChoices):
        NECESSARY = "necessary", "临床必需"
        SMALL = "small", "用量小"
        RESCUE = "rescue", "急抢救"
        FRAGILE = "fragile", "易短缺"

    class Covers(models.TextChoices):
        ALLIANCE = "alliance", "全医共体"
        OWN = "own", "本机构"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="reserve_items", verbose_name="医共体")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="reserve_items", verbose_name="储备机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    reason = models.CharField("储备理由", max_length=12, choices=Reason.choices)
    document = models.CharField("文号", max_length=120, blank=True)
    covers = models.CharField("保障范围", max_length=10, choices=Covers.choices)
    target_months = models.DecimalField("目标（月用量）", max_digits=4, decimal_places=1, null=True, blank=True)
    target_units = models.PositiveIntegerField("目标（最小单位）", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="列入人"
    )
    added_at = models.DateTimeField("列入时间")
    ended_at = models.DateTimeField("移出时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "储备目录"
        ordering = ["institution", "presentation", "-added_at"]
        constraints = [
            one_of("reason", ["necessary", "small", "rescue", "fragile"], name="reserve_reason_known"),
            one_of("covers", ["alliance", "own"], name="reserve_covers_known"),
            models.CheckConstraint(
                name="reserve_one_target", condition=Q(target_months__isnull=True) | Q(target_units__isnull=True)
            ),
            models.CheckConstraint(
                name="reserve_months_positive", condition=Q(target_months__isnull=True) | Q(target_months__gt=0)
            ),
            models.CheckConstraint(
                name="reserve_units_positive", condition=Q(target_units__isnull=True) | Q(target_units__gt=0)
            ),
            in_order("valid_from", "valid_to", name="reserve_period_in_order"),
            both_or_neither("valid_to", "ended_at", name="reserve_ended_together"),
            models.UniqueConstraint(
                fields=["institution", "presentation"], condition=Q(ended_at__isnull=True), name="reserve_item_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution.short_name or self.institution.name}储备 {self.presentation}"


class ReserveMove(models.Model):
    """Units of one lot into (+) or out of (−) an institution's reserve. Rows are only added: what is kept is their sum."""

    class Kind(models.TextChoices):
        COUNT = "count", "盘点"
        FILL = "fill", "从库存划入"
        RELEASE = "release", "动用"
        BACK = "back", "动用退回"
        ROTATE = "rotate", "轮换"
        WRITE_OFF = "write_off", "报损"

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="reserve_moves", verbose_name="储备机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="产品")
    batch = models.CharField("批号", max_length=40, blank=True)
    expiry = models.DateField("有效期", null=True, blank=True)
    units = models.IntegerField("数量（出为负）")
    kind = models.CharField("事由", max_length=10, choices=Kind.choices)
    transfer = models.ForeignKey(
        Transfer, models.PROTECT, null=True, blank=True, related_name="reserve_moves", verbose_name="动用单"
    )
    at = models.DateTimeField("时间")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="经办人"
    )
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "储备出入"
        ordering = ["-at", "-pk"]
        constraints = [
            one_of("kind", ["count", "fill", "release", "back", "rotate", "write_off"], name="reserve_move_kind_known"),
            models.CheckConstraint(name="reserve_move_moves", condition=~Q(units=0)),
            models.CheckConstraint(
                name="reserve_release_names_its_transfer",
                condition=Q(kind__in=["release", "back"], transfer__isnull=False)
                | (~Q(kind__in=["release", "back"]) & Q(transfer__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["institution", "presentation"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.batch} {self.units:+}"
