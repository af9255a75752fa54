"""A declared outbreak: for these drugs and places, from then until then, the newest days speak for the demand."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models import Alliance, Institution, Presentation
from formulary.models.constraints import in_order

SHORTEST_WINDOW, LONGEST_WINDOW = 3, 28


class Outbreak(models.Model):
    """暴发期. It ends by itself on `ends_on`, or on the day before a person ended it (`ended_at`)."""

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="outbreaks", verbose_name="医共体")
    name = models.CharField("名称", max_length=60)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期")
    window_days = models.PositiveSmallIntegerField("参考天数")
    reason = models.CharField("依据", max_length=200)
    presentations = models.ManyToManyField(Presentation, related_name="+", verbose_name="品规")
    institutions = models.ManyToManyField(Institution, related_name="+", blank=True, verbose_name="机构")
    declared_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="启动人")
    declared_at = models.DateTimeField("启动时间")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="结束人"
    )
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    end_note = models.CharField("结束说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "暴发期"
        ordering = ["-starts_on", "-pk"]
        constraints = [
            in_order("starts_on", "ends_on", name="outbreak_in_order"),
            models.CheckConstraint(
                name="outbreak_window_sensible",
                condition=Q(window_days__gte=SHORTEST_WINDOW, window_days__lte=LONGEST_WINDOW),
            ),
            models.CheckConstraint(
                name="outbreak_end_said_in_full",
                condition=Q(ended_by=None, ended_at=None, end_note="")
                | (Q(ended_by__isnull=False, ended_at__isnull=False) & ~Q(end_note="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.starts_on} 至 {self.ends_on}）"

    def on(self, day: dt.date) -> bool:
        """Is the outbreak in force on this day?"""
        return self.starts_on <= day <= self.ends_on
