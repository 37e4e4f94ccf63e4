"""The seam to HTTP: what an engine has to do, and nothing about how.

An engine sends one request over one connection of its pool and returns the status, the headers and the raw bytes of
the body as they arrive. It does not retry, redirect, authenticate, decompress or decode: those are decisions, and they
are made once, above. Any object with these few methods can serve as an engine.

An engine raises `TransportFailure` and nothing else. The failure says whether the request may have reached the server,
which decides whether it may be sent again.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, Protocol, TypeVar, overload

from ..values.masking import mask
from ..values.text import plural

DefaultT = TypeVar("DefaultT")

FailureKind = Literal[
    "connect",  # no connection: name, route, TLS or proxy; nothing was sent
    "connect_timeout",
    "pool_timeout",  # no free connection in time; nothing was sent
    "write",
    "write_timeout",
    "upload",  # the body to send was longer or shorter than its announced length, or could not be read
    "disconnected",  # the server closed the connection before a single byte of an answer
    "read",  # the connection broke while the answer was read, or the answer is not valid HTTP
    "read_timeout",
    "protocol",  # the request cannot be expressed in HTTP, or the engine has been closed
    "decode",  # the body's compression is damaged
    "too_large",  # the body outgrew the limit
]

GRACE = 0.001
"""Seconds for which `finish` waits for the end of a body, after the event that ends a stream.

The two are sent together, or a moment apart. To have the end saves the next call a connection, over TLS two round
trips.
"""

_NEVER_SENT = frozenset({"connect", "connect_timeout", "pool_timeout"})


class TransportFailure(Exception):
    """The network failed.

    Attributes:
        kind: the stage that failed.
        reason: what happened, in one clause, without secrets.
        option: the option whose time ran out (`deadline`, `first_token_timeout`, …), or None.
    """

    def __init__(self, kind: FailureKind, reason: str, option: str | None = None) -> None:
        super().__init__(reason)
        self.kind: FailureKind = kind
        self.reason = reason
        self.option = option

    @property
    def sent(self) -> bool:
        """False when it is certain that the server never saw the request."""
        return self.kind not in _NEVER_SENT

    @property
    def timeout(self) -> bool:
        """Whether a time limit ran out, as opposed to a connection that broke."""
        return self.kind.endswith("_timeout")


class Deadline(NamedTuple):
    """A moment on `time.monotonic` that an exchange may not pass.

    Attributes:
        at: the moment.
        option: the option that set it: `deadline`, `first_token_timeout` or `token_timeout`.
        seconds: the value of that option, for messages.
    """

    at: float
    option: str
    seconds: float

    def left(self) -> float:
        """Seconds until the moment; negative once it has passed."""
        return self.at - time.monotonic()


# What the wait was for, and what was missing when it ended.
_WAITS: dict[FailureKind, tuple[str, str]] = {
    "connect_timeout": ("connecting", "no connection"),
    "pool_timeout": ("waiting for a free connection", "no free connection"),
    "write_timeout": ("sending the request", "the request could not be sent"),
    "read_timeout": ("waiting for the answer", "nothing arrived"),
}


def time_left(kind: FailureKind, seconds: float | None, deadline: Deadline | None) -> float | None:
    """Seconds that a wait may take, given its own limit and the deadline; None for ever.

    Raises:
        TransportFailure: when the deadline has passed.
    """
    if deadline is None:
        return seconds
    left = deadline.left()
    if left <= 0:
        raise timed_out(kind, seconds, deadline)
    return left if seconds is None or left < seconds else seconds


def timed_out(kind: FailureKind, seconds: float | None, deadline: Deadline | None) -> TransportFailure:
    """The failure of a wait that took too long. It names the limit that ran out, with its value."""
    activity, missing = _WAITS[kind]
    if deadline is not None and (seconds is None or deadline.left() <= 0):
        reason = f"{deadline.option}={deadline.seconds:g} s ran out while {activity}"
        return TransportFailure(kind, reason, deadline.option)
    return TransportFailure(kind, f"{missing} within timeout.{kind.removesuffix('_timeout')}={seconds:g} s")


class Timeouts(NamedTuple):
    """Seconds to wait for a connection, for each read and write, and for a free connection; None waits for ever."""

    connect: float | None
    read: float | None
    write: float | None
    pool: float | None


class HttpRequest:
    """One request. `repr` hides headers and body, which hold secrets; of a tuple, Sentry and rich would show the items.

    Attributes:
        method, url: the request line.
        headers: in the order in which they are sent; neither `Host` nor a header that frames the message is among them.
        content: the body, or None. `len()` of it is the announced length.
        timeouts: limits of single waits; `timeouts.read` also limits the wait between two pieces of the answer's body.
        shared: the headers at the start of `headers` that the next request is likely to share: the same tuple object
            for as long as they stay the same, so that an engine may keep their encoded form.
        deadline: the moment by which the head of the answer has to be there. An answer inherits it, see `HttpResponse`.
    """

    __slots__ = ("content", "deadline", "headers", "method", "shared", "timeouts", "url")

    def __init__(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        content: bytes | SizedBody | None,
        timeouts: Timeouts,
        shared: tuple[tuple[str, str], ...] = (),
        deadline: Deadline | None = None,
    ) -> None:
        self.shared = shared
        self.deadline = deadline
        self.method = method
        self.url = url
        self.headers = headers
        self.content = content
        self.timeouts = timeouts

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} {self.url.partition('?')[0]}>"


class SizedBody(Protocol):
    """A body that is written in pieces, any number of times. `len()` is its length in bytes."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes]: ...


