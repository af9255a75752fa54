"""缺药登记: a drug that an institution could not give. No patient is stored; the contact goes when the case is closed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.adjustment import Adjustment
from formulary.models.alliance import Alliance, Institution
from formulary.models.constraints import at_least, one_of
from formulary.models.medicine import Medicine, Presentation
from formulary.rules.request_life import OVER, State, Verb

REQUEST_STATES = [(state.value, state.label) for state in State]


class DrugRequest(models.Model):
    """`name` is what was asked for; presentation or medicine when it is known. due_on: last day for an answer.

    caller: keyed digest of the contact, kept only after a no-show and only for the months that the rule names, so that a
    repeated no-show can be marked although the contact itself is gone.
    """

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="drug_requests", verbose_name="医共体")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="drug_requests", verbose_name="登记机构")
    presentation = models.ForeignKey(
        Presentation, models.PROTECT, null=True, blank=True, related_name="requests", verbose_name="品规"
    )
    medicine = models.ForeignKey(
        Medicine, models.PROTECT, null=True, blank=True, related_name="requests", verbose_name="品种"
    )
    name = models.CharField("所缺药品", max_length=120)
    strength = models.CharField("规格", max_length=80, blank=True)
    quantity = models.PositiveIntegerField("数量（最小单位）")
    unit = models.CharField("单位", max_length=10)
    contact = models.CharField("联系方式", max_length=40, blank=True, help_text="结案时清除")
    caller = models.CharField("未取药标记", max_length=64, blank=True)
    repeated = models.BooleanField("曾多次未取药", default=False)
    note = models.CharField("说明", max_length=200, blank=True)
    state = models.CharField("状态", max_length=12, choices=REQUEST_STATES, default=State.REGISTERED)
    created_at = models.DateTimeField("登记时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人")
    due_on = models.DateField("应答复日")
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)
    closed_at = models.DateTimeField("结案时间", null=True, blank=True)
    adjustment = models.ForeignKey(
        Adjustment, models.PROTECT, null=True, blank=True, related_name="requests", verbose_name="调整申请"
    )

    class Meta:
        verbose_name = verbose_name_plural = "缺药登记"
        ordering = ["-created_at", "-pk"]
        constraints = [
            one_of("state", [state.value for state in State], name="drug_request_state_known"),
            at_least("quantity", 1, name="drug_request_wants_something"),
            models.CheckConstraint(
                name="drug_request_closed_keeps_no_contact",
                condition=Q(state__in=sorted(OVER), closed_at__isnull=False, contact="")
                | ~Q(state__in=sorted(OVER)) & Q(closed_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["alliance", "state"])]

    def __str__(self) -> str:
        return f"{self.name} {self.strength}".strip()


class DrugRequestStep(models.Model):
    request = models.ForeignKey(DrugRequest, models.CASCADE, related_name="steps", verbose_name="登记")
    at = models.DateTimeField("时间")
    verb = models.CharField("动作", max_length=12, choices=[(verb.value, verb.label) for verb in Verb])
    state = models.CharField("之后状态", max_length=12, choices=REQUEST_STATES)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="人员")
    note = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "缺药登记步骤"
        ordering = ["request", "at", "pk"]

    def __str__(self) -> str:
        return f"{self.request} {self.get_verb_display()}"
