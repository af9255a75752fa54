"""县域医共体统一用药目录: published versions, numbered, effective from a date, frozen."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.alliance import Alliance, Level
from formulary.models.constraints import both_or_neither, one_of
from formulary.models.medicine import Presentation


class FormularyVersion(models.Model):
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="versions", verbose_name="医共体")
    number = models.PositiveIntegerField("版本号")
    title = models.CharField("名称", max_length=120)
    effective_from = models.DateField("生效日", null=True, blank=True)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="发布人"
    )
    document = models.CharField("发布文号", max_length=120, blank=True)
    note = models.TextField("说明", blank=True)
    based_on = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="successors", verbose_name="前一版本"
    )
    is_correction = models.BooleanField("更正版", default=False, help_text="更正前一版本的差错，不删改前一版本")
    imported_from = models.CharField("导入自", max_length=200, blank=True, help_text="导入的目录文件名")
    findings = models.JSONField("发布时规则核对", default=list, help_text="规则、对象、结论、例外理由")
    seal = models.CharField(
        "封存哈希", max_length=64, blank=True, help_text="发布时对全部条目计算；有值的版本由数据库触发器冻结"
    )

    class Meta:
        verbose_name = verbose_name_plural = "用药目录版本"
        ordering = ["alliance", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "number"], name="formulary_version_number_once"),
            both_or_neither("published_at", "published_by", name="formulary_version_published_together"),
            models.CheckConstraint(
                name="formulary_version_published_has_date",
                condition=Q(published_at__isnull=True) | Q(effective_from__isnull=False),
            ),
            models.CheckConstraint(
                name="formulary_version_sealed_is_published", condition=Q(seal="") | Q(published_at__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["alliance"], condition=Q(published_at__isnull=True), name="formulary_version_one_draft"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} 第 {self.number} 版"

    @property
    def is_published(self) -> bool:
        return self.published_at is not None


class Restriction(models.TextChoices):
    """Coded restrictions; free text only explains them."""

    NONE = "none", "无"
    SPECIALIST = "specialist", "专科医师开具"
    SPECIAL_GRADE = "special", "特殊使用级"
    LIMITED_GRADE = "limited", "限制使用级"
    EMERGENCY_ONLY = "emergency", "仅限急救"
    REVIEW_DUE = "review", "限期评估"


class FormularyEntry(models.Model):
    version = models.ForeignKey(FormularyVersion, models.CASCADE, related_name="entries", verbose_name="版本")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="entries", verbose_name="品规")
    lowest_level = models.CharField(
        "最低使用级别", max_length=4, choices=Level.choices, help_text="此级别及以上机构可用"
    )
    restriction = models.CharField("限制", max_length=12, choices=Restriction.choices, default=Restriction.NONE)
    tier = models.PositiveSmallIntegerField("遴选层级", default=1, help_text="1 首选，2 次选，3 备选")
    reason = models.CharField("说明", max_length=200, blank=True)
    review_on = models.DateField("复评日", null=True, blank=True, help_text="附条件通过或试用期满应复评的日期")

    class Meta:
        verbose_name = verbose_name_plural = "目录品规"
        ordering = ["version", "presentation"]
        constraints = [
            models.UniqueConstraint(fields=["version", "presentation"], name="formulary_entry_once"),
            one_of("lowest_level", Level.values, name="formulary_entry_level_known"),
            one_of("restriction", Restriction.values, name="formulary_entry_restriction_known"),
        ]

    def __str__(self) -> str:
        return f"{self.version}：{self.presentation}"


class VersionChange(models.Model):
    """Why an entry of a version differs from the version before it: which application, with which votes."""

    class Kind(models.TextChoices):
        ADDED = "added", "调入"
        REMOVED = "removed", "调出"
        CHANGED = "changed", "调整"

    version = models.ForeignKey(FormularyVersion, models.CASCADE, related_name="changes", verbose_name="版本")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    kind = models.CharField("变化", max_length=8, choices=Kind.choices)
    before = models.JSONField("之前", default=dict)
    after = models.JSONField("之后", default=dict)
    reason = models.CharField("理由", max_length=300)
    adjustment = models.ForeignKey(
        "Adjustment", models.PROTECT, null=True, blank=True, related_name="changes", verbose_name="申请"
    )

    class Meta:
        verbose_name = verbose_name_plural = "版本变化"
        ordering = ["version", "kind", "presentation"]
        constraints = [
            models.UniqueConstraint(fields=["version", "presentation"], name="version_change_once"),
            one_of("kind", ["added", "removed", "changed"], name="version_change_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.presentation}"