_PIECE = 256 * 1024


def body_pieces(content: bytes | SizedBody) -> Iterator[bytes | memoryview]:
    """The pieces of a body, held to the length that was announced for it.

    Raises:
        TransportFailure: when the body turns out longer or shorter, because a file changed while it was sent, or
            cannot be read. No byte beyond the announced length is yielded.
    """
    if isinstance(content, bytes):
        view = memoryview(content)
        yield from (view[start : start + _PIECE] for start in range(0, len(view), _PIECE))
        return
    left = len(content)
    try:
        for piece in content:
            left -= len(piece)
            if left < 0:
                break
            yield piece
        problem = "grew while it was sent" if left < 0 else f"ended {plural(left, 'byte')} early" if left else ""
    except (OSError, ValueError) as error:  # ValueError: the file has been closed
        problem = f"could not be read: {getattr(error, 'strerror', None) or error}"
    if problem:
        raise TransportFailure("upload", f"the file to send {problem}")


class Headers(Mapping[str, str]):
    """Response headers: a mapping that ignores case. A repeated header reads as its values joined by commas."""

    __slots__ = ("_values",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        values: dict[str, str] = {}
        for name, value in pairs:
            name = name.lower()
            values[name] = f"{values[name]}, {value}" if name in values else value
        self._values = values

    @classmethod
    def of_bytes(cls, pairs: Iterable[tuple[bytes, bytes]]) -> Headers:
        """Headers as they come from the network. Their names are the same few each time, and made text once."""
        values: dict[str, str] = {}
        for raw, text in pairs:
            name = _NAMES.get(raw)
            if name is None:
                name = raw.decode("latin-1").lower()
                if len(_NAMES) < _MOST_NAMES:
                    _NAMES[raw] = name
            value = text.decode("latin-1").strip(" \t")
            values[name] = f"{values[name]}, {value}" if name in values else value
        headers = cls.__new__(cls)
        headers._values = values
        return headers

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    @overload
    def get(self, key: str, /) -> str | None: ...

    @overload
    def get(self, key: str, /, default: str) -> str: ...

    @overload
    def get(self, key: str, /, default: DefaultT) -> str | DefaultT: ...

    def get(self, key: str, /, default: Any = None) -> Any:
        """The value under a name, or `default`. (That of `Mapping` raises and catches an exception.)"""
        return self._values.get(key.lower(), default)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({dict(self.masked())!r})"

    def __reduce__(self) -> tuple[type[Headers], tuple[list[tuple[str, str]]]]:
        return Headers, (list(self.masked().items()),)

    def masked(self, secrets: Iterable[str] = ()) -> Headers:
        """The same without what is secret: cookies, credentials, and whatever echoes one of `secrets`."""
        known = list(secrets)
        return Headers(
            (key, "***" if key in _SECRET_HEADERS else str(mask(value, known)))
            for key, value in self._values.items()
        )


_NAMES: dict[bytes, str] = {}
_MOST_NAMES = 1000  # a server that thinks up names does not fill the memory
_SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "x-api-key", "proxy-authorization"})


class _Response(Protocol):
    """An answer whose body has not been read. Closing it, or reading it to the end, frees the connection.

    An engine may also give it `finish()`, which is called in place of `close()` after the last event of a stream: the
    connection may be kept if the body ends here, or within `GRACE`. The asynchronous form is awaited.

    Attributes:
        status, headers: the head of the answer.
        deadline: the moment that no read may pass, at first that of the request. The reader of a stream sets it before
            each read; an engine obeys the value that it finds.
    """

    status: int
    headers: Headers
    deadline: Deadline | None

    def abort(self) -> None:
        """Break the connection from outside, so that a read that waits ends now. Never raises."""
        ...


class HttpResponse(_Response, Protocol):
    """The answer of an `Engine`."""

    def iter_raw(self) -> Iterator[bytes]:
        """The body as it arrives, still compressed; raises `TransportFailure`."""
        ...

    def close(self) -> None:
        """Free the connection at once; never raises, and may be called again."""
        ...


class AsyncHttpResponse(_Response, Protocol):
    """The answer of an `AsyncEngine`."""

    def iter_raw(self) -> AsyncIterator[bytes]:
        """The body as it arrives, still compressed; raises `TransportFailure`."""
        ...

    async def close(self) -> None:
        """Free the connection at once; never raises, and may be called again."""
        ...

    def release(self) -> None:
        """Free the connection without awaiting, for streams that nobody reads any more. Never raises."""
        ...


class Engine(Protocol):
    """Sends requests for the synchronous client. Safe to use from many threads."""

    name: str

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send, and return when the headers of the answer are there; raises `TransportFailure`."""
        ...

    def close(self) -> None:
        """Close all connections."""
        ...


class AsyncEngine(Protocol):
    """Sends requests for the asynchronous client."""

    name: str

    async def send(self, request: HttpRequest) -> AsyncHttpResponse:
        """Send, and return when the headers of the answer are there; raises `TransportFailure`."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...

    def abandon(self) -> None:
        """Close all connections as far as that goes without awaiting. Never raises."""
        ...
