"""Tenders as they run: progress against time by product and institution, alerts, and what the end will look like."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from formulary.models import Institution
from formulary.queries import Scope
from procurement.models import Commitment, Offer, Payable, Tender, TenderProduct, VolumeTransfer
from procurement.queries.settings import buying_settings
from procurement.rules import tender_progress as rules
from procurement.rules.periods import days_between
from procurement.rules.settings import Settings
from procurement.rules.tender_progress import Holding, Lines, Outlook
from shortage.models import CURRENT, Receipt

MONTH = 365 / 12
RANK = {rules.RED: 0, rules.YELLOW: 1, "": 2}


def lines_of(settings: Settings) -> Lines:
    return Lines(
        behind=float(settings["vbp.behind_share"]),
        red=float(settings["vbp.red_share"]),
        idle_days=int(settings["vbp.idle_days"]),
        end_warn=int(settings["vbp.end_warn_days"]),
        end_red=int(settings["vbp.end_red_days"]),
        nonwinning=float(settings["vbp.nonwinning_share"]),
    )


@dataclass
class Row:
    """One agreed volume (or several of one product together) beside what has come. Quantities in minimal units."""

    commitment: Commitment
    agreed: int
    bought: int
    passed: float
    level: str
    idle: bool
    last: dt.date | None
    outlook: Outlook
    terms: TenderProduct | None
    others: int = 0
    winning: int = 0
    too_many: bool = False

    @property
    def share(self) -> float:
        return rules.done_share(self.bought, self.agreed)

    @property
    def short(self) -> int:
        return max(0, self.agreed - self.bought)

    @property
    def percent(self) -> int:
        return min(100, int(self.share * 100))


@dataclass
class Progress:
    """A tender on a day: rows with the worst first, and its totals in yuan at award prices."""

    tender: Tender
    passed: float
    ending: str
    days_left: int
    rows: list[Row]
    agreed_value: Decimal = Decimal(0)
    bought_value: Decimal = Decimal(0)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def share(self) -> float:
        return float(self.bought_value / self.agreed_value) if self.agreed_value else 1.0


def tenders(scope: Scope) -> QuerySet[Tender]:
    return Tender.objects.filter(alliance=scope.alliance).order_by("-end", "code")


def tender_of_scope(scope: Scope, pk: int) -> Tender | None:
    return tenders(scope).select_related("alliance").filter(pk=pk).first()


def progress(tender: Tender, scope: Scope, *, today: dt.date, institution: str = "", level: str = "") -> Progress:
    """Every agreed volume within reach against time. An agreed volume of the whole alliance is seen by all."""
    lines = lines_of(buying_settings(tender.alliance, today))
    rows = Commitment.objects.filter(tender=tender).filter(
        Q(institution__in=scope.institution_ids) | Q(institution=None)
    )
    if institution:
        rows = rows.filter(institution__code=institution)
    commitments = list(rows.select_related("product__presentation", "institution"))
    terms = {each.product_id: each for each in tender.products.all()}
    came = _came(tender, {row.product_id for row in commitments}, today)
    mixed = _mixed(tender, {row.product.presentation_id for row in commitments}, set(terms), today)
    passed = rules.time_share(tender.start, tender.end, today)
    left = days_between(max(today + dt.timedelta(days=1), tender.start), tender.end) / MONTH
    found = [_row(row, terms.get(row.product_id), came, mixed, passed, left, today, lines) for row in commitments]
    result = Progress(tender, passed, rules.ending(tender.end, today, lines), (tender.end - today).days, [])
    for row in found:
        price = row.terms.award_price if row.terms else Decimal(0)
        result.agreed_value += row.agreed * price
        result.bought_value += min(row.bought, row.agreed) * price
    result.counts = {
        "red": sum(row.level == rules.RED for row in found),
        "yellow": sum(row.level == rules.YELLOW for row in found),
        "idle": sum(row.idle for row in found),
        "others": sum(row.too_many for row in found),
        "done": sum(row.bought >= row.agreed for row in found),
        "all": len(found),
    }
    kept = [row for row in found if _wanted(row, level)]
    result.rows = sorted(kept, key=lambda row: (RANK[row.level], row.share, row.commitment.pk))
    return result


def _wanted(row: Row, level: str) -> bool:
    tests = {
        "red": row.level == rules.RED,
        "yellow": row.level == rules.YELLOW,
        "idle": row.idle,
        "others": row.too_many,
    }
    return tests.get(level, True)


@dataclass
class _Came:
    monthly: dict[tuple[int, int | None], list[int]]
    last: dict[tuple[int, int | None], dt.date]


def _came(tender: Tender, products: set[int], today: dt.date) -> _Came:
    """Receipts by product and institution (None: all) in each whole month since the start, and the last day."""
    first = tender.start if tender.start.day == 1 else _next_month(tender.start)
    months, month = [], first
    while _next_month(month) <= today + dt.timedelta(days=1) and month <= tender.end:
        months.append(month)
        month = _next_month(month)
    place = {month: k for k, month in enumerate(months)}
    rows = Receipt.objects.filter(
        CURRENT, product__in=products, institution__alliance=tender.alliance, date__gte=tender.start, date__lte=today
    )
    sums = (
        rows.order_by()
        .annotate(month=TruncMonth("date"))
        .values_list("product_id", "institution_id", "month")
        .annotate(Sum("quantity"), Max("date"))
    )
    monthly: dict[tuple[int, int | None], list[int]] = defaultdict(lambda: [0] * len(months))
    last: dict[tuple[int, int | None], dt.date] = {}
    for product, site, month, quantity, day in sums:
        for key in ((product, site), (product, None)):
            if month in place:
                monthly[key][place[month]] += quantity
            last[key] = max(day, last.get(key, day))
    return _Came(monthly, last)


def _next_month(day: dt.date) -> dt.date:
    return dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _mixed(
    tender: Tender, drugs: set[int], winners: set[int], today: dt.date
) -> dict[tuple[int, int | None], list[int]]:
    """By drug and institution: units of the tender's products and of other products since the start."""
    rows = Receipt.objects.filter(
        CURRENT,
        product__isnull=False,
        presentation__in=drugs,
        institution__alliance=tender.alliance,
        date__gte=tender.start,
        date__lte=today,
    )
    found: dict[tuple[int, int | None], list[int]] = defaultdict(lambda: [0, 0])
    sums = rows.order_by().values_list("presentation_id", "institution_id", "product_id").annotate(Sum("quantity"))
    for drug, site, product, quantity in sums:
        for key in ((drug, site), (drug, None)):
            found[key][0 if product in winners else 1] += quantity
    return found


