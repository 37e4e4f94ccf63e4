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
from indoxrouter._runtime.http.interface import Deadline, HttpRequest, Timeouts
from indoxrouter._runtime.values import json
from indoxrouter._runtime.values.json import is_object
from indoxrouter.errors import APIError

from ..calls.retry import FailedAttempt, RetryBudget, RetryPolicy
from .answers import HttpInfo, decode, in_utf8, info_of, media_type_of
from .servers import Servers, host_of
from .streams import EventReader

if TYPE_CHECKING:
    from indoxrouter._runtime.credentials import Credentials
    from indoxrouter._runtime.http.interface import Headers, TransportFailure
    from indoxrouter._runtime.operations.operation import Call

LONGEST_RETRY_AFTER = 60.0
STREAMS = ("events", "envelopes", "lines")


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
    """One call with all of its attempts."""

    def __init__(self, call: Call[Any], settings: Settings, options: Mapping[str, Any] | None = None) -> None:
        if options:
            raise TypeError(f"{', '.join(options)}: the options of this client are set when it is made")
        self._call = call
        self._settings = settings
        self._policy = RetryPolicy(settings.max_retries, LONGEST_RETRY_AFTER, settings.budget)
        self._attempts = 0
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

    def info(self, status: int, headers: Headers) -> HttpInfo:
        """The HTTP side of an answer."""
        return info_of(self._call, status, headers, self._attempts)

    def events(self, http: HttpInfo) -> EventReader | None:
        """A reader for an answer that is documented as a stream; None for every other one."""
        if not 200 <= http.status < 300:
            return None
        operation = self._call.operation
        response = self._call.expected(http.status, http.headers.get("content-type", ""))
        framing, codec, done = "", None, "[DONE]"
        if response is not None and (response.media_type or "").partition(";")[0] == media_type_of(
            http.headers
        ):
            framing, codec = response.framing, response.codec
        if operation.stream is not None and media_type_of(http.headers) == "text/event-stream":
            framing, codec, done = "events", operation.stream.codec, operation.stream.done
        if framing not in STREAMS or codec is None:
            return None
        return EventReader(http, framing, codec, done, self._host, self._secrets())

    def wait_after(self, status: int, headers: Headers) -> float | None:
        """Seconds to wait before the call is repeated; None where this answer is the last one."""
        if status < 400:
            self._settings.budget.refund()
            return None
        return self._wait(
            FailedAttempt(self._call.operation.retry, status, retry_after=retry_after_of(headers, {}))
        )

    def wait_after_failure(self, failure: TransportFailure) -> float:
        """Seconds to wait before the call is repeated.

        Raises:
            NetworkError: when it is not.
        """
        wait = self._wait(FailedAttempt(self._call.operation.retry, None, failure))
        if wait is None:
            raise error_from_transport(failure, self._host, self._secrets())
        return wait

    def result(self, http: HttpInfo, body: bytes) -> Any:
        """The decoded answer, or the documented exception."""
        operation = self._call.operation
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

    def _wait(self, failed: FailedAttempt) -> float | None:
        left = self._deadline.left() if self._deadline is not None else None
        return self._policy.decide(failed, self._attempts, left)

    def _secrets(self) -> list[str]:
        token = self._settings.token or ()
        return [*self._call.secrets(), *([token] if isinstance(token, str) else dict(token).values())]


def _accept(call: Call[Any]) -> str:
    """The documented media types of a success, the one that is wanted first; then any."""
    successes = [r for r in call.operation.responses if r.media_type is not None and r.status[0] in "2d"]
    types = dict.fromkeys(r.media_type for r in successes if r.media_type != "*/*")
    payload = call.payload
    if is_object(payload) and payload.get("stream") is True:
        streamed = [r.media_type for r in successes if r.framing]
        types = dict.fromkeys([*streamed, *types])
    return ", ".join([*filter(None, types), "*/*;q=0.5"] if types else ["application/json", "*/*;q=0.5"])
