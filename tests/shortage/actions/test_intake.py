"""A file comes in whole or not at all; its effect is told first; the command says how it ended by its exit code."""

import io

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.access import Role
from formulary.actions import jobs
from formulary.models import Event
from formulary.rules.tables import DataRefused
from shortage.actions import intake, uploads
from shortage.models import CURRENT, Consumption, Feed, Intake, StockLevel, StockLot, StockPosition, Upload
from shortage.queries import stock as stock_queries
from tests.conftest import NOW, TODAY

HEAD = ["机构编码", "药品编码", "产品编码", "批号", "有效期", "数量", "单位", "日期"]


def workbook(stock=(), use=()):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "库存"
    for row in (HEAD, *stock):
        sheet.append(list(row))
    other = book.create_sheet("消耗")
    for row in (["机构编码", "药品编码", "日期", "数量"], *use):
        other.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def lot(drug="M1", batch="A", quantity=10, place="T1", unit="", product="", date=TODAY):
    return [place, drug, product, batch, "2027-05", quantity, unit, date]


def look(world, content, name="库存.xlsx"):
    return intake.preview(content, name=name, catalogue=stock_queries.catalogue(world.alliance), today=TODAY)


def take(world, content, name="库存.xlsx"):
    return intake.accept(look(world, content, name), alliance=world.alliance, by=None, now=NOW)


def test_effect_counts_items_that_change_and_that_run_out(world):
    take(world, workbook([lot(), lot("M2", quantity=5), lot("M3", quantity=7)]))
    effect = look(world, workbook([lot(quantity=0), lot("M2", quantity=6), lot("M3", quantity=7)])).effect
    assert (effect.items_changed, effect.items_to_zero) == (2, 1)
    assert effect.sentence == "将更改 2 项库存，1 项变为零"
    assert effect.rows["stock"] == {"created": 0, "updated": 2, "unchanged": 1, "removed": 0, "rejected": 0}


def test_preview_writes_nothing(world):
    look(world, workbook([lot()], [["T1", "M1", TODAY, 3]]))
    assert (StockLot.objects.count(), Consumption.objects.count(), Intake.objects.count()) == (0, 0, 0)


def test_faulty_file_is_refused_whole(world):
    seen = look(world, workbook([lot(), lot("M9")]))
    assert seen.effect.rows["stock"]["rejected"] == 1
    with pytest.raises(DataRefused, match="没有此药品编码"):
        intake.accept(seen, alliance=world.alliance, by=None, now=NOW)
    assert StockLot.objects.count() == 0


def test_second_import_of_the_same_file_changes_nothing(world):
    content = workbook([lot(), lot(batch="B")], [["T1", "M1", TODAY, 3]])
    take(world, content)
    before = set(StockLevel.objects.values_list("pk", "superseded_by"))
    assert look(world, content).effect.changes_nothing
    take(world, content)
    assert set(StockLevel.objects.values_list("pk", "superseded_by")) == before
    assert (StockLot.objects.count(), Consumption.objects.count()) == (2, 1)


def test_jump_by_a_pack_is_pointed_out(world):
    take(world, workbook([lot(quantity=20)]))
    [warning] = look(world, workbook([lot(quantity=560)])).effect.warnings
    assert "湖熟 氨氯地平片 5mg 库存由 20 变为 560" in warning


def test_acceptance_stands_only_on_the_effect_that_was_shown(world):
    shown = look(world, workbook([lot(quantity=3)]))
    take(world, workbook([lot(quantity=9)]))
    with pytest.raises(intake.EffectChanged):
        intake.accept(shown, alliance=world.alliance, by=None, now=NOW, expect=shown.effect.sentence)
    assert StockPosition.objects.get().quantity == 9


def test_every_import_and_undo_leaves_a_line_in_the_history(world):
    done = take(world, workbook([lot()]))
    intake.undo(done, by=world.people[Role.PROCUREMENT], now=NOW)
    assert list(Event.objects.values_list("verb", flat=True).order_by("number")) == ["接收库存数据", "撤销库存数据"]


quantities = st.dictionaries(
    st.tuples(st.sampled_from(["M1", "M2", "M3"]), st.sampled_from(["A", "B", "00012"])),
    st.integers(0, 10_000),
    min_size=1,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=quantities)
def test_facts_survive_the_way_through_a_workbook(world, facts):
    done = take(world, workbook([lot(drug, batch, quantity) for (drug, batch), quantity in facts.items()]))
    stored = StockLot.objects.filter(CURRENT).values_list("presentation__code", "batch", "quantity")
    assert {(drug, batch): quantity for drug, batch, quantity in stored} == facts
    intake.undo(done, by=world.people[Role.PROCUREMENT], now=NOW)
    assert not StockLot.objects.filter(CURRENT).exists()
    assert not Feed.objects.exists()


def test_command_imports_once_and_prints_counts(world, tmp_path, capsys):
    path = tmp_path / "库存.csv"
    path.write_bytes((",".join(HEAD) + f"\nT1,,M1-P1,A,2027-05,2,盒,{timezone.localdate()}\n").encode("gb18030"))
    call_command("import_stock", str(path), dry_run=True)
    assert (Intake.objects.count(), "试运行" in capsys.readouterr().out) == (0, True)
    call_command("import_stock", str(path))
    assert (StockPosition.objects.get().quantity, "新增 1" in capsys.readouterr().out) == (56, True)
    call_command("import_stock", str(path))
    assert "不变 1" in capsys.readouterr().out


def test_command_tells_bad_data_from_wrong_usage(world, tmp_path):
    path = tmp_path / "库存.csv"
    path.write_text(",".join(HEAD) + f"\nT1,M9,,A,,2,,{timezone.localdate()}\n", encoding="utf-8")
    with pytest.raises(CommandError, match="第 2 行") as bad:
        call_command("import_stock", str(path))
    with pytest.raises(CommandError, match="找不到文件") as usage:
        call_command("import_stock", str(tmp_path / "none.csv"))
    assert (bad.value.returncode, usage.value.returncode, StockLot.objects.count()) == (1, 2, 0)


def test_a_refused_file_is_not_said_to_agree_with_what_is_there(world, tmp_path, capsys):
    path = tmp_path / "库存.csv"
    path.write_text(",".join(HEAD) + f"\nT1,M9,,A,,2,,{timezone.localdate()}\n", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("import_stock", str(path))
    told = capsys.readouterr().out
    assert ("拒绝 1" in told, "完全一致" in told) == (True, False)


def test_large_file_is_checked_and_written_by_a_job(world, django_capture_on_commit_callbacks):
    who = world.people[Role.PROCUREMENT]
    scope = uploads.scope_of(who, uploads.Permission.IMPORT_STOCK)
    lines = [f"T1,M1,,B{number},2027-05,1,,{timezone.localdate()}" for number in range(3_001)]
    content = "\n".join([",".join(HEAD), *lines]).encode()
    with django_capture_on_commit_callbacks(execute=True):
        upload = uploads.receive(content, "库存.csv", scope=scope, by=who, now=NOW)
    assert upload.state == Upload.State.CHECKING
    assert jobs.perform(upload.job_id) == "done"
    with django_capture_on_commit_callbacks(execute=True):
        upload = uploads.accept(upload, by=who, now=NOW)
    assert upload.state == Upload.State.ACCEPTING
    assert jobs.perform(upload.job_id) == "done"
    upload.refresh_from_db()
    assert (upload.state, StockPosition.objects.get().quantity) == (Upload.State.ACCEPTED, 3_001)
