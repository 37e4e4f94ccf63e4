"""Downloads of files that an answer refers to, as a flow for a driver: the decisions, without I/O.

A URL in an answer is untrusted. Credentials are sent to the client's own server only. Redirects are followed up to a
limit, and never from https to http. An interrupted download is resumed if the file on the server has not changed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from indoxrouter._runtime.errors.mapping import error_from_body, error_from_transport
from indoxrouter._runtime.http.body_reader import BodyReader
from indoxrouter._runtime.http.interface import Deadline, HttpRequest, TransportFailure
from indoxrouter._runtime.values.text import plural
from indoxrouter.errors import APIError, InvalidParametersError, RequestTimeoutError

from ..calls.request_flow import Effect, Receive, Sleep, authorize, retry_policy
from ..calls.retry import FailedAttempt

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import Headers
    from indoxrouter.errors import IndoxRouterError

    from ..calls.client_state import ClientState
    from ..settings.values import Settings
    from .destinations import Destination

Progress = Callable[[int, "int | None"], object]
"""Called with the bytes received so far and the total, which is None if the server does not report it."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_MAX_ERROR_BODY = 64 * 1024


def download_flow(
    state: ClientState, settings: Settings, url: str, destination: Destination, on_progress: Progress | None
) -> Generator[Effect, Any, None]:
    """Download a file, as a flow for a driver; raises as API calls do. A failed download can be resumed later."""
    download: Download | None = None
    try:
        download = Download(state, settings, url, destination, on_progress)
        while not download.done:
            if download.pause:
                yield Sleep(download.pause)
            request = download.request((yield from download.authorize()))
            try:
                yield Receive(request, download)
            except TransportFailure as failure:
                download.connection_lost(failure)
    finally:
        if download is None or not download.done:
            destination.abandon()


