from django.core.management.base import BaseCommand
from django.utils import timezone

from formulary.actions.people import appoint_first_administrator


class Command(BaseCommand):
    help = "建立医共体和第一个系统管理员；密码只显示一次，首次登录须修改。"

    def add_arguments(self, parser):
        parser.add_argument("--alliance-code", required=True, help="医共体编码")
        parser.add_argument("--alliance-name", required=True, help="医共体名称")
        parser.add_argument("--username", default="admin")
        parser.add_argument("--name", default="系统管理员")

    def handle(self, *, alliance_code, alliance_name, username, name, **options):
        password = appoint_first_administrator(
            alliance_code=alliance_code,
            alliance_name=alliance_name,
            username=username,
            name=name,
            by=None,
            now=timezone.now(),
        )
        self.stdout.write(f"账号 {username} 已建立，初始密码：{password}")
