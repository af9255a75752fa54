import logging
import os
import socket
import threading
import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone
from django.utils.module_loading import import_string

from formulary.actions import jobs

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "执行后台任务；可在任意多台机器上启动任意多个。"

    def add_arguments(self, parser):
        parser.add_argument("--batch", action="store_true", help="做完排队的任务后退出")

    def handle(self, *, batch, **options):
        jobs.reap(now=timezone.now())
        threading.Thread(target=_keep_reaping, daemon=True).start()
        call_command(
            "db_worker",
            interval=0.5,
            reload=False,
            batch=batch,
            startup_delay=not batch,
            worker_id=f"{socket.gethostname()}-{os.getpid()}"[:64],
        )


def _keep_reaping():
    ticked = 0.0
    while True:
        time.sleep(settings.JOB_STALE_SECONDS / 4)
        jobs.reap(now=timezone.now())
        if time.monotonic() - ticked >= settings.TICK_SECONDS:
            ticked = time.monotonic()
            tick()


def tick():
    """One round of what is due by the clock; a fault of one must not end the worker."""
    for path in settings.TICKS:
        try:
            import_string(path)(now=timezone.now())
        except Exception:
            logger.exception("tick %s failed", path)
