"""manage.py plan_alliance: one alliance from the database to a stored plan and its workbook, in the foreground."""

import sys
from pathlib import Path

from django.core.management.base import BaseCommand

from formulary.rules.tables import DataRefused
from procurement import foreground
from procurement.actions.plans import PlanRefused


class Command(BaseCommand):
    help = "按在用目录、需求预测与报价编制一个医共体的采购计划"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--alliance", metavar="CODE", help="医共体编码；只有一个医共体时可省略")
        parser.add_argument("--days", type=int, default=30, help="计划天数，默认 30")
        parser.add_argument("--time-limit", type=int, metavar="SECONDS", help="求解时限（秒）")
        parser.add_argument("--out", type=Path, metavar="FILE", help="计划工作簿")

    def handle(self, *args, **options) -> None:
        try:
            plan = foreground.plan_alliance(
                foreground.alliance_of(options["alliance"]),
                days=options["days"],
                time_limit=options["time_limit"],
                out=options["out"],
                say=self.stderr.write,
            )
        except (PlanRefused, DataRefused) as refused:
            self.stderr.write(str(refused))
            sys.exit(1)
        self.stdout.write(foreground.describe(plan, options["out"]))
