"""The one HTTP API (/api/v1/): a token per institution, Chinese answers, documentation that works offline."""

from django.http import Http404, JsonResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError
from ninja.security import HttpBearer

from formulary.api import router as formulary
from shortage.actions.tokens import digest
from shortage.api import router as shortage
from shortage.models import ApiToken

# pydantic's messages by type; what is not listed is named by its place only.
MESSAGES = {
    "missing": "缺少此项",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "greater_than_equal": "应不小于 {ge}",
    "literal_error": "应为 {expected} 之一",
    "date_parsing": "应为日期，如 2026-11-21",
    "date_from_datetime_parsing": "应为日期，如 2026-11-21",
    "date_type": "应为日期，如 2026-11-21",
}


class TokenAuth(HttpBearer):
    """`Authorization: Bearer …`; the token stands for one institution."""

    openapi_scheme = "bearer"

    def authenticate(self, request, token):  # noqa: ARG002 (ninja passes it)
        found = ApiToken.objects.select_related("institution__alliance")
        return found.filter(digest=digest(token), revoked_at=None, institution__active=True).first()


api = NinjaAPI(
    title="药衡接口",
    version="1",
    description="库存、用量、到货上报与目录、预警查询。令牌由系统管理员按机构签发：manage.py issue_token 机构编码 --name 用途。",
    urls_namespace="api",
    auth=TokenAuth(),
)
api.add_router("", shortage)
api.add_router("", formulary)


@api.exception_handler(AuthenticationError)
def unauthorised(request, _error):
    response = api.create_response(request, {"detail": "令牌缺失、无效或已停用"}, status=401)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(ValidationError)
def invalid(request, error):
    words = []
    for one in error.errors:
        text = (
            MESSAGES.get(one["type"], "值有误")
            .format(**one.get("ctx", {}))
            .replace("'", "")
            .replace(" or ", "、")
            .replace(", ", "、")
        )
        words.append(f"{one['loc'][-1]}：{text}")
    return api.create_response(request, {"detail": "；".join(words)}, status=422)


@api.exception_handler(Http404)
def not_found(request, _error):
    return api.create_response(request, {"detail": "没有此地址或数据"}, status=404)


class ApiSpeaksJson:
    """An address or a method that no operation has is answered before ninja sees it: in words and JSON all the same."""

    WORDS = {404: "没有此地址或数据", 405: "此地址不支持该方法"}

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        answer = self.get_response(request)
        words = self.WORDS.get(answer.status_code)
        if (
            words is None
            or not request.path.startswith("/api/")
            or answer.get("Content-Type", "").startswith("application/json")
        ):
            return answer
        told = JsonResponse({"detail": words}, status=answer.status_code, json_dumps_params={"ensure_ascii": False})
        if "Allow" in answer:
            told["Allow"] = answer["Allow"]
        return told
