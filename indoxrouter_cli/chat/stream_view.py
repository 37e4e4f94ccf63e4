"""One turn of a conversation: ask, show the answer as it comes, keep what came when it is interrupted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .markdown import MarkdownView, PlainView, View

if TYPE_CHECKING:
    from indoxrouter import ChatResponse, Stream

    from ..session.session import Session

__all__ = ["Turn", "show_stream", "stream_chat", "view_for"]


class Turn(NamedTuple):
    """An answer, whole or stopped half-way."""

    response: ChatResponse
    stopped: bool


def view_for(session: Session, *, markdown: bool) -> View:
    """How an answer is shown: rendered at a terminal, as it is in a pipe."""
    rich = markdown and session.at_terminal and not session.out.is_dumb_terminal
    return MarkdownView(session.out) if rich else PlainView(session.out)


def stream_chat(session: Session, view: View, messages: list[Any], options: dict[str, Any]) -> Turn:
    """Ask and show the answer as it comes. Ctrl-C stops it on the server too, and keeps what came.

    Raises:
        IndoxRouterError: after everything that came was shown.
    """
    with session.waiting() as on_first_text:
        stream = session.client.chat(messages, stream=True, **options)
        stopped = show_stream(view, stream, on_first_text)
    return Turn(stream.response, stopped)


def show_stream(view: View, stream: Stream[Any], on_first_text: Callable[[], None]) -> bool:
    """Show a stream to its end, or until Ctrl-C; says whether it was stopped.

    `on_first_text` is called before anything is shown.
    """
    stopped = False
    try:
        for chunk in stream:
            if chunk.text:
                on_first_text()
            view.feed(chunk.text)
    except KeyboardInterrupt:
        stopped = True
    finally:
        view.close()
    if stopped:
        _stop_on_server(stream)
    return stopped


def _stop_on_server(stream: Stream[Any]) -> None:
    """Tell the server to stop. It may have finished meanwhile, or be out of reach: nothing depends on its answer."""
    from indoxrouter.errors import IndoxRouterError

    with contextlib.suppress(IndoxRouterError, KeyboardInterrupt):
        stream.stop()
