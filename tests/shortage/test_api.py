"""The contract of the HTTP API: scoped by token, idempotent, row by row, in Chinese."""

import datetime as dt
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from config.access import Role
from formulary.models import FormularyEntry, FormularyVersion
from shortage.actions import tokens
from shortage.models import (
    CURRENT,
    Alert,
    ApiToken,
    Consumption,
    IdempotentAnswer,
    Intake,
    Receipt,
    StockLevel,
    StockPosition,
)
from tests.conftest import NOW

TODAY = timezone.localdate()


@pytest.fixture
def token(world):
    return tokens.issue(world.t1, "HIS", by=None, now=NOW)


@pytest.fixture
def post(client, token):
    def _post(kind, rows, key="", bearer=token, raw=None):
        headers = {"Authorization": f"Bearer {bearer}", **({"Idempotency-Key": key} if key else {})}
        body = raw if raw is not None else json.dumps(rows)
        return client.post(f"/api/v1/{kind}", body, content_type="application/json", headers=headers)

    return _post


@pytest.fixture
def get(client, token):
    def _get(path, **headers):
        return client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}", **headers})

    return _get


def lot(**fields):
    row = {"institution": "T1", "drug": "M1", "batch": "A", "expiry": "2099-01", "quantity": 10, "date": str(TODAY)}
    return {**row, **fields}


def statuses(response):
    return [row["status"] for row in response.json()["rows"]]


def reasons(response):
    return [row.get("reason", "") for row in response.json()["rows"]]


def test_without_a_token_nothing_is_said(client, world):
    response = client.post("/api/v1/stock", "[]", content_type="application/json")
    assert (response.status_code, "令牌" in response.json()["detail"]) == (401, True)


def test_revoked_token_is_refused(world, post):
    tokens.revoke(ApiToken.objects.get(), by=None, now=NOW)
    assert post("stock", [lot()]).status_code == 401


def test_rows_are_created_then_unchanged_then_updated(post):
    assert statuses(post("stock", [lot(), lot(batch="B")])) == ["created", "created"]
    assert statuses(post("stock", [lot(), lot(batch="B", quantity=3)])) == ["unchanged", "updated"]
    assert StockPosition.objects.get().quantity == 13


def test_good_rows_are_stored_though_others_are_rejected(post):
    rows = [lot(), lot(drug="M9"), lot(quantity="约10"), 7, lot(qty=1), lot(quantity={"n": 1}), lot(batch="C")]
    response = post("stock", rows)
    assert statuses(response) == ["created", *["rejected"] * 5, "created"]
    assert response.json()["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 5}
    words = ("没有此药品编码", "应为数", "应为 JSON 对象", "没有此字段", "不能是数组或对象")
    assert all(word in reason for word, reason in zip(words, reasons(response)[1:6], strict=True))


def test_a_row_that_repeats_a_rejected_one_corrects_it(post):
    rows = [lot(quantity=-1), lot(qty=1), lot(quantity=10), lot(quantity=11)]
    response = post("stock", rows)
    assert statuses(response) == ["rejected", "rejected", "created", "rejected"]
    assert "与第 3 行重复" in reasons(response)[3]
    assert StockPosition.objects.get().quantity == 10


def test_chinese_keys_and_packs_are_understood(post):
    row = {"产品编码": "M1-P1", "数量": "2", "单位": "盒（28片）", "日期": str(TODAY), "批号": "A"}
    assert statuses(post("stock", [row])) == ["created"]
    assert StockLevel.objects.filter(CURRENT).get().quantity == 56


def test_token_writes_only_for_its_own_institution(post):
    response = post("stock", [lot(institution="H1"), lot(institution=None)])
    assert statuses(response) == ["rejected", "created"]
    assert "不在您可填报的机构范围内" in reasons(response)[0]


def test_same_key_and_body_get_the_same_answer_and_write_once(post):
    first, second = post("stock", [lot()], key="k1"), post("stock", [lot()], key="k1")
    assert (first.json(), Intake.objects.count()) == (second.json(), 1)
    assert second.headers["Idempotent-Replayed"] == "true"


def test_same_key_with_another_body_is_refused(post):
    post("stock", [lot()], key="k1")
    response = post("stock", [lot(quantity=11)], key="k1")
    assert (response.status_code, "已用于另一个" in response.json()["detail"]) == (409, True)
    assert post("consumption", [lot()], key="k1").status_code == 409


def test_old_keys_are_forgotten(post):
    post("stock", [lot()], key="k1")
    IdempotentAnswer.objects.update(at=timezone.now() - dt.timedelta(days=40))
    assert statuses(post("stock", [lot(quantity=1)], key="k2")) == ["updated"]
    assert list(IdempotentAnswer.objects.values_list("key", flat=True)) == ["k2"]


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [("{", 400, "不是有效的 JSON"), ("{}", 422, "应为 JSON 数组"), ("[]", 422, "数组为空")],
)
def test_body_that_is_no_list_of_rows_is_refused(post, raw, status, words):
    response = post("stock", None, raw=raw)
    assert (response.status_code, words in response.json()["detail"]) == (status, True)


