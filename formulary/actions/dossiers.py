"""The dossier of a version: made with one click and remembered in the history; checked by anybody who holds one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from formulary.actions.history import record
from formulary.dossier_files import files_of, link_of, links_of
from formulary.models import Event, FormularyVersion, Person
from formulary.rules import dossier
from formulary.rules.chain import Link

VERB = "导出版本卷宗"


@dataclass
class Verdict:
    """about: what the dossier says it is. faults: every contradiction. notes: what could be confirmed, or not, here."""

    about: dict[str, str] = field(default_factory=dict)
    files: int = 0
    deeds: int = 0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.faults


def make_dossier(version: FormularyVersion, *, by: Person, now: dt.datetime) -> bytes:
    """The zip; the checksum of its manifest is written to the history."""
    about = {
        "alliance": version.alliance.code,
        "alliance_name": version.alliance.name,
        "version": version.number,
        "title": version.title,
        "effective_from": str(version.effective_from),
        "seal": version.seal,
        "made_at": now.isoformat(),
        "made_by": str(by),
    }
    files = files_of(version)
    content, checksum = dossier.build(about, files, links_of(version))
    data = {"version": version.number, "manifest": checksum, "files": len(files) + 1}
    record(VERB, version, alliance=version.alliance, by=by, now=now, data=data)
    return content


def check_dossier(content: bytes) -> Verdict:
    """Whether a dossier agrees with itself, and with the history where that is kept on this machine."""
    verdict = Verdict()
    try:
        manifest, files, checksum = dossier.read(content)
    except dossier.NotADossier as refused:
        verdict.faults.append(str(refused))
        return verdict
    words = ("alliance_name", "version", "title", "effective_from", "seal", "made_at", "made_by")
    verdict.about = {name: str(manifest.get(name, "")) for name in words}
    verdict.files = len(files)
    verdict.faults += dossier.faults(manifest, files)
    links = dossier.links_in(files)
    verdict.deeds = len(links)
    _against_the_chain(str(manifest.get("alliance", "")), checksum, links, verdict)
    return verdict


def _against_the_chain(chain: str, checksum: str, links: list[Link], verdict: Verdict) -> None:
    events = Event.objects.filter(chain=chain)
    if not events.exists():
        verdict.notes.append("本系统没有此医共体的操作链，只核对了卷宗自身")
        return
    made = events.filter(verb=VERB, data__manifest=checksum).order_by("number").first()
    if made is None:
        verdict.faults.append("操作链中没有导出此卷宗的记录：清单曾被改动，或不是由本系统导出")
    else:
        verdict.notes.append(f"操作链第 {made.number} 条记录了此卷宗的导出（{made.by_name}）")
    stored = {event.number: link_of(event) for event in events.filter(number__in=[link.number for link in links])}
    for link in links:
        if link.number not in stored or stored[link.number].digest != link.digest:
            verdict.faults.append(f"卷宗中的操作记录第 {link.number} 条与本系统的操作链不一致")
    if links and not verdict.faults:
        verdict.notes.append(f"{len(links)} 条操作记录与本系统的操作链一致")
