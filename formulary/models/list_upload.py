"""A list file on its way in: kept, checked and previewed until a person accepts it."""

import uuid

from django.conf import settings
from django.db import models

from formulary.models.alliance import Alliance
from formulary.models.constraints import in_order, one_of
from formulary.models.job import Job
from formulary.models.reference import ListKind


def stored_under(_upload: models.Model, _name: str) -> str:
    """Never a name that a person gave."""
    return f"lists/{uuid.uuid4().hex}"


class ListUpload(models.Model):
    """One file with what its sender says of it. effect: counts, notes, warnings and previewed rows; faults: every one found."""

    class State(models.TextChoices):
        CHECKING = "checking", "检查中"
        FAULTY = "faulty", "有误"
        READY = "ready", "待确认"
        ACCEPTING = "accepting", "写入中"
        ACCEPTED = "accepted", "已导入"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="+", verbose_name="医共体")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提交人")
    kind = models.CharField("目录", max_length=20, choices=ListKind.choices)
    edition = models.CharField("版本", max_length=60)
    valid_from = models.DateField("生效日")
    valid_to = models.DateField("失效日", null=True, blank=True)
    document = models.CharField("文号", max_length=120, blank=True)
    name = models.CharField("文件名", max_length=200)
    file = models.FileField("文件", upload_to=stored_under, blank=True)
    sha256 = models.CharField("文件校验值", max_length=64)
    uploaded_at = models.DateTimeField("提交时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.CHECKING)
    faults = models.JSONField("问题", default=list)
    effect = models.JSONField("内容", default=dict)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+", verbose_name="任务")

    class Meta:
        verbose_name = verbose_name_plural = "目录文件"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            one_of("state", ["checking", "faulty", "ready", "accepting", "accepted"], name="list_upload_state_known"),
            in_order("valid_from", "valid_to", name="list_upload_period_in_order"),
        ]

    def __str__(self) -> str:
        return self.name
