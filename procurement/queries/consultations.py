"""What a consultation would speak of today, the meetings, and decisions that wait."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from formulary.models import Person
from formulary.queries import Scope
from procurement.models import Consultation, Decision
from procurement.queries.orders import arrears
from procurement.queries.price_cases import cases, uncovered
from procurement.queries.settings import buying_settings
from procurement.queries.suppliers import scorecards
from procurement.queries.tenders import progress, tenders
from procurement.rules import consultations as rules
from procurement.rules.consultations import Topic
from procurement.rules.price_cases import Finding, overdue_days
from shortage.models import LIVE, Alert
from shortage.queries import cases as shortages


def topics_of(scope: Scope, *, today: dt.date) -> list[Topic]:
    """Everything that is wrong today: open decisions, lagging tenders, red alerts, prices, arrears, late distributors."""
    found = [*_carried(scope, today), *_tenders(scope, today), *_shortages(scope, today), *_alerts(scope)]
    found += _prices(scope, today)
    return [*found, *_arrears(scope, today), *_suppliers(scope, today)]


def _carried(scope: Scope, today: dt.date) -> list[Topic]:
    rows = Decision.objects.filter(consultation__alliance=scope.alliance, done_at=None, due_on__lt=today)
    return [
        Topic(
            rules.CARRIED,
            rules.RED,
            row.text,
            f"{row.owner} 应于 {row.due_on} 办结，已逾期 {(today - row.due_on).days} 天",
            reverse("consultation_detail", args=[row.consultation_id]),
        )
        for row in rows.select_related("owner")
    ]


def _tenders(scope: Scope, today: dt.date) -> list[Topic]:
    found = []
    for tender in tenders(scope).filter(start__lte=today, end__gte=today):
        seen = progress(tender, scope, today=today)
        late = seen.counts["red"] + seen.counts["yellow"]
        if late or seen.ending:
            found.append(
                Topic(
                    rules.TENDER,
                    rules.RED if seen.counts["red"] or seen.ending == "red" else rules.YELLOW,
                    tender.name,
                    f"执行 {seen.share:.1%}，时间 {seen.passed:.1%}；落后 {late} 项（严重 {seen.counts['red']} 项），"
                    f"距到期 {seen.days_left} 天",
                    reverse("tender_detail", args=[tender.pk]),
                )
            )
    return found


def _alerts(scope: Scope) -> list[Topic]:
    rows = (
        Alert.objects.filter(LIVE, institution__in=scope.institution_ids, level="red")
        .order_by()
        .values("presentation__name", "presentation__strength")
        .annotate(places=Count("institution", distinct=True), short=Count("pk", filter=Q(drug_short=True)))
        .order_by("-places", "presentation__name")
    )
    return [
        Topic(
            rules.ALERT,
            rules.RED if row["places"] > 1 or row["short"] else rules.ORANGE,
            f"{row['presentation__name']} {row['presentation__strength']}",
            f"{row['places']} 家机构红色预警" + ("，药品本身短缺" if row["short"] else ""),
            reverse("alert_list") + "?level=red",
        )
        for row in rows
    ]


def _shortages(scope: Scope, today: dt.date) -> list[Topic]:
    """Open shortage files: where they stand and when supply returns."""
    found = []
    for case in shortages.cases(scope):
        file = shortages.CaseFile(case, scope)
        red, late = file.counts.get("red", 0), bool(case.expected_on and case.expected_on < today)
        when = f"预计 {case.expected_on} 恢复" if case.expected_on else "恢复时间不明"
        moved = file.moved
        facts = f"{case.number}，{case.since} 起，红色预警 {red} 家，{when}" + ("（已过）" if late else "")
        facts += (f"，{moved}" if moved else "") + f"，责任人 {case.owner}"
        level = rules.RED if red > 1 or late else rules.ORANGE
        found.append(Topic(rules.ALERT, level, f"短缺专案：{case.drug}", facts, reverse("case_detail", args=[case.pk])))
    return found


def _prices(scope: Scope, today: dt.date) -> list[Topic]:
    """Open cases with whoever settles them; findings without a case. What was settled is not spoken of again."""
    found = []
    for case in cases(scope, today=today):
        late = overdue_days(case.due_on, case.state, today)
        words = f"{case.why}；{case.get_state_display()}，责任人 {case.owner or '未指定'}，应于 {case.due_on} 办结"
        found.append(
            Topic(
                rules.PRICE,
                rules.RED if case.level == "red" or late else rules.YELLOW,
                f"{case.title}（{case.number}）",
                words + (f"，已逾期 {late} 天" if late else ""),
                reverse("pricecase_detail", args=[case.pk]),
            )
        )
    return [*found, *_findings(scope, today)]


def _findings(scope: Scope, today: dt.date) -> list[Topic]:
    """One topic a product, however many flags it has."""
    by_product: dict[int, list[Finding]] = {}
    for one in uncovered(scope.alliance, today=today):
        if one.product is not None:
            by_product.setdefault(one.product, []).append(one)
    return [
        Topic(
            rules.PRICE,
            rules.RED if any(one.level == "red" for one in same) else rules.YELLOW,
            same[0].title,
            "；".join(one.why for one in same),
            reverse("price_detail", args=[product]),
        )
        for product, same in by_product.items()
    ]


def _arrears(scope: Scope, today: dt.date) -> list[Topic]:
    return [
        Topic(
            rules.ARREARS,
            rules.RED,
            row.name,
            f"逾期货款 {row.overdue:,.2f} 元，最长逾期 {row.oldest_days} 天",
            reverse("payable_list") + f"?state=overdue&supplier={row.code}",
        )
        for row in arrears(scope, today=today)
        if row.overdue
    ]


def _suppliers(scope: Scope, today: dt.date) -> list[Topic]:
    settings, found = buying_settings(scope.alliance, today), []
    share, most = float(settings["supplier.late_share"]), int(settings["supplier.late_orders"])
    for card in scorecards(scope, today=today):
        slow = card.on_time is not None and card.on_time < share
        if card.late_now and (slow or card.late_now >= most):
            punctual = "—" if card.on_time is None else f"{card.on_time:.1%}"
            found.append(
                Topic(
                    rules.SUPPLIER,
                    rules.ORANGE if slow else rules.YELLOW,
                    card.supplier.name,
                    f"逾期在途 {card.late_now} 单，按期率 {punctual}",
                    reverse("supplier_list"),
                )
            )
    return found


def consultations(scope: Scope) -> QuerySet[Consultation]:
    return Consultation.objects.filter(alliance=scope.alliance).annotate(
        made=Count("decisions"), waiting=Count("decisions", filter=Q(decisions__done_at=None))
    )


def consultation_of_scope(scope: Scope, pk: int) -> Consultation | None:
    return consultations(scope).select_related("alliance", "created_by").filter(pk=pk).first()


def decision_duty_count(person: Person) -> int:
    """Decisions that wait for this person: the counter in the menu."""
    return Decision.objects.filter(owner=person, done_at=None).count()
