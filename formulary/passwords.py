"""What a password must be (GB/T 22239-2019 8.1.4; domain rules of 等保三级): named in settings.AUTH_PASSWORD_VALIDATORS."""

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from config.access import Permission, can

KINDS = (str.islower, str.isupper, str.isdigit, lambda letter: not letter.isalnum())


class SeveralKinds:
    """At least `kinds` of lower case, upper case, digits and signs."""

    def __init__(self, kinds=3):
        self.kinds = kinds

    def validate(self, password, user=None):  # noqa: ARG002 (Django passes it)
        if sum(any(map(kind, password)) for kind in KINDS) < self.kinds:
            raise ValidationError(self.get_help_text(), code="password_kinds")

    def get_help_text(self):
        return f"密码须含小写字母、大写字母、数字、符号中的至少 {self.kinds} 种。"


class LongerForAdministrators:
    """Who administers needs a longer one."""

    def __init__(self, least=10):
        self.least = least

    def validate(self, password, user=None):
        if user is not None and user.pk and can(user, Permission.ADMINISTER) and len(password) < self.least:
            raise ValidationError(self.get_help_text(), code="password_administrator")

    def get_help_text(self):
        return f"系统管理员的密码至少 {self.least} 位。"


class NotUsedLately:
    """Not the present one, nor one of the last PASSWORDS_REMEMBERED."""

    def validate(self, password, user=None):
        if user is None or not user.pk:
            return
        former = user.former_passwords.order_by("-until")[: settings.PASSWORDS_REMEMBERED - 1]
        known = [user.password, *former.values_list("password", flat=True)]
        if any(check_password(password, stored) for stored in known if stored):
            raise ValidationError(self.get_help_text(), code="password_reused")

    def get_help_text(self):
        return f"密码不能与最近 {settings.PASSWORDS_REMEMBERED} 次用过的相同。"
