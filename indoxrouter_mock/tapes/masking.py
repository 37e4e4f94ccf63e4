"""Secrets on a tape: masked by the name of a field, by what keys and tokens look like, and by value once one was seen.

The same masks are laid on a request that is looked up, so that it equals its masked recording.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from ..base.json import is_list, is_object
from ..state.request_log import ALWAYS_SECRET, MASK, SECRET_HEADERS

SHORTEST_VALUE = 12
"""Characters from which on a secret is searched for in every text: shorter ones occur by chance."""
MOST_VALUES = 1000
LOOKS_SECRET = re.compile(
    r"\b(?:indox|sk|pk|rk)-[A-Za-z0-9_-]{16,}"  # keys of the API and of providers
    r"|\bAIza[A-Za-z0-9_-]{30,}|\bAKIA[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+"  # JWTs
)
IN_URL = re.compile(
    r"((?:X-Amz-(?:Signature|Credential|Security-Token)|X-Goog-(?:Signature|Credential)|Signature|sig|token|key"
    r"|api_key|access_token)=)[^&\s\"'<>]+",
    re.IGNORECASE,
)
_MEMBER_OF_COOKIE = re.compile(r"([^=;,\s]+)=([^;,]*)")


class Masker:
    """Masks secrets, and remembers those that it has seen. `names` are further members that hold one."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(name.lower() for name in (*names, *ALWAYS_SECRET))
        self._values: dict[str, None] = {}

    def headers(self, headers: dict[str, str | list[str]]) -> dict[str, str | list[str]]:
        """Headers by lower-case name; what a secret one holds is remembered. Schemes and names of cookies stay."""
        found: dict[str, str | list[str]] = {}
        for name, given in headers.items():
            secret = name in SECRET_HEADERS or name in self._names
            mask = self._credential if secret else self.text
            found[name] = [mask(each) for each in given] if is_list(given) else mask(str(given))
        return found

    def query(self, query: str) -> str:
        """A query string, still encoded."""
        pairs = (pair.partition("=") for pair in query.split("&"))
        return "&".join(
            f"{name}={self._remembered(unquote_plus(value))}"
            if name.lower() in self._names
            else f"{name}{sign}{self.text(value)}"
            for name, sign, value in pairs
        )

    def value(self, value: Any) -> Any:
        """A JSON value: secret members are masked and remembered, other texts searched."""
        if is_object(value):
            # A user name beside a password may be an API key: that is how published clients log in.
            hidden = self._names | {"username"} if "password" in value else self._names
            return {
                name: self._remembered(item)
                if name.lower() in hidden and isinstance(item, str) and item
                else self.value(item)
                for name, item in value.items()
            }
        if is_list(value):
            return [self.value(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """A text without what looks like a secret or was one elsewhere."""
        for known in self._values:
            if known in text:
                text = text.replace(known, MASK)
        if "-" in text or "_" in text or "eyJ" in text or "AIza" in text or "AKIA" in text:
            text = LOOKS_SECRET.sub(MASK, text)
        return IN_URL.sub(rf"\g<1>{MASK}", text) if "=" in text else text

    def _credential(self, text: str) -> str:
        """The value of a secret header: `Bearer x` becomes `Bearer ***`, and `a=x; Path=/` becomes `a=***; Path=/`."""
        scheme, space, rest = text.partition(" ")
        if space and scheme.isalpha():
            return f"{scheme} {self._remembered(rest.strip())}"
        first = _MEMBER_OF_COOKIE.match(text)
        if first is not None:
            self._remembered(first[2].strip('" '))
            return f"{first[1]}={MASK}{text[first.end() :]}" if ";" in text else f"{first[1]}={MASK}"
        return self._remembered(text)

    def _remembered(self, secret: str) -> str:
        secret = secret.removeprefix("Bearer ")
        if len(secret) >= SHORTEST_VALUE and len(self._values) < MOST_VALUES:
            self._values[secret] = None
        return MASK if secret else secret
