"""A session lives SESSION_COOKIE_AGE from its owner's last request; written at most once a minute."""

import time


class StaySignedInWhileActive:
    """Saving a session is what moves its end; saving it on each request would make every page a write."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        minute = int(time.time() // 60)
        if request.user.is_authenticated and request.session.get("minute") != minute:
            request.session["minute"] = minute
        return self.get_response(request)
