"""The real 基药 2026 beside an older edition made of it: without every seventh number, with two drugs that 2026 does not list."""

import csv
import datetime as dt
import io

import pytest

from config.access import Role
from formulary.actions.reference import import_reference
from formulary.actions.suggestions import scan
from formulary.models import EntryLink, FormularyEntry, FormularyVersion, NameMatch, Presentation, Suggestion
from tests.conftest import NOW, TODAY

pytestmark = [pytest.mark.shared, pytest.mark.django_db]
# Rows of the list that name a class, no drug.
CLASSES = {"结核病用药", "青蒿素类药物"}
GONE = {"拉西地平": "片剂：4mg", "尼美舒利": "片剂：0.1g"}


def read(shared):
    text = (shared / "reference/neml-2026/neml2026.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["品种名称"] == "青霉素"
    return rows


def write(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def presentation(medicine, code, form, strength):
    return Presentation.objects.create(
        medicine=medicine, code=code, name=medicine.name, form=form, strength=strength, unit="片"
    )


def test_the_real_edition_beside_an_older_one_says_what_came_and_what_went(world, shared):
    rows = read(shared)
    new = {(row["目录部分"], row["序号"]) for row in rows if row["序号"].isdecimal() and int(row["序号"]) % 7 == 0}
    older = [row for row in rows if (row["目录部分"], row["序号"]) not in new]
    added = [
        dict.fromkeys(rows[0], "")
        | {
            "目录部分": "化学药品和生物制品",
            "序号": str(900 + n),
            "一级分类": "其他",
            "品种名称": name,
            "剂型规格": text,
        }
        for n, (name, text) in enumerate(GONE.items())
    ]
    names = {row["品种名称"] for row in rows} - {row["品种名称"] for row in older}
    common = {"by": None, "now": NOW}
    import_reference(
        "neml", write(older + added), edition="2018年版", valid_from=dt.date(2018, 11, 1),
        valid_to=dt.date(2026, 8, 31), **common,
    )  # fmt: skip
    import_reference(
        "neml",
        shared / "reference/neml-2026/neml2026.csv",
        edition="2026年版",
        valid_from=dt.date(2026, 9, 1),
        **common,
    )
    kept = EntryLink.objects.filter(entry__name="氨氯地平", medicine__isnull=False).first().medicine
    version = FormularyVersion.objects.create(
        alliance=world.alliance, number=1, title="统一用药目录", effective_from=dt.date(2025, 1, 1), published_at=NOW,
        published_by=world.people[Role.SECRETARY],
    )  # fmt: skip
    listed = [presentation(kept, "K1", "片剂", "5mg")]
    for name, text in GONE.items():
        medicine = EntryLink.objects.get(entry__name=name).medicine
        listed.append(presentation(medicine, name, "片剂", text.removeprefix("片剂：")))
    for one in listed:
        FormularyEntry.objects.create(version=version, presentation=one, lowest_level="基层")

    done = scan(world.alliance, on=TODAY, by=None, now=NOW)

    lost = Suggestion.objects.filter(trigger="neml_lost")
    assert {row.presentation.code for row in lost} == set(GONE)
    came = Suggestion.objects.filter(trigger="neml_added")
    told = {cells[0] for row in came for cells in row.evidence["table"]}
    assert told - names == set()
    assert names - told == CLASSES
    assert not NameMatch.objects.exists()
    assert len(told) > 80
    assert done.new == lost.count() + came.count()
    assert scan(world.alliance, on=TODAY, by=None, now=NOW).new == 0
