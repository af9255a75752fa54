"""The review queue in the shell, and the import page of the administration."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from config.access import Role
from formulary.models import ListEntry, Medicine, NameMatch
from formulary.queries import pending_match_count
from tests.formulary.lists import AWARDS, bring_in


@pytest.fixture
def secretary(world, client):
    bring_in("nrdl")
    bring_in("neml")
    client.force_login(world.people[Role.SECRETARY])
    return client


def test_queue_shows_what_waits(secretary):
    page = secretary.get(reverse("match_list")).content.decode()
    assert "羟甲唑啉" in page
    assert "剂型组相近" in page
    assert pending_match_count() == 1


def test_queue_can_be_filtered(secretary):
    page = secretary.get(reverse("match_list"), {"state": "pending", "kind": "nrdl"}).content.decode()
    assert "没有待审的名称" in page


def test_candidate_is_chosen_with_one_button(secretary):
    match = NameMatch.objects.get()
    detail = reverse("match_detail", args=[match.pk])
    assert "5ML:1.25MG" in secretary.get(detail).content.decode()
    medicine = Medicine.objects.get(substance="羟甲唑啉")
    answer = secretary.post(detail, {"answer": medicine.pk, "note": "鼻喷即吸入剂"}, follow=True)
    assert "已记住" in answer.content.decode()
    match.refresh_from_db()
    assert (match.state, match.medicine, match.note) == ("same", medicine, "鼻喷即吸入剂")
    assert "鼻喷即吸入剂" in secretary.get(detail).content.decode()


def test_other_drug_is_found_by_its_name(secretary):
    detail = reverse("match_detail", args=[NameMatch.objects.get().pk])
    assert "没有这个品种" in secretary.post(detail, {"answer": "987654"}).content.decode()
    assert "没有这个品种" in secretary.post(detail, {"answer": "甲"}).content.decode()
    medicine = Medicine.objects.get(substance="氨氯地平")
    assert f'value="{medicine.pk}"' in secretary.get(detail, {"words": "氯地平"}).content.decode()
    secretary.post(detail, {"answer": medicine.pk})
    assert NameMatch.objects.get().medicine == medicine


def test_answered_question_says_so_to_the_second(secretary):
    detail = reverse("match_detail", args=[NameMatch.objects.get().pk])
    secretary.post(detail, {"answer": "new"})
    assert "已由他人处理" in secretary.post(detail, {"answer": "ignored"}, follow=True).content.decode()


# --- the administration


def upload(client, text, **fields):
    data = {
        "resource": "0", "format": "0", "kind": "vbp_awards", "edition": "E", "valid_from": "2021-05-01", "valid_to": "", "document": "",
        "import_file": SimpleUploadedFile("中选.csv", text.encode("gb18030")),
    }  # fmt: skip
    return client.post(reverse("admin:formulary_listentry_import"), data | fields)


@pytest.fixture
def administrator(world, client):
    client.force_login(world.people[Role.ADMINISTRATOR])
    return client


def test_import_page_previews_whole_cells_before_it_writes(administrator):
    answer = upload(administrator, AWARDS)
    page = answer.content.decode()
    assert "中选价_元每最小单位：0.06" in page
    assert not ListEntry.objects.exists()
    confirmed = answer.context["confirm_form"].initial
    data = {name: "" if value is None else value for name, value in confirmed.items()}
    done = administrator.post(reverse("admin:formulary_listentry_process_import"), data, follow=True)
    assert "新增 3，变更 0，不变 0" in done.content.decode()
    changed = upload(administrator, AWARDS.replace(",0.06", ",0.05")).content.decode()
    assert "中选价_元每最小单位：<del>0.06</del> → <ins>0.05</ins>" in changed


def test_import_page_tells_every_fault_in_chinese(administrator):
    answer = upload(administrator, AWARDS.replace(",0.06", ",六分").replace(",0.11", ",面议"))
    page = answer.content.decode()
    assert "六分" in page
    assert "面议" in page
    assert "应为不小于 0 的金额" in page
    assert "confirm_form" not in answer.context


def test_import_page_refuses_what_is_no_table(administrator):
    page = upload(
        administrator, AWARDS, import_file=SimpleUploadedFile("坏.xlsx", b"PK\x03\x04broken")
    ).content.decode()
    assert "不是可读的 Excel 工作簿" in page


@pytest.mark.parametrize("model", ["listentry", "listedition", "namematch"])
def test_lists_are_only_looked_at_in_the_administration(administrator, model):
    bring_in("nrdl")
    assert administrator.get(reverse(f"admin:formulary_{model}_changelist")).status_code == 200
    assert administrator.get(reverse(f"admin:formulary_{model}_add")).status_code == 403
