"""Every view names its permission; the walk over all URLs proves that none forgot."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from config.access import Permission
from formulary.queries import scope_of

View = Callable[..., HttpResponse]


def requires(permission: Permission, *, post: Permission | None = None) -> Callable[[View], View]:
    """Signs in, checks the permission (another one for POST when given) and puts the reach on `request.scope`."""

    def decorate(view: View) -> View:
        @wraps(view)
        @login_required
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            asked = post if post and request.method == "POST" else permission
            scope = scope_of(request.user, asked)  # type: ignore[arg-type]
            if scope is None:
                raise PermissionDenied("您的角色没有此项权限")
            request.scope = scope  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.post_permission = post or permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def public(view: View) -> View:
    """Marks a page that needs no sign-in."""
    view.permission = None  # type: ignore[attr-defined]
    return view
