from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from formulary.models import Institution
from shortage.actions import tokens


class Command(BaseCommand):
    help = "为一个机构签发接口令牌；令牌只显示这一次。"

    def add_arguments(self, parser):
        parser.add_argument("institution", help="机构编码")
        parser.add_argument("--name", required=True, help="用途，如 HIS 库存上报")

    def handle(self, *, institution, name, **options):
        place = Institution.objects.filter(code=institution, active=True).first()
        if place is None:
            raise CommandError(f"没有编码为 {institution} 的在用机构", returncode=1)
        token = tokens.issue(place, name, by=None, now=timezone.now())
        self.stderr.write(f"{place} 的令牌（{name}），请妥善保存，不会再次显示：")
        self.stdout.write(token)
