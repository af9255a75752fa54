"""What a published version asks of each institution: to read the notice, and to run down what was removed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.alliance import Institution
from formulary.models.constraints import both_or_neither
from formulary.models.medicine import Presentation
from formulary.models.version import FormularyVersion


class VersionNotice(models.Model):
    """One institution's notice of one version; somebody of the institution confirms to have read it."""

    version = models.ForeignKey(FormularyVersion, models.CASCADE, related_name="notices", verbose_name="版本")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="version_notices", verbose_name="机构")
    sent_at = models.DateTimeField("发出时间")
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="阅读人"
    )
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "目录通知"
        ordering = ["-version", "institution"]
        constraints = [
            models.UniqueConstraint(fields=["version", "institution"], name="version_notice_once"),
            both_or_neither("read_at", "read_by", name="version_notice_read_together"),
        ]

    def __str__(self) -> str:
        return f"{self.version} → {self.institution}"


class RunDown(models.Model):
    """How one institution uses up a removed drug: quantity = used here + passed on + sent back, in minimal units."""

    version = models.ForeignKey(FormularyVersion, models.CASCADE, related_name="run_downs", verbose_name="版本")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    as_of = models.DateField("库存日期")
    quantity = models.PositiveIntegerField("可用库存")
    daily_use = models.DecimalField("日均用量", max_digits=12, decimal_places=3)
    cover_days = models.PositiveIntegerField("可用天数", null=True, blank=True, help_text="空：近期没有用量")
    last_order_on = models.DateField("最后订货日")
    expires_on = models.DateField("最早有效期", null=True, blank=True)
    use_up = models.PositiveIntegerField("本机构用完")
    transfer = models.PositiveIntegerField("调剂数量", default=0)
    transfer_to = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="调往"
    )
    give_back = models.PositiveIntegerField("退货数量", default=0)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "调出品规消化计划"
        ordering = ["version", "presentation", "institution"]
        constraints = [
            models.UniqueConstraint(fields=["version", "institution", "presentation"], name="run_down_once"),
            both_or_neither("confirmed_at", "confirmed_by", name="run_down_confirmed_together"),
            models.CheckConstraint(
                name="run_down_loses_nothing",
                condition=Q(quantity=models.F("use_up") + models.F("transfer") + models.F("give_back")),
            ),
            models.CheckConstraint(
                name="run_down_transfer_names_a_place",
                condition=Q(transfer=0, transfer_to__isnull=True) | Q(transfer__gt=0, transfer_to__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution}：{self.presentation} {self.quantity}"
