"""Reads the environment: a missing or malformed variable stops the start and says what to do."""

import os


class Misconfigured(RuntimeError):
    """A setting cannot be used; the message names the variable and what is expected."""


def text(name: str, default: str) -> str:
    return os.environ.get(name, default)


def flag(name: str, default: bool) -> bool:
    raw = os.environ.get(name)
    if raw is None:
        return default
    if raw.lower() in {"1", "true", "yes", "on"}:
        return True
    if raw.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise Misconfigured(f"环境变量 {name} 的值“{raw}”无法识别，应为 1 或 0")


def number(name: str, default: int) -> int:
    raw = os.environ.get(name)
    if raw is None:
        return default
    if not raw.strip().isdecimal() or int(raw) < 1:
        raise Misconfigured(f"环境变量 {name} 的值“{raw}”无法识别，应为正整数")
    return int(raw)


def words(name: str, default: str) -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]
