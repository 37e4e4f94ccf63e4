"""Blocking calls into httpx, until a deadline.

httpx limits single waits only, and a thread that blocks cannot be interrupted. So work with a deadline is done by a
thread that is left behind when the time is up. It ends with its next wait, and discards what it got.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextvars import copy_context
from typing import TypeVar

from .httpx_failures import failure_of, foreign_errors
from .interface import Deadline, HttpRequest, TransportFailure, timed_out
from .log_redaction import sending

__all__ = ["LeftBehind", "within"]

T = TypeVar("T")


class LeftBehind(TransportFailure):
    """The deadline passed, and a thread is still at work. What it works with is closed by it, and by nobody else."""


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
    except InvalidStateError:  # cancelled: nobody waits for it any more
        discard(result)


def _at_once(work: Callable[[], T], request: HttpRequest) -> T:
    failure: TransportFailure
    discretion = sending.set(True)
    try:
        return work()
    except foreign_errors() as error:
        failure = failure_of(error, request)
    finally:
        sending.reset(discretion)
    raise failure
