"""manage.py plan CASE.xlsx --out PLAN.xlsx: one purchase case, file to file, without a database."""

import math
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from config.command import ChineseCommand
from formulary.rules.tables import DataRefused
from procurement.rules.plan_run import plan_file


def positive(text: str) -> float:
    number = _number(text)
    if number <= 0:
        raise ArgumentTypeError("应为大于 0 的数")
    return number


def share(text: str) -> float:
    number = _number(text)
    if not 0 <= number < 1:
        raise ArgumentTypeError("应为 0 到 1 之间的数")
    return number


def seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**31:
        raise ArgumentTypeError("应为不小于 0 的整数")
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}”不是数") from None
    if not math.isfinite(number):
        raise ArgumentTypeError("应为有限的数")
    return number


class Command(ChineseCommand):
    help = "读取采购案例工作簿，按九个目标的严格次序给出采购计划"
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("case", type=Path, metavar="CASE.xlsx")
        parser.add_argument("--out", type=Path, required=True, metavar="PLAN.xlsx")
        parser.add_argument("--json", type=Path, metavar="PLAN.json")
        parser.add_argument("--time-limit", type=positive, default=60.0, metavar="SECONDS")
        parser.add_argument("--gap", type=share, default=0.001)
        parser.add_argument("--seed", type=seed, default=0)

    def handle(self, *args, **options) -> None:
        wrong = _wrong_paths(options["case"], [path for path in (options["out"], options["json"]) if path])
        if wrong:
            self.stderr.write(wrong)
            sys.exit(2)
        try:
            plan = plan_file(
                options["case"],
                options["out"],
                options["json"],
                time_limit=options["time_limit"],
                gap=options["gap"],
                seed=options["seed"],
                say=self.stderr.write,
            )
        except DataRefused as refused:
            self.stderr.write(str(refused))
            sys.exit(1)
        except OSError as error:
            self.stderr.write(f"无法读写文件：{error.filename or options['out']}（{error.strerror}）")
            sys.exit(2)
        self.stdout.write(plan)


def _wrong_paths(case: Path, targets: list[Path]) -> str:
    """What is wrong with the paths, before minutes of search are spent on them; "" when nothing is."""
    if not case.is_file():
        return f"找不到文件：{case}，应为采购案例工作簿（xlsx）"
    if len({case.resolve(), *(path.resolve() for path in targets)}) <= len(targets):
        return "案例、--out、--json 应是不同的文件"
    for path in targets:
        above = next(folder for folder in path.resolve().parents if folder.exists())
        if path.is_dir() or not above.is_dir() or not os.access(above, os.W_OK):
            return f"无法写入：{path}（它是目录，或所在目录不可写）"
    return ""
