"""Master data of procurement in the administration."""

from django.contrib import admin

from config.admin_site import HouseAdmin
from procurement.models import Budget, Commitment, ListedPrice, Offer, Supplier, Tender, TenderProduct


@admin.register(Supplier)
class SupplierAdmin(HouseAdmin):
    list_display = ["code", "name", "alliance", "minimum_order", "lead_days", "active"]
    search_fields = ["code", "name"]
    autocomplete_fields = ["delivers_to"]


@admin.register(Offer)
class OfferAdmin(HouseAdmin):
    list_display = ["product", "supplier", "price", "vbp_status", "label", "valid_from", "valid_to"]
    list_filter = ["vbp_status", "label", "supplier"]
    search_fields = ["product__code", "product__presentation__name"]
    list_select_related = ["product__presentation", "supplier"]
    autocomplete_fields = ["product", "supplier"]


@admin.register(Tender)
class TenderAdmin(HouseAdmin):
    list_display = ["code", "name", "start", "end", "document"]
    search_fields = ["code", "name"]


@admin.register(Commitment)
class CommitmentAdmin(HouseAdmin):
    list_display = ["tender", "product", "institution", "quantity", "bought"]
    list_filter = ["tender", "institution"]
    list_select_related = ["tender", "product__presentation", "institution"]
    autocomplete_fields = ["tender", "product", "institution"]


@admin.register(Budget)
class BudgetAdmin(HouseAdmin):
    list_display = ["alliance", "institution", "valid_from", "monthly_amount", "essential_share", "insured_share"]


@admin.register(TenderProduct)
class TenderProductAdmin(HouseAdmin):
    list_display = ["tender", "item", "product", "role", "conversion", "winners", "award_price", "prior_price"]
    list_filter = ["tender", "role", "group"]
    search_fields = ["item", "product__code"]
    list_select_related = ["tender", "product__presentation"]
    autocomplete_fields = ["tender", "product", "supplier"]


@admin.register(ListedPrice)
class ListedPriceAdmin(HouseAdmin):
    list_display = ["product", "price", "valid_from", "valid_to", "source"]
    search_fields = ["product__code", "product__presentation__name"]
    list_select_related = ["product__presentation"]
    autocomplete_fields = ["product"]
