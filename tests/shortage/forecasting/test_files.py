import csv
import json
import random
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from django.core.management import ManagementUtility
from openpyxl import Workbook

from shortage.rules import series_file, series_plain

ROWS = [("007", f"2024-{m:02d}-01", 3 + m % 2, 10 - m % 5, "甲院", "a") for m in range(1, 13)]
ROWS += [("8", f"2024-{m:02d}-29", 1, m % 3, "乙院", "a") for m in range(4, 11) if m != 6]


def write(path: Path, rows: list, header: str = "unique_id,ds,y,stock_end,site,item") -> Path:
    path.write_text("\n".join([header, *(",".join(str(cell) for cell in row) for row in rows)]), encoding="utf-8")
    return path


def manage(*words: object) -> int:
    """Exit code of manage.py with these words."""
    try:
        ManagementUtility(["manage.py", *(str(word) for word in words)]).execute()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_forecast_keeps_ids_phase_and_columns(tmp_path):
    source, out = write(tmp_path / "s.csv", ROWS), tmp_path / "f.csv"
    words = ("forecast", source, "--freq", "M", "--horizon", 2, "--quantiles", "0.1,0.5,0.95", "--out", out)
    assert manage(*words) == 0
    rows = table(out)
    assert list(rows[0]) == ["unique_id", "ds", "mean", "q0.1", "q0.5", "q0.95"]
    assert [(r["unique_id"], r["ds"]) for r in rows] == [
        ("007", "2025-01-01"), ("007", "2025-02-01"), ("8", "2024-11-29"), ("8", "2024-12-29"),
    ]  # fmt: skip
    for row in rows:
        assert 0 <= float(row["q0.1"]) <= float(row["q0.5"]) <= float(row["q0.95"])


@pytest.mark.parametrize(
    ("freq", "days", "expected"),
    [
        ("M", ("2024-01-31", "2024-02-29", "2024-03-31"), "2024-04-30"),
        ("M", ("2023-12-30", "2024-01-30", "2024-02-29"), "2024-03-30"),
        ("W", ("2024-01-07", "2024-01-14", "2024-01-21"), "2024-01-28"),
        ("D", ("2024-02-26", "2024-02-27", "2024-02-28"), "2024-02-29"),
    ],
)
def test_the_day_within_the_period_is_kept(tmp_path, freq, days, expected):
    source = write(tmp_path / "s.csv", [("x", day, 5) for day in days], "unique_id,ds,y")
    assert manage("forecast", source, "--freq", freq, "--horizon", 1, "--out", tmp_path / "f.csv") == 0
    assert table(tmp_path / "f.csv")[0]["ds"] == expected


def test_every_fault_is_told_at_once_and_nothing_written(tmp_path, capsys):
    rows = [("a", "2024-01-01", -2), ("a", "2024-01-15", 3), ("", "2024-01-40", "many"), ("b", "2024-01-01", "inf")]
    source, out = write(tmp_path / "s.csv", rows, "unique_id,ds,y"), tmp_path / "f.csv"
    assert manage("forecast", source, "--freq", "M", "--horizon", 1, "--out", out) == 1
    told = capsys.readouterr().err
    for place in ("第 2 行“y”列：值“-2”", "第 3 行", "第 4 行“unique_id”", "第 4 行“ds”", "第 4 行“y”", "第 5 行“y”"):
        assert place in told
    assert "退货" in told
    assert list(tmp_path.iterdir()) == [source]


def test_a_missing_column_is_named(tmp_path, capsys):
    source = write(tmp_path / "s.csv", [("a", "2024-01-01", 1)], "unique_id,ds,y")
    words = ("replay", source, "--freq", "M", "--lead-time", 1, "--from", "2024-01-01")
    assert manage(*words, "--out", tmp_path / "a.csv", "--scores", tmp_path / "b.csv") == 1
    assert "“stock_end”列：缺少此列" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("forecast",),
        ("forecast", "none.csv", "--freq", "M", "--horizon", "1", "--out", "f.csv"),
        ("forecast", "none.csv", "--freq", "Q", "--horizon", "1", "--out", "f.csv"),
        ("forecast", "none.csv", "--freq", "M", "--horizon", "0", "--out", "f.csv"),
        ("forecast", "none.csv", "--freq", "M", "--horizon", "1", "--quantiles", "1.5", "--out", "f.csv"),
        ("replay", "none.csv", "--freq", "M", "--lead-time", "1", "--from", "soon", "--out", "a", "--scores", "b"),
    ],
)
def test_wrong_usage_exits_2(words, capsys):
    assert manage(*words) == 2
    assert capsys.readouterr().err


