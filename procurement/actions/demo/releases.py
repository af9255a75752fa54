"""What follows a meeting: publicity with objections, the second version, notices, the run-down of what left the list."""

from __future__ import annotations

import datetime as dt

from formulary.actions import notices, publicity, run_down, versions
from formulary.models import FormularyVersion, Meeting, Publicity, VersionNotice
from formulary.queries.version_checks import obstacles
from formulary.rules.versions import VersionRefused
from procurement.actions.demo.decisions import DAY, EXCEPTION, Past, decisions

IN_FORCE_FOR = 12
READ_BY = ("yaoshi-h01", "yaoshi-t01", "yaoshi-t02", "yaoshi-t03", "yaoshi-t05", "yaoshi-t08", "yaoshi-t11")
PLANNED_BY = ("yaoshi-h01", "yaoshi-t01", "yaoshi-t03")
CONTACT = "委员会办公室（县人民医院药学部），电话 025-0000 0000"


def announce(past: Past, meeting: Meeting, key: str, title: str) -> Publicity:
    """Shows what the meeting passed, the day after it."""
    shown = [past.made[row["键"]] for row in decisions() if row["公示"] == key]
    return publicity.announce(
        past.loading.alliance,
        shown,
        title=title,
        contact=CONTACT,
        by=past.secretary,
        now=meeting.starts_at + DAY,
    )


def objection(past: Past, shown: Publicity, key: str, username: str, text: str, answer: str = "") -> None:
    """By the person's institution a day later; without an answer it waits for one."""
    person, now = past.people[username], shown.announced_at + dt.timedelta(hours=20)
    site = person.active_memberships[0].institution
    assert site is not None
    made = publicity.object_to(shown, past.made[key], institution=site, text=text, by=person, now=now)
    if answer:
        publicity.answer(made, outcome="dismissed", text=answer, by=past.secretary, now=now + DAY)


def publish_second(past: Past, shown: Publicity) -> FormularyVersion:
    """The version of what was cleared and chosen; published the day after the publicity ended, in force some days later."""
    by = past.secretary
    ended = shown.announced_at + dt.timedelta(days=(shown.closes_on - shown.opens_on).days + 1)
    publicity.end(shown, by=by, now=ended)
    now = ended + DAY
    effective = past.ago(IN_FORCE_FOR).date()
    draft = versions.draft_next(past.loading.alliance, effective_from=effective, by=by, now=now)
    chosen = [past.made[row["键"]].pk for row in decisions() if row["编入"]]
    draft = versions.take(draft, chosen, by=by, now=now)
    note = "按委员会会议决议调整，演示数据。"
    document = "淳川医共体药事〔演示〕4号"
    draft = versions.describe(
        draft, title=draft.title, effective_from=effective, document=document, note=note, by=by, now=now
    )
    _except_what_stands(past, draft, now)
    return versions.publish(draft, by=by, now=now)


def _except_what_stands(past: Past, draft: FormularyVersion, now: dt.datetime) -> None:
    for one in obstacles(draft).findings:
        if one.blocks:
            versions.except_finding(draft, one.key, EXCEPTION, by=past.secretary, now=now)
    left = obstacles(draft).blocking
    if left:
        raise VersionRefused("；".join(left))


def follow_up(past: Past, version: FormularyVersion) -> None:
    """Some institutions have read the notice and confirmed what they do with what left the list."""
    read = past.ago(IN_FORCE_FOR) + 2 * DAY
    notices_of = {row.institution_id: row for row in VersionNotice.objects.filter(version=version)}
    for username in READ_BY:
        person = past.people[username]
        site = next(row.institution for row in person.active_memberships if row.institution is not None)
        notices.confirm_read(notices_of[site.pk], institution=site, by=person, now=read)
    run_down.replan(version, by=past.secretary, now=past.ago(1))
    for username in PLANNED_BY:
        person = past.people[username]
        site = next(row.institution for row in person.active_memberships if row.institution is not None)
        for row in version.run_downs.filter(institution=site, confirmed_at=None).select_related("presentation"):
            run_down.confirm(row, institution=site, note="按计划用完，不再订购", by=person, now=past.ago(1))
