"""Which files may be attached: size, number, and whether the content is what the name says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

MEGABYTE = 1024 * 1024
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_BEGINS = {
    "pdf": b"%PDF-",
    "docx": _ZIP,
    "xlsx": _ZIP,
    "doc": _OLE,
    "xls": _OLE,
    "png": b"\x89PNG",
    "jpg": b"\xff\xd8\xff",
}


class FileRefused(Exception):
    """The file cannot be attached."""


@dataclass(frozen=True)
class FileRules:
    """adjustment.file_mb, adjustment.file_count, adjustment.file_types."""

    file_mb: int = 10
    file_count: int = 10
    file_types: Sequence[str] = tuple(_BEGINS)


def read_rules(value_of: Callable[[str, Any], Any]) -> FileRules:
    return FileRules(**{f.name: value_of(f"adjustment.{f.name}", f.default) for f in fields(FileRules)})


def check_file(name: str, content: bytes, rules: FileRules, *, already: int = 0) -> None:
    """Raises FileRefused with what is wrong and what is expected."""
    kind = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    kind = "jpg" if kind == "jpeg" else kind
    if already >= rules.file_count:
        raise FileRefused(f"每份申请最多 {rules.file_count} 个附件")
    if not content:
        raise FileRefused(f"{name} 是空文件")
    if len(content) > rules.file_mb * MEGABYTE:
        raise FileRefused(f"{name} 为 {len(content) / MEGABYTE:.1f} MB，应不大于 {rules.file_mb} MB")
    if kind not in rules.file_types or kind not in _BEGINS:
        raise FileRefused(f"{name} 的类型不能上传，可用：{'、'.join(rules.file_types)}")
    if not content.startswith(_BEGINS[kind]):
        raise FileRefused(f"{name} 的内容不是 {kind}，请另存后再传")
