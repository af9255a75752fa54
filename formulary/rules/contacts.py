"""The contact of a 缺药登记: shown masked, kept as a keyed digest only after a no-show, otherwise gone."""

from __future__ import annotations

import hashlib
import hmac
import re

_SEPARATORS = re.compile(r"[\s\-—()（）+]")


def digest(contact: str, key: str) -> str:
    """A digest that cannot be turned back without the key; "" for no contact. Spacing does not matter."""
    plain = _SEPARATORS.sub("", contact)
    return hmac.new(key.encode(), plain.encode(), hashlib.sha256).hexdigest() if plain else ""


def masked(contact: str) -> str:
    """138****5678: enough to recognise, too little to call."""
    plain = contact.strip()
    if len(plain) <= 4:
        return "*" * len(plain)
    return f"{plain[:3]}****{plain[-4:]}" if len(plain) >= 8 else f"{plain[0]}{'*' * (len(plain) - 2)}{plain[-1]}"
