"""The alliance (医共体) is the tenant, the institution (机构) its member. Facts belong to institutions, decisions to alliances."""

from django.db import models

from formulary.models.constraints import at_least, one_of


class Level(models.TextChoices):
    """Institution levels as 基药考核 and the planning workbook count them."""

    TERTIARY = "三级", "三级"
    SECONDARY = "二级", "二级"
    PRIMARY = "基层", "基层"
    VILLAGE = "村", "村"


class Alliance(models.Model):
    code = models.CharField("编码", max_length=32, unique=True)
    name = models.CharField("名称", max_length=80)
    region_code = models.CharField("行政区划代码", max_length=12, blank=True)
    province = models.CharField("省份", max_length=20, default="江苏")

    class Meta:
        verbose_name = verbose_name_plural = "医共体"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Institution(models.Model):
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="institutions", verbose_name="医共体")
    code = models.CharField("机构编码", max_length=32, unique=True)
    name = models.CharField("机构名称", max_length=80)
    short_name = models.CharField("简称", max_length=20)
    level = models.CharField("级别", max_length=4, choices=Level.choices)
    kind = models.CharField("类型", max_length=20, default="综合医院")
    is_lead = models.BooleanField("牵头机构", default=False)
    latitude = models.FloatField("纬度", null=True, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    cold_capacity = models.PositiveIntegerField("冷藏容量（最小单位）", null=True, blank=True)
    review_days = models.PositiveSmallIntegerField("补货周期（天）", default=7)
    active = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "机构"
        ordering = ["-is_lead", "code"]
        constraints = [
            one_of("level", Level.values, name="institution_level_known"),
            at_least("review_days", 1, name="institution_review_positive"),
            models.UniqueConstraint(
                "alliance", condition=models.Q(is_lead=True), name="institution_one_lead_per_alliance"
            ),
        ]

    def __str__(self) -> str:
        return self.name
