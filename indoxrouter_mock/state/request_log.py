"""The last requests, for tests and for the page at `/`, with secrets masked."""

from __future__ import annotations

import time
from collections import deque
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from ..base.clock import iso
from ..base.json import DecodeError, is_list, is_object, loads
from ..base.text import decimal, plural

MASK = "***"
SECRET_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key"}
)
ALWAYS_SECRET = frozenset(
    {"password", "byok_api_key", "api_key", "access_token", "refresh_token", "client_secret"}
)
"""Masked even where a spec forgets to say `x-secret`: a test's log must not be what leaks a key."""
BODY_KEPT = 65_536
"""Bytes of a body that are kept; a longer one is described by its size."""


def wait_of(text: str, now: float) -> float | None:
    """The seconds that the value of a `Retry-After` header asks for, as a number or as a date."""
    try:
        return decimal(text) if text.strip()[:1].isdigit() else parsedate_to_datetime(text).timestamp() - now
    except ValueError:  # a recorded server may send anything
        return None


class RecordedRequest(msgspec.Struct):
    """One request and its outcome. The body is kept as bytes and parsed when the log is read.

    A struct of msgspec, as the other objects that each request makes: it takes a tenth of the time of a dataclass.
    """

    number: int
    moment: float
    method: str
    path: str
    query: str
    operation: str | None
    headers: dict[str, str]
    content: bytes
    size: int
    request_id: str
    status: int = 0
    faults: tuple[str, ...] = ()
    events: int | None = None
    account: str = ""
    paid: bool = False
    """Whether the operation costs credits, so that a repetition needs an idempotency key."""
    complete: bool = False
    """Whether the whole answer was sent."""
    refused_at: float = 0.0
    """When an error was answered, by the mock's clock."""
    answer_headers: list[tuple[bytes, bytes]] = []
    answer: list[bytes] = []
    """The body of the answer, as far as it is kept."""
    answer_size: int = 0
    arrived: float = msgspec.field(default_factory=time.monotonic)
    answered: float = 0.0
    ended: float = 0.0
    """Seconds of the monotonic clock, as `arrived` and `answered`; 0 while the request is handled."""

    def __repr__(self) -> str:
        # Neither headers nor bodies: they hold secrets.
        return f"RecordedRequest({self.number}, {self.method} {self.path}, {self.status})"

    def add_answer(self, content: bytes) -> None:
        """Keep a piece of the answer, unless there is too much of it already."""
        self.answer_size += len(content)
        if self.answer_size <= BODY_KEPT:
            self.answer.append(content)

    def answer_header(self, name: bytes) -> str:
        """A header of the answer; empty when it has none of that name."""
        return next((value.decode("latin-1") for key, value in self.answer_headers if key == name), "")

    @property
    def milliseconds(self) -> float:
        """How long it took to handle the request; 0 while it is handled."""
        return (self.ended - self.arrived) * 1000 if self.ended else 0.0

    @property
    def retry_after(self) -> float | None:
        """The seconds that an error asked the client to wait, if it did."""
        asked = self.answer_header(b"retry-after")
        return wait_of(asked, self.refused_at) if asked and self.refused_at else None

    @property
    def failed(self) -> bool:
        """Whether a client may want to repeat the request."""
        return self.status == 0 or self.status == 429 or self.status >= 500 or not self.complete


