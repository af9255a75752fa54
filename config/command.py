"""What every command shares: Chinese messages alone on the error stream, exit codes 0, 1 (data) and 2 (usage)."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from formulary.rules.cells import parse_date


class WrongUsage(CommandError):
    """The command line itself is at fault: exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=2)


class ChineseCommand(BaseCommand):
    """A command whose refusals, of its arguments too, are told in Chinese."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        english = parser.error

        def error(message: str) -> None:
            for words, chinese in _PARSER_WORDS:
                message = message.replace(words, chinese)
            if not self._called_from_command_line:
                raise WrongUsage(message)
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


_PARSER_WORDS = (
    ("the following arguments are required: ", "缺少参数："),
    ("unrecognized arguments: ", "不认识的参数："),
    ("invalid choice: ", "取值有误："),
    ("(choose from ", "（可选 "),
    ("expected one argument", "后面应有一个值"),
    ("argument ", "参数 "),
)


def day(text: str) -> dt.date:
    """argparse type: a date, as people write it."""
    try:
        return parse_date(text)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"“{text}”应为日期，如 2026-11-21") from None
