"""Every write by an action leaves one event; events of an alliance form a chain of hashes.

No foreign keys: history never blocks, and survives, whatever it speaks of.
"""

import json

from django.db import models


class ChainHead(models.Model):
    """The last link of a chain; locking it orders the writers."""

    chain = models.CharField(max_length=32, unique=True)
    number = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="")

    class Meta:
        verbose_name = verbose_name_plural = "操作链"

    def __str__(self) -> str:
        return f"{self.chain}#{self.number}"


class Event(models.Model):
    chain = models.CharField("链", max_length=32)
    number = models.PositiveBigIntegerField("序号")
    at = models.DateTimeField("时间")
    by = models.CharField("账号", max_length=150)
    by_name = models.CharField("姓名", max_length=40)
    verb = models.CharField("动作", max_length=60)
    subject = models.CharField("对象", max_length=80)
    label = models.CharField("对象名称", max_length=200)
    data = models.JSONField("内容", default=dict)
    previous = models.CharField("前一哈希", max_length=64, blank=True)
    digest = models.CharField("哈希", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "操作记录"
        ordering = ["-at", "-number"]
        constraints = [models.UniqueConstraint(fields=["chain", "number"], name="event_number_once_per_chain")]
        indexes = [models.Index(fields=["chain", "-at"]), models.Index(fields=["subject"])]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.by_name} {self.verb} {self.label}"

    @property
    def shown(self) -> str:
        """The data as people read it."""
        return json.dumps(self.data, ensure_ascii=False, indent=1)
