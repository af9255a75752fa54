"""`manage.py forecast SERIES.csv --freq D|W|M --horizon H --out FORECAST.csv` (interfaces.md §3)."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from shortage.forecasting.files import forecast_file
from shortage.management.files import FileCommand, shares, whole


class Command(FileCommand):
    help = "读入序列 CSV，预测每条序列今后若干期的需求（均值与分位数），写出 CSV；不使用数据库。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "series", type=Path, metavar="SERIES.csv", help="unique_id,ds,y[,stock_end,received,site,item]"
        )
        parser.add_argument("--freq", choices=("D", "W", "M"), required=True, help="D 日、W 周、M 月")
        parser.add_argument("--horizon", type=whole, required=True, help="预测期数")
        parser.add_argument("--quantiles", type=shares, default=[0.1, 0.5, 0.9], help="分位数，默认 0.1,0.5,0.9")
        parser.add_argument("--out", type=Path, required=True, metavar="FORECAST.csv")
        parser.add_argument(
            "--point",
            choices=("trimmed", "expectation"),
            default="trimmed",
            help="mean 列：trimmed 为去掉两端各一成后的均值（默认，单品误差最小）；expectation 为完整期望（用于多品合计）",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def act() -> str:
            series, rows = forecast_file(
                options["series"],
                options["out"],
                options["freq"],
                options["horizon"],
                options["quantiles"],
                point=options["point"],
            )
            return f"已预测 {series} 条序列，共 {rows} 行，写入 {options['out']}"

        self.work(act, sources=[options["series"]], targets=[options["out"]])
