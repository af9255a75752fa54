"""Papers of a meeting, kept as they were given out."""

import uuid

from django.conf import settings
from django.db import models

from formulary.models.constraints import one_of
from formulary.models.meeting import Meeting


def stored_under(_paper: models.Model, _name: str) -> str:
    """Never a name that a person gave."""
    return f"meetings/{uuid.uuid4().hex}"


class MeetingPaper(models.Model):
    """The notice that was sent, the minutes that were signed; each with its checksum and how long it is kept."""

    class Kind(models.TextChoices):
        NOTICE = "notice", "会议通知"
        MINUTES = "minutes", "会议纪要"

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="papers", verbose_name="会议")
    kind = models.CharField("种类", max_length=8, choices=Kind.choices)
    name = models.CharField("文件名", max_length=200)
    file = models.FileField("文件", upload_to=stored_under)
    sha256 = models.CharField("文件校验值", max_length=64)
    size = models.PositiveIntegerField("字节数")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="出具人")
    at = models.DateTimeField("出具时间")
    keep_until = models.DateField("保存至")

    class Meta:
        verbose_name = verbose_name_plural = "会议文件"
        ordering = ["meeting", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "kind"], name="meeting_paper_once"),
            one_of("kind", ["notice", "minutes"], name="meeting_paper_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name
