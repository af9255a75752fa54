"""The handler of the scan for suggestions (settings.JOBS)."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from formulary.actions.assessments import assess_recent
from formulary.actions.jobs import JobRun
from formulary.actions.suggestions import scan


def suggestions(run: JobRun) -> dict[str, Any]:
    """One scan of the job's alliance as of today; a second run finds everything known."""
    run.report(10, "读取目录、名单、用量与价格")
    done = scan(run.job.alliance, on=timezone.localdate(), by=run.job.owner, now=timezone.now())
    run.report(70, "计算基药考核")
    assess_recent(run.job.alliance, today=timezone.localdate(), now=timezone.now())
    facts = {"新增": done.new, "仍在": done.again, "已消除": done.gone}
    return {"link": reverse("suggestion_list"), "facts": facts}
