"""Where messages go besides the application, and what became of each of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.access import ROLES
from formulary.models import Alliance, Institution
from formulary.models.constraints import both_or_neither, one_of
from shortage.models.alert import Alert, AlertLevel


class NoticeChannel(models.Model):
    """One address: a person's, or a group robot's for an institution, or for the alliance when neither is named."""

    class Kind(models.TextChoices):
        MAIL = "mail", "邮件"
        WECOM = "wecom", "企业微信机器人"
        DINGTALK = "dingtalk", "钉钉机器人"
        FEISHU = "feishu", "飞书机器人"
        WEBHOOK = "webhook", "网址推送（JSON）"
        OTHER = "other", "其他（apprise 地址）"

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="channels", verbose_name="医共体")
    name = models.CharField("名称", max_length=60)
    kind = models.CharField("方式", max_length=10, choices=Kind.choices)
    address = models.CharField("地址", max_length=500, help_text="含密钥，不写入操作记录")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="channels", verbose_name="人员"
    )
    role = models.CharField(
        "角色", max_length=20, blank=True, choices=[(role.value, row.label) for role, row in ROLES.items()]
    )
    institution = models.ForeignKey(
        Institution, models.CASCADE, null=True, blank=True, related_name="channels", verbose_name="机构"
    )
    least_level = models.CharField("最低等级", max_length=8, choices=AlertLevel.choices, default=AlertLevel.ORANGE)
    quiet_from = models.TimeField("免打扰起", null=True, blank=True)
    quiet_to = models.TimeField("免打扰止", null=True, blank=True)
    red_always = models.BooleanField("红色不受免打扰限制", default=True)
    digest = models.BooleanField("只发每日摘要", default=False)
    active = models.BooleanField("启用", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "通知渠道"
        ordering = ["name", "pk"]
        constraints = [
            one_of("kind", ["mail", "wecom", "dingtalk", "feishu", "webhook", "other"], name="channel_kind_known"),
            one_of("least_level", AlertLevel.values, name="channel_level_known"),
            both_or_neither("quiet_from", "quiet_to", name="channel_quiet_together"),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.get_kind_display()}）"


class Delivery(models.Model):
    """One message to one channel: waiting, sent, or given up; what the other side said."""

    class State(models.TextChoices):
        WAITING = "waiting", "待发送"
        SENT = "sent", "已发送"
        FAILED = "failed", "未送达"

    channel = models.ForeignKey(NoticeChannel, models.CASCADE, related_name="deliveries", verbose_name="渠道")
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="预警")
    kind = models.CharField("事由", max_length=12)
    on = models.DateField("日期")
    level = models.CharField("等级", max_length=8, blank=True)
    subject = models.CharField("标题", max_length=200)
    body = models.TextField("内容")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    next_at = models.DateTimeField("下次发送")
    created_at = models.DateTimeField("产生时间")
    sent_at = models.DateTimeField("送达时间", null=True, blank=True)
    error = models.CharField("失败原因", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知发送记录"
        ordering = ["-created_at", "-pk"]
        constraints = [
            one_of("state", ["waiting", "sent", "failed"], name="delivery_state_known"),
            models.CheckConstraint(
                name="delivery_sent_iff_dated",
                condition=Q(state="sent", sent_at__isnull=False) | Q(~Q(state="sent"), sent_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["channel", "alert", "kind", "level", "on"],
                condition=Q(alert__isnull=False),
                name="delivery_once_per_alert",
            ),
            models.UniqueConstraint(
                fields=["channel", "on"], condition=Q(kind="digest"), name="delivery_one_digest_a_day"
            ),
        ]
        indexes = [models.Index(fields=["state", "next_at"])]

    def __str__(self) -> str:
        return self.subject
