"""One turn of a conversation: send the question, show the answer as it arrives, keep an interrupted answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .markdown import MarkdownView, PlainView, View

if TYPE_CHECKING:
    from indoxrouter import ChatResponse, Stream

    from ..session.session import Session


class Turn(NamedTuple):
    """An answer, and whether it was stopped before its end."""

    response: ChatResponse
    stopped: bool


def view_for(session: Session, *, markdown: bool) -> View:
    """The view for an answer: rendered Markdown at a terminal, plain text in a pipe."""
    rich = markdown and session.at_terminal and not session.out.is_dumb_terminal
    return MarkdownView(session.out) if rich else PlainView(session.out)


def stream_chat(session: Session, view: View, messages: list[Any], options: dict[str, Any]) -> Turn:
    """Send the messages and show the answer as it arrives. Ctrl-C also stops it on the server.

    Raises:
        IndoxRouterError: after everything received has been shown.
    """
    with session.waiting() as on_first_text:
        client: Any = session.client  # which overload applies depends on the options
        stream: Stream[Any] = client.chat(messages, stream=True, **options)
        stopped = show_stream(view, stream, on_first_text)
    return Turn(stream.response, stopped)


def show_stream(view: View, stream: Stream[Any], on_first_text: Callable[[], None]) -> bool:
    """Show a stream to its end, or until Ctrl-C; returns whether it was stopped.

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
    """Ask the server to stop. Errors are ignored: it may have finished, or be unreachable."""
    from indoxrouter.errors import IndoxRouterError  # cost: loads the client

    with contextlib.suppress(IndoxRouterError, KeyboardInterrupt):
        stream.stop()
