"""Policy lists (基药, 医保, 集采, 医保代码, 短缺, 重点监控, 召回) with editions and validity: a status is asked "on a date", never a flag."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from formulary.models.constraints import both_or_neither, in_order, one_of
from formulary.models.medicine import Medicine


class ListKind(models.TextChoices):
    NEML = "neml", "国家基本药物目录"
    NRDL = "nrdl", "国家医保药品目录"
    VBP_AWARDS = "vbp_awards", "集采中选结果"
    VBP_VOLUMES = "vbp_volumes", "集采约定采购量"
    NHSA_CODES = "nhsa_codes", "国家医保药品代码"
    SHORTAGE = "shortage_list", "短缺药品清单"
    MONITORED = "monitored", "重点监控药品目录"
    RECALL = "recall", "药品召回通知"


class ListEdition(models.Model):
    """One imported edition of a list. A later import of the same edition may add rows; it never edits one."""

    kind = models.CharField("目录", max_length=20, choices=ListKind.choices)
    edition = models.CharField("版本", max_length=60)
    valid_from = models.DateField("生效日")
    valid_to = models.DateField("失效日", null=True, blank=True)
    document = models.CharField("文号", max_length=120, blank=True)
    official = models.BooleanField("官方目录", default=True)
    imported_at = models.DateTimeField("导入时间")
    sections = models.JSONField("部分", default=list, help_text="此版本列出的部分；后一版只取代它自己列出的部分")
    source_name = models.CharField("来源文件", max_length=200)
    source_sha256 = models.CharField("文件校验值", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "目录版本"
        ordering = ["kind", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "edition"], name="list_edition_once"),
            one_of("kind", ListKind.values, name="list_edition_kind_known"),
            in_order("valid_from", "valid_to", name="list_edition_period_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.edition}"


class ListEntry(models.Model):
    """One source row of an edition, all its columns kept. A changed row supersedes the old one."""

    edition = models.ForeignKey(ListEdition, models.PROTECT, related_name="entries", verbose_name="目录版本")
    key = models.CharField("行键", max_length=250, help_text="同一版本内识别一行的自然键")
    row = models.PositiveIntegerField("源文件行号")
    number = models.CharField("编号", max_length=20, blank=True)
    name = models.CharField("药品名称", max_length=250)
    form = models.CharField("剂型", max_length=250, blank=True)
    strength = models.TextField("规格", blank=True)
    category = models.CharField("类别", max_length=20, blank=True, help_text="甲、乙、国谈、△、中选 …")
    section = models.CharField("部分", max_length=40, blank=True, help_text="西药、中成药、谈判西药、饮片、申报 …")
    tender = models.CharField("批次", max_length=60, blank=True)
    region = models.CharField("地区", max_length=200, blank=True)
    company = models.CharField("企业", max_length=120, blank=True)
    price = models.DecimalField("价格（元/最小单位）", max_digits=18, decimal_places=8, null=True, blank=True)
    quantity = models.DecimalField("数量", max_digits=18, decimal_places=4, null=True, blank=True)
    valid_to = models.DateField("本行失效日", null=True, blank=True)
    attributes = models.JSONField("全部列", default=dict)
    superseded_at = models.DateTimeField("被取代时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "目录条目"
        ordering = ["edition", "row"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "key"], condition=Q(superseded_at__isnull=True), name="list_entry_current_once"
            )
        ]
        indexes = [models.Index(fields=["name"]), models.Index(fields=["tender", "region"])]

    def __str__(self) -> str:
        return f"{self.name} {self.form}".strip()


class EntryLink(models.Model):
    """A list entry speaks of a medicine; `how` says by which step the matcher found it.

    While a person has still to say which medicine is meant, `medicine` is empty and `question` names what was asked.
    """

    entry = models.ForeignKey(ListEntry, models.CASCADE, related_name="links", verbose_name="条目")
    medicine = models.ForeignKey(
        Medicine, models.PROTECT, null=True, blank=True, related_name="links", verbose_name="品种"
    )
    question = models.ForeignKey(
        "NameMatch", models.PROTECT, null=True, blank=True, related_name="links", verbose_name="待审名称"
    )
    form = models.CharField("剂型", max_length=120, blank=True)
    strengths = models.JSONField("列出的规格", default=list)
    how = models.CharField("匹配方式", max_length=20)

    class Meta:
        verbose_name = verbose_name_plural = "条目对应"
        constraints = [
            models.UniqueConstraint(fields=["entry", "medicine", "form"], name="entry_link_once"),
            models.CheckConstraint(
                name="entry_link_answers_or_asks", condition=Q(medicine__isnull=False) | Q(question__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry} → {self.medicine}"


class NameMatch(models.Model):
    """A name that the matcher could not place alone: a question once, a remembered decision ever after."""

    class State(models.TextChoices):
        PENDING = "pending", "待审"
        SAME = "same", "同一品种"
        NEW = "new", "新品种"
        IGNORED = "ignored", "不适用"

    name = models.CharField("名称", max_length=250)
    form = models.CharField("剂型", max_length=250, blank=True)
    kind = models.CharField("来自目录", max_length=20, choices=[*ListKind.choices, ("formulary", "现有用药目录")])
    candidates = models.JSONField("候选", default=list, help_text="[{medicine, score, why}]，按分值降序")
    entries = models.PositiveIntegerField("涉及条目数", default=1)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PENDING)
    medicine = models.ForeignKey(
        Medicine, models.PROTECT, null=True, blank=True, related_name="decisions", verbose_name="确认品种"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "名称匹配"
        ordering = ["state", "-entries", "name"]
        constraints = [
            models.UniqueConstraint(fields=["name", "form"], name="name_match_once"),
            one_of("state", ["pending", "same", "new", "ignored"], name="name_match_state_known"),
            both_or_neither("decided_at", "decided_by", name="name_match_decided_together"),
            models.CheckConstraint(
                name="name_match_same_names_a_medicine",
                condition=~Q(state="same") | Q(medicine__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.form}".strip()