class Download:
    """The decisions of one download: its requests, what their answers mean, and the `pause` before the next request.

    Its URL is absolute, or relative to the server's.

    Raises:
        InvalidParametersError: for a URL that is not http or https.
    """

    def __init__(
        self,
        state: ClientState,
        settings: Settings,
        url: str,
        destination: Destination,
        on_progress: Progress | None,
    ) -> None:
        self._state = state
        self._settings = settings
        self._destination = destination
        self._on_progress = on_progress
        self._redirects = 0
        self._attempts = 0
        self._total: int | None = None
        self._body: BodyReader | None = None
        self._partial, self._offset = False, 0
        self._token: str | None = None
        self._reauthorized = False
        self._error_head: tuple[int, Headers] | None = None
        self._error_body = bytearray()
        began = state.clock()
        self._deadline = None if settings.deadline is None else began + settings.deadline
        self.done = False
        self.pause = 0.0
        self._url = _joined(settings.base_url + "/", url)

    @property
    def needs_token(self) -> bool:
        """Whether the request is sent to the client's own server, and so carries its token."""
        return _origin(self._url) == _origin(self._settings.base_url)

    def request(self, token: str | None) -> HttpRequest:
        """The next request."""
        self._attempts += 1
        self._error_head = None
        self._error_body.clear()
        headers = [
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),  # ranges and sizes count bytes of the uncompressed file
            ("User-Agent", self._settings.user_agent),
        ]
        self._token = token
        if token is not None:
            headers.append(("Authorization", f"Bearer {token}"))
        if self._destination.size and self._destination.validator is not None:
            headers += [
                ("Range", f"bytes={self._destination.size}-"),
                ("If-Range", self._destination.validator),
            ]
        deadline: Deadline | None = None
        if self._deadline is not None and self._settings.deadline is not None:
            at = time.monotonic() + self._deadline - self._state.clock()
            deadline = Deadline(at, "deadline", self._settings.deadline)
        return HttpRequest("GET", self._url, headers, None, self._settings.timeouts, deadline=deadline)

    def begin(self, status: int, headers: Headers) -> bool:
        """Process the head of an answer. Returns whether its body is to be read."""
        self.pause = 0.0
        if status in _REDIRECTS and "location" in headers:
            self._redirect(headers["location"])
            return False
        if status == 416 and self._destination.size:  # this version is complete or has changed: start over
            self._destination.start(0, None)
            return False
        if status not in (200, 206):
            self._error_head = (status, headers)
            return True
        offset, total = _content_range(headers) if status == 206 else (0, _length(headers))
        if status == 206 and offset != self._destination.size:
            if not self._destination.size:
                raise self._failure("the server sent a part that was not requested")
            self._destination.start(0, None)
            return False
        self._body = BodyReader(headers, None)
        self._partial, self._offset = status == 206, offset
        self._total = total if self._body.identity else None
        self._destination.start(offset, _validator(headers) if self._body.identity else None)
        return True

    def _redirect(self, location: str) -> None:
        self._redirects += 1
        target = _joined(self._url, location)
        if self._redirects > _MAX_REDIRECTS:
            raise self._failure(f"it was redirected more than {_MAX_REDIRECTS} times")
        if urlsplit(self._url).scheme == "https" and urlsplit(target).scheme != "https":
            raise self._failure("it was redirected from https to http")
        self._attempts -= 1
        self._url = target

    def feed(self, piece: bytes) -> None:
        """Process bytes of the body."""
        if self._error_head is not None:
            self._error_body += piece[: _MAX_ERROR_BODY - len(self._error_body)]
            return
        for part in self._body.feed(piece) if self._body is not None else ():
            self._destination.write(part)
        if self._deadline is not None and self._state.clock() >= self._deadline:
            raise RequestTimeoutError("The download was not complete before the deadline of the call")
        if self._on_progress is not None:
            self._on_progress(self._destination.size, self._total)

    def end(self) -> None:
        """Process the end of the body."""
        if self._error_head is not None:
            status, headers = self._error_head
            if status == 401 and self._replace_token():
                return
            error = error_from_body(status, headers, bytes(self._error_body), self._state.secrets())
            self._retry_or_raise(error, status, None)
            return
        if self._body is not None:
            self._body.finish()
        if self._total is None or self._destination.size >= self._total:
            self._destination.finish()
            self.done = True
        elif self._partial and self._destination.size > self._offset:
            self._attempts -= 1  # the server limits the size of a range: this is not a failure
        else:
            reason = f"the file ended after {self._destination.size} of {plural(self._total, 'byte')}"
            self.connection_lost(TransportFailure("read", reason))

    def _replace_token(self) -> bool:
        """Discard a token that the client's own server refused, once. Returns whether to try again."""
        token, self._token = self._token, None
        if token is None or self._reauthorized or not self._state.replace_token(token):
            return False
        self._reauthorized = True
        self._attempts -= 1
        return True

    def connection_lost(self, failure: TransportFailure) -> None:
        """Process a network failure: wait and retry, or raise."""
        self._retry_or_raise(error_from_transport(failure, urlsplit(self._url).netloc), None, failure)

    def _retry_or_raise(
        self, error: IndoxRouterError, status: int | None, failure: TransportFailure | None
    ) -> None:
        failed = FailedAttempt("safe", status, failure, retry_after=error.retry_after)
        time_left = None if self._deadline is None else self._deadline - self._state.clock()
        wait = retry_policy(self._state, self._settings).decide(failed, self._attempts, time_left)
        if wait is None:
            raise error
        self.pause = wait

    def _failure(self, reason: str) -> IndoxRouterError:
        return APIError(f"The download from {urlsplit(self._url).netloc} failed: {reason}")

    def authorize(self) -> Generator[Effect, Any, str | None]:
        """The token for the next request, as a flow for a driver."""
        if not self.needs_token:
            return None
        return self._state.ready_token() or (
            yield from authorize(self._state, self._settings, self._deadline)
        )


def _joined(base: str, url: str) -> str:
    """The absolute URL; raises `InvalidParametersError` for one that is not http or https, or cannot be read."""
    problem = "whose host or port cannot be read"
    with suppress(ValueError):
        target = urljoin(base, url)
        parts = urlsplit(target)
        if parts.scheme not in ("http", "https"):
            problem = f"of scheme {parts.scheme[:20]!r}"
        elif parts.hostname and parts.port != 0:
            return target
    raise InvalidParametersError(f"url: expected an http or https URL, got one {problem}", argument="url")


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return (
        parts.scheme,
        (parts.hostname or "").lower(),
        parts.port or (443 if parts.scheme == "https" else 80),
    )


def _length(headers: Headers) -> int | None:
    return None if "content-encoding" in headers else _number(headers.get("content-length", "").strip())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def _content_range(headers: Headers) -> tuple[int, int | None]:
    unit, _, span = headers.get("content-range", "").strip().partition(" ")
    where, _, total = span.partition("/")
    first = _number(where.partition("-")[0])
    return (-1, None) if unit.lower() != "bytes" or first is None else (first, _number(total))


def _validator(headers: Headers) -> str | None:
    """The value for `If-Range` that identifies this version of the file; weak tags are not allowed there."""
    tag = headers.get("etag", "").strip()
    if tag.startswith('"'):
        return tag
    return headers.get("last-modified") or None