def _row(
    row: Commitment,
    terms: TenderProduct | None,
    came: _Came,
    mixed: dict[tuple[int, int | None], list[int]],
    passed: float,
    left: float,
    today: dt.date,
    lines: Lines,
) -> Row:
    key = (row.product_id, row.institution_id)
    winning, others = mixed[row.product.presentation_id, row.institution_id]
    last = came.last.get(key)
    return Row(
        commitment=row,
        agreed=row.quantity,
        bought=row.bought,
        passed=passed,
        level=rules.behind(row.bought, row.quantity, passed, lines),
        idle=rules.idle(
            last,
            row.tender.start,
            today,
            complete=row.bought >= row.quantity,
            lines=lines,
            end=row.tender.end,
            backup=terms is not None and terms.role == TenderProduct.Role.BACKUP,
        ),
        last=last,
        outlook=rules.outlook(row.bought, row.quantity, came.monthly[key], left),
        terms=terms,
        others=others,
        winning=winning,
        too_many=rules.too_many_nonwinners(winning, others, lines),
    )


@dataclass(frozen=True)
class Suggestion:
    giver: Commitment
    taker: Commitment
    quantity: int


def suggestions(found: Progress) -> list[Suggestion]:
    """Unspent volume that institutions with more use could take over, product by product; waiting ones left out."""
    waiting = set(
        VolumeTransfer.objects.filter(state="proposed", giver__tender=found.tender).values_list("giver_id", "taker_id")
    )
    by_product: dict[int, list[Row]] = defaultdict(list)
    for row in found.rows:
        if row.commitment.institution_id is not None:
            by_product[row.commitment.product_id].append(row)
    result = []
    for rows in by_product.values():
        known = {row.commitment.pk: row.commitment for row in rows}
        holdings = [
            Holding(
                key=row.commitment.pk,
                agreed=row.agreed,
                bought=row.bought,
                minimum=row.commitment.signed_minimum,
                expected=row.outlook.expected,
                pack=row.commitment.product.pack_size,
            )
            for row in rows
        ]
        result += [
            Suggestion(known[giver], known[taker], units)
            for giver, taker, units in rules.suggest(holdings)
            if (giver, taker) not in waiting
        ]
    return sorted(result, key=lambda each: (str(each.giver.product), -each.quantity))


