"""HTTP API of stock and use: an institution's HIS posts rows, and reads its alerts."""

import datetime as dt
from typing import Any, Literal

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from shortage.actions.api_intake import MOST_ROWS, RequestRefused, receive
from shortage.queries import stock as stock_queries
from shortage.rules.stock_file import Kind

router = Router(tags=["库存与用量"])
EXAMPLE = {
    "institution": "T1",
    "product": "D0001-P1",
    "quantity": 12,
    "unit": "盒",
    "date": "2026-11-20",
    "batch": "20260801",
    "expiry": "2028-07",
    "supplier": "S01",
    "order": "PO-2026-118",
    "supplier_name": "惠民医药",
    "due": "2026-11-25",
}


class Codes(Schema):
    institution: str | None = Field(None, description="机构编码；省略即本机构（令牌只能写入本机构）")
    drug: str | None = Field(None, description="药品编码（品规）；drug、product、nhsa_code 至少一个")
    product: str | None = Field(None, description="产品编码")
    nhsa_code: str | None = Field(None, description="医保编码（国家医保药品代码）")
    quantity: int = Field(..., ge=0, description="数量，不小于 0")
    unit: str | None = Field(None, description="单位：空或最小单位（片）；盒（须有 product）；盒(28片)")
    date: dt.date = Field(..., description="日期，不晚于今天")


class StockRow(Codes):
    """日末库存：一行一个批号。只更新所列批号；同日同药品先报总数后报批号（或相反）时以后到者为准。"""

    batch: str | None = Field(None, description="批号；不分批号可省略")
    expiry: str | None = Field(None, description="有效期，2027-05-31 或 2027-05；过期批号不计入可用库存")


class ConsumptionRow(Codes):
    """当日用量：同一请求内同一药品按产品分行的会相加，再次发送即更正当日用量。"""


class ReceiptRow(Codes):
    """到货：按日期、批号、订单号识别；订单收齐后在途自动核销。"""

    quantity: int = Field(..., ge=1, description="数量，大于 0")
    batch: str | None = Field(None, description="批号")
    expiry: str | None = Field(None, description="有效期")
    supplier: str | None = Field(None, description="供应商编码")
    order: str | None = Field(None, description="订单号")


class OrderRow(Codes):
    """在途订单：按订单号识别，再次发送即更正；按订单号到货后自动核销。"""

    quantity: int = Field(..., ge=1, description="订货数量，大于 0")
    date: dt.date = Field(..., description="下单日期，不晚于今天")
    order: str = Field(..., description="订单号")
    due: dt.date | None = Field(None, description="预计到货日，不早于下单日期；未约定可省略")
    supplier: str | None = Field(None, description="供应商编码")
    supplier_name: str | None = Field(None, description="供应商名称")


class RowAnswer(Schema):
    index: int = Field(..., description="行在数组中的位置，从 0 起")
    status: Literal["created", "updated", "unchanged", "rejected"]
    reason: str | None = Field(None, description="拒绝原因")
    warning: str | None = Field(None, description="已写入，但数量与以往相差 10 倍以上，请核对单位")


class Answer(Schema):
    intake: int | None = Field(..., description="接收编号；全部被拒绝时为 null")
    counts: dict[str, int]
    rows: list[RowAnswer]


class Refusal(Schema):
    detail: str


class AlertRow(Schema):
    id: int
    institution: str
    drug: str
    name: str
    strength: str
    level: str = Field(..., description="red, orange, yellow, blue")
    state: str = Field(..., description="open 待处置, acting 处置中, closed 已解除")
    cause: str
    reason: str
    risk: float = Field(..., description="缺货概率 0–1")
    expected_stockout: dt.date | None
    opened_on: dt.date
    updated_on: dt.date
    closed_on: dt.date | None


def _documented(row: type[Schema]) -> dict[str, Any]:
    """Rows are read leniently (Chinese keys, numbers as text), so the page documents them by hand."""
    schema = {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": row.model_json_schema()}
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "maxLength": 200},
        "description": "同一键、同一内容再次发送，得到第一次的应答；同一键、不同内容返回 409。保存 30 天。",
    }
    note = f"字段名也可用中文列名（机构编码、药品编码 …）。一次最多 {MOST_ROWS:,} 行；有误的行不影响其他行。"
    content = {"schema": schema, "example": [{name: EXAMPLE[name] for name in row.model_fields if name in EXAMPLE}]}
    body = {"required": True, "description": note, "content": {"application/json": content}}
    return {"requestBody": body, "parameters": [key]}


def _post(kind: Kind, row: type[Schema], summary: str) -> None:
    @router.post(
        f"/{kind.value}",
        summary=summary,
        description=row.__doc__,
        operation_id=f"post_{kind.value}",
        response={200: Answer, 400: Refusal, 401: Refusal, 409: Refusal, 413: Refusal, 422: Refusal},
        openapi_extra=_documented(row),
    )
    def post(request):
        key = request.headers.get("Idempotency-Key", "").strip()
        try:
            answer, repeated = receive(kind, request.body, token=request.auth, key=key, now=timezone.now())
        except RequestDataTooBig:
            return _refusal(413, "请求体过大，请减少行数分批发送")
        except RequestRefused as refused:
            return _refusal(refused.status, str(refused))
        response = HttpResponse(orjson.dumps(answer), content_type="application/json")
        if repeated:
            response["Idempotent-Replayed"] = "true"
        return response


_post(Kind.STOCK, StockRow, "上报日末库存")
_post(Kind.CONSUMPTION, ConsumptionRow, "上报用量")
_post(Kind.RECEIPTS, ReceiptRow, "上报到货")
_post(Kind.ORDERS, OrderRow, "上报在途订单")


def _refusal(status: int, message: str) -> HttpResponse:
    return HttpResponse(orjson.dumps({"detail": message}), content_type="application/json", status=status)


@router.get("/alerts", response=list[AlertRow], tags=["预警"], summary="本机构的缺药预警")
def alerts(
    request,
    state: Literal["live", "closed", "all"] = Query("live", description="live 未解除（默认），closed 已解除，all 全部"),
    since: dt.date | None = Query(None, description="只要此日起评估过的"),  # noqa: B008
):
    return stock_queries.alert_rows(request.auth.institution, state, since)
