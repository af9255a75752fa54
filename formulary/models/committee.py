"""药事管理与药物治疗学委员会: bodies (the committee and its groups), seats with terms, the pool of experts."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.alliance import Alliance, Institution
from formulary.models.constraints import in_order, one_of


class BodyKind(models.TextChoices):
    COMMITTEE = "committee", "药事委员会"
    ANTIMICROBIAL = "antimicrobial", "抗菌药物工作组"
    SELECTION = "selection", "遴选评价组"
    SHORTAGE = "shortage", "短缺保障组"
    RATIONAL_USE = "rational_use", "合理用药组"
    PRIMARY_CARE = "primary_care", "基层用药衔接组"


class Body(models.Model):
    """The committee of an alliance, or one of its standing groups (抗菌药物工作组, 遴选组 …)."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="bodies", verbose_name="医共体")
    kind = models.CharField("类型", max_length=16, choices=BodyKind.choices)
    name = models.CharField("名称", max_length=80)
    duties = models.CharField("职责", max_length=300, blank=True)
    document = models.CharField("成立文号", max_length=120, blank=True)
    founded_on = models.DateField("成立日")
    dissolved_on = models.DateField("撤销日", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "委员会与工作组"
        ordering = ["alliance", "kind", "pk"]
        constraints = [
            one_of("kind", BodyKind.values, name="body_kind_known"),
            in_order("founded_on", "dissolved_on", name="body_period_in_order"),
            models.UniqueConstraint(
                fields=["alliance", "kind"], condition=Q(dissolved_on__isnull=True), name="body_of_a_kind_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Office(models.TextChoices):
    CHAIR = "chair", "主任委员"
    VICE_CHAIR = "vice_chair", "副主任委员"
    MEMBER = "member", "委员"
    SECRETARY = "secretary", "秘书"
    OBSERVER = "observer", "列席"


VOTING_OFFICES = (Office.CHAIR, Office.VICE_CHAIR, Office.MEMBER)


class Seat(models.Model):
    """One person's place in a body for a term; 秘书 and 列席 sit without a vote."""

    body = models.ForeignKey(Body, models.PROTECT, related_name="seats", verbose_name="委员会")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="seats", verbose_name="人员")
    office = models.CharField("职务", max_length=12, choices=Office.choices)
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="代表机构"
    )
    specialty = models.CharField("专业", max_length=60, blank=True)
    valid_from = models.DateField("任期起")
    valid_to = models.DateField("任期止", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "席位"
        ordering = ["body", "pk"]
        constraints = [
            one_of("office", Office.values, name="seat_office_known"),
            in_order("valid_from", "valid_to", name="seat_period_in_order"),
            models.UniqueConstraint(
                fields=["body", "person"], condition=Q(valid_to__isnull=True), name="seat_once_per_person"
            ),
            models.UniqueConstraint(
                fields=["body"], condition=Q(office="chair", valid_to__isnull=True), name="seat_one_chair"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}（{self.get_office_display()}）"

    @property
    def votes(self) -> bool:
        return self.office in VOTING_OFFICES


class Expert(models.Model):
    """One of the pool from which experts are drawn before a meeting; they advise and score, they do not vote."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="experts", verbose_name="医共体")
    name = models.CharField("姓名", max_length=40)
    title = models.CharField("职称", max_length=40)
    unit = models.CharField("单位", max_length=80)
    specialty = models.CharField("专业", max_length=60)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="账号"
    )
    active = models.BooleanField("在库", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "专家库"
        ordering = ["specialty", "name"]
        constraints = [models.UniqueConstraint(fields=["alliance", "name", "unit"], name="expert_once")]

    def __str__(self) -> str:
        return f"{self.name}（{self.unit}，{self.specialty}）"
