"""品种 → 品规 → 产品. 一品两规, 基药, 集采 and 四同 each count at their own level, so all three are tables."""

from django.db import models
from django.db.models import Q

from formulary.models.constraints import at_least


class Medicine(models.Model):
    """品种: a substance in a dosage-form group, as 医保目录 counts (阿莫西林 口服常释剂型)."""

    substance = models.CharField("通用名主干", max_length=120, help_text="规范化后的有效成分名，不含盐基和剂型")
    salt = models.CharField("盐基/酸根", max_length=40, blank=True)
    form_group = models.CharField("剂型组", max_length=40)
    name = models.CharField("通用名", max_length=120)
    route = models.CharField("给药途径", max_length=20, blank=True)
    is_chinese_medicine = models.BooleanField("中成药", default=False)
    origin = models.CharField("来源", max_length=40, blank=True)
    pinyin = models.CharField("拼音首字母", max_length=60, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "品种"
        ordering = ["name", "form_group"]
        constraints = [
            models.UniqueConstraint(fields=["substance", "salt", "form_group"], name="medicine_once"),
            models.CheckConstraint(name="medicine_substance_given", condition=~Q(substance="")),
        ]
        indexes = [models.Index(fields=["substance"]), models.Index(fields=["pinyin"])]

    def __str__(self) -> str:
        return f"{self.name}（{self.form_group}）"


class Presentation(models.Model):
    """品规: a medicine in one dosage form and strength; the unit of need, stock and formulary entries."""

    medicine = models.ForeignKey(Medicine, models.PROTECT, related_name="presentations", verbose_name="品种")
    code = models.CharField("药品编码", max_length=40, unique=True)
    name = models.CharField("通用名", max_length=120)
    form = models.CharField("剂型", max_length=40)
    strength = models.CharField("规格", max_length=80)
    unit = models.CharField("最小单位", max_length=10)
    daily_dose = models.DecimalField(
        "日用量（最小单位）", max_digits=10, decimal_places=3, default=1, help_text="一名患者一日的最小单位数"
    )
    spec_group = models.CharField("品规组", max_length=120, blank=True, help_text="通用名＋给药途径，一品两规按此计数")
    therapeutic_class = models.CharField("治疗类别", max_length=60, blank=True)
    is_emergency = models.BooleanField("短缺急救", default=False)
    is_chronic = models.BooleanField("慢病用药", default=False)
    needs_cold_chain = models.BooleanField("冷藏", default=False)
    criticality = models.CharField(
        "保障等级", max_length=1, default="B", choices=[("A", "A 急救关键"), ("B", "B 常规"), ("C", "C 一般")]
    )
    pinyin = models.CharField("拼音首字母", max_length=60, blank=True)
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "品规"
        ordering = ["name", "strength"]
        constraints = [
            models.CheckConstraint(name="presentation_daily_dose_positive", condition=Q(daily_dose__gt=0)),
            models.CheckConstraint(name="presentation_criticality_known", condition=Q(criticality__in=["A", "B", "C"])),
        ]
        indexes = [models.Index(fields=["pinyin"]), models.Index(fields=["spec_group"])]

    def __str__(self) -> str:
        return f"{self.name} {self.strength}"


class Product(models.Model):
    """产品: a presentation in one pack of one maker, with its codes."""

    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="products", verbose_name="品规")
    code = models.CharField("产品编码", max_length=40, unique=True)
    maker = models.CharField("生产企业", max_length=120)
    brand = models.CharField("商品名", max_length=60, blank=True)
    pack_size = models.PositiveIntegerField("包装数", help_text="一包装内的最小单位数")
    pack_unit = models.CharField("包装单位", max_length=10, default="盒")
    nhsa_code = models.CharField("国家医保代码", max_length=23, blank=True)
    approval_number = models.CharField("批准文号", max_length=40, blank=True)
    approval_ends = models.DateField(
        "批准文号有效期至", null=True, blank=True, help_text="再注册后更新；未登记则不核对"
    )
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "产品"
        ordering = ["presentation", "code"]
        constraints = [
            at_least("pack_size", 1, name="product_pack_positive"),
            models.UniqueConstraint(fields=["nhsa_code"], condition=~Q(nhsa_code=""), name="product_nhsa_code_once"),
        ]

    def __str__(self) -> str:
        return f"{self.presentation}×{self.pack_size} {self.maker}"
