"""Says before service that the database holds demonstration accounts with a known password."""

from typing import Any

from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import connections


@register(Tags.database, deploy=True)
def demo_accounts(databases: list[str] | None = None, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001 (Django's call)
    """Runs with `manage.py check --deploy --database default`."""
    from formulary.models import Alliance
    from procurement.actions.demo.steps import ALLIANCE_CODE

    if not databases or Alliance._meta.db_table not in connections["default"].introspection.table_names():
        return []
    if not Alliance.objects.filter(code=ALLIANCE_CODE).exists():
        return []
    return [
        Warning(
            "数据库中有演示医共体，其账号使用公开的演示密码",
            hint="正式使用请换一个空数据库，不要在演示库上继续",
            id="procurement.W001",
        )
    ]
