"""An existing 目录 workbook on its way to a draft: received, mapped, previewed, accepted."""

import uuid

from django.conf import settings
from django.db import models

from formulary.models.alliance import Alliance, Level
from formulary.models.constraints import one_of
from formulary.models.version import FormularyVersion


def stored_under(_upload: models.Model, _name: str) -> str:
    """Never a name that a person gave."""
    return f"formularies/{uuid.uuid4().hex}"


class FormularyImport(models.Model):
    """`mapping`: field → column of the file; `effect`: counts, faults, names that wait for the review queue."""

    class State(models.TextChoices):
        READY = "ready", "待确认"
        FAULTY = "faulty", "有问题"
        ACCEPTED = "accepted", "已成草案"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="+", verbose_name="医共体")
    name = models.CharField("文件名", max_length=200)
    file = models.FileField("文件", upload_to=stored_under)
    sheet = models.CharField("工作表", max_length=120, blank=True)
    mapping = models.JSONField("列对应", default=dict)
    default_level = models.CharField("未写级别时", max_length=4, choices=Level.choices, default=Level.PRIMARY)
    effective_from = models.DateField("生效日")
    title = models.CharField("目录名称", max_length=120)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.FAULTY)
    effect = models.JSONField("预览", default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提交人")
    at = models.DateTimeField("提交时间")
    version = models.ForeignKey(
        FormularyVersion, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="草案"
    )

    class Meta:
        verbose_name = verbose_name_plural = "目录导入"
        ordering = ["-at", "-pk"]
        constraints = [one_of("state", ["ready", "faulty", "accepted"], name="formulary_import_state_known")]

    def __str__(self) -> str:
        return self.name