def test_ten_thousand_and_one_rows_are_too_many(post):
    response = post("stock", [lot()] * 10_001)
    assert (response.status_code, "10,000" in response.json()["detail"]) == (413, True)


def test_use_of_two_products_on_a_day_is_added_up(post):
    rows = [
        {"product": "M1-P1", "quantity": 2, "unit": "盒", "date": str(TODAY)},
        {"drug": "M1", "quantity": 4, "date": str(TODAY)},
    ]
    assert statuses(post("consumption", rows)) == ["created", "created"]
    assert Consumption.objects.get().quantity == 60


def test_receipt_of_nothing_is_rejected(post):
    rows = [lot(quantity=0), lot(order="PO1", supplier="S1")]
    assert statuses(post("receipts", rows)) == ["rejected", "created"]
    assert Receipt.objects.get().order_reference == "PO1"


def test_jump_by_the_size_of_a_pack_is_stored_with_a_warning(post):
    post("stock", [lot(date=str(TODAY - dt.timedelta(days=1)), quantity=280)])
    response = post("stock", [lot(quantity=7840)])
    assert "增至 28 倍" in response.json()["rows"][0]["warning"]


@pytest.fixture
def version(world):
    who = world.people[Role.SECRETARY]
    made = FormularyVersion.objects.create(
        alliance=world.alliance,
        number=1,
        title="目录",
        effective_from=dt.date(2026, 1, 1),
        published_at=NOW,
        published_by=who,
    )
    FormularyEntry.objects.create(version=made, presentation=world.drugs["M1"], lowest_level="基层")
    FormularyVersion.objects.create(alliance=world.alliance, number=2, title="草稿")
    return made


def test_formulary_in_force_names_its_products(get, version):
    body = get("formulary").json()
    assert (body["version"]["number"], body["entries"][0]["drug"]) == (1, "M1")
    assert body["entries"][0]["products"][0]["code"] == "M1-P1"
    assert (body["entries"][0]["essential"], body["entries"][0]["insurance"]) == (False, "无")


def test_unchanged_formulary_is_not_sent_again(get, version):
    etag = get("formulary").headers["ETag"]
    assert get("formulary", **{"If-None-Match": etag}).status_code == 304
    FormularyEntry.objects.update(reason="补充说明")
    assert get("formulary", **{"If-None-Match": etag}).status_code == 200


def test_draft_version_is_not_shown(get, version):
    response = get("formulary?version=2")
    assert (response.status_code, "没有已发布的第 2 版" in response.json()["detail"]) == (404, True)


def test_alerts_are_those_of_the_own_institution(get, world):
    for place in (world.h1, world.t1):
        Alert.objects.create(
            institution=place,
            presentation=world.drugs["M1"],
            level="red",
            cause="x",
            reason="缺",
            risk=0.9,
            opened_on=TODAY,
            updated_on=TODAY,
        )
    assert [row["institution"] for row in get("alerts").json()] == ["T1"]
    assert get("alerts?state=closed").json() == []
    assert "state：应为" in get("alerts?state=x").json()["detail"]


def test_documentation_needs_nothing_from_outside(client, world):
    schema = client.get("/api/v1/openapi.json").json()
    assert {"/api/v1/stock", "/api/v1/consumption", "/api/v1/receipts", "/api/v1/formulary", "/api/v1/alerts"} <= set(
        schema["paths"]
    )
    page = client.get("/api/v1/docs").content.decode()
    assert "http://" not in page
    assert "https://" not in page


def test_token_is_printed_once_and_only_its_hash_kept(world, capsys):
    call_command("issue_token", "T1", name="HIS")
    printed = capsys.readouterr().out.strip()
    assert ApiToken.objects.get().digest == tokens.digest(printed)
    with pytest.raises(CommandError, match="没有编码为"):
        call_command("issue_token", "T9", name="HIS")


@pytest.mark.parametrize(
    ("method", "address", "status", "words"),
    [
        ("get", "/api/v1/nothing", 404, "没有此地址或数据"),
        ("delete", "/api/v1/stock", 405, "此地址不支持该方法"),
    ],
)
def test_a_wrong_address_or_method_is_answered_in_words(db, client, method, address, status, words):
    answer = getattr(client, method)(address)
    assert (answer.status_code, answer.json()) == (status, {"detail": words})
