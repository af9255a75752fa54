"""Listed prices (挂网价) by quarter: what the provincial platform allows, beside which offers are labelled."""

from django.db import models
from django.db.models import Q

from formulary.models import Product
from formulary.models.constraints import in_order


class ListedPrice(models.Model):
    product = models.ForeignKey(Product, models.PROTECT, related_name="listed_prices", verbose_name="产品")
    price = models.DecimalField("挂网价（元/包装）", max_digits=12, decimal_places=2)
    valid_from = models.DateField("起始日")
    valid_to = models.DateField("终止日", null=True, blank=True)
    source = models.CharField("来源", max_length=120, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "挂网价"
        ordering = ["product", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["product", "valid_from"], name="listed_price_once_per_day"),
            in_order("valid_from", "valid_to", name="listed_price_period_in_order"),
            models.CheckConstraint(name="listed_price_positive", condition=Q(price__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.price}"