def test_chinese_text_file_from_excel_is_read(tmp_path):
    text = 'unique_id,ds,y,site\n001,2024/1/1,"1,200",甲院\n001,2024/2/1,1300,甲院\n'
    source = tmp_path / "s.csv"
    source.write_bytes(text.encode("gb18030"))
    assert manage("forecast", source, "--freq", "M", "--horizon", 1, "--out", tmp_path / "f.csv") == 0
    assert 800 < float(table(tmp_path / "f.csv")[0]["mean"]) < 1500


def test_replay_scores_every_row_from_the_date_and_reports(tmp_path):
    source = write(tmp_path / "s.csv", ROWS)
    alerts, scores, report = (tmp_path / name for name in ("a.csv", "b.csv", "r.json"))
    words = ("replay", source, "--freq", "M", "--lead-time", 1, "--from", "2024-05-15")
    assert manage(*words, "--out", alerts, "--scores", scores, "--report", report) == 0
    expected = [(r[0], r[1]) for r in ROWS if r[1] >= "2024-05"]
    assert [(r["unique_id"], r["ds"]) for r in table(scores)] == expected
    assert all(0 <= float(r["risk"]) <= 1 for r in table(scores))
    with alerts.open(encoding="utf-8") as stream:
        assert stream.readline().strip() == "unique_id,ds,level,risk,expected_stockout"
    assert {r["level"] for r in table(alerts)} <= {"red", "orange", "yellow", "blue"}
    told = json.loads(report.read_text(encoding="utf-8"))
    assert {"precision", "recall", "median_warning", "alerts_per_site_and_period", "levels"} <= set(told)


def test_replay_past_rows_stay_the_same_to_the_byte_when_the_future_changes(tmp_path):
    def scores(rows: list, name: str) -> list[str]:
        source = write(tmp_path / f"{name}.csv", rows)
        out, told = tmp_path / f"{name}-a.csv", tmp_path / f"{name}-s.csv"
        words = ("replay", source, "--freq", "M", "--lead-time", 1, "--from", "2024-01-01")
        assert manage(*words, "--out", out, "--scores", told) == 0
        return [line for line in told.read_text("utf-8").splitlines() if "2024-01" < line.split(",")[1] < "2024-08"]

    changed = [(*row[:2], 40, 0, *row[4:]) if row[1] >= "2024-08" else row for row in ROWS]
    assert scores(ROWS, "one") == scores(changed, "two")


def test_a_series_that_moves_between_sites_is_refused(tmp_path, capsys):
    rows = [("a", "2024-01-01", 1, 5, "甲院", "x"), ("a", "2024-02-01", 1, 5, "乙院", "x")]
    source = write(tmp_path / "s.csv", rows)
    assert manage("forecast", source, "--freq", "M", "--horizon", 1, "--out", tmp_path / "f.csv") == 1
    assert "前面写的是“甲院”" in capsys.readouterr().err


def test_ids_come_back_letter_for_letter(tmp_path):
    ids = ["阿莫西林（0.25ｇ）", "a  b", "甲,乙", "=1", "00001"]
    source = tmp_path / "s.csv"
    with source.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("unique_id", "ds", "y"), *((uid, "2024-01-01", 3) for uid in ids)])
    assert manage("forecast", source, "--freq", "M", "--horizon", 1, "--out", tmp_path / "f.csv") == 0
    assert [row["unique_id"] for row in table(tmp_path / "f.csv")] == sorted(ids)


def test_series_are_found_on_the_sheet_that_has_them(tmp_path):
    book = Workbook()
    book.active.append(["说明"])
    sheet = book.create_sheet("数据")
    for row in (("unique_id", "ds", "y"), ("00001", date(2024, 1, 31), 3), ("00001", date(2024, 2, 29), 4)):
        sheet.append(row)
    book.save(tmp_path / "s.xlsx")
    assert manage("forecast", tmp_path / "s.xlsx", "--freq", "M", "--horizon", 1, "--out", tmp_path / "f.csv") == 0
    assert [(row["unique_id"], row["ds"]) for row in table(tmp_path / "f.csv")] == [("00001", "2024-03-31")]


@pytest.mark.parametrize("row", [("a", "2024-01-01", "1e300"), ("a", "9999-12-01", 3), ("a", "0001-01-01", 3)])
def test_what_no_arithmetic_can_carry_is_refused(tmp_path, row):
    source = write(tmp_path / "s.csv", [row], "unique_id,ds,y")
    assert manage("forecast", source, "--freq", "M", "--horizon", 60, "--out", tmp_path / "f.csv") == 1
    assert list(tmp_path.iterdir()) == [source]


