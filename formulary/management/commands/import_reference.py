import sys
from pathlib import Path

from django.utils import timezone

from config.command import ChineseCommand, day
from formulary.actions.reference import ReferenceRefused, import_reference, rejected_rows
from formulary.models import ListKind
from formulary.rules.tables import DataRefused


class Command(ChineseCommand):
    help = "导入政策目录（基药、医保、集采、医保代码、短缺、重点监控、召回）；再次导入同一文件不改变任何内容。"

    def add_arguments(self, parser):
        parser.add_argument("kind", choices=ListKind.values, help="目录种类")
        parser.add_argument("file", type=Path, help="xlsx、xls 或 CSV（UTF-8、GB18030）")
        parser.add_argument("--edition", required=True, help="版本，如 2024")
        parser.add_argument("--valid-from", required=True, type=day, help="生效日，如 2025-01-01")
        parser.add_argument("--valid-to", type=day, help="失效日")
        parser.add_argument("--document", default="", help="文号")
        parser.add_argument("--dry-run", action="store_true", help="只检查和预览，不写入")

    def handle(self, *, kind, file, dry_run, **options):
        if not file.is_file():
            self.stderr.write(f"找不到文件：{file}")
            sys.exit(2)
        wanted = {key: options[key] for key in ("edition", "valid_from", "valid_to", "document")}
        try:
            result = import_reference(kind, file, **wanted, by=None, now=timezone.now(), dry_run=dry_run)
        except (DataRefused, ReferenceRefused) as refused:
            rejected = rejected_rows(refused) if isinstance(refused, DataRefused) else 0
            self.stdout.write(f"新增 0 变更 0 不变 0 拒收 {rejected}")
            self.stderr.write(str(refused))
            sys.exit(1)
        self.stdout.write(f"{'（预览，未写入）' if dry_run else ''}{summary(result)}")
        for note in result.notes:
            self.stdout.write(f"说明：{note}")


def summary(result):
    counts = f"新增 {result.new} 变更 {result.changed} 不变 {result.unchanged} 拒收 {result.rejected}"
    more = [f"新品种 {result.medicines}", f"待审名称 {result.queued}"]
    if result.absent:
        more.append(f"文件中未出现而保留 {result.absent}")
    return f"{counts}；{'，'.join(more)}"
