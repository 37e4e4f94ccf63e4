"""Text responses in the three documented shapes: their common base class, and the answer of a chat."""

from __future__ import annotations

from collections.abc import Iterator, KeysView
from typing import TYPE_CHECKING, Any, ClassVar, Generic, overload

from indoxrouter import models
from indoxrouter._runtime.models.model import short
from indoxrouter._runtime.values.json import is_list, is_object
from indoxrouter._runtime.values.unset import UNSET
from indoxrouter.models.chat import ChatResponse as _ChatResponse

from .base import ReceivedResponse
from .formats import choices_of, derive, envelope_keys, output_of, reasoning_of, response_text, tool_calls_of
from .native_forms import openai_form

if TYPE_CHECKING:
    from ..tools.functions import ToolCall
    from .media import Image
    from .usage import Usage

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    ParsedT = TypeVar("ParsedT", default=Any)
else:
    from typing import TypeVar

    ParsedT = TypeVar("ParsedT")
T = TypeVar("T")


class _Key(str):
    """A key of a response. `for chunk in response` yields keys, because a response is a mapping."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> str:
        if isinstance(index, str):
            raise TypeError(f"{_WHOLE}: its {index!r} is response[{index!r}]; for chunks, pass stream=True")
        return super().__getitem__(index)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{_WHOLE}: see response.{name}; for chunks, pass stream=True", name=name)


_WHOLE = "This is a key of a response, which is complete and not a stream"


class TextResponse(ReceivedResponse, Generic[ParsedT]):
    """A text response in any of the three documented shapes. A mixin, placed before the generated class.

    Each shape can be read in all three: as the envelope (`response["data"]`, `response.data`), as OpenAI's shape
    (`response["choices"][0]["message"]["content"]`) and as the output shape
    (`response["output"][0]["content"][0]["text"]`). `dict(response)` holds what was received and the keys of the
    envelope; `to_dict()` returns exactly what was received.
    """

    _other_names_: ClassVar[dict[str, str]] = {
        **{name: f"usage.{name}" for name in ("tokens_total", "total_tokens", "prompt_tokens")},
        **dict.fromkeys(("content", "answer", "result", "reply", "body", "completion"), "text"),
        "tokens": "usage.tokens_total",
        **{name: f"text.{name}" for name in dir(str) if not name.startswith("_")},
        "output_text": "text",
        "stop_reason": "finish_reason",
        "elapsed": "http.elapsed",
        "headers": "http.headers",
        "[…]": "choices[0]",
    }

    if TYPE_CHECKING:
        finish_reason: str | None
        data: Any

    def _convert_field_(self, name: str, value: Any) -> Any:
        if name == "images" and is_list(value):
            from .media import images_of  # cost: few chats have images

            return images_of(value, self.__dict__.get("_client_"))
        return super()._convert_field_(name, value)

    def _shape_(self) -> dict[str, Any]:
        """The answer in one of the documented shapes, also where a provider's own form was received."""
        raw = self._wire_()
        return openai_form(raw, "message") or raw

    def _derive_field_(self, wire: str) -> Any:
        value = derive(self._shape_(), wire)
        return super()._derive_field_(wire) if value is UNSET else value

    def _item_(self, key: str) -> Any:
        return choices_of(self._shape_()) if key == "choices" else super()._item_(key)

    def keys(self) -> KeysView[str]:
        """The received keys, and the keys of the envelope that can be derived."""
        return dict.fromkeys((*super().keys(), *envelope_keys(self._shape_()))).keys()

    def __iter__(self) -> Iterator[str]:
        return map(_Key, self.keys())

    @property
    def text(self) -> str:
        """The generated text; empty if the model answered without text, such as with a tool call."""
        state = self.__dict__
        if "data" in state:  # the caller may have set it
            return response_text(self.to_dict())
        data = state["_raw_"].get("data")
        return data if type(data) is str else response_text(self._shape_())

    @property
    def reasoning(self) -> str | None:
        """The reasoning of the model, or None."""
        return reasoning_of(self._shape_())

    @property
    def choices(self) -> list[models.OpenAIChoice]:
        """The answer as OpenAI's choices: `choice.message.content` or `choice["message"]["content"]`."""
        return [models.OpenAIChoice.from_dict(choice) for choice in self["choices"] if is_object(choice)]

    @property
    def output(self) -> list[models.OutputItem]:
        """The answer as items of the output shape: `item.content[0].text`, `item["content"][0]["text"]`."""
        items: Any = self["output"]
        found = items if is_list(items) else output_of(self._shape_())
        return [models.OutputItem.from_dict(item) for item in found if is_object(item)]

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The tool calls that the model requests; empty if there are none."""
        from ..tools.functions import ToolCall  # cost: few chats have tools

        return [ToolCall(call) for call in tool_calls_of(self._shape_())]

    @property
    def parsed(self) -> ParsedT:
        """The text as an instance of the `response_format` of the call; without one, as a JSON value.

        Raises:
            ResponseFormatError: when the text does not match. `error.text` is the text.
        """
        wanted: Any = self.__dict__.get("_format_")
        value: ParsedT = self.parse_as(wanted)
        return value

    @overload
    def parse_as(self, kind: type[T]) -> T: ...

    @overload
    def parse_as(self, kind: None = None) -> Any: ...

    def parse_as(self, kind: Any = None) -> Any:
        """The text as an instance of a Pydantic model, dataclass or TypedDict, or as a JSON value.

        Args:
            kind: the class; None for a JSON value.

        Raises:
            ResponseFormatError: when the text does not match. `error.text` is the text.
            InvalidParametersError: for a `kind` that is not a class.
        """
        from ..tools.response_format import check_class, parse  # cost: few programs parse

        if kind is not None:
            check_class(kind)
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


class ChatResponse(TextResponse[ParsedT], _ChatResponse):
    """The answer to a conversation.

    Attributes:
        text: the generated text. `data` is the same, or the object that the server sent instead.
        reasoning: the reasoning of the model, or None.
        finish_reason: why the model stopped: stop, length, content_filter, tool_calls, …
        tool_calls: the tool calls that the model requests.
        images: the images of the answer, or None.
        parsed: the text as an instance of the `response_format`.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    if TYPE_CHECKING:
        images: list[Image] | None  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]  # with files
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # more specific
