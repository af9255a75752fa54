"""Opens price cases, writes down what was said, decides, and follows up until it is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from config.access import Permission
from formulary.actions.history import record
from formulary.models import Alliance, Person, Product
from formulary.queries import scope_of
from procurement.actions.prices import PriceRefused, file_outside
from procurement.models import PriceCase, PriceCaseNote
from procurement.queries.price_cases import price_now, uncovered
from procurement.queries.settings import buying_settings
from procurement.rules import price_cases as rules
from procurement.rules.price_cases import Finding, PriceCaseRefused, Verb

BY_ITSELF: dict[int, dt.date] = {}
"""The day this process last opened cases by itself, by alliance."""


def tick(*, now: dt.datetime) -> None:
    """Once a day: opens the cases that need nobody's word (rule value price.case_auto). For settings.TICKS."""
    today = timezone.localdate(now)
    for alliance in Alliance.objects.order_by("pk"):
        if BY_ITSELF.get(alliance.pk) != today:
            open_found(alliance, by=None, now=now)
            BY_ITSELF[alliance.pk] = today


def open_found(
    alliance: Alliance, *, by: Person | None, now: dt.datetime, events: Collection[str] | None = None
) -> list[PriceCase]:
    """A case for each event without one: those named, else the kinds of `price.case_auto`. Twice opens nothing twice."""
    if by is not None:
        _officer(by, alliance)
    today = timezone.localdate(now)
    settings = buying_settings(alliance, today)
    kinds = set(settings["price.case_auto"])
    with transaction.atomic():
        Alliance.objects.select_for_update().get(pk=alliance.pk)
        wanted = [
            one
            for one in uncovered(alliance, today=today)
            if (one.kind in kinds if events is None else one.event in events)
        ]
        due = today + dt.timedelta(days=int(settings["price.case_days"]))
        return list(_open(alliance, wanted, due, by=by, now=now))


def _open(
    alliance: Alliance, found: Iterable[Finding], due: dt.date, *, by: Person | None, now: dt.datetime
) -> Iterable[PriceCase]:
    today = timezone.localdate(now)
    head = f"JG{today:%Y}-"
    serial = PriceCase.objects.filter(alliance=alliance, number__startswith=head).count()
    for number, one in enumerate(found, start=serial + 1):
        case = PriceCase.objects.create(
            alliance=alliance, number=f"{head}{number:04d}", event=one.event, kind=one.kind, level=one.level,
            title=one.title[:200], why=one.why[:300], product_id=one.product, supplier_id=one.supplier,
            order_id=one.order, price=one.price, evidence=one.evidence, state=rules.DETECTED, owner=by, due_on=due,
            opened_at=now, opened_by=by,
        )  # fmt: skip
        _noted(case, "立案", by=by, now=now, words=one.why, data={"event": one.event})
        yield case


def take(case: PriceCase, owner: Person, due_on: dt.date, *, by: Person, now: dt.datetime) -> PriceCase:
    """Who settles it and until when."""
    with transaction.atomic():
        found = _locked(case, Verb.TAKE, by)
        if not any(row.alliance_id == found.alliance_id for row in owner.active_memberships):
            raise PriceCaseRefused("责任人应为本医共体人员")
        if due_on < timezone.localdate(now):
            raise PriceCaseRefused("办结期限应不早于今天")
        found.owner, found.due_on = owner, due_on
        found.save(update_fields=["owner", "due_on"])
        words = f"责任人 {owner}，{due_on} 前办结"
        _noted(found, rules.MOVES[Verb.TAKE].label, by=by, now=now, words=words, data={"owner": owner.username})
    return found


def talk(
    case: PriceCase, on: dt.date, contact: str, words: str, price: Decimal | None, *, by: Person, now: dt.datetime
) -> PriceCase:  # fmt: skip
    """约谈 or 询价 with the supplier: whom with, what was said, what price was offered."""
    lacking = [
        ask for text, ask in ((contact, "请填写对方单位与联系人"), (words, "请填写说明内容")) if not text.strip()
    ]
    if on > timezone.localdate(now):
        lacking.append("约谈日应不晚于今天")
    if lacking:
        raise PriceCaseRefused("；".join(lacking))
    with transaction.atomic():
        found = _locked(case, Verb.TALK, by)
        _moved(found, Verb.TALK)
        _noted(
            found, "约谈询价", by=by, now=now, words=words, on=on, contact=contact.strip()[:120], price=price,
            data={"price": price},
        )  # fmt: skip
    return found


