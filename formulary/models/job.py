"""A long piece of work is a row: owner, progress, log, heartbeat, result (design.md)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.alliance import Alliance
from formulary.models.constraints import one_of


class JobState(models.TextChoices):
    QUEUED = "queued", "排队中"
    RUNNING = "running", "运行中"
    DONE = "done", "已完成"
    FAILED = "failed", "失败"
    STOPPED = "stopped", "已停止"


class Job(models.Model):
    kind = models.CharField("类型", max_length=40)
    title = models.CharField("名称", max_length=120)
    alliance = models.ForeignKey(Alliance, models.PROTECT, null=True, related_name="jobs", verbose_name="医共体")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="jobs", verbose_name="发起人"
    )
    state = models.CharField("状态", max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    params = models.JSONField("参数", default=dict)
    result = models.JSONField("结果", default=dict)
    progress = models.PositiveSmallIntegerField("进度", default=0)
    note = models.CharField("当前步骤", max_length=200, blank=True)
    log = models.TextField("日志", blank=True)
    task_id = models.CharField("队列任务号", max_length=64, blank=True)
    stop_requested = models.BooleanField("已请求停止", default=False)
    attempt = models.PositiveSmallIntegerField("第几次尝试", default=0)
    created_at = models.DateTimeField("创建时间")
    started_at = models.DateTimeField("开始时间", null=True)
    heartbeat_at = models.DateTimeField("心跳", null=True)
    finished_at = models.DateTimeField("结束时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "任务"
        ordering = ["-created_at", "-pk"]
        constraints = [
            one_of("state", JobState.values, name="job_state_known"),
            models.CheckConstraint(name="job_progress_is_percent", condition=Q(progress__lte=100)),
            models.CheckConstraint(
                name="job_finished_iff_ended",
                condition=Q(state__in=["done", "failed", "stopped"], finished_at__isnull=False)
                | Q(state__in=["queued", "running"], finished_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return self.finished_at is not None
