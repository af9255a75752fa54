"""HTTP API of the formulary: the version in force, for hospital systems that prescribe by it."""

import hashlib

import orjson
from django.http import HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from ninja import Field, Query, Router, Schema

from formulary import api_queries

router = Router(tags=["目录"])


class Refusal(Schema):
    detail: str


class ProductRow(Schema):
    code: str
    nhsa_code: str
    maker: str
    pack_size: int
    pack_unit: str


class EntryRow(Schema):
    drug: str
    name: str
    form: str
    strength: str
    unit: str
    lowest_level: str
    restriction: str
    restriction_text: str
    tier: int
    note: str
    emergency: bool
    essential: bool = Field(..., description="今天是否基药")
    insurance: str = Field(..., description="今天的医保类别：甲、乙、国谈、无")
    marks: list[str] = Field(..., description="政策标识：基药、医保甲、集采中选、短缺 …")
    products: list[ProductRow]


class VersionRow(Schema):
    number: int
    title: str
    effective_from: str
    published_at: str
    document: str


class Formulary(Schema):
    version: VersionRow
    entries: list[EntryRow]


@router.get(
    "/formulary",
    summary="在用目录",
    description="省略 version 即今天生效的版本。基药、医保、集采标识按今天的政策目录。带 If-None-Match 且内容未变时返回 304。",
    response={200: Formulary, 401: Refusal, 404: Refusal},
)
def formulary(request, version: int | None = Query(None, ge=1, description="版本号")):
    alliance = request.auth.institution.alliance
    today = timezone.localdate()
    found = api_queries.published_version(alliance, version, today)
    if found is None:
        missing = f"没有已发布的第 {version} 版目录" if version else "还没有生效的目录"
        return HttpResponse(orjson.dumps({"detail": missing}), content_type="application/json", status=404)
    body = orjson.dumps(api_queries.formulary_rows(found, today))
    etag = f'"{found.number}-{hashlib.sha256(body).hexdigest()[:32]}"'
    response = HttpResponse(body, content_type="application/json", headers={"ETag": etag})
    return get_conditional_response(request, etag=etag, response=response)
