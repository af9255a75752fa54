"""基药考核 from facts to pages.

2026Q3: H1 used M1 60 and M2 40, T1 used M1 10. M1 is 基药 (2026年版 from 09-01), M2 is not. H1 received M1 28 for 10.00, M2 24 for 5.00.
"""

import datetime as dt
from decimal import Decimal

import pandas as pd
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from config.access import Role
from formulary.actions.assessments import assess, assess_recent, import_prescriptions
from formulary.models import AssessmentRun, RuleValue
from formulary.queries import scope_of
from formulary.queries.assessments import cohesion, drug_rows, places, plan
from formulary.rules.assessment import Ratio
from formulary.rules.tables import DataRefused, read_tables
from shortage.actions import facts
from shortage.models import Intake
from tests.conftest import NOW, TODAY
from tests.formulary.lists import bring_in
from tests.formulary.test_suggestions import NEW
from tests.procurement.world import make_ready

JULY, AUGUST = dt.date(2026, 7, 1), dt.date(2026, 8, 3)


@pytest.fixture
def ready(world):
    make_ready(world)
    bring_in("neml", NEW, edition="2026年版")
    made = Intake.objects.create(alliance=world.alliance, source="file", name="用量.xlsx", received_at=NOW)
    rows = [("h1", "M1", 60), ("h1", "M2", 40), ("t1", "M1", 10)]
    frame = pd.DataFrame(
        {
            "institution_id": [getattr(world, place).pk for place, _, _ in rows],
            "presentation_id": [world.drugs[drug].pk for _, drug, _ in rows],
            "date": AUGUST,
            "quantity": [quantity for _, _, quantity in rows],
        }
    )
    facts.put_consumption(frame, intake=made, now=NOW)
    goods = frame.iloc[:2].assign(
        quantity=[28, 24], product_id=[world.products[f"{d}-P1"].pk for d in ("M1", "M2")], supplier_code="S1"
    )
    facts.put_receipts(goods, intake=made, now=NOW)
    for ratio, share in (("variety", "0.80"), ("use", "0.70")):
        RuleValue.objects.create(
            key=f"neml.{ratio}_share.二级", value=share, valid_from=dt.date(2019, 1, 1), document="国办发〔2019〕47号"
        )
    return world


def third_quarter(world):
    return assess(world.alliance, JULY, today=TODAY, by=None, now=NOW)


def scope(world, role=Role.SECRETARY):
    from config.access import Permission

    return scope_of(world.people[role], Permission.SEE_GOVERNANCE)


def cells(world, run, role=Role.SECRETARY):
    return {
        (place.institution.code if place.institution else "", cell.ratio): cell
        for place in places(scope(world, role), run)
        for cell in place.cells
    }


def test_shares_of_a_quarter_with_targets_in_words(ready):
    found = cells(ready, third_quarter(ready))
    use = found["H1", Ratio.USE]
    assert (use.essential, use.total, use.state, use.words) == (60, 100, "short", "差 10.0 个百分点")
    assert found["H1", Ratio.VARIETIES].words == "差 30.0 个百分点"
    amount = found["H1", Ratio.AMOUNT]
    assert (amount.essential, amount.total, amount.words) == (Decimal("10.00"), Decimal("15.00"), "未设目标")
    assert (found["T1", Ratio.USE].share, found["T1", Ratio.USE].state) == (1, "no_target")
    assert found["", Ratio.USE].total == 110
    assert found["H1", Ratio.PRESCRIPTIONS].words == "未导入"


def test_the_lists_of_the_quarters_last_day_decide(ready):
    """M1 became 基药 with the edition of September; in the second quarter nothing was."""
    spring = assess(ready.alliance, dt.date(2026, 4, 1), today=TODAY, by=None, now=NOW)
    assert (spring.essential, spring.edition) == ([], "")
    assert third_quarter(ready).edition == "2026年版"


def test_computing_again_gives_the_same(ready):
    first = third_quarter(ready)
    again = third_quarter(ready)
    assert first.pk == again.pk
    assert again.figures.count() == 8
    assert again.holdings.count() == 2


def test_recent_quarters_are_computed_once_and_the_running_one_again(ready):
    assert len(assess_recent(ready.alliance, today=TODAY, now=NOW)) == 5
    assert len(assess_recent(ready.alliance, today=TODAY, now=NOW)) == 2
    assert AssessmentRun.objects.count() == 5


def test_rows_behind_the_share_add_up_to_it(ready):
    run = third_quarter(ready)
    rows = drug_rows(run, ready.h1)
    assert {(row.presentation.code, row.essential, row.used, row.amount) for row in rows} == {
        ("M1", True, 60, Decimal("10.00")),
        ("M2", False, 40, Decimal("5.00")),
    }


