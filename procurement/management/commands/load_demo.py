import datetime as dt

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from procurement.actions.demo import SEED, DemoRefused, load_demo


class Command(BaseCommand):
    help = "装入演示医共体（淳川县）：药品、目录、价格、人员和 18 个月的库存与用量。重复执行时从现有数据开始。"

    def add_arguments(self, parser):
        parser.add_argument("--as-of", type=dt.date.fromisoformat, help="库存与用量的最后一天，默认昨天")
        parser.add_argument("--seed", type=int, default=SEED, help="随机种子，同一种子得到同样的数据")

        parser.add_argument("--after-watch", action="store_true", help="只列出每日监测之后才能装入的步骤")

    def handle(self, *, as_of, seed, after_watch, **options):
        try:
            for step in load_demo(as_of=as_of, seed=seed, by=None, now=timezone.now()):
                if after_watch and not step.counts:
                    continue
                made = "、".join(f"{name} {count:,}" for name, count in step.counts.items())
                self.stdout.write(f"{step.title}：{made or '已有，未改动'}（{step.seconds:.1f} 秒）")
        except DemoRefused as refused:
            raise CommandError(str(refused), returncode=1) from refused
