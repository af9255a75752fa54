"""基药: drugs newly listed that the alliance lacks, drugs no longer listed, non-基药 with a 基药 peer."""

from __future__ import annotations

from collections.abc import Iterator

from formulary.rules.adjustment_life import Kind
from formulary.rules.triggers.kinds import Drug, Found, Row, Trigger, View
from formulary.rules.triggers.words import monthly, source

NEML = "neml"
HEAD = ("目录名称", "剂型", "规格", "版本")


def newly_essential(view: View) -> Iterator[Found]:
    """A 品种 of the new edition that the edition before did not name and of which no presentation is in the version
    (国卫药政发〔2026〕20号: 2 months to update)."""
    edition = view.editions.get(NEML)
    if edition is None or not edition.before:
        return
    known = view.rows_before.get(NEML, {})
    for medicine, rows in view.rows.get(NEML, {}).items():
        drugs = view.of_medicine(medicine)
        if medicine in known or any(drug.listed for drug in drugs):
            continue
        fitting = [drug for drug in drugs if drug.status.is_essential]
        same = sorted({drug.name for row in rows[:1] for drug in _same_substance(view, row)})
        yield Found(
            key=f"neml_added:{edition.title}:{medicine}",
            trigger=Trigger.NEML_ADDED,
            words=f"{edition.title}基药新列{rows[0].medicine_name}，统一目录没有该品种",
            wants=Kind.ADD,
            medicine=medicine,
            presentation=fitting[0].pk if fitting else None,
            edition=edition.title,
            facts=(
                *source(edition),
                ("可选品规", "、".join(drug.name for drug in fitting) or "药品库中还没有，请先建品规"),
                *((("同名在用", "、".join(same)),) if same else ()),
            ),
            head=HEAD,
            table=tuple((row.name, row.form, "、".join(row.strengths), row.edition) for row in rows),
        )


def _same_substance(view: View, row: Row) -> list[Drug]:
    """In use under the same name in another form group."""
    stem = row.medicine_name
    return [drug for drug in view.listed if drug.name.startswith(stem)]


def no_longer_essential(view: View) -> Iterator[Found]:
    """An entry that was 基药 under the edition before and is not under the new one."""
    edition = view.editions.get(NEML)
    if edition is None or not edition.before:
        return
    for drug in view.listed:
        before = drug.before.get(NEML)
        if before is None or not before.is_essential or drug.status.is_essential:
            continue
        yield Found(
            key=f"neml_lost:{edition.title}:{drug.pk}",
            trigger=Trigger.NEML_LOST,
            words=f"{edition.title}基药不再列{drug.name}，请评议是否保留",
            wants=Kind.REMOVE,
            medicine=drug.medicine,
            presentation=drug.pk,
            edition=edition.title,
            weight=drug.monthly,
            facts=(
                *source(edition),
                ("前一版", f"{edition.before} 列有"),
                ("医保", drug.status.insurance_class),
                monthly(drug),
            ),
        )


def essential_peer(view: View) -> Iterator[Found]:
    """An entry that is not 基药 beside a 基药 presentation of the same 品种 (国办发〔2019〕47号: 基药优先). 集采 winners stay:
    they come next after 基药."""
    for drug in view.listed:
        if drug.status.is_essential or drug.status.wins or drug.is_emergency:
            continue
        same = view.of_medicine(drug.medicine)
        peers = [other for other in same if other.pk != drug.pk and other.status.is_essential]
        if not peers:
            continue
        peer = max(peers, key=lambda other: (other.listed, other.monthly, -other.pk))
        yield Found(
            key=f"neml_peer:{drug.pk}:{peer.pk}",
            trigger=Trigger.NEML_PEER,
            words=f"{drug.name}不是基药，同品种的{peer.name}是基药"
            + ("且已在目录，可调出前者" if peer.listed else "，可替换"),
            wants=Kind.REMOVE if peer.listed else Kind.REPLACE,
            medicine=drug.medicine,
            presentation=drug.pk if peer.listed else peer.pk,
            other=peer.pk if peer.listed else drug.pk,
            weight=drug.monthly,
            facts=(
                ("依据", "国办发〔2019〕47号：优先配备使用基药"),
                monthly(drug),
                ("基药同类", peer.name),
                monthly(peer, "同类月均用量"),
            ),
        )
