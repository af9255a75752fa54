"""A dossier: files in a zip with a manifest of checksums and the links of the history that speak of them. Pure.

Nobody can change a file without its checksum, the manifest without its own, or a deed without its hash; and the manifest's
checksum stands in the history itself, so that a dossier forged as a whole is known where the history is kept.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from formulary.rules.chain import Link, digest

MANIFEST, HISTORY = "manifest.json", "操作记录/history.json"
FORMAT = "yaoheng-dossier-1"
LARGEST = 512 * 1024 * 1024
MOST_FILES = 20_000
FIXED = (2000, 1, 1, 0, 0, 0)


class NotADossier(Exception):
    """The file cannot be read as a dossier; the message is for the person who gave it."""


def build(about: Mapping[str, Any], files: Mapping[str, bytes], links: Iterable[Link]) -> tuple[bytes, str]:
    """The zip, and the checksum of its manifest."""
    everything = dict(files)
    everything[HISTORY] = _json([asdict(link) for link in links])
    manifest = _json(
        {
            "format": FORMAT,
            **about,
            "files": [
                {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                for name, content in sorted(everything.items())
            ],
        }
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in [(MANIFEST, manifest), *sorted(everything.items())]:
            entry = zipfile.ZipInfo(name, date_time=FIXED)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, content)
    return out.getvalue(), hashlib.sha256(manifest).hexdigest()


def read(content: bytes) -> tuple[dict[str, Any], dict[str, bytes], str]:
    """Manifest, files and the manifest's checksum. Raises NotADossier."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = package.infolist()
            if len(members) > MOST_FILES or sum(member.file_size for member in members) > LARGEST:
                raise NotADossier("文件解压后过大，不是本系统导出的卷宗")
            if len({member.filename for member in members}) != len(members):
                raise NotADossier("卷宗内有同名文件，已被改动")
            files = {member.filename: package.read(member) for member in members}
        raw = files.pop(MANIFEST)
        manifest = json.loads(raw)
        if manifest["format"] != FORMAT or not isinstance(manifest["files"], list):
            raise NotADossier("清单格式不认识，不是本系统导出的卷宗")
    except NotADossier:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, RuntimeError, OSError, zipfile.error) as error:
        raise NotADossier("不是可读的卷宗（应为本系统导出的 zip，文件可能已损坏）") from error
    return manifest, files, hashlib.sha256(raw).hexdigest()


def faults(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> list[str]:
    """Every place where the dossier contradicts itself, in words."""
    found = []
    listed = {str(row.get("name")): row for row in manifest["files"]}
    for name, row in listed.items():
        if name not in files:
            found.append(f"缺少文件“{name}”")
        elif hashlib.sha256(files[name]).hexdigest() != row.get("sha256"):
            found.append(f"文件“{name}”的内容与清单不符，曾被改动")
    found += [f"多出清单之外的文件“{name}”" for name in files if name not in listed]
    return found + _history_faults(files.get(HISTORY))


def links_in(files: Mapping[str, bytes]) -> list[Link]:
    """The deeds in the dossier; [] when they cannot be read."""
    try:
        return [Link(**row) for row in json.loads(files[HISTORY])]
    except (KeyError, ValueError, TypeError):
        return []


def _history_faults(raw: bytes | None) -> list[str]:
    if raw is None:
        return ["缺少操作记录"]
    try:
        links = [Link(**row) for row in json.loads(raw)]
    except (ValueError, TypeError):
        return ["操作记录无法读取"]
    found = []
    before: Link | None = None
    for link in links:
        if digest(link.previous, link.content) != link.digest:
            found.append(f"操作记录第 {link.number} 条内容与哈希不符，曾被改动")
        if before is not None and link.number == before.number + 1 and link.previous != before.digest:
            found.append(f"操作记录第 {link.number} 条与前一条不相接")
        before = link
    return found


def _json(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()
