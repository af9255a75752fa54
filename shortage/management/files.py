"""What the file-to-file commands share: no database, Chinese messages, exit codes 0, 1 (data) and 2 (usage)."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import CommandError

from config.command import ChineseCommand, WrongUsage
from formulary.rules.tables import DataRefused


class FileCommand(ChineseCommand):
    """A command that reads one file and writes others; refused data leave exit code 1 and no file."""

    requires_system_checks: list[str] = []
    requires_migrations_checks = False

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
