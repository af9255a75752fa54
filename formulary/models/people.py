"""People sign in; a membership gives one role, in an alliance or in one of its institutions."""

from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q

from config.access import ALLIANCE_ROLES, INSTITUTION_ROLES, ROLES
from formulary.models.alliance import Alliance, Institution
from formulary.models.constraints import in_order

ROLE_CHOICES = [(role.value, row.label) for role, row in ROLES.items()]


class Person(AbstractUser):
    name = models.CharField("姓名", max_length=40)
    title = models.CharField("职称", max_length=40, blank=True)
    email = models.EmailField("邮箱", blank=True)
    must_change_password = models.BooleanField("下次登录须改密码", default=False)
    password_set_at = models.DateTimeField("密码设定时间", null=True, blank=True, editable=False)
    first_name = None
    last_name = None
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "人员"
        ordering = ["username"]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @cached_property
    def active_memberships(self) -> list["Membership"]:
        """Memberships not yet ended, read once per request."""
        from django.utils import timezone

        today = timezone.localdate()
        rows = self.memberships.select_related("alliance", "institution")
        return [row for row in rows if row.valid_to is None or row.valid_to >= today]

    @property
    def roles(self) -> list[str]:
        return [row.role for row in self.active_memberships] if self.is_active else []


class FormerPassword(models.Model):
    """The hash of a password that a person used before, so that it is not taken again."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="former_passwords", verbose_name="人员")
    password = models.CharField("密码哈希", max_length=128)
    until = models.DateTimeField("用到")

    class Meta:
        verbose_name = verbose_name_plural = "用过的密码"
        ordering = ["person", "-until"]

    def __str__(self) -> str:
        return f"{self.person}：{self.until:%Y-%m-%d}"


class Membership(models.Model):
    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships", verbose_name="人员")
    role = models.CharField("角色", max_length=20, choices=ROLE_CHOICES)
    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="memberships", verbose_name="医共体")
    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="memberships", verbose_name="机构"
    )
    valid_from = models.DateField("起始日")
    valid_to = models.DateField("终止日", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "任职"
        ordering = ["alliance", "role", "person"]
        constraints = [
            in_order("valid_from", "valid_to", name="membership_period_in_order"),
            models.CheckConstraint(
                name="membership_scope_fits_role",
                condition=Q(role__in=sorted(ALLIANCE_ROLES), institution__isnull=True)
                | Q(role__in=sorted(INSTITUTION_ROLES), institution__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["person", "role", "alliance", "institution"],
                condition=Q(institution__isnull=False),
                name="membership_once_per_institution",
            ),
            models.UniqueConstraint(
                fields=["person", "role", "alliance"],
                condition=Q(institution__isnull=True),
                name="membership_once_per_alliance",
            ),
        ]

    def __str__(self) -> str:
        where = self.institution or self.alliance
        return f"{self.person}：{self.get_role_display()}（{where}）"
