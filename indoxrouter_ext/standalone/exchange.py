"""One call without I/O: its request, whether an attempt is repeated, and what its answer means. Both clients use it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from indoxrouter import about
from indoxrouter._runtime.credentials import apply_credentials
from indoxrouter._runtime.errors.mapping import error_from_body, error_from_transport
from indoxrouter._runtime.errors.retry_after import retry_after_of
from indoxrouter._runtime.http.body_reader import BodyReader
from indoxrouter._runtime.http.interface import Deadline, HttpRequest, Timeouts, TransportFailure
from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import as_object
from indoxrouter.errors import APIError

from ..calls.retry import FailedAttempt, RetryBudget, RetryPolicy
from .answers import decode, in_utf8, info_of, media_type_of
from .servers import Servers, host_of
from .streams import EventReader

if TYPE_CHECKING:
    from indoxrouter._runtime.credentials import Credentials
    from indoxrouter._runtime.http.interface import Headers
    from indoxrouter._runtime.operations.operation import Call

LONGEST_RETRY_AFTER = 60.0
BODY_LIMIT = 256 * 1024 * 1024


@dataclass
class Settings:
    """What a client was made with; see `ApiClient`."""

    servers: Servers
    token: str | Credentials | None
    timeout: float | None
    deadline: float | None
    max_retries: int
    headers: dict[str, str]
    budget: RetryBudget = field(default_factory=RetryBudget)

    def __post_init__(self) -> None:
        for name in ("timeout", "deadline"):
            seconds = getattr(self, name)
            if seconds is not None and not seconds > 0:
                raise ValueError(f"{name}: expected seconds above zero or None, got {seconds!r}")
        if self.max_retries < 0:
            raise ValueError(f"max_retries: expected 0 or more, got {self.max_retries!r}")


class Exchange:
    """One call with all of its attempts.

    A client sends `request`, and passes the answer to `begin`, `feed` and `end`, or the network's failure to `fail`. It
    repeats this after `pause` seconds, until that is None: then `result` returns the answer of the call, or raises.
    """

    def __init__(self, call: Call[Any], settings: Settings, options: Mapping[str, Any] | None = None) -> None:
        if options:
            raise TypeError(f"{', '.join(options)}: the options of this client are set when it is made")
        self._call = call
        self._settings = settings
        self._policy = RetryPolicy(settings.max_retries, LONGEST_RETRY_AFTER, settings.budget)
        self._attempts = 0
        self._failure: TransportFailure | None = None
        self.pause: float | None = None
        self._server = settings.servers.of(call)
        self._host = host_of(self._server)
        seconds = settings.deadline
        self._deadline = (
            Deadline(time.monotonic() + seconds, "deadline", seconds) if seconds is not None else None
        )

    def request(self) -> HttpRequest:
        """The next attempt."""
        self._attempts += 1
        call, settings = self._call, self._settings
        headers = {"Accept": _accept(call), "Accept-Encoding": "gzip, deflate"}
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        url = call.url(self._server)
        if settings.token is not None and call.operation.security:
            credentials, query = apply_credentials(
                call.operation.security, about.SECURITY_SCHEMES, settings.token
            )
            headers.update(credentials)
            if query:
                url = f"{url}{'&' if '?' in url else '?'}{query}"
        headers.update(settings.headers)
        cookies = [jar["Cookie"] for jar in (headers, call.headers) if "Cookie" in jar]
        headers.update(call.headers)
        if len(cookies) > 1:
            headers["Cookie"] = "; ".join(cookies)
        wait = settings.timeout
        return HttpRequest(
            call.operation.method,
            url,
            list(headers.items()),
            call.content,
            Timeouts(wait, wait, wait, wait),
            deadline=self._deadline,
        )

    def begin(self, status: int, headers: Headers) -> EventReader | None:
        """Take the head of an answer. Returns a reader if it is documented as a stream."""
        self._failure = None
        self._http = info_of(self._call, status, headers, self._attempts)
        self._body, self._parts = BodyReader(headers, BODY_LIMIT), list[bytes]()
        return self._events() if 200 <= status < 300 else None

    def _events(self) -> EventReader | None:
        operation, http = self._call.operation, self._http
        received = media_type_of(http.headers)
        response = self._call.expected(http.status, received)
        framing, codec, done = "", None, "[DONE]"
        if response is not None and (response.media_type or "").partition(";")[0] == received:
            framing, codec = response.framing, response.codec
        if operation.stream is not None and received == "text/event-stream":
            framing, codec, done = "events", operation.stream.codec, operation.stream.done
        if not framing or codec is None:
            return None
        return EventReader(http, framing, codec, done, self._host, self._secrets())

    def feed(self, piece: bytes) -> None:
        """Take bytes of the body."""
        self._parts += self._body.feed(piece)

    def end(self) -> None:
        """Take the end of the body."""
        self._body.finish()
        status, headers = self._http.status, self._http.headers
        if status < 400:
            self._settings.budget.refund()
            self.pause = None
        else:
            retry = self._call.operation.retry
            self._decide(FailedAttempt(retry, status, retry_after=retry_after_of(headers, {})))

    def fail(self, failure: TransportFailure) -> None:
        """Take a failure of the network."""
        self._failure = failure
        self._decide(FailedAttempt(self._call.operation.retry, None, failure))

    def _decide(self, failed: FailedAttempt) -> None:
        left = self._deadline.left() if self._deadline is not None else None
        self.pause = self._policy.decide(failed, self._attempts, left)

    def result(self) -> Any:
        """The decoded answer.

        Raises:
            RootError: the documented exception for an error, or `NetworkError`.
        """
        if self._failure is not None:
            raise error_from_transport(self._failure, self._host, self._secrets())
        operation, http, body = self._call.operation, self._http, b"".join(self._parts)
        if not (200 <= http.status < 300 or self._is_documented_redirect(http.status)):
            raise error_from_body(
                http.status,
                http.headers,
                in_utf8(http.headers, body),
                self._secrets(),
                operation.error_statuses,
                operation.error_bodies,
            )
        try:
            return decode(self._call, http, body)
        except json.MalformedJson as error:
            reason = str(error)
        raise APIError(f"The answer of {self._host} cannot be read: {reason}", status_code=http.status)

    def _is_documented_redirect(self, status: int) -> bool:
        documented = {response.status for response in self._call.operation.responses}
        return 300 <= status < 400 and not documented.isdisjoint({str(status), "3XX"})

    def _secrets(self) -> list[str]:
        token = self._settings.token or ()
        return [*self._call.secrets(), *([token] if isinstance(token, str) else dict(token).values())]


def _accept(call: Call[Any]) -> str:
    """The documented media types of a success, the one that is wanted first; then any."""
    streamed = as_object(call.payload).get("stream") is True
    successes = [answer for answer in call.operation.responses if answer.status[0] in "2d"]
    successes.sort(key=lambda answer: streamed and not answer.framing)
    types = [answer.media_type for answer in successes if answer.media_type and answer.media_type != "*/*"]
    return ", ".join([*(dict.fromkeys(types) or ["application/json"]), "*/*;q=0.5"])
