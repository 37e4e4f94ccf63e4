"""Downloads of files that an answer names, when the user asks for them: the decisions, and two small loops.

A URL in an answer is somebody else's word. Credentials go to the server of the client only; redirects are
followed without them, a few times, and never from https to http. A download that breaks off goes on where it
stopped, if the server says that it is still the same file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from indoxrouter._runtime.errors.base_error import error_from_body, error_from_transport
from indoxrouter._runtime.http.interface import BodyReader, Deadline, HttpRequest, TransportFailure

from ..calls.request_flow import Authorize, Effect, host_of
from ..calls.retry import decide

if TYPE_CHECKING:
    from indoxrouter._runtime.http.interface import Headers
    from indoxrouter.errors import IndoxRouterError

    from ..calls.asynchronous import AsyncShell
    from ..calls.blocking import SyncShell
    from ..calls.client_state import Core
    from ..settings.values import Settings
    from .destinations import Sink

__all__ = ["Download", "Progress", "download", "download_async"]

Progress = Callable[[int, "int | None"], object]
"""Called with the bytes that have come and the bytes that will come, or None where the server does not say."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_ERROR_BODY = 64 * 1024


class Download:
    """One download as decisions. The loops ask `request`, tell `begin`, `feed` and `end` or `broken`, and
    wait `pause` seconds.

    Args:
        core, settings: of the client.
        url: absolute, or relative to the server's.
        sink: takes the bytes.
        on_progress: told after each piece.

    Raises:
        InvalidParametersError: for a URL that is not http or https.
    """

    def __init__(
        self, core: Core, settings: Settings, url: str, sink: Sink, on_progress: Progress | None = None
    ) -> None:
        self._core = core
        self._settings = settings
        self._base = settings.base_url
        self._sink = sink
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
        began = core.clock()
        self._deadline = None if settings.deadline is None else began + settings.deadline
        self.done = False
        self.pause = 0.0
        self._go_to(urljoin(self._base + "/", url))

    def _go_to(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            from indoxrouter.errors import InvalidParametersError

            raise InvalidParametersError(
                f"url: expected an http or https URL, got one of scheme {parts.scheme[:20]!r}", argument="url"
            )
        self._url = url

    @property
    def needs_token(self) -> bool:
        """Whether the request goes to the client's own server, and so carries its token. Nothing else ever does."""
        return _origin(self._url) == _origin(self._base)

    def request(self, token: str | None) -> HttpRequest:
        """The next request."""
        self._attempts += 1
        self._error_head = None
        self._error_body.clear()
        headers = [
            ("Accept", "*/*"),
            ("Accept-Encoding", "identity"),  # a range counts bytes of the file, and so do sizes
            ("User-Agent", self._settings.user_agent),
        ]
        self._token = token if self.needs_token else None
        if token is not None and self.needs_token:
            headers.append(("Authorization", f"Bearer {token}"))
        if self._sink.size and self._sink.validator is not None:
            headers += [("Range", f"bytes={self._sink.size}-"), ("If-Range", self._sink.validator)]
        deadline: Deadline | None = None
        if self._deadline is not None and self._settings.deadline is not None:
            at = time.monotonic() + self._deadline - self._core.clock()
            deadline = Deadline(at, "deadline", self._settings.deadline)
        return HttpRequest("GET", self._url, headers, None, self._settings.timeouts, deadline=deadline)

    def begin(self, status: int, headers: Headers) -> bool:
        """Take the head of an answer; says whether its body is wanted."""
        self.pause = 0.0
        if status in _REDIRECTS and "location" in headers:
            self._redirect(headers["location"])
            return False
        if status == 416 and self._sink.size:  # nothing is left of this version: start over
            self._sink.start(0, None)
            return False
        if status not in (200, 206):
            self._error_head = (status, headers)
            return True
        offset, total = _content_range(headers) if status == 206 else (0, _length(headers))
        if status == 206 and offset != self._sink.size:
            if not self._sink.size:
                raise self._failure("the server sent a part that nobody asked for")
            self._sink.start(0, None)
            return False
        self._body = BodyReader(headers, None)
        self._partial, self._offset = status == 206, offset
        self._total = total if self._body.identity else None
        self._sink.start(offset, _validator(headers) if self._body.identity else None)
        return True

    def _redirect(self, location: str) -> None:
        self._redirects += 1
        target = urljoin(self._url, location)
        if self._redirects > _MOST_REDIRECTS:
            raise self._failure(f"it was redirected more than {_MOST_REDIRECTS} times")
        if urlsplit(self._url).scheme == "https" and urlsplit(target).scheme != "https":
            raise self._failure("it was redirected from https to http")
        self._attempts -= 1
        self._go_to(target)

    def feed(self, piece: bytes) -> None:
        """Take bytes of the body."""
        if self._error_head is not None:
            self._error_body += piece[: _ERROR_BODY - len(self._error_body)]
            return
        for part in self._body.feed(piece) if self._body is not None else ():
            self._sink.write(part)
        if self._deadline is not None and self._core.clock() >= self._deadline:
            from indoxrouter.errors import RequestTimeoutError

            raise RequestTimeoutError("The download was not complete before the deadline of the call")
        if self._on_progress is not None:
            self._on_progress(self._sink.size, self._total)

    def end(self) -> None:
        """The body ended."""
        if self._error_head is not None:
            status, headers = self._error_head
            if status == 401 and self._replace_token():
                return
            error = error_from_body(status, headers, bytes(self._error_body), self._core.secrets())
            self._again_or_raise(error, status, None)
            return
        if self._body is not None:
            self._body.finish()
        if self._total is None or self._sink.size >= self._total:
            self._sink.finish()
            self.done = True
        elif self._partial and self._sink.size > self._offset:
            self._attempts -= 1  # the server hands ranges out in portions of its own size: that is no failure
        else:
            reason = f"the file ended after {self._sink.size} of {self._total} bytes"
            self.broken(TransportFailure("read", reason))

    def _replace_token(self) -> bool:
        """Forget a token that our own server refused, once; says whether another one is worth a try."""
        token, self._token = self._token, None
        if token is None or self._reauthorized or not self._core.may_replace(token):
            return False
        self._reauthorized = True
        self._attempts -= 1
        self._core.tokens.discard(token)
        return True

    def broken(self, failure: TransportFailure) -> None:
        """The network failed: go on later, or raise."""
        self._again_or_raise(error_from_transport(failure, host_of(self._url)), None, failure)

    def _again_or_raise(
        self, error: IndoxRouterError, status: int | None, failure: TransportFailure | None
    ) -> None:
        decision = decide(
            risk="safe",
            keyed=False,
            retries_left=self._settings.max_retries + 1 - self._attempts,
            number=self._attempts,
            status=status,
            never_sent=failure is not None and not failure.sent,
            repeatable=failure is not None and failure.kind not in ("protocol", "decode", "too_large"),
            retry_after=error.retry_after,
            longest_retry_after=self._settings.max_retry_wait,
            time_left=None if self._deadline is None else self._deadline - self._core.clock(),
            budget=self._core.budget,
        )
        if decision.wait is None:
            raise error
        self.pause = decision.wait

    def _failure(self, reason: str) -> IndoxRouterError:
        from indoxrouter.errors import APIError

        return APIError(f"The download from {host_of(self._url)} failed: {reason}")

    def authorize(self) -> Generator[Effect, Any, str | None]:
        """The token for the next request, as a flow for a shell."""
        if not self.needs_token:
            return None
        if self._core.direct_token is not None:
            return self._core.direct_token
        token: str = yield Authorize(self._settings, self._deadline)
        return token

    def abandon(self) -> None:
        """Nobody goes on: keep what may be continued later."""
        if not self.done:
            self._sink.abandon()


def download(
    shell: SyncShell, settings: Settings, url: str, sink: Sink, on_progress: Progress | None = None
) -> None:
    """Fetch a file on the calling thread; raises as the API's calls do."""
    plan = Download(shell.core, settings, url, sink, on_progress)
    try:
        while not plan.done:
            if plan.pause:
                time.sleep(plan.pause)
            try:
                response = shell.engine.send(plan.request(shell.run(plan.authorize())))
            except TransportFailure as failure:
                plan.broken(failure)
                continue
            try:
                if plan.begin(response.status, response.headers):
                    for piece in response.iter_raw():
                        plan.feed(piece)
                    plan.end()
            except TransportFailure as failure:
                plan.broken(failure)
            finally:
                response.close()
    finally:
        plan.abandon()


async def download_async(
    shell: AsyncShell, settings: Settings, url: str, sink: Sink, on_progress: Progress | None = None
) -> None:
    """Fetch a file on the running event loop; raises as the API's calls do."""
    plan = Download(shell.core, settings, url, sink, on_progress)
    try:
        while not plan.done:
            if plan.pause:
                await asyncio.sleep(plan.pause)
            try:
                response = await shell.engine.send(plan.request(await shell.run(plan.authorize())))
            except TransportFailure as failure:
                plan.broken(failure)
                continue
            try:
                if plan.begin(response.status, response.headers):
                    async for piece in response.iter_raw():
                        plan.feed(piece)
                    plan.end()
            except TransportFailure as failure:
                plan.broken(failure)
            finally:
                await response.close()
    finally:
        plan.abandon()


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return (
        parts.scheme,
        (parts.hostname or "").lower(),
        parts.port or (443 if parts.scheme == "https" else 80),
    )


def _length(headers: Headers) -> int | None:
    text = headers.get("content-length", "").strip()
    return int(text) if text.isascii() and text.isdigit() and "content-encoding" not in headers else None


def _content_range(headers: Headers) -> tuple[int, int | None]:
    unit, _, span = headers.get("content-range", "").strip().partition(" ")
    where, _, total = span.partition("/")
    first = where.partition("-")[0]
    if unit.lower() != "bytes" or not (first.isascii() and first.isdigit()):
        return -1, None
    return int(first), int(total) if total.isascii() and total.isdigit() else None


def _validator(headers: Headers) -> str | None:
    """What names this version of the file in `If-Range`. Weak tags do not count there."""
    tag = headers.get("etag", "").strip()
    if tag.startswith('"'):
        return tag
    return headers.get("last-modified") or None
