"""调整线索: what the system found that should move the list; a person accepts or dismisses it, with a reason."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.adjustment import KIND_CHOICES, Adjustment
from formulary.models.alliance import Alliance, Level
from formulary.models.constraints import both_or_neither, one_of
from formulary.models.medicine import Medicine, Presentation
from formulary.rules.triggers import Trigger

TRIGGER_CHOICES = [(trigger.value, trigger.label) for trigger in Trigger]


class Suggestion(models.Model):
    """One finding. `key` says what was found, so that another scan finds it again instead of adding it; `evidence` is
    what the finding rests on, as of `seen_on`: facts [[label, value]], head and table."""

    class State(models.TextChoices):
        OPEN = "open", "待处理"
        ACCEPTED = "accepted", "已采纳"
        DISMISSED = "dismissed", "不采纳"
        GONE = "gone", "已消除"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="suggestions", verbose_name="医共体")
    key = models.CharField("线索键", max_length=200)
    trigger = models.CharField("来由", max_length=20, choices=TRIGGER_CHOICES)
    wants = models.CharField("建议", max_length=12, choices=KIND_CHOICES, blank=True)
    medicine = models.ForeignKey(
        Medicine, models.PROTECT, null=True, blank=True, related_name="suggestions", verbose_name="品种"
    )
    presentation = models.ForeignKey(
        Presentation, models.PROTECT, null=True, blank=True, related_name="suggestions", verbose_name="品规"
    )
    other = models.ForeignKey(
        Presentation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="另一品规"
    )
    lowest_level = models.CharField("建议最低使用级别", max_length=4, choices=Level.choices, blank=True)
    words = models.CharField("线索", max_length=300)
    edition = models.CharField("依据版本", max_length=60, blank=True)
    evidence = models.JSONField("依据", default=dict)
    weight = models.PositiveIntegerField("轻重", default=0, help_text="月均用量或登记次数，只用于排序")
    found_on = models.DateField("发现日")
    seen_on = models.DateField("最近见到")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    reason = models.CharField("处理说明", max_length=300, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="处理人"
    )
    decided_at = models.DateTimeField("处理时间", null=True, blank=True)
    adjustment = models.ForeignKey(
        Adjustment, models.PROTECT, null=True, blank=True, related_name="suggestions", verbose_name="调整申请"
    )

    class Meta:
        verbose_name = verbose_name_plural = "调整线索"
        ordering = ["trigger", "-weight", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "key"], name="suggestion_once"),
            one_of("state", ["open", "accepted", "dismissed", "gone"], name="suggestion_state_known"),
            one_of("trigger", [trigger.value for trigger in Trigger], name="suggestion_trigger_known"),
            both_or_neither("decided_at", "decided_by", name="suggestion_decided_together"),
            models.CheckConstraint(
                name="suggestion_decided_by_a_person",
                condition=Q(state__in=["accepted", "dismissed"], decided_at__isnull=False)
                | Q(state__in=["open", "gone"], decided_at__isnull=True),
            ),
            models.CheckConstraint(
                name="suggestion_dismissed_has_reason", condition=~Q(state="dismissed") | ~Q(reason="")
            ),
            models.CheckConstraint(
                name="suggestion_adjustment_only_when_accepted",
                condition=Q(adjustment__isnull=True) | Q(state="accepted"),
            ),
        ]
        indexes = [models.Index(fields=["alliance", "state", "trigger"])]

    def __str__(self) -> str:
        return self.words
