"""`manage.py watch [--as-of DATE] [--alliance CODE]`: the nightly job of interfaces.md §4."""

from django.core.management.base import CommandError
from django.utils import timezone

from config.command import ChineseCommand, WrongUsage, day
from formulary.actions.assessments import assess_recent
from formulary.actions.suggestions import scan
from formulary.models import Alliance
from shortage.actions import backtesting
from shortage.actions.watch import DayToCome, NothingToWatch, default_day, watch
from shortage.queries import watch_summary


class Command(ChineseCommand):
    help = "每日监测：预测需求、评估缺货风险、生成预警与通知，查找目录调整线索；同一天重复运行结果不变"

    def add_arguments(self, parser):
        parser.add_argument("--as-of", type=day, help="截至日，如 2026-11-21；默认为数据已到的今天，否则昨天")
        parser.add_argument("--alliance", help="只监测此编码的医共体；默认全部")

    def handle(self, *args, **options):
        alliances = Alliance.objects.order_by("code")
        if options["alliance"]:
            alliances = alliances.filter(code=options["alliance"])
        if not alliances:
            raise CommandError(f"没有编码为“{options['alliance']}”的医共体" if options["alliance"] else "还没有医共体")
        for alliance in alliances:
            try:
                run = watch(
                    alliance,
                    options["as_of"] or default_day(alliance, timezone.localdate()),
                    by=None,
                    now=timezone.now(),
                )
            except DayToCome as refused:
                raise WrongUsage(f"--as-of 有误：{refused}") from None
            except NothingToWatch as refused:
                raise CommandError(str(refused)) from None
            self.stdout.write(watch_summary(run))
            month = backtesting.due(alliance, run.as_of)
            if month is not None and options["as_of"] is None:
                tested = backtesting.backtest(alliance, month, by=None, now=timezone.now())
                self.stdout.write(f"  预测回测 {month:%Y-%m}：{tested.result['series']:,} 个机构品规（见“预警效果”页）")
            looked = scan(alliance, on=timezone.localdate(), by=None, now=timezone.now())
            assess_recent(alliance, today=timezone.localdate(), now=timezone.now())
            self.stdout.write(f"  目录调整线索：{looked.words}；基药考核已更新")
