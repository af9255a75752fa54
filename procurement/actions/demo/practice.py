"""What practice brought: prescription counts, lists of single institutions, findings accepted and dismissed."""

from __future__ import annotations

import csv
import datetime as dt
import io

from formulary.actions import assessments, subsets, suggestions
from formulary.models import Suggestion
from formulary.queries import evidence
from formulary.queries.allowed import allowed
from formulary.rules.assessment import quarter_of
from procurement.actions.demo.decisions import DAY, Past

HEADER = ("机构编码", "季度", "处方总数", "含基药处方数")
PRESCRIBED = {"二级": (18_600, 71), "基层": (4_200, 83), "村": (900, 88)}
KEEPS_A_LIST = {"CC-T02": "yuanzhang-t02", "CC-T05": "yuanzhang-t05"}
LIST_KEPT_FOR = 150
WISHED = "门诊常用，希望纳入本院目录"
DISMISSED = {
    "unused": (3, "季节性用药，流行季前不调出，明年一季度再看"),
    "vbp_won": (2, "两个规格临床用途不同，未中选规格仍有需要"),
}
ACCEPTED = ("vbp_won", "chronic")


def count_prescriptions(past: Past) -> int:
    """The last two whole quarters; the villages have not sent the last one yet."""
    last = quarter_of(quarter_of(past.loading.as_of) - DAY)
    before = quarter_of(last - DAY)
    return _import(past, before, 100, ("二级", "基层", "村")) + _import(past, last, 10, ("二级", "基层"))


def _import(past: Past, quarter: dt.date, days_ago: int, levels: tuple[str, ...]) -> int:
    name = f"{quarter.year}Q{(quarter.month + 2) // 3}"
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADER)
    for place, (code, site) in enumerate(sorted(past.sites.items())):
        if site.level in levels:
            many, share = PRESCRIBED[site.level]
            total = many + 137 * place
            writer.writerow((code, name, total, total * (share - place % 7 + quarter.month // 3) // 100))
    return assessments.import_prescriptions(
        past.loading.alliance,
        file.getvalue().encode(),
        name=f"处方数 {name}.csv",
        reach=[one.pk for one in past.sites.values()],
        by=past.secretary,
        now=past.ago(days_ago),
    )


def keep_own_lists(past: Past) -> int:
    """Two townships keep a list of their own: what they used in the last year, as it was then open to them."""
    now = past.ago(LIST_KEPT_FOR)
    may = allowed(past.loading.alliance, now.date())
    used = evidence.use(past.loading.alliance, None, past.loading.as_of, months=12)
    for code, username in KEEPS_A_LIST.items():
        site = past.sites[code]
        own = {row.presentation for row in used if row.institution == site.pk and row.quantity}
        opened = may.lines_open_to(site)
        person = past.people[username]
        subsets.change(site, add=sorted(own & opened), by=person, now=now, note="按近一年实际使用建立")
        wished = sorted(opened - own)[:2]
        pharmacist = past.people[username.replace("yuanzhang", "yaoshi")]
        subsets.propose(site, wished, verb="add", reason=WISHED, by=pharmacist, now=past.ago(4))
    return len(KEEPS_A_LIST)


def answer_findings(past: Past) -> int:
    """A first scan; some findings are dismissed with a reason, some become drafts of applications."""
    alliance, by = past.loading.alliance, past.secretary
    suggestions.scan(alliance, on=past.loading.as_of, by=by, now=past.ago(2))
    open_now = Suggestion.objects.filter(alliance=alliance, state="open").order_by("-weight", "pk")
    for trigger in ACCEPTED:
        first = open_now.filter(trigger=trigger).first()
        if first is not None:
            suggestions.accept(first, by=by, now=past.ago(1))
    for trigger, (many, reason) in DISMISSED.items():
        rows = list(open_now.filter(trigger=trigger).values_list("pk", flat=True)[:many])
        if rows:
            suggestions.dismiss(alliance, rows, reason=reason, by=by, now=past.ago(1))
    return Suggestion.objects.filter(alliance=alliance).exclude(state="open").count()