def volume_transfers(tender: Tender, scope: Scope) -> QuerySet[VolumeTransfer]:
    reach = Q(giver__institution__in=scope.institution_ids) | Q(taker__institution__in=scope.institution_ids)
    rows = VolumeTransfer.objects.filter(reach, giver__tender=tender)
    return rows.select_related(
        "giver__institution",
        "taker__institution",
        "giver__product__presentation",
        "proposed_by",
        "giver_by",
        "taker_by",
    )


def assessment_figures(tender: Tender, institution: Institution, *, today: dt.date) -> dict[str, float | None]:
    """What the automatic items of the score sheet measure, as shares 0–1; None when nothing is known."""
    rows = Commitment.objects.filter(tender=tender, institution=institution).select_related("product")
    prices = dict(tender.products.values_list("product_id", "award_price"))
    agreed = sum((row.quantity * prices.get(row.product_id, Decimal(1)) for row in rows), Decimal(0))
    done = sum((min(row.bought, row.quantity) * prices.get(row.product_id, Decimal(1)) for row in rows), Decimal(0))
    drugs = {row.product.presentation_id for row in rows}
    mixed = _mixed(tender, drugs, set(prices), today)
    winning = sum(mixed[drug, institution.pk][0] for drug in drugs)
    others = sum(mixed[drug, institution.pk][1] for drug in drugs)
    bills = Payable.objects.filter(delivery__institution=institution, due_on__lte=today, due_on__gte=tender.start)
    due = bills.count()
    late = bills.filter(Q(paid_on=None) | Q(paid_on__gt=F("due_on"))).count()
    return {
        "completion": float(done / agreed) if agreed else None,
        "winner_share": winning / (winning + others) if winning + others else None,
        "paid_on_time": (due - late) / due if due else None,
    }


def surplus_inputs(tender: Tender, *, today: dt.date) -> list[dict[str, Any]]:
    """Per product of the tender: base volume (agreed ÷ share), prices, bought, and spend on others of the same drug."""
    shares = buying_settings(tender.alliance, today)["vbp.shares"]
    agreed: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for product, quantity, bought in Commitment.objects.filter(tender=tender).values_list(
        "product_id", "quantity", "bought"
    ):
        agreed[product][0] += quantity
        agreed[product][1] += bought
    terms = list(tender.products.select_related("product__presentation"))
    others = _spend_on_others(tender, terms, today)
    found = []
    for each in terms:
        quantity, bought = agreed[each.product_id]
        share = rules.agreed_share(each.winners, each.group, shares)
        found.append(
            {
                "code": each.product.code,
                "name": f"{each.product.presentation} {each.product.maker}",
                "share": share,
                "base": round(quantity / share),
                "prior_price": each.prior_price,
                "bought": bought,
                "award_price": each.award_price,
                "other_spend": others.get(each.product.presentation_id, Decimal(0)),
                "source": each.source,
            }
        )
    return found


def _spend_on_others(tender: Tender, terms: Iterable[TenderProduct], today: dt.date) -> dict[int, Decimal]:
    """Yuan spent since the start on products outside the tender of the same drugs, at their newest known price."""
    winners = {each.product_id for each in terms}
    drugs = {each.product.presentation_id for each in terms}
    rows = (
        Receipt.objects.filter(
            CURRENT,
            presentation__in=drugs,
            institution__alliance=tender.alliance,
            date__gte=tender.start,
            date__lte=today,
        )
        .exclude(product=None)
        .exclude(product__in=winners)
        .order_by()
        .values_list("presentation_id", "product_id")
        .annotate(Sum("quantity"))
    )
    sums = list(rows)
    offers = Offer.objects.filter(supplier__alliance=tender.alliance, product__in={row[1] for row in sums})
    prices = {
        product: price / pack
        for product, price, pack in offers.order_by("valid_from").values_list(
            "product_id", "price", "product__pack_size"
        )
    }
    found: dict[int, Decimal] = defaultdict(Decimal)
    for drug, product, quantity in sums:
        found[drug] += prices.get(product, Decimal(0)) * quantity
    return found
