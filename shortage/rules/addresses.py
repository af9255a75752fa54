"""What people paste as an address, as an apprise URL: a mail address, a robot's webhook, a plain URL. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlsplit


class AddressRefused(ValueError):
    """The address cannot be used; the message says what is expected."""


EXPECTED = {
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token=…",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/…",
}


def apprise_url(kind: str, address: str, *, mail_server: str = "", sender: str = "") -> str:
    """The URL that apprise sends to. mail_server: "host:port" or "smtps://user:password@host:port". Raises AddressRefused."""
    text = address.strip()
    if kind == "mail":
        return _mail(text, mail_server, sender)
    if kind == "webhook":
        return _webhook(text)
    if kind == "other":
        if "://" not in text:
            raise AddressRefused("应为 apprise 地址，如 ntfy://服务器/主题")
        return text
    return _robot(kind, text)


def _robot(kind: str, text: str) -> str:
    parts = urlsplit(text)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    key = {"wecom": query.get("key"), "dingtalk": query.get("access_token"), "feishu": parts.path.rsplit("/", 1)[-1]}[
        kind
    ]
    if parts.scheme != "https" or not key:
        raise AddressRefused(f"应为群机器人的完整网址，如 {EXPECTED[kind]}")
    if kind == "dingtalk":
        secret = f"{quote(query['secret'], safe='')}@" if query.get("secret") else ""
        return f"dingtalk://{secret}{key}"
    return f"{'wecombot' if kind == 'wecom' else 'feishu'}://{key}"


def _webhook(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise AddressRefused("应为 http:// 或 https:// 开头的网址")
    scheme = "jsons" if parts.scheme == "https" else "json"
    query = "&".join(f"-{pair}" for pair in parts.query.split("&") if pair)  # apprise hands on what begins with a dash
    return f"{scheme}://{parts.netloc}{parts.path or '/'}" + (f"?{query}" if query else "")


def _mail(text: str, server: str, sender: str) -> str:
    if not re.fullmatch(r"[^@\s,]+@[^@\s,]+", text):
        raise AddressRefused("应为一个邮箱地址")
    if not server:
        raise AddressRefused("服务器还没有设置发信服务器（环境变量 MAIL_SERVER）")
    parts = urlsplit(server if "://" in server else f"smtp://{server}")
    mode = {"smtps": "ssl", "starttls": "starttls"}.get(parts.scheme, "insecure")
    port = parts.port or {"ssl": 465, "starttls": 587}.get(mode, 25)
    login = f"{quote(parts.username, safe='')}:{quote(parts.password or '', safe='')}@" if parts.username else ""
    scheme = "mailtos" if mode != "insecure" else "mailto"
    return (
        f"{scheme}://{login}{parts.hostname}:{port}?smtp={parts.hostname}&mode={mode}"
        f"&from={quote(sender, safe='')}&to={quote(text, safe='')}&format=text"
    )


def masked(address: str) -> str:
    """For pages and logs: enough to recognise, not enough to use."""
    if "@" in address and "://" not in address:
        name, host = address.split("@", 1)
        return f"{name[:2]}…@{host}"
    head = address.split("?", 1)[0]
    return f"{head[:28]}…{address[-4:]}" if len(address) > 36 else f"{address[:8]}…"
