"""Rows that an institution's HIS posts: good ones are stored, bad ones answered with their reason.

An Idempotency-Key makes a repeated request harmless: the answer given the first time is given again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
import pandas as pd
from django.db import transaction
from django.utils import timezone

from formulary.actions.history import record
from shortage.actions import expected, facts
from shortage.actions.effects import daily, stock_warnings, use_warnings
from shortage.actions.fact_tables import ITEM_DAY, each
from shortage.models import ApiToken, IdempotentAnswer, Intake
from shortage.queries import stock as stock_queries
from shortage.rules.api_rows import reason, table_of
from shortage.rules.stock_file import Kind
from shortage.rules.stock_rows import check

MOST_ROWS = 10_000
KEY_LENGTH = 200
KEYS_KEPT = dt.timedelta(days=30)
Answer = dict[str, Any]


class RequestRefused(Exception):
    """The request as a whole cannot be taken; `status` is the HTTP status that says so."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def parse(body: bytes) -> list[object]:
    """The JSON array of a request; raises RequestRefused (400 no JSON, 422 no array or empty, 413 too long)."""
    try:
        rows = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestRefused(400, f"请求体不是有效的 JSON（UTF-8）：第 {error.lineno} 行第 {error.colno} 列") from error
    if not isinstance(rows, list):
        raise RequestRefused(422, "请求体应为 JSON 数组，每个元素是一行数据")
    if not rows:
        raise RequestRefused(422, "数组为空，应至少有一行数据")
    if len(rows) > MOST_ROWS:
        raise RequestRefused(413, f"一次最多 {MOST_ROWS:,} 行，收到 {len(rows):,} 行，请分批发送")
    return rows


def receive(kind: Kind, body: bytes, *, token: ApiToken, key: str, now: dt.datetime) -> tuple[Answer, bool]:
    """Stores the rows and returns the answer, and whether it is a repetition of an earlier one.

    Raises RequestRefused; with 409 when the key was used for another request.
    """
    if len(key) > KEY_LENGTH:
        raise RequestRefused(422, f"Idempotency-Key 应不超过 {KEY_LENGTH} 个字符")
    rows = parse(body)
    sha256 = hashlib.sha256(body).hexdigest()
    with transaction.atomic():
        # Requests of one token wait for one another, so that a repetition finds the answer of the first.
        ApiToken.objects.select_for_update().get(pk=token.pk)
        if key:
            given = IdempotentAnswer.objects.filter(token=token, key=key).first()
            if given is not None and (given.body_sha256, given.path) != (sha256, kind.value):
                raise RequestRefused(409, f"Idempotency-Key“{key}”已用于另一个内容不同的请求，请换一个新的键")
            if given is not None:
                return given.answer, True
        answer = _store(kind, rows, token=token, sha256=sha256, now=now)
        if key:
            IdempotentAnswer.objects.filter(token=token, at__lt=now - KEYS_KEPT).delete()
            IdempotentAnswer.objects.create(
                token=token, key=key, path=kind.value, body_sha256=sha256, status=200, answer=answer, at=now
            )
    return answer, False


def _store(kind: Kind, rows: Sequence[object], *, token: ApiToken, sha256: str, now: dt.datetime) -> Answer:
    place = token.institution
    table, faults = table_of(kind, rows, institution=place.code)
    catalogue = stock_queries.catalogue(place.alliance, {place.pk})
    checked = check(
        kind, table, catalogue, today=timezone.localdate(now), rejected={fault.row or 0 for fault in faults}
    )
    reasons: dict[int, list[str]] = {}
    for fault in [*faults, *checked.faults]:
        reasons.setdefault(fault.row or 0, []).append(reason(fault))
    good = checked.frame[~checked.frame["row"].isin(list(reasons))]
    answers: list[Answer] = [{"index": at, "status": "rejected"} for at in range(len(rows))]
    for row, texts in reasons.items():
        answers[row - 1]["reason"] = "；".join(texts)
    intake = None
    if len(good):
        intake = Intake.objects.create(
            alliance=place.alliance,
            source=Intake.Source.API,
            name=f"{kind.label}接口 · {place.short_name} · {token.name}"[:200],
            sha256=sha256,
            received_at=now,
        )
        _put(kind, good, answers, intake=intake, now=now)
    counts = dict.fromkeys(("created", "updated", "unchanged", "rejected"), 0)
    for one in answers:
        counts[one["status"]] += 1
    if intake is not None:
        intake.counts = {**intake.counts, "rows": {kind.value: {**counts, "removed": 0}}}
        intake.save(update_fields=["counts"])
        record("接口接收数据", intake, alliance=place.alliance, by=None, now=now, data={"rows": intake.counts["rows"]})
    return {"intake": intake.pk if intake else None, "counts": counts, "rows": answers}


def _put(kind: Kind, frame: pd.DataFrame, answers: list[Answer], *, intake: Intake, now: dt.datetime) -> None:
    """Writes the good rows and notes in `answers` what became of each."""
    warnings: list[tuple[int, str]] = []
    if kind is Kind.STOCK:
        known = stock_queries.positions(frame)
        change = facts.put_stock(frame, intake=intake, complete=False, now=now)
        outcomes = change.rows
        if change.levels is not None:
            warnings = stock_warnings(change.levels.rows, known)
    elif kind is Kind.CONSUMPTION:
        change = facts.put_consumption(daily(frame), intake=intake, now=now)
        warnings = use_warnings(change.rows)
        dated = frame.assign(date=pd.to_datetime(frame["date"]).astype("datetime64[s]"))
        outcomes = dated.merge(change.rows[[*ITEM_DAY, "outcome"]], on=list(ITEM_DAY))
    elif kind is Kind.RECEIPTS:
        outcomes = facts.put_receipts(frame, intake=intake, now=now).rows
    else:
        outcomes = expected.put(frame, intake=intake)
    for row in each(outcomes[["row", "outcome"]]):
        answers[row.row - 1]["status"] = row.outcome
    for number, text in warnings:
        answers[number - 1]["warning"] = text
