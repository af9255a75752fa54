"""集采: a winner of a new round that may take the place of a non-winner in use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from formulary.rules.adjustment_life import Kind
from formulary.rules.triggers.kinds import Drug, Found, Trigger, View
from formulary.rules.triggers.words import monthly

HEAD = ("批次", "中选品规", "企业", "每单位价（元）", "身份", "执行")


def winner_replaces(view: View) -> Iterator[Found]:
    """An entry without a winner while another strength of the same 品种 (form group: a tablet does not replace a
    sustained-release capsule) won a round that began within the days of the rule (国办发〔2019〕2号: winners first)."""
    newest = view.on - dt.timedelta(days=view.thresholds.round_days)
    for drug in view.listed:
        if drug.status.wins:
            continue
        others = [other for other in view.of_medicine(drug.medicine) if other.pk != drug.pk]
        winners = [other for other in others if any(win.valid_from >= newest for win in other.status.wins)]
        if not winners:
            continue
        best = max(winners, key=lambda other: (other.listed, other.status.is_essential, -other.pk))
        yield _found(drug, best, newest)


def _found(drug: Drug, winner: Drug, newest: dt.date) -> Found:
    wins = [win for win in winner.status.wins if win.valid_from >= newest]
    return Found(
        key=f"vbp_won:{wins[0].tender}:{drug.pk}:{winner.pk}",
        trigger=Trigger.VBP_WON,
        words=f"{winner.name}在“{wins[0].tender}”中选，可替换未中选的{drug.name}（规格不同，剂量须换算）"
        + ("；中选品规已在目录，可调出后者" if winner.listed else ""),
        wants=Kind.REMOVE if winner.listed else Kind.REPLACE,
        medicine=drug.medicine,
        presentation=drug.pk if winner.listed else winner.pk,
        other=winner.pk if winner.listed else drug.pk,
        edition=wins[0].tender,
        weight=drug.monthly,
        facts=(("中选", winner.name), ("未中选在用", drug.name), monthly(drug)),
        head=HEAD,
        table=tuple(
            (win.tender, winner.name, win.company, f"{win.price.normalize():f}" if win.price is not None else "未公布", win.role,
             f"{win.valid_from} 至 {win.valid_to or '未定'}")
            for win in wins
        ),
    )  # fmt: skip
