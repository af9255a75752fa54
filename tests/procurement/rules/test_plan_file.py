"""The plan as workbook and JSON, and the command line around them."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from procurement.optimiser.case import Commitment, Drug
from procurement.optimiser.solve import solve
from procurement.rules.case_file import write_case
from procurement.rules.plan_file import write_plan
from tests.procurement.optimiser.worlds import SMALL


@pytest.fixture
def case_file(tmp_path):
    write_case(SMALL, tmp_path / "case.xlsx")
    return tmp_path / "case.xlsx"


def run(*args):
    out, err = StringIO(), StringIO()
    call_command("plan", *map(str, args), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_writes_workbook_and_json(case_file, tmp_path):
    told, progress = run(case_file, "--out", tmp_path / "plan.xlsx", "--json", tmp_path / "plan.json")
    assert "规则核对违反 0 处" in told
    assert "9/9" in progress
    data = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert list(data)[:7] == ["status", "goals", "lines", "unmet", "commitments", "seconds", "replay"]
    assert data["status"] == "optimal"
    assert [set(goal) for goal in data["goals"]] == [{"name", "value", "bound", "gap"}] * 9
    assert data["lines"][0] | {"reason": ""} == {
        "institution": "A", "product": "P1", "packs": 1, "quantity": 10, "amount": 20.0, "reason": "",
    }  # fmt: skip
    assert set(data["unmet"][0]) >= {"institution", "drug", "quantity", "class", "reason"}
    assert set(data["seconds"]) == {"read", "build", "solve", "write"}
    assert set(data["replay"]) == {"case_sha256", "solver", "version", "seed"}


def test_the_workbook_has_the_promised_sheets_and_headers(case_file, tmp_path):
    run(case_file, "--out", tmp_path / "plan.xlsx")
    book = load_workbook(tmp_path / "plan.xlsx")
    assert book.sheetnames == ["汇总", "采购明细", "未满足", "约定量执行", "规则核对", "加一万元"]
    headers = [cell.value for cell in book["采购明细"][1]]
    assert {"机构编码", "产品编码", "包数", "数量", "金额", "原因"} <= set(headers)
    assert {"机构编码", "药品编码", "缺口", "类别", "原因", "补救"} <= {cell.value for cell in book["未满足"][1]}
    assert {row[1].value for row in book["规则核对"].iter_rows(min_row=2)} == {"符合"}
    assert book["采购明细"].freeze_panes == "A2"


def test_what_clashes_and_what_money_brings_is_told_and_written(tmp_path):
    """SMALL with 280 of the winner agreed at 甲院: 20 for the emergency and 20 packs of 7 are 160; 11 packs fit into 100."""
    case = replace(SMALL, commitments=(Commitment("P2", 280, "A"),))
    write_case(case, tmp_path / "case.xlsx")
    told, _ = run(tmp_path / "case.xlsx", "--out", tmp_path / "plan.xlsx", "--json", tmp_path / "plan.json")
    said = "甲院预算 100 元不足以完成带量约定量（至少 160 元），缺口 60 元"
    assert said in told
    assert "只加预算：甲院加 60 元（至 160 元）" in told
    assert "甲院加 10,000 元：多完成约定量 63 元（核算），估计 63；只用得上 63 元" in told
    sheet = load_workbook(tmp_path / "plan.xlsx")["矛盾与出路"]
    assert [cell.value for cell in sheet[2]][3] == said
    assert load_workbook(tmp_path / "plan.xlsx")["加一万元"]["A2"].value == "A"
    data = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert data["clashes"][0]["said"] == said


def test_a_name_that_looks_like_a_formula_stays_text(tmp_path):
    drugs = (Drug("D1", "=1+1", emergency=True), *SMALL.drugs[1:])
    case = replace(SMALL, drugs=drugs)
    write_plan(solve(case), case, tmp_path / "plan.xlsx")
    cells = [cell for row in load_workbook(tmp_path / "plan.xlsx")["采购明细"].iter_rows() for cell in row]
    assert [cell.data_type for cell in cells if cell.value == "=1+1"] == ["s"]


def test_faulty_data_ends_with_one_and_leaves_no_workbook(case_file, tmp_path):
    book = load_workbook(case_file)
    book["需求"]["C2"] = -1
    book["需求"]["B3"] = "D9"
    book.save(case_file)
    with pytest.raises(SystemExit) as ended:
        run(case_file, "--out", tmp_path / "plan.xlsx", "--json", tmp_path / "plan.json")
    assert ended.value.code == 1
    assert not (tmp_path / "plan.xlsx").exists()
    data = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    assert data["status"] == "rejected"
    assert set(data) >= {"goals", "lines", "unmet", "commitments", "seconds", "replay"}
    assert {(f["sheet"], f["row"], f["column"]) for f in data["faults"]} == {
        ("需求", 2, "需求量"),
        ("需求", 3, "药品编码"),
    }


def test_a_file_that_is_no_workbook_is_a_fault_of_the_data_and_one_that_is_not_there_wrong_usage(tmp_path):
    (tmp_path / "text.xlsx").write_bytes(b"PK\x03\x04broken")
    for name, code in (("none.xlsx", 2), ("text.xlsx", 1)):
        with pytest.raises(SystemExit) as ended:
            run(tmp_path / name, "--out", tmp_path / "plan.xlsx")
        assert ended.value.code == code


def test_paths_are_checked_before_anything_is_solved_or_written(case_file, tmp_path):
    before = case_file.read_bytes()
    for words in (("--out", case_file), ("--out", tmp_path / "plan.xlsx", "--json", tmp_path)):
        with pytest.raises(SystemExit) as ended:
            run(case_file, *words)
        assert ended.value.code == 2
    assert case_file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [case_file]


@pytest.mark.parametrize("extra", [["--gap", "x"], ["--time-limit", "0"], ["--seed", "-1"], ["--time-limit", "nan"]])
def test_wrong_usage_is_refused_before_anything_is_read(case_file, tmp_path, extra):
    with pytest.raises(CommandError):
        run(case_file, "--out", tmp_path / "plan.xlsx", *extra)


def test_a_place_that_cannot_be_written_is_wrong_usage(case_file, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as ended:
        run(case_file, "--out", tmp_path / "file" / "plan.xlsx")
    assert ended.value.code == 2
