"""品种, 品规 and 产品: kept here by hand or by workbook, with a preview before anything is written."""

from django.contrib import admin
from import_export.widgets import ForeignKeyWidget, IntegerWidget

from config.admin_site import ChineseNumber, HouseAdmin, HouseImportAdmin, HouseResource, column
from formulary.models import Medicine, Presentation, Product


class ChineseInteger(IntegerWidget):
    def clean(self, value, row=None, **kwargs):
        try:
            return super().clean(value, row, **kwargs)
        except (ArithmeticError, ValueError) as error:
            raise ValueError(f"值“{value}”有误，应为整数") from error


class CodeWidget(ForeignKeyWidget):
    """Finds a row by its code and says in Chinese when there is none."""

    def clean(self, value, row=None, **kwargs):
        try:
            return super().clean(value, row, **kwargs)
        except self.model.DoesNotExist as error:
            raise ValueError(f"没有编码为“{value}”的{self.model._meta.verbose_name}") from error


class PresentationResource(HouseResource):
    code = column("code", "药品编码")
    name = column("name", "通用名")
    form = column("form", "剂型")
    strength = column("strength", "规格")
    unit = column("unit", "最小单位")
    daily_dose = column("daily_dose", "日用量", ChineseNumber())
    spec_group = column("spec_group", "品规组")
    therapeutic_class = column("therapeutic_class", "治疗类别")

    class Meta:
        model = Presentation
        import_id_fields = ["code"]
        fields = ["code", "name", "form", "strength", "unit", "daily_dose", "spec_group", "therapeutic_class"]
        skip_unchanged = True


class ProductResource(HouseResource):
    code = column("code", "产品编码")
    presentation = column("presentation", "药品编码", CodeWidget(Presentation, "code"))
    maker = column("maker", "生产企业")
    brand = column("brand", "商品名")
    pack_size = column("pack_size", "包装数", ChineseInteger())
    pack_unit = column("pack_unit", "包装单位")
    nhsa_code = column("nhsa_code", "医保编码")
    approval_number = column("approval_number", "批准文号")

    class Meta:
        model = Product
        import_id_fields = ["code"]
        fields = [
            "code", "presentation", "maker", "brand", "pack_size", "pack_unit", "nhsa_code", "approval_number",
        ]  # fmt: skip
        skip_unchanged = True


@admin.register(Medicine)
class MedicineAdmin(HouseAdmin):
    list_display = ["name", "salt", "form_group", "route", "is_chinese_medicine", "origin"]
    list_filter = ["form_group", "is_chinese_medicine"]
    search_fields = ["name", "substance", "pinyin"]


@admin.register(Presentation)
class PresentationAdmin(HouseImportAdmin):
    resource_classes = [PresentationResource]
    list_display = ["code", "name", "form", "strength", "unit", "daily_dose", "criticality", "active"]
    list_filter = ["is_emergency", "is_chronic", "needs_cold_chain", "criticality", "active"]
    search_fields = ["code", "name", "pinyin"]
    autocomplete_fields = ["medicine"]


@admin.register(Product)
class ProductAdmin(HouseImportAdmin):
    resource_classes = [ProductResource]
    list_display = ["code", "presentation", "pack_size", "pack_unit", "maker", "nhsa_code", "active"]
    list_filter = ["active"]
    search_fields = ["code", "presentation__name", "maker", "nhsa_code"]
    list_select_related = ["presentation"]
    autocomplete_fields = ["presentation"]
