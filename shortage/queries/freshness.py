"""Does the watch still watch, and whose data is late? Late means 没有数据, never 充足."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from formulary.models import Alliance, Institution
from shortage import series
from shortage.models import AlertLevel, Feed, WatchRun
from shortage.queries.settings import watch_settings
from shortage.queries.store import gives_only


def latest_run(alliance: Alliance, as_of: dt.date | None = None) -> WatchRun | None:
    """The newest pass of the watch, not after `as_of` when given."""
    runs = WatchRun.objects.filter(alliance=alliance).order_by("-as_of")
    return (runs.filter(as_of__lte=as_of) if as_of else runs).first()


def watch_summary(run: WatchRun) -> str:
    """One readable paragraph about a pass, for the command line."""
    counts = run.counts
    levels = "、".join(f"{AlertLevel(level).label} {counts.get(level, 0)}" for level in AlertLevel.values)
    lines = [
        f"{run.alliance}　截至 {run.as_of}　用时 {run.seconds:.1f} 秒",
        f"  监测 {counts['series']:,} 个机构品规，预测 {counts['forecasts']:,}，评估风险 {counts['risks']:,}",
        f"  达到预警线：{levels}；新触发或升级 {counts['raised']}，通知 {counts['notices']} 条",
    ]
    late = [feed for feed in feed_states(run.alliance, run.as_of) if feed.late]
    if late:
        lines.append(
            f"  没有数据（{len(late)} 家机构）："
            + "；".join(f"{feed.institution.short_name} {feed.words}" for feed in late)
        )
    return "\n".join(lines)


@dataclass(frozen=True)
class FeedState:
    """Up to when an institution's data is here, seen from a day. late: 没有数据, its risk is not known."""

    institution: Institution
    stock: dt.date | None
    use: dt.date | None
    late: bool

    @property
    def words(self) -> str:
        parts = (("库存", self.stock), ("消耗", self.use))
        return "，".join(f"{name}至 {day:%m-%d}" if day else f"从未上报{name}" for name, day in parts)


def feed_states(alliance: Alliance, on: dt.date) -> list[FeedState]:
    """Every institution in use, the late ones first. A central store without patients reports no use and is not late."""
    _, _, habits = watch_settings(alliance, on)
    last, givers = series.last_days(alliance), gives_only(alliance)
    states = [
        FeedState(
            institution,
            last.get(institution.pk, {}).get(Feed.Kind.STOCK),
            last.get(institution.pk, {}).get(Feed.Kind.CONSUMPTION),
            institution.pk not in givers and series.is_late(last.get(institution.pk, {}), on, habits),
        )
        for institution in alliance.institutions.filter(active=True)
    ]
    return sorted(states, key=lambda state: not state.late)


@dataclass(frozen=True)
class Freshness:
    """Does the watch still watch? run: the newest pass; behind: days since its day (None when it never ran);
    stale: it has missed a night; feeds: state of every institution's data, the late ones first."""

    run: WatchRun | None
    behind: int | None
    stale: bool
    feeds: list[FeedState]

    @property
    def late(self) -> list[FeedState]:
        return [feed for feed in self.feeds if feed.late]


def freshness(alliance: Alliance, today: dt.date, institution_ids: frozenset[int] | None = None) -> Freshness:
    """The watchdog that pages show: a pass for yesterday or today is fresh."""
    run = latest_run(alliance)
    behind = (today - run.as_of).days if run else None
    on = run.as_of if run else today
    feeds = [f for f in feed_states(alliance, on) if institution_ids is None or f.institution.pk in institution_ids]
    return Freshness(run, behind, behind is None or behind > 1, feeds)
