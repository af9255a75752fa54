"""Content-Security-Policy for the project's own pages.

Django brings its own from 6.0 on; until then these lines do it. /admin/ is left out because Unfold needs
inline scripts and eval (Alpine); so is the offline API page, whose bundle does the same.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
LEFT_OUT = ("/admin/", "/api/")


class ContentSecurityPolicy:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        traceback_page = settings.DEBUG and response.status_code >= 500
        if not request.path_info.startswith(LEFT_OUT) and not traceback_page:
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
