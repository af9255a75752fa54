"""From whom and at what price: suppliers, where they deliver, prices with validity, tenders and agreed volumes."""

from django.db import models
from django.db.models import Q

from formulary.models import Alliance, Institution, Product
from formulary.models.constraints import at_least, in_order, one_of


class Supplier(models.Model):
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="suppliers", verbose_name="医共体")
    code = models.CharField("供应商编码", max_length=40)
    name = models.CharField("供应商名称", max_length=120)
    minimum_order = models.DecimalField("起送金额（元）", max_digits=12, decimal_places=2, default=0)
    lead_days = models.PositiveSmallIntegerField("约定到货天数", default=5)
    delivers_to = models.ManyToManyField(
        Institution, blank=True, related_name="suppliers", verbose_name="配送范围（空为全部）"
    )
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "供应商"
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "code"], name="supplier_once"),
            at_least("minimum_order", 0, name="supplier_minimum_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class PriceLabel(models.TextChoices):
    """挂网价格标识, relabelled each quarter (苏医保发〔2021〕64号)."""

    GREEN = "绿", "绿"
    YELLOW = "黄", "黄"
    RED1 = "红1", "红★"
    RED2 = "红2", "红★★"
    RED3 = "红3", "红★★★"


class VbpStatus(models.TextChoices):
    WINNER = "中选", "中选"
    BACKUP = "备供", "备供"
    LOSER = "非中选", "非中选"
    OUTSIDE = "非集采", "非集采"


class Offer(models.Model):
    """A supplier sells a product at a price within dates."""

    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="offers", verbose_name="供应商")
    product = models.ForeignKey(Product, models.PROTECT, related_name="offers", verbose_name="产品")
    price = models.DecimalField("单价（元/包装）", max_digits=12, decimal_places=2)
    minimum_packs = models.PositiveIntegerField("起订包数", default=1)
    supply_limit = models.PositiveIntegerField("供应上限（最小单位）", null=True, blank=True)
    vbp_status = models.CharField("集采状态", max_length=4, choices=VbpStatus.choices, default=VbpStatus.OUTSIDE)
    label = models.CharField("价格标识", max_length=2, choices=PriceLabel.choices, default=PriceLabel.GREEN)
    valid_from = models.DateField("起始日")
    valid_to = models.DateField("终止日", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "供货报价"
        ordering = ["product", "supplier", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["supplier", "product", "valid_from"], name="offer_once_per_day"),
            in_order("valid_from", "valid_to", name="offer_period_in_order"),
            models.CheckConstraint(name="offer_price_positive", condition=Q(price__gt=0)),
            at_least("minimum_packs", 1, name="offer_minimum_positive"),
            one_of("vbp_status", VbpStatus.values, name="offer_vbp_status_known"),
            one_of("label", PriceLabel.values, name="offer_label_known"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.price}"


class Tender(models.Model):
    """A round of volume-based procurement (批次) as it runs in this alliance."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="tenders", verbose_name="医共体")
    code = models.CharField("批次", max_length=60)
    name = models.CharField("名称", max_length=120)
    start = models.DateField("执行起始日")
    end = models.DateField("执行终止日")
    document = models.CharField("文号", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "带量采购批次"
        ordering = ["-start"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "code"], name="tender_once"),
            in_order("start", "end", name="tender_period_in_order"),
        ]

    def __str__(self) -> str:
        return self.name


class Commitment(models.Model):
    """约定量: units of a product that an institution (or the whole alliance) agreed to buy in a tender's period."""

    tender = models.ForeignKey(Tender, models.PROTECT, related_name="commitments", verbose_name="批次")
    product = models.ForeignKey(Product, models.PROTECT, related_name="commitments", verbose_name="产品")
    institution = models.ForeignKey(
        Institution,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="commitments",
        verbose_name="机构（空为全医共体）",
    )
    quantity = models.PositiveIntegerField("约定量（最小单位）")
    bought = models.PositiveIntegerField("已采购（最小单位）", default=0)
    signed_minimum = models.PositiveIntegerField(
        "签约下限（最小单位）", default=0, help_text="机构内部调整后仍须由本机构完成的量"
    )

    class Meta:
        verbose_name = verbose_name_plural = "约定采购量"
        constraints = [
            models.UniqueConstraint(
                fields=["tender", "product", "institution"],
                condition=Q(institution__isnull=False),
                name="commitment_once_per_institution",
            ),
            models.UniqueConstraint(
                fields=["tender", "product"], condition=Q(institution__isnull=True), name="commitment_once_per_alliance"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tender} {self.product}: {self.quantity}"


class Budget(models.Model):
    """Money and shares of one institution in one planning period; `institution` empty means the whole alliance."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="budgets", verbose_name="医共体")
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="budgets", verbose_name="机构（空为合计）"
    )
    valid_from = models.DateField("起始日")
    monthly_amount = models.DecimalField("月预算（元）", max_digits=14, decimal_places=2, null=True, blank=True)
    essential_share = models.DecimalField("基药金额占比下限", max_digits=5, decimal_places=4, null=True, blank=True)
    insured_share = models.DecimalField("医保金额占比下限", max_digits=5, decimal_places=4, null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "采购预算"
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "valid_from"],
                condition=Q(institution__isnull=False),
                name="budget_once_per_institution",
            ),
            models.UniqueConstraint(
                fields=["alliance", "valid_from"],
                condition=Q(institution__isnull=True),
                name="budget_once_per_alliance",
            ),
            models.CheckConstraint(
                name="budget_shares_are_shares",
                condition=(Q(essential_share__isnull=True) | Q(essential_share__gte=0, essential_share__lte=1))
                & (Q(insured_share__isnull=True) | Q(insured_share__gte=0, insured_share__lte=1)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution or self.alliance} {self.valid_from}"
