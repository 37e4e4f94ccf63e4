"""Calls into httpx: until a deadline, their exceptions as `TransportFailure`, and no headers in the log.

httpx limits single waits only, and a thread that blocks cannot be interrupted. So work with a deadline is done by a
thread that is left behind when the time is up. It ends with its next wait, and discards what it got.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextvars import ContextVar, copy_context
from sys import modules
from typing import TypeVar

from .interface import Deadline, FailureKind, HttpRequest, TransportFailure, timed_out

T = TypeVar("T")

# httpx2 is httpx under another name, and httpcore's exceptions, which tools may raise, have the same names again.
_PACKAGES = ("httpx", "httpx2", "httpcore", "httpcore2")

_KINDS: dict[str, FailureKind] = {
    "ConnectTimeout": "connect_timeout",
    "PoolTimeout": "pool_timeout",
    "ReadTimeout": "read_timeout",
    "WriteTimeout": "write_timeout",
    "ConnectError": "connect",
    "ProxyError": "connect",  # a proxy that refuses a tunnel has passed nothing on
    "WriteError": "write",
    "ReadError": "read",
    "CloseError": "read",
    "DecodingError": "decode",
    "RemoteProtocolError": "read",
}

_BASES = (
    *("HTTPError", "InvalidURL", "StreamError"),
    *("TimeoutException", "NetworkError", "ProtocolError", "ProxyError", "UnsupportedProtocol"),
)


class LeftBehind(TransportFailure):
    """The deadline passed, and a thread is still at work. Only that thread closes what it works with."""


def within(
    work: Callable[[], T],
    request: HttpRequest,
    deadline: Deadline | None,
    discard: Callable[[T | None], object],
) -> T:
    """Let httpx do something, until the deadline; its exceptions become `TransportFailure`.

    Args:
        work: what to do.
        request: for the failures.
        deadline: None lets it take as long as httpx does, in this thread.
        discard: called by the thread that was left behind, with its result, or None when it failed.

    Raises:
        LeftBehind: when the deadline passes.
    """
    if deadline is None:
        return _at_once(work, request)
    outcome: Future[T] = Future()
    arguments = (_run, outcome, work, request, discard)
    thread = threading.Thread(
        target=copy_context().run, args=arguments, name="request-deadline", daemon=True
    )
    thread.start()
    try:
        thread.join(max(0.0, deadline.left()))
    finally:  # also after Ctrl-C
        left_behind = outcome.cancel()
    if left_behind:
        failure = timed_out("read_timeout", request.timeouts.read, deadline)
        raise LeftBehind(failure.kind, failure.reason, failure.option)
    try:
        return outcome.result()
    finally:
        del outcome  # it holds the exception, and that holds this frame


def _run(
    outcome: Future[T], work: Callable[[], T], request: HttpRequest, discard: Callable[[T | None], object]
) -> None:
    result: T | None = None
    try:
        try:
            result = _at_once(work, request)
        except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
            outcome.set_exception(error)
        else:
            outcome.set_result(result)
    except InvalidStateError:  # cancelled: the caller has left
        discard(result)


def _at_once(work: Callable[[], T], request: HttpRequest) -> T:
    failure: TransportFailure
    outer = in_own_request.set(True)
    try:
        return work()
    except foreign_errors() as error:
        failure = failure_of(error, request)
    finally:
        in_own_request.reset(outer)
    raise failure


def foreign_errors() -> tuple[type[Exception], ...]:
    """The exceptions that httpx lets through: its own, those of httpcore and h11, and the operating system's.

    RuntimeError is what httpx raises for a client that has been closed, and for one of the wrong kind.
    """
    packages = [modules.get(name) for name in (*_PACKAGES, "h11")]
    found = [getattr(package, name, None) for package in packages for name in _BASES]
    return (OSError, ValueError, RuntimeError, *(error for error in found if error is not None))


def failure_of(error: Exception, request: HttpRequest) -> TransportFailure:
    """Describe an exception without keeping it: it may refer to the request, which holds secrets."""
    kind: FailureKind = "protocol"
    for ancestor in type(error).__mro__:
        if ancestor.__module__.partition(".")[0] in _PACKAGES and ancestor.__name__ in _KINDS:
            kind = _KINDS[ancestor.__name__]
            break
    text = str(error)
    if kind.endswith("_timeout"):
        seconds = getattr(request.timeouts, kind.removesuffix("_timeout"))
        if seconds is not None or request.deadline is not None:
            return timed_out(kind, seconds, request.deadline)
    if type(error).__name__ == "RemoteProtocolError" and "without sending a response" in text:
        return TransportFailure("disconnected", "the server closed the connection without an answer")
    # A server's bytes that are no HTTP are quoted in the text, and may echo a secret.
    text = without_quotes(re.sub(r"^\[Errno -?\d+\]\s*", "", text))
    return TransportFailure(kind, (text.strip() or type(error).__name__)[:300])


def without_quotes(text: str) -> str:
    """A message without the bytes that it quotes, and what follows them."""
    return re.sub(r"[:\s(]*(bytearray\(|b['\"]).*", "", text, flags=re.DOTALL)  # compiled when first needed


in_own_request: ContextVar[bool] = ContextVar("in_own_request", default=False)
"""Whether one of our own requests is being sent in this context."""


class _HeaderRedaction(logging.Filter):
    """Removes headers from the debug lines of httpcore and hpack while one of our requests is sent.

    httpcore writes all headers of an answer at DEBUG, a cookie with a token among them, and quotes the bytes that it
    could not read. Other users of httpcore in the same program keep their lines, but for such quotes.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if in_own_request.get():
            what = record.getMessage().partition(" ")[0]
            record.msg, record.args = f"{what} (without headers, which may hold secrets)", ()
        elif "exception=" in str(record.msg):
            record.msg, record.args = without_quotes(record.getMessage()), ()
        return True


for _name in ("httpcore.http11", "httpcore.http2", "hpack.hpack", "hpack.table"):
    logging.getLogger(_name).addFilter(_HeaderRedaction())