def test_the_cheapest_way_names_both_drugs(ready):
    ready.drugs["M2"].therapeutic_class = ready.drugs["M1"].therapeutic_class = "心血管"
    for drug in (ready.drugs["M1"], ready.drugs["M2"]):
        drug.save()
    run = third_quarter(ready)
    cell = cells(ready, run)["H1", Ratio.USE]
    found = plan(run, ready.h1, cell, drug_rows(run, ready.h1))
    [step] = found.steps
    assert (found.drugs[step.candidate.presentation].code, found.drugs[step.candidate.peer].code) == ("M2", "M1")
    assert (step.candidate.near, step.reaches, found.reachable) == (False, True, True)


def test_prescriptions_come_by_file_and_show_at_once(ready):
    run = third_quarter(ready)
    text = "机构编码,季度,处方总数,含基药处方数\nH1,2026Q3,200,150\n".encode()
    common = {"name": "处方.csv", "by": ready.people[Role.SECRETARY], "now": NOW}
    assert import_prescriptions(ready.alliance, text, reach=[ready.h1.pk], **common) == 1
    assert cells(ready, run)["H1", Ratio.PRESCRIPTIONS].share == Decimal("0.75")
    with pytest.raises(DataRefused, match="不能代此机构"):
        import_prescriptions(ready.alliance, text, reach=[ready.t1.pk], **common)


def test_cohesion_compares_with_the_lead(ready):
    found = cohesion(scope(ready), third_quarter(ready))
    link = found.links[ready.t1.pk]
    assert (link.lists, link.chronic, link.winners) == ((1, 1), (1, 1), (1, 1))
    assert found.common[ready.h1.pk, ready.t1.pk] == 0.5


@pytest.fixture
def sign_in(client, ready):
    third_quarter(ready)

    def _sign_in(role):
        client.force_login(ready.people[role])
        return client

    return _sign_in


def test_page_shows_every_institution_to_the_bureau_and_one_to_its_pharmacist(sign_in):
    whole = sign_in(Role.BUREAU).get(reverse("assessment_list")).content.decode()
    assert "差 10.0 个百分点" in whole
    assert "全医共体" in whole
    own = sign_in(Role.PHARMACIST).get(reverse("assessment_list")).content.decode()
    assert "湖熟" in own
    assert "全医共体" not in own
    assert sign_in(Role.PHARMACIST).get(reverse("assessment_detail", args=["H1"])).status_code == 404


def test_detail_filters_and_exports_what_is_seen(sign_in):
    client = sign_in(Role.SECRETARY)
    page = client.get(reverse("assessment_detail", args=["H1"]), {"kind": "other"}).content.decode()
    assert "阿莫西林胶囊" in page
    assert "使用量占比达标的最省办法" in page
    answer = client.get(reverse("assessment_detail_export", args=["H1"]), {"kind": "other"})
    table = next(iter(read_tables(answer.content, name="明细.xlsx", headers={"药品编码"}).values()))
    assert table.columns["药品编码"] == ["M2"]
    answer = client.get(reverse("assessment_export"))
    table = read_tables(answer.content, name="考核.xlsx", headers={"机构", "级别"})["基药占比"]
    assert table.columns["机构"] == ["全医共体", "县人民医院", "湖熟卫生院"]


def test_cohesion_page_and_workbook(sign_in):
    client = sign_in(Role.SECRETARY)
    assert "慢病用药衔接率" in client.get(reverse("cohesion")).content.decode()
    answer = client.get(reverse("cohesion"), {"format": "xlsx"})
    assert set(read_tables(answer.content, name="衔接.xlsx", headers={"机构"})) == {"衔接率", "同质化", "口径"}


def test_pharmacist_imports_prescriptions_of_the_own_institution_only(sign_in):
    client = sign_in(Role.PHARMACIST)

    def send(site):
        text = f"机构编码,季度,处方总数,含基药处方数\n{site},2026Q3,200,150\n"
        file = SimpleUploadedFile("处方.csv", text.encode("gb18030"))
        return client.post(reverse("prescription_import"), {"file": file}, follow=True)

    assert "已导入 1 行处方数" in send("T1").content.decode()
    refused = send("H1")
    assert refused.status_code == 422
    assert "您不能代此机构填报" in refused.content.decode()


def test_before_anything_is_computed_the_page_says_so(client, world):
    client.force_login(world.people[Role.BUREAU])
    for name in ("assessment_list", "cohesion"):
        assert "还没有计算过" in client.get(reverse(name)).content.decode()


def test_a_quarter_without_an_edition_in_force_has_no_share(ready):
    spring = assess(ready.alliance, dt.date(2026, 4, 1), today=TODAY, by=None, now=NOW)
    assert spring.figures.count() == 0
    assert cells(ready, spring)["H1", Ratio.USE].words == "没有数据"
