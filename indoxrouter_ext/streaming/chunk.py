"""One event of a stream as a chunk, and how its text, reasoning, images and usage are read.

Two families of events are documented. In the first, every event has `choices`; in the second, events have a `type` and
most of them carry no text. Both become a `StreamChunk`, a dict with the event's own keys and its text under `data`, so
the same loop prints either family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

from indoxrouter import models
from indoxrouter._runtime.models.pydantic_support import PydanticField, object_of
from indoxrouter._runtime.values.json import as_object, as_text, is_list, is_object
from indoxrouter._runtime.values.unset import UNSET
from indoxrouter.facade_entries import ENTRIES

from ..responses.formats import content_text, first_choice

if TYPE_CHECKING:
    from indoxrouter._runtime.codecs.base import Codec
    from indoxrouter.models import ChatChunkChoice, ChatStreamEvent, CompletionStreamEvent

    from ..responses.usage import Usage

# Tuples, because a server may send a list as the type, and a list cannot be looked up in a set.
_TEXT_TYPES = ("response.content_part.delta", "response.output_text.delta", "response.text.delta")
_USAGE_HOLDERS = ("response", "message", "x_groq")  # typed events, Anthropic's first event, Groq's last chunk
_IMAGE_TYPE = "response.image_generation_call.completed"
_REASONING_TYPES = ("response.reasoning.delta",)


class StreamChunk(PydanticField, dict[str, Any]):
    """One event of a stream: a dict with the event's own keys, and the text it adds under `data`.

    Attributes:
        text: the text that this event adds; empty if it adds none. `str(chunk)` is the same.
        event: the event as the typed model that the spec documents.
    """

    __slots__ = ("_codec", "_own", "text")
    _properties_: ClassVar[dict[str, Any]] = {
        "data": {"type": "string", "description": "The text that the event adds."}
    }

    if TYPE_CHECKING:
        text: str

        @overload
        def __getitem__(self, key: Literal["data"], /) -> str: ...

        @overload
        def __getitem__(self, key: str, /) -> Any: ...

        def __getitem__(self, key: str, /) -> Any: ...

    def __init__(self, event: dict[str, Any], text: str, codec: Codec | None) -> None:
        super().__init__(event)
        if "data" in event:
            self._own = event["data"]  # the event's own field, for `event`
        self["data"] = self.text = text
        self._codec = codec

    if not TYPE_CHECKING:  # hidden from type checkers, so that they report misspelt attributes

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise AttributeError(self._no_(name))

        def __missing__(self, key: object) -> Any:
            raise KeyError(self._no_(key))

        def _no_(self, name: object) -> str:
            return f"StreamChunk has no {name!r:.60}: its text is chunk.text, its keys are {', '.join(self)}"

    def __str__(self) -> str:
        return self.text

    @classmethod
    def _from_json_(cls, value: Any) -> StreamChunk:
        event = object_of(cls, value)
        text = event_text(event)
        if "choices" in event or "type" in event:
            event.pop("data", None)  # the text, which was added
        operation = ENTRIES["completion" if "text" in first_choice(event) else "chat"].load()
        return cls(event, text, operation.stream.codec if operation.stream is not None else None)

    @property
    def data(self) -> str:
        """The text that this event adds."""
        return self.text

    @property
    def event(self) -> ChatStreamEvent | CompletionStreamEvent:
        """The event as the typed model that the spec documents, such as `ChatChunk` or `OtherStreamEvent`."""
        event: Any = self.received()
        decoded: ChatStreamEvent | CompletionStreamEvent = (
            self._codec.decode(event) if self._codec is not None else event
        )
        return decoded

    def received(self) -> dict[str, Any]:
        """The event as received, without the text that is added under `data`."""
        own = getattr(self, "_own", UNSET)
        if own is UNSET:
            return {key: value for key, value in self.items() if key != "data"}
        return {**self, "data": own}

    @property
    def type(self) -> str | None:
        """The event's `type`, or None."""
        return as_text(self.get("type"))

    @property
    def choices(self) -> list[ChatChunkChoice]:
        """The choices of the event, as in OpenAI's client: `chunk.choices[0].delta.content` is the text or None.

        Events that have none, but text, give one choice. `chunk["choices"]` is what was received.
        """
        found = self.get("choices")
        if not is_list(found):
            ends = self.finish_reason
            if not self.text and ends is None:
                return []
            found = [{"index": 0, "delta": {"content": self.text or None}, "finish_reason": ends}]
        return [
            models.ChatChunkChoice.from_dict(
                choice if "delta" in choice else {**choice, "delta": {"content": choice.get("text")}}
            )
            for choice in found
            if is_object(choice)
        ]

    @property
    def reasoning(self) -> str:
        """The reasoning that this event adds; empty for most events."""
        return reasoning_of(self)

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped; None on all events but the one that reports it."""
        choice = first_choice(self)
        return as_text(choice.get("finish_reason")) if choice else as_text(self.get("finish_reason"))

    @property
    def usage(self) -> Usage | None:
        """Tokens and cost so far; None on events that do not report them."""
        usage = usage_of(self)
        if usage is None:
            return None
        return models.Usage.from_dict(usage)

    @property
    def images(self) -> list[dict[str, Any]]:
        """The images of this event, as received: objects with `url` or `b64_json`."""
        return images_of(self.received())


_new_dict = dict.__new__


def make_chunk(event: dict[str, Any], text: str, codec: Codec | None) -> StreamChunk:
    """The same as `StreamChunk(event, text, codec)` in a third of the time, for streams of many thousands of events."""
    chunk = _new_dict(StreamChunk)
    chunk |= event
    if "data" in event:
        chunk._own = event["data"]  # pyright: ignore[reportPrivateUsage]  # stands in for __init__
    chunk["data"] = chunk.text = text
    chunk._codec = codec  # pyright: ignore[reportPrivateUsage]  # likewise
    return chunk


def _delta_of(event: dict[str, Any]) -> dict[str, Any]:
    return as_object(first_choice(event).get("delta"))


def reasoning_of(event: dict[str, Any]) -> str:
    """The reasoning that an event adds; empty if it adds none."""
    if event.get("type") in _REASONING_TYPES:
        return as_text(event.get("delta")) or ""
    delta = _delta_of(event)
    return as_text(delta.get("reasoning_content")) or as_text(delta.get("reasoning")) or ""


def usage_of(event: dict[str, Any]) -> dict[str, Any] | None:
    """The usage that an event reports, or None."""
    usage = event.get("usage")
    for key in _USAGE_HOLDERS:
        if usage is None and key in event:
            usage = as_object(event[key]).get("usage")
    usage = usage if is_object(usage) else None
    cost = event.get("cost")  # some servers report it beside the usage
    if isinstance(cost, (int, float, str)) and (usage is None or usage.get("cost") is None):
        return {**(usage or {}), "cost": cost}
    return usage


def merge_usage(known: dict[str, Any] | None, new: dict[str, Any]) -> dict[str, Any]:
    """The usage so far with that of another event: some servers send the tokens and the cost apart."""
    if not known:
        return new
    return {**known, **{name: value for name, value in new.items() if value is not None or name not in known}}


def images_of(event: dict[str, Any]) -> list[Any]:
    """The images of an event, in either family."""
    if event.get("type") == _IMAGE_TYPE:
        call = as_object(event.get("image_generation_call"))
        image = {"index": event.get("output_index", 0), "url": event.get("url") or call.get("url")}
        data = event.get("data") or call.get("result")
        return [{**image, "b64_json": data} if data is not None else image]
    images = event.get("images") or _delta_of(event).get("images")
    return images if is_list(images) else []


def event_text(event: dict[str, Any]) -> str:
    """The text that an event adds, in either family; empty when it adds none."""
    choices = event.get("choices")
    if choices and is_list(choices):
        choice = as_object(choices[0])
        delta = choice.get("delta")
        return content_text(delta.get("content") if is_object(delta) else choice.get("text"))
    if "type" in event:
        if event["type"] in _TEXT_TYPES:
            delta = event.get("delta")
            return as_text(delta.get("text") if is_object(delta) else delta) or ""
        return ""
    for key in ("data", "text", "content"):
        text = as_text(event.get(key))
        if text is not None:
            return text
    return ""
