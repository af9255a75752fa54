"""机构目录: which of the 品规 that the unified list opens to an institution it keeps, from when to when."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.alliance import Institution
from formulary.models.constraints import both_or_neither, in_order, one_of
from formulary.models.medicine import Presentation
from formulary.models.version import FormularyEntry


class SubsetEntry(models.Model):
    """`entry` is the line of the unified list under which it was taken in: nothing outside the list can be named here."""

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="subset", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    entry = models.ForeignKey(FormularyEntry, models.PROTECT, related_name="+", verbose_name="统一目录条目")
    valid_from = models.DateField("起")
    valid_to = models.DateField("止", null=True, blank=True)
    note = models.CharField("备注", max_length=200, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="纳入人")
    added_at = models.DateTimeField("纳入时间")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="移出人"
    )
    ended_at = models.DateTimeField("移出时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "机构目录品规"
        ordering = ["institution", "presentation"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "presentation"], condition=Q(ended_at__isnull=True), name="subset_entry_once"
            ),
            in_order("valid_from", "valid_to", name="subset_period_in_order"),
            both_or_neither("ended_at", "ended_by", name="subset_ended_together"),
            both_or_neither("ended_at", "valid_to", name="subset_ended_has_day"),
        ]

    def __str__(self) -> str:
        return f"{self.institution}：{self.presentation}"


class SubsetProposal(models.Model):
    """A pharmacist's wish to take a 品规 in or out, decided by the head of the institution or the committee's office."""

    class Verb(models.TextChoices):
        ADD = "add", "纳入"
        DROP = "drop", "移出"

    class State(models.TextChoices):
        OPEN = "open", "待审核"
        ACCEPTED = "accepted", "已同意"
        REFUSED = "refused", "未同意"

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="subset_proposals", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.PROTECT, related_name="+", verbose_name="品规")
    verb = models.CharField("建议", max_length=4, choices=Verb.choices)
    reason = models.CharField("理由", max_length=200)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提出人")
    at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="审核人"
    )
    decided_at = models.DateTimeField("审核时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "机构目录建议"
        ordering = ["institution", "-at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "presentation"], condition=Q(state="open"), name="subset_proposal_open_once"
            ),
            one_of("verb", ["add", "drop"], name="subset_proposal_verb_known"),
            one_of("state", ["open", "accepted", "refused"], name="subset_proposal_state_known"),
            both_or_neither("decided_at", "decided_by", name="subset_proposal_decided_together"),
            models.CheckConstraint(
                name="subset_proposal_decided_iff_closed",
                condition=Q(state="open", decided_at__isnull=True) | ~Q(state="open") & Q(decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.get_verb_display()} {self.presentation}"