class RequestLog:
    """A ring of the last requests, numbered from 1."""

    def __init__(self, size: int, secret_names: frozenset[str]) -> None:
        self._ring: deque[RecordedRequest] = deque(maxlen=size)
        self._secret = secret_names | ALWAYS_SECRET
        self.count = 0

    def open(
        self,
        moment: float,
        method: str,
        path: str,
        query: str,
        operation: str | None,
        headers: dict[str, str],
        content: bytes,
        request_id: str,
    ) -> RecordedRequest:
        """Record a request and return the record, to be completed when it is answered."""
        self.count += 1
        size = len(content)
        kept = content if size <= BODY_KEPT else b""
        entry = RecordedRequest(
            self.count, moment, method, path, query, operation, headers, kept, size, request_id
        )
        self._ring.append(entry)
        return entry

    def forget(self, account: str) -> None:
        """Remove the requests of an account."""
        kept = [entry for entry in self._ring if entry.account != account]
        self._ring.clear()
        self._ring.extend(kept)

    def entries(self) -> list[RecordedRequest]:
        """The records themselves, oldest first."""
        return list(self._ring)

    def clear(self) -> None:
        """Remove all recorded requests. Numbers continue."""
        self._ring.clear()

    def read(
        self, *, since: int = 0, limit: int | None = None, account: str | None = None
    ) -> list[dict[str, Any]]:
        """Requests numbered above `since`, oldest first, at most the last `limit` of them; of one account if named."""
        recorded = self.entries()  # in one step: the server may record requests meanwhile, in another thread
        found = [entry for entry in recorded if entry.number > since and account in (None, entry.account)]
        return [self._shown(entry) for entry in (found if limit is None else found[-limit:] if limit else [])]

    def _shown(self, entry: RecordedRequest) -> dict[str, Any]:
        return {
            "number": entry.number,
            "time": iso(entry.moment),
            "method": entry.method,
            "path": entry.path,
            "query": self._query(entry.query),
            "operation": entry.operation,
            "request_id": entry.request_id,
            "headers": {
                name: MASK if name in SECRET_HEADERS else value for name, value in entry.headers.items()
            },
            "body": self._body(entry),
            "size": entry.size,
            "answer": self._answer(entry),
            "status": entry.status,
            "milliseconds": round(entry.milliseconds, 3),
            "faults": list(entry.faults),
            "events": entry.events,
            "account": entry.account or None,
        }

    def _query(self, query: str) -> str:
        pairs = (pair.partition("=") for pair in query.split("&"))
        return "&".join(
            f"{name}={MASK}" if name.lower() in self._secret else f"{name}{sign}{value}"
            for name, sign, value in pairs
        )

    def _answer(self, entry: RecordedRequest) -> Any:
        kind = entry.answer_header(b"content-type").partition(";")[0].strip().lower()
        if not entry.answer_size:
            return None
        if entry.answer_size > BODY_KEPT or not (kind.endswith("json") or kind.startswith("text/")):
            return f"<{plural(entry.answer_size, 'byte')} of {kind}>"
        content = b"".join(entry.answer)
        if not kind.endswith("json"):
            return content.decode("utf-8", "replace")
        try:
            return masked(loads(content), self._secret)
        except DecodeError:
            return f"<{plural(entry.answer_size, 'byte')} of invalid JSON>"

    def _body(self, entry: RecordedRequest) -> Any:
        kind = entry.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not entry.size:
            return None
        if not entry.content:
            return f"<{plural(entry.size, 'byte')}>"
        if kind.endswith("json") or not kind:
            try:
                return masked(loads(entry.content), self._secret)
            except DecodeError:
                return f"<{plural(entry.size, 'byte')} of invalid JSON>"
        if kind == "application/x-www-form-urlencoded":
            from urllib.parse import parse_qsl

            pairs = parse_qsl(entry.content.decode("utf-8", "replace"), keep_blank_values=True)
            # A user name may be an API key: that is how published clients log in.
            return {
                name: MASK if name in self._secret or name == "username" else value for name, value in pairs
            }
        return f"<{plural(entry.size, 'byte')} of {kind}>"


def masked(value: Any, secret: frozenset[str]) -> Any:
    """A copy of a JSON value with the values of secret members replaced."""
    if is_object(value):
        hidden = secret | {"username"} if "password" in value else secret
        return {
            name: MASK if name in hidden and item is not None else masked(item, secret)
            for name, item in value.items()
        }
    if is_list(value):
        return [masked(item, secret) for item in value]
    return value
