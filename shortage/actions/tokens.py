"""Tokens with which an institution's HIS speaks. Only the hash is kept; the token itself is shown once."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction

from formulary.actions.history import record
from formulary.models import Institution, Person
from shortage.models import ApiToken

PREFIX = "yh_"


def digest(token: str) -> str:
    """Tokens are 256 random bits, so a plain hash cannot be searched backwards."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue(institution: Institution, name: str, *, by: Person | None, now: dt.datetime) -> str:
    """Makes a token for one purpose and returns it; it cannot be read again."""
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiToken.objects.create(institution=institution, name=name, digest=digest(token), created_at=now)
        record("签发接口令牌", row, alliance=institution.alliance, by=by, now=now)
    return token


def revoke(row: ApiToken, *, by: Person | None, now: dt.datetime) -> None:
    """From now on the token is refused; revoking twice changes nothing."""
    with transaction.atomic():
        if ApiToken.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=now):
            record("停用接口令牌", row, alliance=row.institution.alliance, by=by, now=now)
