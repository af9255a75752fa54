"""manage.py plan_alliance: plans in the terminal, writes the workbook, and takes an equal plan again."""

import openpyxl
import pytest
from django.core.management import call_command

from procurement.models import Offer, Plan


def run(capsys, *args):
    call_command("plan_alliance", *args)
    return capsys.readouterr()


def test_it_plans_writes_the_workbook_and_says_what_came_out(ready, tmp_path, capsys):
    out = tmp_path / "采购计划.xlsx"
    said = run(capsys, "--out", str(out)).out
    assert all(word in said for word in ("采购 4 行", "215.00 元", "约定量完成 100.0%", str(out)))
    rows = list(openpyxl.load_workbook(out)["采购明细"].iter_rows(values_only=True))
    assert {"机构名称", "通用名"} <= set(rows[0])
    assert len(rows) == 5


def test_second_run_on_the_same_facts_takes_the_plan_that_is_there(ready, capsys):
    run(capsys)
    assert "沿用已生成的计划" in run(capsys).err
    assert Plan.objects.count() == 1


def test_changed_facts_make_another_plan(ready, capsys):
    run(capsys)
    Offer.objects.filter(product__code="M2-P1").update(price="6.00")
    run(capsys)
    assert Plan.objects.count() == 2


@pytest.mark.parametrize(
    ("args", "word"), [(["--alliance", "XX"], "没有编码为“XX”的医共体"), (["--days", "0"], "计划终止日")]
)
def test_what_cannot_be_planned_is_said_and_ends_with_one(ready, capsys, args, word):
    with pytest.raises(SystemExit) as ended:
        run(capsys, *args)
    assert ended.value.code == 1
    assert word in capsys.readouterr().err
    assert not Plan.objects.exists()
