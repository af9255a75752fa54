"""会商: a meeting with the agenda it had, its minutes, and its decisions with owner and day."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models import Alliance
from formulary.models.constraints import both_or_neither, one_of
from procurement.rules.consultations import STATE_NAMES


class Consultation(models.Model):
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="consultations", verbose_name="医共体")
    title = models.CharField("名称", max_length=120)
    on = models.DateField("会商日")
    place = models.CharField("地点", max_length=80, blank=True)
    members = models.CharField("参加单位", max_length=300, blank=True)
    state = models.CharField("状态", max_length=8, choices=list(STATE_NAMES.items()))
    agenda = models.JSONField("议题", default=list, help_text="[{kind, level, title, facts, path}]")
    agenda_at = models.DateTimeField("议题生成时间")
    minutes = models.TextField("纪要", blank=True)
    created_at = models.DateTimeField("发起时间")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="发起人")

    class Meta:
        verbose_name = verbose_name_plural = "会商"
        ordering = ["-on", "-pk"]
        constraints = [
            one_of("state", list(STATE_NAMES), name="consultation_state_known"),
            models.CheckConstraint(name="consultation_held_has_minutes", condition=Q(state="planned") | ~Q(minutes="")),
        ]

    def __str__(self) -> str:
        return self.title


class Decision(models.Model):
    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="decisions", verbose_name="会商")
    topic = models.CharField("议题", max_length=200, blank=True)
    text = models.CharField("决定", max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="purchase_decisions", verbose_name="责任人"
    )
    due_on = models.DateField("办结期限")
    made_at = models.DateTimeField("作出时间")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="记录人")
    outcome = models.CharField("办结情况", max_length=300, blank=True)
    done_at = models.DateTimeField("办结时间", null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="办结人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "会商决定"
        ordering = ["due_on", "pk"]
        constraints = [
            both_or_neither("done_at", "done_by", name="decision_done_together"),
            models.CheckConstraint(name="decision_done_says_how", condition=Q(done_at=None) | ~Q(outcome="")),
        ]

    def __str__(self) -> str:
        return self.text
