"""What the file-to-file commands share: no database, Chinese messages, exit codes 0, 1 (data) and 2 (usage)."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from formulary.rules.cells import parse_date
from formulary.rules.tables import DataRefused


class WrongUsage(CommandError):
    """The command line itself is at fault: exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=2)


class FileCommand(BaseCommand):
    """A command that reads one file and writes others; refused data leave exit code 1 and no file."""

    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        english = parser.error

        def error(message: str) -> None:
            for words, chinese in _PARSER_WORDS:
                message = message.replace(words, chinese)
            english(message)

        parser.error = error  # type: ignore[method-assign, assignment]
        return parser

    def execute(self, *args: Any, **options: Any) -> Any:
        """As ever, but a refusal is told in its own words alone, without the name of a Python class before it."""
        try:
            return super().execute(*args, **options)
        except CommandError as refused:
            if not self._called_from_command_line or options.get("traceback"):
                raise
            self.stderr.write(str(refused))
            sys.exit(refused.returncode)

    def work(self, act: Callable[[], str], *, sources: list[Path], targets: list[Path]) -> None:
        """Runs `act` and prints what it says. Checks first that sources can be read and targets written."""
        for path in sources:
            if not path.is_file():
                raise WrongUsage(f"找不到文件：{path}")
        for path in targets:
            if path.is_dir() or not os.access(path.resolve().parent, os.W_OK):
                raise WrongUsage(f"无法写入：{path}（目录不存在或不可写，或它本身是目录）")
            if path.resolve() in {source.resolve() for source in sources}:
                raise WrongUsage(f"输出文件不能就是输入文件：{path}")
        try:
            said = act()
        except DataRefused as refused:
            raise CommandError(str(refused), returncode=1) from refused
        except OSError as error:
            raise WrongUsage(f"文件读写失败：{error}") from error
        self.stdout.write(said)


_PARSER_WORDS = (
    ("the following arguments are required: ", "缺少参数："),
    ("unrecognized arguments: ", "不认识的参数："),
    ("invalid choice: ", "取值有误："),
    ("(choose from ", "（可选 "),
    ("expected one argument", "后面应有一个值"),
    ("argument ", "参数 "),
)


def whole(text: str) -> int:
    """argparse type: a whole number from 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= 3660:
        raise argparse.ArgumentTypeError(f"“{text}”应为 1 至 3660 的整数")
    return number


def shares(text: str) -> list[float]:
    """argparse type: quantile levels, 0.1,0.5,0.9."""
    try:
        found = [float(part) for part in text.replace("，", ",").split(",") if part.strip()]
    except ValueError:
        found = []
    if not found or not all(0 < share < 1 for share in found) or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError(f"“{text}”应为 0 与 1 之间互不相同的小数，以逗号分隔，如 0.1,0.5,0.9")
    return found


def day(text: str) -> dt.date:
    """argparse type: a date."""
    try:
        return parse_date(text)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"“{text}”应为日期，如 2026-11-21") from None
