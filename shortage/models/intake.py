"""How facts come in: one Intake per file or API call; its facts can be taken back as a whole."""

from django.conf import settings
from django.db import models

from formulary.models import Institution
from formulary.models.alliance import Alliance
from formulary.models.constraints import both_or_neither


class Intake(models.Model):
    class Source(models.TextChoices):
        FILE = "file", "文件"
        API = "api", "接口"
        SEED = "seed", "演示数据"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="intakes", verbose_name="医共体")
    source = models.CharField("来源", max_length=8, choices=Source.choices)
    name = models.CharField("文件名或接口", max_length=200)
    sha256 = models.CharField("校验值", max_length=64, blank=True)
    received_at = models.DateTimeField("接收时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="提交人")
    counts = models.JSONField("计数", default=dict)
    undone_at = models.DateTimeField("撤销时间", null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="撤销人"
    )

    class Meta:
        verbose_name = verbose_name_plural = "数据接收"
        ordering = ["-received_at", "-pk"]
        constraints = [both_or_neither("undone_at", "undone_by", name="intake_undone_together")]

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """An institution's HIS speaks with a token; only its hash is kept."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="tokens", verbose_name="机构")
    name = models.CharField("用途", max_length=60)
    digest = models.CharField("令牌哈希", max_length=64, unique=True)
    created_at = models.DateTimeField("创建时间")
    revoked_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "接密码牌"

    def __str__(self) -> str:
        return f"{self.institution}：{self.name}"


class IdempotentAnswer(models.Model):
    """The answer given to an Idempotency-Key; the same key and body get it again, another body is refused."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="answers")
    key = models.CharField(max_length=200)
    path = models.CharField(max_length=100)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "幂等应答"
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="idempotent_answer_once")]

    def __str__(self) -> str:
        return self.key
