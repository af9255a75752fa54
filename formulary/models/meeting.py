"""Meetings of a body: attendance, agenda, declarations of interest, ballots. What was decided is sealed."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.adjustment import Adjustment
from formulary.models.alliance import Alliance
from formulary.models.committee import Body, Seat
from formulary.models.constraints import at_least, both_or_neither, one_of


class MeetingState(models.TextChoices):
    PLANNED = "planned", "筹备中"
    NOTIFIED = "notified", "已通知"
    IN_SESSION = "in_session", "进行中"
    CLOSED = "closed", "表决结束"
    SIGNED = "signed", "纪要已签发"
    CANCELLED = "cancelled", "已取消"


class Meeting(models.Model):
    """`charter` is the rule values the meeting was opened under, frozen with their 文号."""

    class Occasion(models.TextChoices):
        REGULAR = "regular", "例会"
        EXTRA = "extra", "临时会议"

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="meetings", verbose_name="医共体")
    body = models.ForeignKey(Body, models.PROTECT, related_name="meetings", verbose_name="召集机构")
    number = models.CharField("会议号", max_length=20)
    title = models.CharField("名称", max_length=120)
    occasion = models.CharField("性质", max_length=8, choices=Occasion.choices, default=Occasion.REGULAR)
    starts_at = models.DateTimeField("开会时间")
    place = models.CharField("地点", max_length=120)
    state = models.CharField("状态", max_length=12, choices=MeetingState.choices, default=MeetingState.PLANNED)
    charter = models.JSONField("议事规则", default=dict)
    opened_at = models.DateTimeField("开始时间", null=True, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    minutes = models.JSONField("纪要补充", default=dict, help_text="讨论要点、责任人、期限，按议题")
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="签发人"
    )
    signed_at = models.DateTimeField("签发时间", null=True, blank=True)
    seal = models.CharField("封存哈希", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "会议"
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["alliance", "number"], name="meeting_number_once"),
            one_of("state", MeetingState.values, name="meeting_state_known"),
            both_or_neither("signed_at", "signed_by", name="meeting_signed_together"),
            models.CheckConstraint(name="meeting_signed_is_sealed", condition=~Q(state="signed") | ~Q(seal="")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Attendance(models.Model):
    """One seat at one meeting: invited, present or excused; a vote belongs to the seat's own person (no proxy)."""

    class State(models.TextChoices):
        INVITED = "invited", "待签到"
        PRESENT = "present", "到会"
        EXCUSED = "excused", "请假"
        LEFT = "left", "已离会"

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="attendances", verbose_name="会议")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+", verbose_name="席位")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.INVITED)
    at = models.DateTimeField("签到时间", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "出席"
        ordering = ["meeting", "seat"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "seat"], name="attendance_once"),
            one_of("state", ["invited", "present", "excused", "left"], name="attendance_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.seat}：{self.get_state_display()}"


class Outcome(models.TextChoices):
    PASSED = "passed", "通过"
    FAILED = "failed", "未通过"
    DEFERRED = "deferred", "暂缓"
    NOTED = "noted", "已听取"


class AgendaItem(models.Model):
    """One topic. `tally` holds counts, thresholds and who was recused, sealed by hash when the ballot closed."""

    class State(models.TextChoices):
        PENDING = "pending", "未表决"
        VOTING = "voting", "表决中"
        DECIDED = "decided", "已决"

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="items", verbose_name="会议")
    position = models.PositiveSmallIntegerField("序号")
    title = models.CharField("议题", max_length=200)
    adjustment = models.ForeignKey(
        Adjustment, models.PROTECT, null=True, blank=True, related_name="agenda_items", verbose_name="调整申请"
    )
    balloted = models.BooleanField("需表决", default=True, help_text="只听取、不表决的议题不设票箱")
    secret = models.BooleanField("无记名", default=True)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.PENDING)
    round = models.PositiveSmallIntegerField("第几轮", default=1)
    outcome = models.CharField("结果", max_length=8, choices=Outcome.choices, blank=True)
    conditions = models.JSONField("通过条件", default=dict)
    tally = models.JSONField("计票", default=dict)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    seal = models.CharField("封存哈希", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "议题"
        ordering = ["meeting", "position"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "position"], name="agenda_position_once"),
            models.UniqueConstraint(
                fields=["meeting", "adjustment"], condition=Q(adjustment__isnull=False), name="agenda_adjustment_once"
            ),
            one_of("state", ["pending", "voting", "decided"], name="agenda_state_known"),
            at_least("round", 1, name="agenda_round_positive"),
            models.CheckConstraint(
                name="agenda_decided_iff_sealed",
                condition=Q(state="decided", decided_at__isnull=False) & ~Q(outcome="") & ~Q(seal="")
                | ~Q(state="decided") & Q(decided_at__isnull=True, outcome="", seal=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"


class Declaration(models.Model):
    """A voting member's statement for one topic: nothing to declare, or recused (does not vote nor count)."""

    item = models.ForeignKey(AgendaItem, models.CASCADE, related_name="declarations", verbose_name="议题")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+", verbose_name="席位")
    recused = models.BooleanField("回避")
    reason = models.CharField("事由", max_length=200, blank=True)
    at = models.DateTimeField("声明时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人")

    class Meta:
        verbose_name = verbose_name_plural = "利益冲突声明"
        ordering = ["item", "seat"]
        constraints = [
            models.UniqueConstraint(fields=["item", "seat"], name="declaration_once"),
            models.CheckConstraint(name="declaration_recusal_has_reason", condition=Q(recused=False) | ~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.seat}：{'回避' if self.recused else '无利益冲突'}"


class VoterMark(models.Model):
    """That a seat has voted in a round, never how: it holds one member, one vote."""

    item = models.ForeignKey(AgendaItem, models.CASCADE, related_name="marks", verbose_name="议题")
    round = models.PositiveSmallIntegerField("第几轮")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="+", verbose_name="席位")

    class Meta:
        verbose_name = verbose_name_plural = "已投票"
        constraints = [models.UniqueConstraint(fields=["item", "round", "seat"], name="voter_mark_once")]

    def __str__(self) -> str:
        return f"{self.seat} 已投票"


class BallotBox(models.Model):
    """All ballots of one round in one row, kept sorted: a secret ballot has no owner, no time and no place in an order.

    ballots: [{choice, opinion, receipt}], with "seat" only where the item is voted by name.
    """

    item = models.ForeignKey(AgendaItem, models.CASCADE, related_name="boxes", verbose_name="议题")
    round = models.PositiveSmallIntegerField("第几轮")
    ballots = models.JSONField("选票", default=list)
    seal = models.CharField("封存哈希", max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "票箱"
        constraints = [models.UniqueConstraint(fields=["item", "round"], name="ballot_box_once")]

    def __str__(self) -> str:
        return f"{self.item} 第 {self.round} 轮票箱"
