"""The response of a text completion. A module of its own, so that a chat does not import completions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indoxrouter.models.completions import CompletionResponse as _CompletionResponse

from .text import ParsedT, TextResponse

if TYPE_CHECKING:
    from .media import Image
    from .usage import Usage


class CompletionResponse(TextResponse[ParsedT], _CompletionResponse):
    """The continuation of a text; attributes as for `ChatResponse`."""

    if TYPE_CHECKING:
        images: list[Image] | None  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]  # with files
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # more specific
