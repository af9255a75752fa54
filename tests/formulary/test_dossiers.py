"""The dossier of a version: complete, and every tampering refused in words."""

import datetime as dt
import io
import json
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from config.access import Role
from formulary.actions import publicity, versions
from formulary.actions.dossiers import check_dossier, make_dossier
from formulary.models import AdjustmentFile, ChainHead, Event
from formulary.rules.adjustment_life import Kind
from tests.formulary.releases import AFTER, MONDAY, announced, drafted, first_version, passed


@pytest.fixture
def version(world, evidence, settings, tmp_path):
    """M2 replaced by M3, with an attachment, and an objection that was dismissed."""
    settings.MEDIA_ROOT = tmp_path
    first_version(world)
    row = passed(world, "M3", Kind.REPLACE, drops="M2")
    pharmacist, secretary = world.people[Role.PHARMACIST], world.people[Role.SECRETARY]
    AdjustmentFile.objects.create(
        adjustment=row, name="指南.txt", file=ContentFile(b"guideline", name="x"), sha256="0" * 64, size=9, by=pharmacist,
        at=MONDAY,
    )  # fmt: skip
    shown = announced(world, row)
    said = publicity.object_to(
        shown, row, institution=world.t1, text="库存尚多", by=pharmacist, now=MONDAY + dt.timedelta(days=1)
    )
    publicity.answer(said, outcome="dismissed", text="按消化计划用完", by=secretary, now=MONDAY + dt.timedelta(days=2))
    publicity.end(shown, by=None, now=AFTER)
    return versions.publish(drafted(world), by=secretary, now=AFTER)


@pytest.fixture
def dossier(world, version):
    return make_dossier(version, by=world.people[Role.SECRETARY], now=AFTER)


def contents(content):
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


def test_it_holds_everything_that_led_to_the_version(dossier):
    files = contents(dossier)
    assert {
        "manifest.json", "目录/目录.xlsx", "目录/变化.xlsx", "目录/规则核对.json", "通知/通知.docx", "申请/2026-1.json",
        "会议/2026-1.json", "公示/2026-1.json", "操作记录/history.json", "通知/消化计划.json",
    } <= set(files)  # fmt: skip
    assert b"guideline" in files.values()
    application = json.loads(files["申请/2026-1.json"])
    assert [step["动作"]["text"] for step in application["申请步骤"]][-2:] == ["公示结束", "发布生效"]
    assert json.loads(files["会议/2026-1.json"])["议题"][0]["计票"]["agree"] == 9
    assert json.loads(files["公示/2026-1.json"])["异议"][0]["答复"] == "按消化计划用完"
    verbs = [link["content"]["verb"] for link in json.loads(files["操作记录/history.json"])]
    assert verbs[-2:] == ["发布生效调整申请", "发布用药目录"]
    assert {"发布公示", "提出异议", "答复异议", "结束公示"} <= set(verbs)


def test_an_untouched_dossier_is_confirmed_by_the_chain(dossier):
    verdict = check_dossier(dossier)
    assert verdict.holds
    assert any("记录了此卷宗的导出（周敏）" in words for words in verdict.notes)


def test_elsewhere_it_is_checked_by_itself(dossier):
    Event.objects.all().delete()
    verdict = check_dossier(dossier)
    assert verdict.holds
    assert verdict.notes == ["本系统没有此医共体的操作链，只核对了卷宗自身"]


def changed_file(files):
    files["通知/通知.docx"] += b"x"


def missing_file(files):
    del files["申请/2026-1.json"]


def extra_file(files):
    files["申请/另加.json"] = b"{}"


def manifest_follows(files):
    """The forger also mends the manifest."""
    import hashlib

    files["目录/规则核对.json"] = b"[]\n"
    manifest = json.loads(files["manifest.json"])
    for row in manifest["files"]:
        if row["name"] == "目录/规则核对.json":
            row["sha256"] = hashlib.sha256(b"[]\n").hexdigest()
    files["manifest.json"] = json.dumps(manifest).encode()


def deed_changed(files):
    manifest_follows(files)
    rows = json.loads(files["操作记录/history.json"])
    rows[0]["content"]["by_name"] = "别人"
    files["操作记录/history.json"] = json.dumps(rows).encode()


@pytest.mark.parametrize(
    ("tamper", "words"),
    [
        (changed_file, "文件“通知/通知.docx”的内容与清单不符，曾被改动"),
        (missing_file, "缺少文件“申请/2026-1.json”"),
        (extra_file, "多出清单之外的文件“申请/另加.json”"),
        (manifest_follows, "操作链中没有导出此卷宗的记录：清单曾被改动，或不是由本系统导出"),
        (deed_changed, "内容与哈希不符，曾被改动"),
    ],
)
def test_tampering_is_named(dossier, tamper, words):
    files = contents(dossier)
    tamper(files)
    verdict = check_dossier(packed(files))
    assert not verdict.holds
    assert any(words in fault for fault in verdict.faults), verdict.faults


@pytest.mark.parametrize("content", [b"", b"no zip", packed({"a": b"b"}), packed({"manifest.json": b"[]"})])
def test_what_is_no_dossier_is_said_to_be_none(db, content):
    assert check_dossier(content).faults[0].startswith(("不是可读的卷宗", "清单格式不认识"))


def test_a_chain_that_was_changed_contradicts_the_dossier(world, dossier):
    event = Event.objects.get(verb="发布用药目录")
    Event.objects.filter(pk=event.pk).delete()
    assert any(f"第 {event.number} 条与本系统的操作链不一致" in fault for fault in check_dossier(dossier).faults)
    assert ChainHead.objects.exists()


def test_the_command_tells_the_same(dossier, tmp_path, capsys):
    path = tmp_path / "卷宗.zip"
    path.write_bytes(dossier)
    call_command("verify_dossier", str(path))
    assert "卷宗完整，没有改动" in capsys.readouterr().out
    files = contents(dossier)
    changed_file(files)
    path.write_bytes(packed(files))
    with pytest.raises(CommandError, match="曾被改动") as refused:
        call_command("verify_dossier", str(path))
    assert refused.value.returncode == 1
    with pytest.raises(CommandError, match="没有这个文件") as refused:
        call_command("verify_dossier", str(tmp_path / "no.zip"))
    assert refused.value.returncode == 2


def test_it_is_made_and_checked_on_the_pages(world, client, version):
    client.force_login(world.people[Role.AUDITOR])
    made = client.post(reverse("version_dossier", args=[2])).content
    answer = client.post(reverse("version_dossier_check"), {"file": io.BytesIO(made)})
    assert "卷宗完整，没有改动" in answer.content.decode()
    files = contents(made)
    changed_file(files)
    answer = client.post(reverse("version_dossier_check"), {"file": io.BytesIO(packed(files))})
    assert "曾被改动" in answer.content.decode()
    assert client.post(reverse("version_dossier_check"), {}).status_code == 422
