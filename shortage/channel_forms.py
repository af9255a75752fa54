"""Forms of notice channels."""

from django import forms

from shortage.actions.channels import OWN_KINDS
from shortage.models import NoticeChannel

TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class ChannelForm(forms.ModelForm):
    """What a channel is; own=True leaves out whom it is for: it is for the person who asks."""

    class Meta:
        model = NoticeChannel
        fields = [
            "name", "kind", "address", "person", "role", "institution", "least_level", "quiet_from", "quiet_to",
            "red_always", "digest", "active",
        ]  # fmt: skip
        widgets = {"quiet_from": TIME, "quiet_to": TIME}
        help_texts = {
            "address": "邮箱地址；或群机器人的完整网址；或 http(s):// 网址",
            "person": "填人员：只转发发给此人的通知",
            "role": "填角色：转发发给该角色人员的通知",
            "institution": "填机构：该机构的预警；人员、角色、机构都不填：全医共体",
            "quiet_from": "免打扰时段内的通知，到时段结束再发",
        }

    def __init__(self, *args, own, alliance, **kwargs):
        super().__init__(*args, **kwargs)
        if own:
            for name in ("person", "role", "institution"):
                del self.fields[name]
            self.fields["kind"].choices = [row for row in NoticeChannel.Kind.choices if row[0] in OWN_KINDS]
        else:
            self.fields["institution"].queryset = alliance.institutions.filter(active=True)
            people = self.fields["person"].queryset.filter(memberships__alliance=alliance).distinct()
            self.fields["person"].queryset = people

    def clean(self):
        given = super().clean()
        if bool(given.get("quiet_from")) != bool(given.get("quiet_to")):
            self.add_error("quiet_to", "免打扰的起止时间应同时填写")
        return given