def decide(
    case: PriceCase, outcome: str, words: str, replacement: Product | None = None, *, by: Person, now: dt.datetime
) -> PriceCase:
    """What is to be done about it. Raises PriceCaseRefused with all that lacks."""
    with transaction.atomic():
        found = _locked(case, Verb.DECIDE, by)
        lacking = rules.decision_faults(outcome, words, replacement, has_order=found.order_id is not None)
        if replacement is not None and replacement.pk == found.product_id:
            lacking.append("改用的产品应与原产品不同")
        if lacking:
            raise PriceCaseRefused("；".join(lacking))
        found.outcome, found.words = outcome, words.strip()[:300]
        found.replacement = replacement if outcome == rules.SWITCH else None
        found.save(update_fields=["outcome", "words", "replacement"])
        _moved(found, Verb.DECIDE)
        _noted(found, f"确定处理：{rules.OUTCOMES[outcome]}", by=by, now=now, words=words, data={"outcome": outcome})
    return found


def dismiss(case: PriceCase, words: str, *, by: Person, now: dt.datetime) -> PriceCase:
    """A false alarm ends the case at once, with the reason."""
    if not words.strip():
        raise PriceCaseRefused("请写明为什么是误报")
    with transaction.atomic():
        found = _locked(case, Verb.DISMISS, by)
        found.outcome, found.words, found.closed_at, found.closed_by = rules.FALSE, words.strip()[:300], now, by
        found.state = rules.MOVES[Verb.DISMISS].after
        found.save(update_fields=["outcome", "words", "closed_at", "closed_by", "state"])
        _noted(found, "认定误报", by=by, now=now, words=words, data={})
    return found


def correct(case: PriceCase, words: str, filing: str = "", *, by: Person, now: dt.datetime) -> PriceCase:
    """It has been done. A price cut must be seen in the offers; a filing and a report name their number."""
    if not words.strip():
        raise PriceCaseRefused("请写明落实情况")
    with transaction.atomic():
        found = _locked(case, Verb.CORRECT, by)
        if found.outcome in (rules.FILE, rules.REPORT) and not filing.strip():
            raise PriceCaseRefused("请填写备案号或上报文号")
        now_price = price_now(found, timezone.localdate(now)) if found.outcome == rules.CUT else None
        high = rules.still_high(found.outcome, found.price, now_price)
        if high:
            raise PriceCaseRefused(high)
        if found.outcome == rules.FILE and found.order is not None:
            try:
                file_outside(found.order, filing, by=by, now=now)
            except PriceRefused as refused:
                raise PriceCaseRefused(str(refused)) from refused
        found.filing = filing.strip()[:60]
        found.save(update_fields=["filing"])
        _moved(found, Verb.CORRECT)
        _noted(found, "落实", by=by, now=now, words=words, price=now_price, data={"filing": found.filing})
    return found


def close(case: PriceCase, *, by: Person, now: dt.datetime) -> PriceCase:
    with transaction.atomic():
        found = _locked(case, Verb.CLOSE, by)
        found.closed_at, found.closed_by, found.state = now, by, rules.CLOSED
        found.save(update_fields=["closed_at", "closed_by", "state"])
        late = max(0, (timezone.localdate(now) - found.due_on).days)
        _noted(found, "办结", by=by, now=now, words=f"逾期 {late} 天" if late else "", data={"late_days": late})
    return found


def _moved(case: PriceCase, verb: Verb) -> None:
    case.state = rules.MOVES[verb].after or case.state
    case.save(update_fields=["state"])


def _noted(
    case: PriceCase, verb: str, *, by: Person | None, now: dt.datetime, words: str, data: dict[str, object],
    on: dt.date | None = None, contact: str = "", price: Decimal | None = None,
) -> None:  # fmt: skip
    PriceCaseNote.objects.create(
        case=case, verb=verb[:20], on=on or timezone.localdate(now), contact=contact, words=words.strip()[:500],
        price=price, at=now, by=by,
    )  # fmt: skip
    record(f"价格个案{verb}"[:40], case, alliance=case.alliance, by=by, now=now, data={"state": case.state, **data})


def _officer(by: Person, alliance: Alliance) -> None:
    scope = scope_of(by, Permission.RUN_PLANS)
    if scope is None or scope.alliance.pk != alliance.pk:
        raise PriceCaseRefused("只有采购员可以办理价格个案")


def _locked(case: PriceCase, verb: Verb, by: Person) -> PriceCase:
    """The owner may note and carry out; assigning and closing is the officer's."""
    PriceCase.objects.select_for_update().get(pk=case.pk)
    found = PriceCase.objects.select_related("alliance", "supplier", "product", "order__alliance").get(pk=case.pk)
    own = found.owner_id == by.pk and verb in (Verb.TALK, Verb.CORRECT)
    if not own:
        _officer(by, found.alliance)
    rules.check(verb, found.state)
    return found
