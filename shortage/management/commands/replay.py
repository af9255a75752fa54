"""`manage.py replay HISTORY.csv --freq --lead-time --from DATE --out ALERTS.csv --scores SCORES.csv` (interfaces.md §3)."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from config.command import WrongUsage, day
from shortage.forecasting.files import replay_file
from shortage.management.files import FileCommand, whole


class Command(FileCommand):
    help = "逐期回放历史：每期只用当期及以前的数据，给出缺货概率与预警，写出 CSV 与评估报告；不使用数据库。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "history", type=Path, metavar="HISTORY.csv", help="unique_id,ds,y,stock_end[,received,site,item]"
        )
        parser.add_argument("--freq", choices=("D", "W", "M"), required=True, help="D 日、W 周、M 月")
        parser.add_argument("--lead-time", type=whole, required=True, metavar="PERIODS", help="到货所需期数")
        parser.add_argument("--from", dest="start", type=day, required=True, metavar="DATE", help="自该日所在期起输出")
        parser.add_argument("--out", type=Path, required=True, metavar="ALERTS.csv")
        parser.add_argument("--scores", type=Path, required=True, metavar="SCORES.csv")
        parser.add_argument("--report", type=Path, metavar="REPORT.json")

    def handle(self, *args: Any, **options: Any) -> None:
        targets = [options[name] for name in ("out", "scores", "report") if options[name]]
        if len({path.resolve() for path in targets}) < len(targets):
            raise WrongUsage("--out、--scores、--report 应是不同的文件")

        def act() -> str:
            told = replay_file(
                options["history"],
                options["freq"],
                options["lead_time"],
                options["start"],
                alerts=options["out"],
                scores=options["scores"],
                report=options["report"],
            )
            return (
                f"已回放 {told['periods']} 期 {told['series']} 条序列：有库存时预警 {told['alerts']} 次，"
                f"查准率 {percent(told['precision'])}，查全率 {percent(told['recall'])}"
            )

        self.work(act, sources=[options["history"]], targets=targets)


def percent(share: Any) -> str:
    return "—" if share is None else f"{share:.1%}"
