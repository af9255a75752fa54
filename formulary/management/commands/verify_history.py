from django.core.management.base import BaseCommand, CommandError

from formulary import queries


class Command(BaseCommand):
    help = "核验操作记录的哈希链；任何改动、缺失都会指出。"

    def handle(self, **options):
        broken = 0
        for name, count, breaks in queries.verify_history():
            self.stdout.write(f"{name}：{count} 条，{'完整' if not breaks else f'{len(breaks)} 处异常'}")
            for place in breaks:
                self.stderr.write(f"  {place.reason}")
            broken += len(breaks)
        if broken:
            raise CommandError("操作链不完整", returncode=1)
