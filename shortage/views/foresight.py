"""How good the warnings were: calibration, monthly back-test, replay."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from config.access import Permission, can
from formulary.actions import jobs
from formulary.models import Institution, Job, Presentation
from formulary.views.guards import requires
from shortage.actions import backtesting, thresholds
from shortage.forecasting.reliability import Tally
from shortage.foresight_forms import AdoptForm, BudgetForm, ReplayForm, span_of
from shortage.models import Feed, Trial
from shortage.queries import foresight, watch_settings

PAGES = (("foresight", "概率校准"), ("foresight_backtest", "预测回测"), ("foresight_replay", "预警回放"))
PER_PAGE = 20


def tabs(active):
    return [{"label": label, "url": reverse(name), "active": name == active} for name, label in PAGES]


@requires(Permission.SEE_ALERTS)
def calibration(request):
    """Told against seen, for one of the three horizons."""
    asked = request.GET.get("days", "14")
    days = int(asked) if asked in map(str, foresight.HORIZONS) else 14
    found = foresight.judged(request.scope.alliance, days, timezone.localdate())
    url = reverse("foresight")
    context = {
        "tabs": tabs("foresight"),
        "horizons": [
            {"label": f"{one} 天内", "url": f"{url}?days={one}", "active": one == days} for one in foresight.HORIZONS
        ],
        "found": found,
        "chart": found.chart(),
        "map_chart": found.map_chart(),
        "bars": [row | {"gap": f"{(row['seen'] - row['told']) * 100:+.1f} 个百分点"} for row in found.bars()],
        "facts": facts_of(found),
    }
    return render(request, "shortage/foresight_calibration.html", context)


def facts_of(found):
    """What the calibration of tonight rests on."""
    nights = {"watch": "每日监测", "replay": "历史回放"}
    told = "，".join(f"{nights[source]} {count} 夜" for source, count in sorted(found.nights.items(), reverse=True))
    learned = found.learned
    return [
        ("依据的夜数", told or "无"),
        ("折合独立例数", f"{learned.get('independent', 0):,.0f}（相邻几夜看的是同一段时间，只算一次）"),
        ("折合独立断货", f"{learned.get('events', 0):,.0f} 次，至少 {found.least_events} 次才校准"),
        ("今天是否校准", "是" if found.trusted else f"否：{found.why_not}"),
    ]


@requires(Permission.SEE_ALERTS)
def replay(request):
    return _replay(request)


def _replay(request, form=None, status=200):
    alliance, today = request.scope.alliance, timezone.localdate()
    found = foresight.trial(alliance, Trial.Kind.REPLAY, request.GET.get("trial", ""))
    newest = _newest(alliance)
    context = {
        "tabs": tabs("foresight_replay"),
        "found": found,
        "others": foresight.trials(alliance, Trial.Kind.REPLAY)[:10],
        "may_run": can(request.user, Permission.RUN_WATCH) and newest is not None,
        "form": form or (ReplayForm(initial=span_of(newest), newest=newest) if newest else None),
        **_job(request, "replay"),
    }
    if found is not None:
        context |= _told(request, found, watch_settings(alliance, today)[0].orange_p14)
    return render(request, "shortage/foresight_replay.html", context, status=status)


def _told(request, found, current):
    """The table, the row looked at, and the empty shelves that it would have missed."""
    table = found.result["table"]
    budget = BudgetForm(request.GET or None)
    asked = budget.cleaned_data.get("per_day") if budget.is_bound and budget.is_valid() else None
    afforded = foresight.affordable(table, asked) if asked else None
    looked = _number(request.GET.get("threshold"))
    row = foresight.chosen(table, looked or (afforded or {}).get("threshold") or current)
    row = row | {
        "hits": f"{row['right']:,} / {row['judged']:,} 条",
        "caught": f"{round((row['recall'] or 0) * found.result['falls']):,} / {found.result['falls']:,} 次",
        "load": f"全医共体每天 {row['per_day']:.1f} 条",
    }
    page = Paginator(foresight.misses(found, row["threshold"], request.scope.institution_ids), PER_PAGE).get_page(
        request.GET.get("page")
    )
    _name(page, row["threshold"])
    return {
        "table": table, "row": row, "current": foresight.chosen(table, current)["threshold"], "now": current,
        "budget": budget, "asked": asked, "afforded": afforded, "page": page,
        "chart": foresight.reliability_chart(Tally.from_lists(found.result["tally"])),
        "scores": Tally.from_lists(found.result["tally"]), "raw": Tally.from_lists(found.result["raw_tally"]),
        "may_set": can(request.user, Permission.SET_THRESHOLDS),
        "facts": _replayed(found), "missed": f"阈值 {row['threshold']:.0%} 时漏掉的断货，共 {page.paginator.count:,} 次",
    }  # fmt: skip


def _replayed(found):
    told, raw = (Tally.from_lists(found.result[name]) for name in ("tally", "raw_tally"))
    skill = "—" if told.skill is None else f"{told.skill:.1%}（校准前 {raw.skill:.1%}）"
    return [
        ("时段", f"{found.first} 至 {found.last}，每 {found.step_days} 天一夜"),
        ("夜数", f"{found.result['nights']:,}"),
        ("品规", f"{found.result['items']:,} 个机构品规"),
        ("断货", f"{found.result['falls']:,} 次"),
        ("药师", f"按 {found.result['pharmacists']} 人计"),
        ("技巧分", skill),
        ("说明", "每夜只用当日及以前的数据（按现在所知，含事后更正）"),
    ]


def _name(page, threshold):
    places = Institution.objects.in_bulk({row["institution"] for row in page})
    drugs = Presentation.objects.in_bulk({row["presentation"] for row in page})
    for row in page:
        row["place"], row["drug"] = places.get(row["institution"]), drugs.get(row["presentation"])
        row["why"] = foresight.why_missed(row, threshold)


@requires(Permission.RUN_WATCH)
@require_POST
def replay_start(request):
    form = ReplayForm(request.POST, newest=_newest(request.scope.alliance))
    if not form.is_valid():
        return _replay(request, form, status=422)
    given = form.cleaned_data
    params = {"first": given["first"].isoformat(), "last": given["last"].isoformat(), "step_days": given["step_days"]}
    return _start(request, "replay", f"预警回放 {given['first']} 至 {given['last']}", params)


@requires(Permission.RUN_WATCH)
def foresight_status(request, pk):
    """The polling fragment of either job; the page is asked for again when it is over."""
    job = get_object_or_404(Job, pk=pk, kind__in=["replay", "backtest"], alliance=request.scope.alliance)
    response = render(request, "components/job.html", {"job": job, "poll_url": request.path})
    if job.is_over:
        response["HX-Refresh"] = "true"
    return response


@requires(Permission.SET_THRESHOLDS)
@require_POST
def threshold_adopt(request, pk):
    found = get_object_or_404(Trial, pk=pk, kind=Trial.Kind.REPLAY, alliance=request.scope.alliance)
    form = AdoptForm(request.POST)
    try:
        value = form.cleaned_data["threshold"] if form.is_valid() else 0
        thresholds.set_orange(
            request.scope.alliance, value, trial=found, by=request.user, now=timezone.now(), today=timezone.localdate()
        )
        messages.success(request, f"自今日起，14 日缺货概率达到 {value:.0%} 即为橙色；下一次每日监测生效")
    except thresholds.ThresholdRefused as refused:
        messages.error(request, str(refused))
    return redirect(f"{reverse('foresight_replay')}?trial={pk}")


def _start(request, kind, title, params):
    alliance = request.scope.alliance
    running = Job.objects.filter(kind=kind, alliance=alliance, finished_at__isnull=True).first()
    job = running or jobs.start(
        kind, title=title, alliance=alliance, params=params, by=request.user, now=timezone.now()
    )
    return redirect(f"{reverse(f'foresight_{kind}')}?job={job.pk}")


def _job(request, kind):
    """The job under way, or the one just asked for, with the address that tells of it."""
    if not can(request.user, Permission.RUN_WATCH):
        return {}
    rows = Job.objects.filter(kind=kind, alliance=request.scope.alliance)
    job = rows.filter(finished_at__isnull=True).first()
    asked = request.GET.get("job", "")
    if job is None and asked.isdigit() and len(asked) < 18:
        job = rows.filter(pk=asked).exclude(state="done").first()
    return {"job": job, "poll_url": reverse("foresight_status", args=[job.pk])} if job else {}


def _newest(alliance):
    """The last day whose stock is here."""
    feeds = Feed.objects.filter(institution__alliance=alliance, kind=Feed.Kind.STOCK).order_by("-last_date")
    return feeds.values_list("last_date", flat=True).first()


def _number(text):
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if 0 < value < 1 else None


@requires(Permission.SEE_ALERTS)
def backtest(request):
    alliance = request.scope.alliance
    found = foresight.trial(alliance, Trial.Kind.BACKTEST, request.GET.get("trial", ""))
    context = {
        "tabs": tabs("foresight_backtest"),
        "found": found,
        "others": foresight.trials(alliance, Trial.Kind.BACKTEST)[:24],
        "due": backtesting.due(alliance, timezone.localdate()) if can(request.user, Permission.RUN_WATCH) else None,
        **_job(request, "backtest"),
    }
    if found is not None:
        context |= {"groups": foresight.scored(found), "whole": foresight.scored(found)[0]}
        context["chart"] = foresight.pinball_chart(found)
    return render(request, "shortage/foresight_backtest.html", context)


@requires(Permission.RUN_WATCH)
@require_POST
def backtest_start(request):
    month = backtesting.due(request.scope.alliance, timezone.localdate())
    if month is None:
        messages.info(request, "最近一个整月已经回测过，或历史还不够长")
        return redirect("foresight_backtest")
    return _start(request, "backtest", f"预测回测 {month:%Y-%m}", {"month": month.isoformat()})
