"""专家抽取: who was drawn from the pool, from which seed, who was left out and why; anybody can draw it again."""

from django.conf import settings
from django.db import models

from formulary.models.alliance import Alliance
from formulary.models.constraints import at_least


class ExpertDraw(models.Model):
    """pool: [{expert, name, unit, specialty, excluded}] as it stood; drawn: their ids in the order of the draw."""

    alliance = models.ForeignKey(Alliance, models.PROTECT, related_name="expert_draws", verbose_name="医共体")
    purpose = models.CharField("用途", max_length=120)
    specialty = models.CharField("专业", max_length=60, blank=True)
    wanted = models.PositiveSmallIntegerField("抽取人数")
    seed = models.CharField("种子", max_length=32)
    pool = models.JSONField("抽取时的专家库", default=list)
    drawn = models.JSONField("抽中", default=list)
    at = models.DateTimeField("抽取时间")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="抽取人")

    class Meta:
        verbose_name = verbose_name_plural = "专家抽取"
        ordering = ["-at", "-pk"]
        constraints = [at_least("wanted", 1, name="expert_draw_wants_somebody")]

    def __str__(self) -> str:
        return f"{self.purpose}：{self.wanted} 人"
