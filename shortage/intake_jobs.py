"""The handler of large stock files: checks an upload, or writes it when a person has accepted it."""

from typing import Any

from django.utils import timezone

from formulary.actions.jobs import JobRun
from shortage.actions import uploads
from shortage.models import Upload


def stock_import(run: JobRun) -> dict[str, Any]:
    """Takes the step that the upload waits for; a second run finds it taken."""
    upload = Upload.objects.select_related("alliance", "by").get(pk=run.params["upload"])
    if upload.state == Upload.State.CHECKING:
        run.report(20, "读取并检查")
        uploads.check(upload)
    elif upload.state == Upload.State.ACCEPTING:
        run.report(30, "写入")
        uploads.write(upload, by=run.job.owner or upload.by, now=timezone.now())
    upload.refresh_from_db()
    return {"upload": upload.pk, "state": upload.state, "intake": upload.intake_id}
