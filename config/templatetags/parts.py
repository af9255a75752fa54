"""The small parts pages are put together from: icons, badges, panels, hints, sparklines (docs/components.md)."""

from functools import lru_cache

import lucide
from django import template
from django.core.paginator import Page
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# What a badge says → its tone. Codes of states and levels carry their Chinese word; Chinese words stand for themselves.
LEVELS = {
    "red": ("red", "红色"),
    "orange": ("orange", "橙色"),
    "yellow": ("yellow", "黄色"),
    "blue": ("blue", "蓝色"),
}
STATES = {
    "queued": ("gray", "排队中"),
    "running": ("blue", "运行中"),
    "done": ("green", "已完成"),
    "failed": ("red", "失败"),
    "stopped": ("orange", "已停止"),
}
WORDS = {
    "基药": "green",
    "非基药": "gray",
    "甲": "teal",
    "医保甲": "teal",
    "乙": "blue",
    "医保乙": "blue",
    "国谈": "purple",
    "无": "gray",
    "自费": "gray",
    "中选": "indigo",
    "备供": "indigo",
    "非中选": "gray",
    "非集采": "gray",
    "短缺": "red",
    "急抢救": "orange",
    "重点监控": "orange",
    "在用": "green",
    "草稿": "gray",
    "停用": "gray",
    "绿": "green",
    "黄": "yellow",
    "红1": "red",
    "红2": "red",
    "红3": "red",
}
TONES = frozenset({"red", "orange", "yellow", "blue", "green", "teal", "purple", "indigo", "gray"})


@lru_cache(maxsize=512)
def _drawn(name: str, size: int, css: str) -> str:
    return lucide._render_icon(name, size, **{"class": css, "aria_hidden": "true", "focusable": "false"})


@register.simple_tag
def icon(name: str, size: int = 18, css: str = "icon") -> SafeString:
    """An inline lucide icon, hidden from screen readers: say the meaning in words beside it."""
    return mark_safe(_drawn(str(name), int(size), str(css)))


def _badge(text: str, tone: str, kind: str, title: str = "") -> SafeString:
    if tone not in TONES:
        raise template.TemplateSyntaxError(f"unknown badge tone {tone!r}; known: {', '.join(sorted(TONES))}")
    tip = format_html(' title="{}"', title) if title else ""
    return format_html('<span class="badge {} tone-{}"{}>{}</span>', kind, tone, tip, text)


@register.simple_tag
def level(value: str) -> SafeString:
    """The grade of an alert: a filled badge with a dot. Takes red/orange/yellow/blue."""
    tone, text = LEVELS[str(value)]
    return _badge(text, tone, "level")


@register.simple_tag
def state(value: str, text: str = "", tone: str = "") -> SafeString:
    """A state with a dot before it. Job states are known; for others give the words and a tone."""
    known_tone, known_text = STATES.get(str(value), ("gray", str(value)))
    return _badge(str(text) or known_text, str(tone) or known_tone, "state")


@register.simple_tag
def badge(text: str, tone: str = "", title: str = "") -> SafeString:
    """What lists say of a drug (基药, 甲, 乙, 国谈, 中选, 短缺 …) or any short word; nothing for an empty word."""
    if not text:
        return mark_safe("")
    return _badge(str(text), str(tone) or WORDS.get(str(text), "gray"), "chip", str(title))


@register.simple_block_tag
def panel(content, title="", note="", icon="", url="", link="查看全部", flush=False, id=""):
    """A card with a head. `flush` lets a table reach the edges; `url` puts a link at the right of the head."""
    context = {"content": content, "title": title, "note": note, "icon": icon, "url": url, "link": link}
    return render_to_string("components/_panel.html", context | {"flush": flush, "id": id})


@register.simple_block_tag
def hint(content, label="怎么算的"):
    """“How is this number computed”: a small button that opens the explanation, by mouse and by keyboard."""
    return render_to_string("components/_hint.html", {"content": content, "label": label})


@register.simple_tag
def pages(page: Page) -> list:
    """The page numbers of a pager, with “…” where some are left out."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))


@register.simple_tag
def sparkline(values, label: str = "", tone: str = "teal") -> SafeString:
    """A small line of numbers drawn on the server, for rows of tables; gaps (None) break the line."""
    numbers = [None if value is None else float(value) for value in values]
    known = [value for value in numbers if value is not None]
    if not known:
        return mark_safe('<span class="muted">—</span>')
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = 92 / max(len(numbers) - 1, 1)
    path, pen_up = [], True
    for position, value in enumerate(numbers):
        if value is not None:
            path.append(f"{'M' if pen_up else 'L'}{2 + position * step:.1f} {21 - (value - low) / span * 18:.1f}")
        pen_up = value is None
    drawing = '<svg class="spark stroke-{}" viewBox="0 0 96 24" width="96" height="24" role="img" aria-label="{}"><path d="{}"/></svg>'
    return format_html(drawing, tone, label or "走势", " ".join(path))
