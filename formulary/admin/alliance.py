"""Alliances, institutions and dated rule values."""

from django.contrib import admin

from config.admin_site import HouseAdmin, HouseImportAdmin, HouseResource, column
from formulary.models import Alliance, Institution, RuleValue


class InstitutionResource(HouseResource):
    code = column("code", "机构编码")
    name = column("name", "机构名称")
    short_name = column("short_name", "简称")
    level = column("level", "级别")
    kind = column("kind", "类型")

    class Meta:
        model = Institution
        import_id_fields = ["code"]
        fields = ["code", "name", "short_name", "level", "kind"]
        skip_unchanged = True


@admin.register(Alliance)
class AllianceAdmin(HouseAdmin):
    list_display = ["code", "name", "province", "region_code"]


@admin.register(Institution)
class InstitutionAdmin(HouseImportAdmin):
    resource_classes = [InstitutionResource]
    list_display = ["code", "name", "level", "kind", "is_lead", "active"]
    list_filter = ["level", "active"]
    search_fields = ["code", "name"]


@admin.register(RuleValue)
class RuleValueAdmin(HouseAdmin):
    list_display = ["key", "note", "value", "alliance", "valid_from", "valid_to", "document", "confirmed_by"]
    list_filter = ["alliance"]
    search_fields = ["key", "document", "note"]
