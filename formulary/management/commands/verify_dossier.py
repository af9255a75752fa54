from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from formulary.actions.dossiers import check_dossier


class Command(BaseCommand):
    help = "核验版本卷宗：清单、文件、操作记录有无改动。"

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE.zip")

    def handle(self, *, file, **options):
        path = Path(file)
        if not path.is_file():
            raise CommandError(f"没有这个文件：{file}", returncode=2)
        verdict = check_dossier(path.read_bytes())
        if verdict.about:
            about = verdict.about
            self.stdout.write(
                f"{about['alliance_name']} 第 {about['version']} 版，{verdict.files} 个文件，{verdict.deeds} 条操作记录"
            )
        for words in verdict.notes:
            self.stdout.write(words)
        if not verdict.holds:
            raise CommandError("卷宗核验不通过：\n" + "\n".join(f"  {words}" for words in verdict.faults), returncode=1)
        self.stdout.write("卷宗完整，没有改动")
