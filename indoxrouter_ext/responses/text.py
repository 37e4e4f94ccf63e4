"""Answers made of text, over the three documented shapes: what they share, and those of a chat."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.models.model import short
from indoxrouter._runtime.values.type_guards import is_list, is_object
from indoxrouter._runtime.values.unset import MISSING
from indoxrouter.models.chat import ChatResponse as _ChatResponse

from .base import Response
from .formats import choices_of, derive, envelope_keys, output_of, reasoning_of, text_of, tool_calls_of

if TYPE_CHECKING:
    from indoxrouter.models import OpenAIChoice, OutputItem

    from ..tools.functions import ToolCall
    from .media import Image
    from .usage import Usage

__all__ = ["ChatResponse", "TextResponse"]


class TextResponse(Response):
    """An answer made of text, in any of the three documented shapes. A mixin: stands before the generated
    class.

    Whatever came, it reads as the envelope (`response["data"]`, `response.data`), as OpenAI's shape
    (`response["choices"][0]["message"]["content"]`) and as the output shape
    (`response["output"][0]["content"][0]["text"]`). `dict(response)` has what came and the envelope's keys;
    `to_dict()` is exactly what came.
    """

    if TYPE_CHECKING:
        finish_reason: str | None
        data: Any

    def _friendly_(self, name: str, value: Any) -> Any:
        if name == "images" and is_list(value):
            from .media import images_of

            return images_of(value, self.__dict__.get("_client_"))
        return super()._friendly_(name, value)

    def _elsewhere_(self, wire: str) -> Any:
        value = derive(self._wire_(), wire)
        return super()._elsewhere_(wire) if value is MISSING else value

    def __getitem__(self, key: str) -> Any:
        if key == "choices":
            return choices_of(self._wire_())
        return super().__getitem__(key)

    def keys(self) -> list[str]:
        """Names of what came, and of the documented envelope's fields that it tells."""
        return [*super().keys(), *envelope_keys(self._wire_())]

    @property
    def text(self) -> str:
        """The generated text; empty when the model answered with something else, such as the call of a tool."""
        state = self.__dict__
        if "data" in state:  # set by the caller, perhaps
            return text_of(self.to_dict())
        data = state["_raw_"].get("data")
        return data if type(data) is str else text_of(self._wire_())

    @property
    def reasoning(self) -> str | None:
        """What the model thought before it answered, for models that show it."""
        return reasoning_of(self._wire_())

    @property
    def choices(self) -> list[OpenAIChoice]:
        """The answer as OpenAI's choices; each reads as `choice.message.content` and `choice["message"]["content"]`."""
        from indoxrouter.models import OpenAIChoice

        return [OpenAIChoice.from_dict(choice) for choice in self["choices"] if is_object(choice)]

    @property
    def output(self) -> list[OutputItem]:
        """The answer as items of the output shape: `item.content[0].text`, `item["content"][0]["text"]`."""
        from indoxrouter.models import OutputItem

        items: Any = self["output"]
        found = items if is_list(items) else output_of(self._wire_())
        return [OutputItem.from_dict(item) for item in found if is_object(item)]

    @property
    def tool_calls(self) -> list[ToolCall]:
        """Calls of tools that the model asks for, as `ToolCall`; empty when there are none."""
        from ..tools.functions import ToolCall

        return [ToolCall(call) for call in tool_calls_of(self._wire_())]

    @property
    def parsed(self) -> Any:
        """The text as what was asked for by `response_format`: an instance of that class, or the JSON value.

        Without a `response_format`, the text as JSON.

        Raises:
            ResponseFormatError: when the text is not what was asked for. It holds the text.
        """
        return self.parse_as(self.__dict__.get("_format_"))

    def parse_as(self, kind: Any = None) -> Any:
        """The text as an instance of a Pydantic model or a dataclass, or as JSON.

        Raises:
            ResponseFormatError: when the text does not fit.
        """
        from ..tools.response_format import parse

        return parse(self.text, kind, self.finish_reason)

    def _own_parts_(self) -> Iterator[str]:
        yield f"text={short(self.text)}"
        if self.reasoning:
            yield f"reasoning={short(self.reasoning)}"
        for name in ("finish_reason", "images"):
            value = getattr(self, name, None)
            if value:
                yield f"{name}={short(value)}"
        calls = self.tool_calls
        if calls:
            yield f"tool_calls={calls!r}"

    def _repr_markdown_(self) -> str:
        return self.text


class ChatResponse(TextResponse, _ChatResponse):
    """The answer to a conversation.

    Attributes:
        text: the generated text. `data` is the text too, or the object that the server sent in its place.
        reasoning: what the model thought before it answered, or None.
        finish_reason: why it stopped: stop, length, content_filter, tool_calls, …
        tool_calls: calls of tools that the model asks for.
        images: images that came with the answer, or None.
        parsed: the text as what `response_format` asked for.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    if TYPE_CHECKING:
        images: list[Image] | None  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]  # with files
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # what is read
