"""带量采购 as it runs in the alliance: who won what, agreed volume passed on, how it was judged, what is kept."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from formulary.models import Alliance, Institution, Product
from formulary.models.constraints import at_least, both_or_neither, one_of
from procurement.models.supply import Commitment, Supplier, Tender


class TenderProduct(models.Model):
    """A product of a tender: main winner or backup, its place among the strengths of the item, its prices."""

    class Role(models.TextChoices):
        WINNER = "中选", "中选"
        BACKUP = "备供", "备供"
        NO_VOLUME = "中选不带量", "中选不带量"

    class Group(models.TextChoices):
        NORMAL = "普通", "普通"
        ANTIBIOTIC = "抗菌药物", "抗菌药物"
        SPECIAL = "特殊", "特殊"

    tender = models.ForeignKey(Tender, models.PROTECT, related_name="products", verbose_name="批次")
    product = models.ForeignKey(Product, models.PROTECT, related_name="tenders", verbose_name="产品")
    item = models.CharField("集采品种", max_length=120)
    role = models.CharField("角色", max_length=6, choices=Role.choices, default=Role.WINNER)
    supplier = models.ForeignKey(
        Supplier, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="配送企业"
    )
    conversion = models.DecimalField(
        "折算系数", max_digits=8, decimal_places=4, default=1, help_text="折算为主品规的最小单位数，主品规为 1"
    )
    winners = models.PositiveSmallIntegerField("中选企业数", default=1)
    group = models.CharField("约定比例组", max_length=4, choices=Group.choices, default=Group.NORMAL)
    award_price = models.DecimalField("中选价（元/最小单位）", max_digits=14, decimal_places=8)
    prior_price = models.DecimalField("集采前价（元/最小单位）", max_digits=14, decimal_places=8, null=True, blank=True)
    source = models.CharField("来源", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "批次产品"
        ordering = ["item", "product__code"]
        constraints = [
            models.UniqueConstraint(fields=["tender", "product"], name="tender_product_once"),
            models.CheckConstraint(name="tender_product_conversion_positive", condition=Q(conversion__gt=0)),
            models.CheckConstraint(name="tender_product_price_positive", condition=Q(award_price__gt=0)),
            at_least("winners", 1, name="tender_product_winners_positive"),
            one_of("role", ["中选", "备供", "中选不带量"], name="tender_product_role_known"),
            one_of("group", ["普通", "抗菌药物", "特殊"], name="tender_product_group_known"),
        ]

    def __str__(self) -> str:
        return f"{self.tender} {self.product}"


class VolumeTransfer(models.Model):
    """Unspent agreed volume handed from one institution to another; both have to agree."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "待双方同意"
        DONE = "done", "已调整"
        REFUSED = "refused", "未同意"

    giver = models.ForeignKey(Commitment, models.PROTECT, related_name="given", verbose_name="调出约定量")
    taker = models.ForeignKey(Commitment, models.PROTECT, related_name="taken", verbose_name="调入约定量")
    quantity = models.PositiveIntegerField("数量（最小单位）")
    why = models.CharField("理由", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    proposed_at = models.DateTimeField("提出时间")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提出人")
    giver_at = models.DateTimeField("调出方同意时间", null=True, blank=True)
    giver_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="调出方"
    )
    taker_at = models.DateTimeField("调入方同意时间", null=True, blank=True)
    taker_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="调入方"
    )
    answer = models.CharField("不同意的理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "约定量调整"
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            at_least("quantity", 1, name="volume_transfer_positive"),
            models.CheckConstraint(name="volume_transfer_between_two", condition=~Q(giver=F("taker"))),
            both_or_neither("giver_at", "giver_by", name="volume_transfer_giver_together"),
            both_or_neither("taker_at", "taker_by", name="volume_transfer_taker_together"),
            models.CheckConstraint(
                name="volume_transfer_done_iff_both",
                condition=~Q(state="done") | Q(giver_at__isnull=False, taker_at__isnull=False),
            ),
            one_of("state", ["proposed", "done", "refused"], name="volume_transfer_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.giver.product} {self.quantity}"


class ScoreSheet(models.Model):
    """考核 of one institution in one tender: items as they stood, points given; a new sheet supersedes, none is edited."""

    tender = models.ForeignKey(Tender, models.PROTECT, related_name="sheets", verbose_name="批次")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="机构")
    rows = models.JSONField("评分", help_text="[{name, points, got, how, figure}]")
    total = models.DecimalField("得分", max_digits=6, decimal_places=2)
    at = models.DateTimeField("评分时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="评分人")
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "集采考核表"
        ordering = ["-at", "-pk"]
        constraints = [at_least("total", 0, name="score_sheet_not_negative")]

    def __str__(self) -> str:
        return f"{self.tender} {self.institution} {self.total}"


class SurplusCase(models.Model):
    """结余留用 of a tender, computed once from dated inputs and kept; the 医保 result may be laid beside it."""

    tender = models.ForeignKey(Tender, models.PROTECT, related_name="surpluses", verbose_name="批次")
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="+", verbose_name="医共体")
    inputs = models.JSONField("参数", help_text="[{name, value, on, source}]")
    rows = models.JSONField("逐品种")
    saving = models.DecimalField("结余（元）", max_digits=16, decimal_places=2)
    kept = models.DecimalField("可留用（元）", max_digits=16, decimal_places=2)
    at = models.DateTimeField("测算时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="测算人")
    official = models.JSONField("医保核定", default=dict, help_text="{产品编码: 元}")
    official_name = models.CharField("医保核定文件", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "结余留用测算"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.tender} 结余 {self.saving}"
