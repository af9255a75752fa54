"""短缺专案: one file per drug and event across institutions. What happened is read from the alerts; here stands what people decided."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models import Alliance, Medicine, Presentation
from formulary.models.constraints import in_order, one_of


class ShortageCase(models.Model):
    """Of one 品规, or of the whole 品种 when none is named. `since`: first day of the event."""

    class Source(models.TextChoices):
        HAND = "hand", "人工"
        ALERTS = "alerts", "多机构预警"
        LIST = "list", "官方短缺清单"
        REPORT = "report", "短缺直报"

    class Outcome(models.TextChoices):
        SUPPLIED = "supplied", "恢复供应"
        REPLACED = "replaced", "已有稳定替代"
        WITHDRAWN = "withdrawn", "停用或调出目录"
        MISTAKEN = "mistaken", "经核实不属短缺"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="shortage_cases", verbose_name="医共体")
    number = models.CharField("专案编号", max_length=20)
    medicine = models.ForeignKey(Medicine, models.PROTECT, related_name="+", verbose_name="品种")
    presentation = models.ForeignKey(
        Presentation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="品规（空为整个品种）"
    )
    source = models.CharField("来源", max_length=8, choices=Source.choices)
    reason = models.CharField("起因", max_length=300)
    since = models.DateField("短缺起始日")
    grade = models.CharField("分级", max_length=4, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="责任人")
    expected_on = models.DateField("预计恢复供应", null=True, blank=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="立案人")
    opened_at = models.DateTimeField("立案时间")
    closed_at = models.DateTimeField("结案时间", null=True, blank=True)
    outcome = models.CharField("结果", max_length=12, choices=Outcome.choices, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "短缺专案"
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "number"], name="case_number_once"),
            models.UniqueConstraint(
                fields=["alliance", "presentation"],
                condition=Q(closed_at__isnull=True, presentation__isnull=False),
                name="case_open_once_per_presentation",
            ),
            models.UniqueConstraint(
                fields=["alliance", "medicine"],
                condition=Q(closed_at__isnull=True, presentation__isnull=True),
                name="case_open_once_per_medicine",
            ),
            one_of("source", ["hand", "alerts", "list", "report"], name="case_source_known"),
            models.CheckConstraint(
                name="case_closed_iff_outcome",
                condition=Q(closed_at__isnull=True, outcome="")
                | Q(closed_at__isnull=False, outcome__in=["supplied", "replaced", "withdrawn", "mistaken"]),
            ),
            in_order("opened_at", "closed_at", name="case_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.drug}"

    @property
    def drug(self) -> str:
        return str(self.presentation) if self.presentation_id else f"{self.medicine.name}（全部规格）"


class CaseEntry(models.Model):
    """What people wrote into a file; the newest resupply entry is the date in force, the others are its revisions."""

    class Kind(models.TextChoices):
        OPENED = "opened", "立案"
        NOTE = "note", "记录"
        RESUPPLY = "resupply", "预计恢复"
        OWNER = "owner", "责任人"
        GRADED = "graded", "分级"
        CLOSED = "closed", "结案"
        REOPENED = "reopened", "重新打开"

    case = models.ForeignKey(ShortageCase, models.PROTECT, related_name="entries", verbose_name="专案")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    text = models.CharField("内容", max_length=500)
    expected_on = models.DateField("预计恢复供应", null=True, blank=True)
    source = models.CharField("消息来源", max_length=120, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="人员")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "专案记录"
        ordering = ["at", "pk"]
        constraints = [
            one_of(
                "kind",
                ["opened", "note", "resupply", "owner", "graded", "closed", "reopened"],
                name="case_entry_kind_known",
            ),
            models.CheckConstraint(name="case_resupply_names_source", condition=~Q(kind="resupply") | ~Q(source="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}：{self.text}"
