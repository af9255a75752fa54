"""How facts come in: one Intake per file or API call; its facts can be taken back as a whole."""

from django.conf import settings
from django.db import models

from formulary.models import Institution, Job
from formulary.models.alliance import Alliance
from formulary.models.constraints import both_or_neither, one_of


class Intake(models.Model):
    class Source(models.TextChoices):
        FILE = "file", "文件"
        API = "api", "接口"
        SEED = "seed", "演示数据"
        ORDER = "order", "采购验收"
        TRANSFER = "transfer", "调剂"
        HAND = "hand", "手工"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="intakes", verbose_name="医共体")
    source = models.CharField("来源", max_length=8, choices=Source.choices)
    name = models.CharField("文件名或接口", max_length=200)
    sha256 = models.CharField("校验值", max_length=64, blank=True)
    received_at = models.DateTimeField("接收时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name="提交人")
    counts = models.JSONField("计数", default=dict)
    institutions = models.ManyToManyField(Institution, related_name="+", verbose_name="涉及机构")
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


class Upload(models.Model):
    """A stock file between choosing and accepting: checked, its effect shown, then accepted as one Intake."""

    class State(models.TextChoices):
        CHECKING = "checking", "检查中"
        FAULTY = "faulty", "有问题"
        READY = "ready", "待确认"
        ACCEPTING = "accepting", "写入中"
        ACCEPTED = "accepted", "已接收"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="+", verbose_name="医共体")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提交人")
    name = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("校验值", max_length=64)
    content = models.BinaryField("文件内容")
    uploaded_at = models.DateTimeField("上传时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.CHECKING)
    effect = models.JSONField("预览", default=dict)
    faults = models.JSONField("问题", default=list, help_text="[工作表, 行, 列, 值, 应为]")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="任务")
    intake = models.OneToOneField(
        Intake, models.PROTECT, null=True, blank=True, related_name="upload", verbose_name="数据接收"
    )

    class Meta:
        verbose_name = verbose_name_plural = "上传文件"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            one_of("state", ["checking", "faulty", "ready", "accepting", "accepted"], name="upload_state_known"),
            models.CheckConstraint(
                name="upload_accepted_iff_intake",
                condition=models.Q(state="accepted", intake__isnull=False)
                | models.Q(~models.Q(state="accepted"), intake__isnull=True),
            ),
        ]

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
        verbose_name = verbose_name_plural = "接口令牌"

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
