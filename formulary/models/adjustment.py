"""调整申请: one drug's way from a need to an effective version; every step stays."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.alliance import Alliance, Institution, Level
from formulary.models.constraints import at_least, one_of
from formulary.models.medicine import Presentation
from formulary.models.version import Restriction
from formulary.rules.adjustment_life import Kind, State, Verb

KIND_CHOICES = [(kind.value, kind.label) for kind in Kind]
STATE_CHOICES = [(state.value, state.label) for state in State]


def stored_under(_file: models.Model, _name: str) -> str:
    """Never a name that a person gave."""
    return f"adjustments/{uuid.uuid4().hex}"


class Adjustment(models.Model):
    """What is asked for. `facts` is the evidence shown to the applicant, frozen with its date when it was submitted."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="adjustments", verbose_name="医共体")
    number = models.CharField("编号", max_length=20, help_text="年份-序号")
    kind = models.CharField("类型", max_length=12, choices=KIND_CHOICES)
    state = models.CharField("状态", max_length=12, choices=STATE_CHOICES, default=State.DRAFT)
    presentation = models.ForeignKey(
        Presentation, models.PROTECT, null=True, blank=True, related_name="adjustments", verbose_name="品规"
    )
    drops = models.ForeignKey(
        Presentation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="替换下的品规（引一退一）"
    )
    lowest_level = models.CharField("申请最低使用级别", max_length=4, choices=Level.choices, blank=True)
    restriction = models.CharField("申请限制", max_length=12, choices=Restriction.choices, default=Restriction.NONE)
    tier = models.PositiveSmallIntegerField("遴选层级", default=1)
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="adjustments", verbose_name="申请机构")
    applicant = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="adjustments", verbose_name="申请人"
    )
    department = models.CharField("科室", max_length=60, blank=True)
    reason = models.TextField("申请理由", blank=True)
    indication = models.TextField("适应证", blank=True)
    monthly_use = models.PositiveIntegerField("预计月用量（最小单位）", null=True, blank=True)
    interests = models.TextField("利益关系声明", blank=True, help_text="与生产、配送企业的关系；无则写“无”")
    evaluation = models.CharField("1+X 评价编号", max_length=60, blank=True)
    until = models.DateField("临时使用至", null=True, blank=True, help_text="紧急临时采购")
    quantity = models.PositiveIntegerField("临时采购数量（最小单位）", null=True, blank=True)
    conditions = models.JSONField("通过条件", default=dict, help_text="级别、限制、复评月数")
    facts = models.JSONField("申报时资料", default=dict)
    created_at = models.DateTimeField("建立时间")
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "调整申请"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "number"], name="adjustment_number_once"),
            one_of("kind", [kind.value for kind in Kind], name="adjustment_kind_known"),
            one_of("state", [state.value for state in State], name="adjustment_state_known"),
            at_least("tier", 1, name="adjustment_tier_positive"),
            models.CheckConstraint(
                name="adjustment_replacement_drops_one",
                condition=~Q(kind="replace") | Q(state__in=["draft", "withdrawn"]) | Q(drops__isnull=False),
            ),
            models.CheckConstraint(
                name="adjustment_beyond_draft_names_a_drug",
                condition=Q(state__in=["draft", "withdrawn"]) | Q(presentation__isnull=False),
            ),
            models.CheckConstraint(
                name="adjustment_emergency_ends",
                condition=~Q(kind="emergency") | Q(state__in=["draft", "withdrawn"]) | Q(until__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["alliance", "state"])]

    def __str__(self) -> str:
        drug = self.presentation or "（未选品规）"
        return f"{self.number} {self.get_kind_display()} {drug}"


class AdjustmentStep(models.Model):
    """What happened to an application, in order; `findings` are the rule findings that stood then."""

    adjustment = models.ForeignKey(Adjustment, models.CASCADE, related_name="steps", verbose_name="申请")
    at = models.DateTimeField("时间")
    verb = models.CharField("动作", max_length=16, choices=[(verb.value, verb.label) for verb in Verb])
    state = models.CharField("之后状态", max_length=12, choices=STATE_CHOICES)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="人员"
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="代"
    )
    note = models.TextField("说明", blank=True)
    findings = models.JSONField("规则核对", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "申请步骤"
        ordering = ["adjustment", "at", "pk"]

    def __str__(self) -> str:
        return f"{self.adjustment.number} {self.get_verb_display()}"


class AdjustmentFile(models.Model):
    """An attachment, kept with its checksum."""

    adjustment = models.ForeignKey(Adjustment, models.CASCADE, related_name="files", verbose_name="申请")
    name = models.CharField("文件名", max_length=200)
    file = models.FileField("文件", upload_to=stored_under)
    sha256 = models.CharField("文件校验值", max_length=64)
    size = models.PositiveIntegerField("字节数")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提交人")
    at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = verbose_name_plural = "申请附件"
        ordering = ["adjustment", "pk"]

    def __str__(self) -> str:
        return self.name