def test_quantile_columns_are_named_in_plain_digits(tmp_path):
    source = write(tmp_path / "s.csv", ROWS)
    words = ("forecast", source, "--freq", "M", "--horizon", 1, "--quantiles", "0.9999999,0.5,0.00001")
    assert manage(*words, "--out", tmp_path / "f.csv") == 0
    assert list(table(tmp_path / "f.csv")[0])[3:] == ["q0.9999999", "q0.5", "q0.00001"]


def test_a_refusal_starts_with_chinese_and_input_is_never_overwritten(tmp_path, capsys):
    source = write(tmp_path / "s.csv", [("a", "x", 1)], "unique_id,ds,y")
    assert manage("forecast", source, "--freq", "M", "--horizon", 1, "--out", tmp_path / "f.csv") == 1
    assert capsys.readouterr().err.startswith("s.csv：共 1 处问题")
    assert manage("forecast", source, "--freq", "M", "--horizon", 1, "--out", source) == 2
    assert "输出文件不能就是输入文件" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["forecast", "replay"])
def test_the_order_of_rows_tells_nothing(tmp_path, command):
    """Same bytes out for shuffled rows: equal risks and yellow near-ties must not hang on what came first."""
    rng = random.Random(3)
    rows = [
        (f"{n % 12:02}", f"2024-{m:02}-01", rng.randint(0, 4), rng.choice([0, 0, 2, 3, 5]), f"甲{n % 3}", "a")
        for n in range(12)
        for m in range(1, 13)
    ]
    answers = []
    for k in range(3):
        source = write(tmp_path / f"{k}.csv", rows)
        targets = [tmp_path / f"{k}-{name}" for name in ("a.csv", "s.csv", "r.json")]
        asked = ("--horizon", 3) if command == "forecast" else ("--lead-time", 1, "--from", "2024-03-01")
        if command == "replay":
            asked += ("--scores", targets[1], "--report", targets[2])
        assert manage(command, source, "--freq", "M", *asked, "--out", targets[0]) == 0
        answers.append([path.read_bytes() for path in targets if path.exists()])
        rng.shuffle(rows)
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (("2024/1/5", "2024/2/5"), "2024/3/5"),
        (("2024/01/31", "2024/02/29"), "2024/03/31"),
        (("20240105", "20240205"), "20240305"),
        (("2024-01-05 00:00:00", "2024-02-05 00:00:00"), "2024-03-05 00:00:00"),
        (("2024年1月5日", "2024年2月5日"), "2024年3月5日"),
        (("2024/1/5", "2024-02-05"), "2024-03-05"),
    ],
)
def test_days_come_back_as_they_were_written(tmp_path, days, expected):
    source = write(tmp_path / "s.csv", [("x", day, 5, 2) for day in days], "unique_id,ds,y,stock_end")
    assert manage("forecast", source, "--freq", "M", "--horizon", 1, "--out", tmp_path / "f.csv") == 0
    assert table(tmp_path / "f.csv")[0]["ds"] == expected
    words = ("replay", source, "--freq", "M", "--lead-time", 1, "--from", "2024-01-01")
    assert manage(*words, "--out", tmp_path / "a.csv", "--scores", tmp_path / "b.csv") == 0
    if days[0][4] == days[1][4]:
        assert [row["ds"] for row in table(tmp_path / "b.csv")] == list(days)


def test_the_quick_and_the_careful_reader_agree(tmp_path):
    plain = write(tmp_path / "p.csv", [*ROWS, ("9", "2024-03-01", "", "", "", "")])
    quoted = tmp_path / "q.csv"
    quoted.write_text(plain.read_text("utf-8").replace("unique_id", '"unique_id"', 1), encoding="utf-8")
    assert series_plain.read(plain) is not None
    assert series_plain.read(quoted) is None
    one, other = series_file.read(plain, "M"), series_file.read(quoted, "M")
    assert (one.ids, one.site_names) == (other.ids, other.site_names)
    for name in ("series", "period", "days", "y", "stock_end", "site", "item"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize("cell", ["NaN", "1,200", "-1", "inf", "1e300", "abc"])
def test_what_the_quick_reader_cannot_judge_is_judged_cell_by_cell(tmp_path, cell, capsys):
    text = f'unique_id,ds,y\na,2024-01-01,3\na,2024-02-01,"{cell}"\n'
    source = tmp_path / "s.csv"
    source.write_text(text, encoding="utf-8")
    code = manage("forecast", source, "--freq", "M", "--horizon", 1, "--out", tmp_path / "f.csv")
    assert code == (0 if cell == "1,200" else 1)
    assert cell == "1,200" or "第 3 行“y”列" in capsys.readouterr().err
