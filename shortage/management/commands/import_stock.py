from pathlib import Path

from django.core.management.base import CommandError
from django.utils import timezone

from config.command import ChineseCommand
from formulary.models import Alliance
from formulary.rules.tables import DataRefused
from shortage.actions import intake, quality
from shortage.queries import stock as stock_queries
from shortage.rules.stock_file import Kind


class Command(ChineseCommand):
    help = "导入库存、消耗（或到货）文件：xlsx、xls、CSV（UTF-8 或 GB18030）。有任何一处问题就不写入。"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="文件；工作表或列说明是库存还是消耗")
        parser.add_argument("--dry-run", action="store_true", help="只检查并显示影响，不写入")
        parser.add_argument("--alliance", help="医共体编码；只有一个医共体时可省略")

    def handle(self, *, file, dry_run, alliance, **options):
        if not file.is_file():
            raise CommandError(f"找不到文件：{file}", returncode=2)
        owner = _alliance(alliance)
        try:
            seen = intake.preview(file, catalogue=stock_queries.catalogue(owner), today=timezone.localdate())
        except DataRefused as refused:
            raise CommandError(str(refused), returncode=1) from refused
        self._say(seen.effect)
        if seen.faults:
            raise CommandError(str(seen.refused), returncode=1)
        self.stdout.write(seen.effect.sentence)
        if dry_run:
            self.stdout.write("试运行，未写入任何内容")
            return
        done = intake.accept(seen, alliance=owner, by=None, now=timezone.now())
        touched = done.institutions.values_list("pk", flat=True)
        doubts = quality.check(owner, timezone.localdate(), now=timezone.now(), only=touched)
        self.stdout.write(
            f"已写入，接收编号 {done.pk}" + (f"；{doubts} 处数据待核对（见“数据核对”页）" if doubts else "")
        )

    def _say(self, effect):
        for kind, counts in effect.rows.items():
            words = {"created": "新增", "updated": "更改", "unchanged": "不变", "removed": "移除", "rejected": "拒绝"}
            line = "，".join(f"{word} {counts[name]:,}" for name, word in words.items())
            self.stdout.write(f"{Kind(kind).label}：{line}")
        for warning in effect.warnings:
            self.stdout.write(f"提醒：{warning}")


def _alliance(code):
    found = list(Alliance.objects.filter(code=code) if code else Alliance.objects.all()[:2])
    if len(found) == 1:
        return found[0]
    if code:
        raise CommandError(f"没有编码为 {code} 的医共体", returncode=2)
    raise CommandError(
        "系统中有多个医共体，请用 --alliance 指明" if found else "系统中还没有医共体，请先建立", returncode=2
    )
