from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from formulary.models import Alliance
from procurement.actions.demo import ALLIANCE_CODE, PASSWORD
from procurement.summary import summary


class Command(BaseCommand):
    help = "概述演示医共体：目录、版本、库存、预警、采购计划、账号。"

    def handle(self, **options):
        alliance = Alliance.objects.filter(code=ALLIANCE_CODE).first()
        if alliance is None:
            raise CommandError("没有演示医共体，请先执行 load_demo", returncode=1)
        workbook = settings.VAR_DIR / "demo" / "采购计划.xlsx"
        for line in summary(alliance, on=timezone.localdate(), password=PASSWORD, workbook=workbook):
            self.stdout.write(line)
