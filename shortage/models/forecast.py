"""What will be needed and how likely it runs out, as seen from the end of one day."""

from django.db import models
from django.db.models import Q

from formulary.models import Alliance, Institution, Job, Presentation


class WatchRun(models.Model):
    """One nightly pass for one alliance and day; a day has one run, a second run rewrites the same answers."""

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="watch_runs", verbose_name="医共体")
    as_of = models.DateField("截至日")
    finished_at = models.DateTimeField("完成时间")
    seconds = models.FloatField("用时（秒）", default=0)
    counts = models.JSONField("计数", default=dict)
    fingerprint = models.CharField("输入校验值", max_length=64, blank=True)
    laws = models.JSONField(
        "到货规律", default=dict, help_text="按供应商编码：均值、对数标准差、迟到比例、迟到中位天数"
    )
    calibration = models.JSONField("概率校准", default=dict, help_text="各期限：从过去学到的换算，依据的例数")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="任务")

    class Meta:
        verbose_name = verbose_name_plural = "夜间监测"
        ordering = ["-as_of"]
        constraints = [models.UniqueConstraint(fields=["alliance", "as_of"], name="watch_run_once_per_day")]

    def __str__(self) -> str:
        return f"{self.alliance} {self.as_of}"


class Forecast(models.Model):
    """Demand of one institution for one presentation: daily rate and the distribution of the coming days."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="+", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.CASCADE, related_name="+", verbose_name="品规")
    as_of = models.DateField("截至日")
    daily_rate = models.FloatField("日均用量", help_text="按在库暴露天数修正")
    mean_30 = models.FloatField("30 日均值")
    q10_30 = models.FloatField("30 日 10% 分位")
    q90_30 = models.FloatField("30 日 90% 分位")
    safety_stock = models.PositiveIntegerField("安全库存", default=0)
    reorder_point = models.PositiveIntegerField("补货点", default=0)
    order_up_to = models.PositiveIntegerField("补足目标", default=0)
    lead_days = models.FloatField("到货天数", default=7)
    working = models.JSONField("计算过程", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "需求预测"
        constraints = [
            models.UniqueConstraint(fields=["institution", "presentation", "as_of"], name="forecast_once_per_day"),
            models.CheckConstraint(name="forecast_not_negative", condition=Q(daily_rate__gte=0, mean_30__gte=0)),
        ]
        indexes = [models.Index(fields=["as_of", "institution"])]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.presentation_id} {self.as_of}"


class Risk(models.Model):
    """Probability that usable stock is exhausted within 7, 14 and 30 days, with what it was computed from."""

    institution = models.ForeignKey(Institution, models.CASCADE, related_name="+", verbose_name="机构")
    presentation = models.ForeignKey(Presentation, models.CASCADE, related_name="+", verbose_name="品规")
    as_of = models.DateField("截至日")
    stock = models.PositiveIntegerField("可用库存")
    on_order = models.PositiveIntegerField("在途", default=0)
    coming = models.PositiveIntegerField("可计入的在途", default=0, help_text="逾期订单按到货可能折算")
    days_of_supply = models.FloatField("可用天数", null=True)
    p7 = models.FloatField("7 日缺货概率")
    p14 = models.FloatField("14 日缺货概率")
    computed_p14 = models.FloatField("14 日缺货概率（校准前）", null=True)
    p30 = models.FloatField("30 日缺货概率")
    expected_days_out = models.FloatField("30 日内预计缺货天数", default=0)
    stockout_on = models.DateField("预计断货日", null=True)
    level = models.CharField("等级", max_length=8, blank=True)
    cause = models.CharField("原因代码", max_length=20, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "缺货风险"
        constraints = [
            models.UniqueConstraint(fields=["institution", "presentation", "as_of"], name="risk_once_per_day"),
            models.CheckConstraint(
                name="risk_is_probability",
                condition=Q(p7__gte=0, p7__lte=1, p14__gte=0, p14__lte=1, p30__gte=0, p30__lte=1),
            ),
        ]
        indexes = [models.Index(fields=["as_of", "institution"])]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.presentation_id} {self.as_of}: {self.p14:.2f}"


class Prediction(models.Model):
    """What one pass foretold for every item with stock, and what became of it, counted by size of the probability.

    `packed` holds the single items until the longest window is over; afterwards only the counts are kept.
    """

    class Source(models.TextChoices):
        WATCH = "watch", "每日监测"
        REPLAY = "replay", "历史回放"

    alliance = models.ForeignKey(Alliance, models.CASCADE, related_name="predictions", verbose_name="医共体")
    as_of = models.DateField("截至日")
    source = models.CharField("来源", max_length=8, choices=Source.choices, default=Source.WATCH)
    packed = models.BinaryField("逐项概率", blank=True, default=bytes)
    tallies = models.JSONField("结果计数", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "已作的预测"
        ordering = ["-as_of"]
        constraints = [models.UniqueConstraint(fields=["alliance", "as_of"], name="prediction_once_per_day")]

    def __str__(self) -> str:
        return f"{self.alliance_id} {self.as_of}"
