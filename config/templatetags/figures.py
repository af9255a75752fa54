"""How figures are written for people: money, quantities, shares, days. Nothing to say is always “—”."""

import datetime as dt
import math
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django import template
from django.utils import timezone

register = template.Library()

NOTHING = "—"
WAN = Decimal(10_000)
YI = Decimal(100_000_000)


def _number(value) -> Decimal | None:
    """The value as Decimal, or None for what is no finite number (None, "", NaN, ∞, words)."""
    if value is None or value == "" or (isinstance(value, float) and not math.isfinite(value)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _fixed(number: Decimal, places: int) -> str:
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded + 0:,}"  # "+ 0" turns -0.00 into 0.00


@register.filter
def yuan(value) -> str:
    """Money to the cent: 12345.6 → 12,345.60. The column head says 元."""
    number = _number(value)
    return NOTHING if number is None else _fixed(number, 2)


@register.filter
def wan(value) -> str:
    """Money at a glance, with its unit: 9,876.50 元, 1.23 万元, 4.56 亿元."""
    number = _number(value)
    if number is None:
        return NOTHING
    # The rounded figure chooses the unit, so that 9,999.999 is never shown as 10,000.00 元.
    if abs(number.quantize(Decimal("0.01"), ROUND_HALF_UP)) < WAN:
        return f"{_fixed(number, 2)} 元"
    if abs((number / WAN).quantize(Decimal("0.01"), ROUND_HALF_UP)) < WAN:
        return f"{_fixed(number / WAN, 2)} 万元"
    return f"{_fixed(number / YI, 2)} 亿元"


@register.filter
def qty(value) -> str:
    """A quantity with thousands marks; integers stay integers, others keep at most two places."""
    number = _number(value)
    if number is None:
        return NOTHING
    text = _fixed(number, 0 if number == number.to_integral_value() else 2)
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def num(value, places=1) -> str:
    """A measured figure with fixed places: {{ cover|num }} → 12.3."""
    number = _number(value)
    return NOTHING if number is None else _fixed(number, int(places))


@register.filter
def signed(value) -> str:
    """A change: +18, -3, 0."""
    number = _number(value)
    if number is None:
        return NOTHING
    return f"+{qty(number)}" if number > 0 else qty(number)


@register.filter
def pct(value, places=1) -> str:
    """A share of one as percent: 0.583 → 58.3%."""
    number = _number(value)
    return NOTHING if number is None else f"{_fixed(number * 100, int(places))}%"


@register.filter
def share_points(value) -> str:
    """A change of a share in percentage points: -0.0023 → -0.23 个百分点."""
    number = _number(value)
    return NOTHING if number is None else f"{_fixed(number * 100, 2)} 个百分点"


@register.filter
def cell(value) -> str:
    """A cell of a drill table: numbers with thousands marks and at most four places, nothing as —, words as they are."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return NOTHING if value is None or value == "" else str(value)
    number = _number(value)
    if number is None:
        return NOTHING
    places = -number.as_tuple().exponent
    return _fixed(number, min(max(int(places), 0), 4))


@register.filter
def is_number(value) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _local(value: dt.datetime) -> dt.datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


@register.filter
def day(value) -> str:
    """A date as 2026-11-21 (a moment is shown by its local day)."""
    if not value:
        return NOTHING
    if isinstance(value, dt.datetime):
        return _local(value).date().isoformat()
    return value.isoformat() if isinstance(value, dt.date) else str(value)


@register.filter
def moment(value) -> str:
    """A moment as 2026-11-21 14:05, local time."""
    return f"{_local(value):%Y-%m-%d %H:%M}" if isinstance(value, dt.datetime) else day(value)


@register.filter
def ago(value, now=None) -> str:
    """How long ago (or in how long): 刚刚, 5 分钟前, 3 小时前, 昨天 14:05, 6 天前; after 30 days the date."""
    if not isinstance(value, dt.datetime):
        return _days_ago(value, now) if isinstance(value, dt.date) else NOTHING
    now = now or timezone.now()
    seconds = (now - value).total_seconds()
    side = "前" if seconds >= 0 else "后"
    size = abs(seconds)
    if size < 60:
        return "刚刚" if seconds >= 0 else "马上"
    if size < 3600:
        return f"{int(size // 60)} 分钟{side}"
    here, today = _local(value), _local(now).date()
    if here.date() == today:
        return f"{int(size // 3600)} 小时{side}"
    if here.date() == today - dt.timedelta(days=1):
        return f"昨天 {here:%H:%M}"
    return _days_ago(here.date(), today)


def _days_ago(value: dt.date, today: dt.date | None) -> str:
    days = ((today or timezone.localdate()) - value).days
    if abs(days) > 30:
        return value.isoformat()
    near = {0: "今天", 1: "昨天", -1: "明天"}
    return near.get(days) or (f"{days} 天前" if days > 0 else f"{-days} 天后")


@register.filter
def points(value) -> str:
    """Points of a score, exact fractions too: 78.5, 6, 3.33."""
    if value is None:
        return NOTHING
    number = Decimal(value.numerator) / Decimal(value.denominator) if hasattr(value, "denominator") else _number(value)
    return NOTHING if number is None else _fixed(number, 2).rstrip("0").rstrip(".")
