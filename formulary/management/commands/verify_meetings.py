from django.core.management.base import BaseCommand, CommandError

from formulary.queries.seals import verify_meetings


class Command(BaseCommand):
    help = "重算全部会议的封存哈希：票箱、议题、纪要与文件；任何改动都会指出。"

    def handle(self, **options):
        broken = 0
        for meeting, checked in verify_meetings():
            faults = [one for one in checked if one.fault]
            self.stdout.write(f"{meeting}：{len(checked)} 项，{'完整' if not faults else f'{len(faults)} 处异常'}")
            for one in faults:
                self.stderr.write(f"  {one.name}：{one.fault}")
            broken += len(faults)
        if broken:
            raise CommandError("封存不完整", returncode=1)
