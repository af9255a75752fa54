"""The handler of large list files: checks an upload, or imports it when a person has accepted it."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from formulary.actions import list_uploads
from formulary.actions.jobs import JobRun
from formulary.models import ListUpload


def list_import(run: JobRun) -> dict[str, Any]:
    """Takes the step that the upload waits for; a second run finds it taken."""
    upload = ListUpload.objects.select_related("alliance", "by").get(pk=run.params["upload"])
    if upload.state == ListUpload.State.CHECKING:
        run.report(20, "读取、检查并比对")
        list_uploads.check(upload, now=timezone.now())
    elif upload.state == ListUpload.State.ACCEPTING:
        run.report(30, "写入并匹配名称")
        list_uploads.write(upload, by=run.job.owner or upload.by, now=timezone.now())
    upload.refresh_from_db()
    return {"link": reverse("list_import_detail", args=[upload.pk]), "facts": {"状态": upload.get_state_display()}}
