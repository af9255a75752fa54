"""`manage.py remind`: what the worker does every minute: escalation, daily summaries, messages that are due."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from shortage.actions import posting
from shortage.actions.reminding import tick


class Command(BaseCommand):
    help = "催办无人处置的预警、生成每日摘要；--send 同时就地发送到期的通知（不经后台任务）"

    def add_arguments(self, parser):
        parser.add_argument("--send", action="store_true", help="就地发送")

    def handle(self, *args, **options):
        done = tick(now=timezone.now())
        self.stdout.write(f"催办 {done.get('escalated', 0)} 条，摘要 {done.get('digests', 0)} 份")
        if options["send"]:
            sent = posting.deliver(None, now=timezone.now())
            self.stdout.write(f"发送 {sent['sent']}，稍后再试 {sent['later']}，未送达 {sent['failed']}")
