"""Accounts and memberships. A role is given by a membership, never by Django groups."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.utils import timezone
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from config.admin_site import HouseAdmin
from formulary.models import Membership, Person

admin.site.unregister(Group)


class MembershipInline(admin.TabularInline):
    model = Membership
    extra = 0

    def _allowed(self, request, obj=None):
        return True  # the page around it has asked already

    has_view_permission = has_add_permission = has_change_permission = _allowed

    def has_delete_permission(self, request, obj=None):
        return False


class GivenPasswordForm(AdminPasswordChangeForm):
    """A password given by an administrator is known to two people: its owner must choose another at once."""

    def save(self, commit=True):
        self.user.must_change_password = True
        self.user.password_set_at = timezone.now()
        return super().save(commit)


@admin.register(Person)
class PersonAdmin(UserAdmin, HouseAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = GivenPasswordForm
    inlines = [MembershipInline]
    list_display = ["username", "name", "title", "is_active", "last_login"]
    list_filter = ["is_active"]
    search_fields = ["username", "name"]
    ordering = ["username"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("人员", {"fields": ["name", "title", "email"]}),
        ("状态", {"fields": ["is_active", "must_change_password", "last_login"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["username", "name", "password1", "password2"]})]
    readonly_fields = ["last_login"]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.must_change_password = True
            obj.password_set_at = timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(Membership)
class MembershipAdmin(HouseAdmin):
    list_display = ["person", "role", "alliance", "institution", "valid_from", "valid_to"]
    list_filter = ["role", "alliance"]
    search_fields = ["person__name", "person__username"]
    autocomplete_fields = ["person", "institution"]
