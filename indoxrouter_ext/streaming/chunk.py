"""Events of a stream as chunks, and what they add up to.

Two families of events are documented. In the first, every event is a chunk with `choices`; in the second, events
have a `type` and most of them carry no text. Both come out as `StreamChunk`, a dict with the event's own keys and
the text under `data`, so the loop of the guide prints either family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.values.type_guards import is_list, is_object
from indoxrouter._runtime.values.unset import MISSING

if TYPE_CHECKING:
    from indoxrouter._runtime.codecs.base import Codec

__all__ = ["Accumulator", "StreamChunk", "make_chunk"]

# Tuples, because a server may send a list as a type, and lists cannot be looked up in sets.
_TEXT_TYPES = ("response.content_part.delta", "response.output_text.delta")
_IMAGE_TYPE = "response.image_generation_call.completed"
_REASONING_TYPES = ("response.reasoning.delta",)


class StreamChunk(dict[str, Any]):
    """One event of a stream: a dict with the event's own keys, and the text it adds under `data`.

    Attributes:
        text: the text this event adds; empty for events that carry none. `str(chunk)` is the same.
        event: the event as the typed model that the spec gives it.
    """

    __slots__ = ("_codec", "_own", "text")

    def __init__(self, event: dict[str, Any], text: str, codec: Codec | None) -> None:
        super().__init__(event)
        if "data" in event:
            self._own = event["data"]  # for `event`, which has what came
        self["data"] = self.text = text
        self._codec = codec

    def __str__(self) -> str:
        return self.text

    @property
    def data(self) -> str:
        """The text this event adds."""
        return self.text

    @property
    def event(self) -> Any:
        """The event as a typed model (`ChatStreamChunk`, one of the typed events, …)."""
        event = self._as_it_came()
        return self._codec.decode(event) if self._codec is not None else event

    def _as_it_came(self) -> dict[str, Any]:
        own = getattr(self, "_own", MISSING)
        if own is MISSING:
            return {key: value for key, value in self.items() if key != "data"}
        return {**self, "data": own}

    @property
    def type(self) -> str | None:
        """The event's type, in the family that has types."""
        return _text(self.get("type"))

    @property
    def reasoning(self) -> str:
        """The reasoning this event adds; empty for most."""
        return _reasoning_of(self)

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, on the event that says so."""
        choice = _first_choice(self)
        return _text(choice.get("finish_reason")) if choice else _text(self.get("finish_reason"))

    @property
    def usage(self) -> Any:
        """Tokens and cost so far, on events that tell."""
        usage = _usage_of(self)
        if usage is None:
            return None
        from ..responses.usage import Usage

        return Usage.from_dict(usage)

    @property
    def images(self) -> list[Any]:
        """Images that this event brings."""
        return _images_of(self._as_it_came())


_new_dict = dict.__new__


def make_chunk(event: dict[str, Any], text: str, codec: Codec | None) -> StreamChunk:
    """What `StreamChunk(event, text, codec)` makes, in a third of the time: a stream makes many thousands of them."""
    chunk = _new_dict(StreamChunk)
    chunk |= event
    if "data" in event:
        chunk._own = event["data"]  # pyright: ignore[reportPrivateUsage]  # stands in for __init__
    chunk["data"] = chunk.text = text
    chunk._codec = codec  # pyright: ignore[reportPrivateUsage]  # likewise
    return chunk


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _first_choice(event: dict[str, Any]) -> dict[str, Any]:
    choices = event.get("choices")
    if is_list(choices) and choices and is_object(choices[0]):
        choice: dict[str, Any] = choices[0]
        return choice
    return {}


def _delta_of(event: dict[str, Any]) -> dict[str, Any]:
    delta = _first_choice(event).get("delta")
    return delta if is_object(delta) else {}


def _reasoning_of(event: dict[str, Any]) -> str:
    if event.get("type") in _REASONING_TYPES:
        return _text(event.get("delta")) or ""
    delta = _delta_of(event)
    return _text(delta.get("reasoning_content")) or _text(delta.get("reasoning")) or ""


def _usage_of(event: dict[str, Any]) -> dict[str, Any] | None:
    usage = event.get("usage")
    if usage is None and is_object(event.get("response")):
        usage = event["response"].get("usage")
    return usage if is_object(usage) else None


def _images_of(event: dict[str, Any]) -> list[Any]:
    if event.get("type") == _IMAGE_TYPE:
        made = event.get("image_generation_call")
        call: dict[str, Any] = made if is_object(made) else {}
        image = {"index": event.get("output_index", 0), "url": event.get("url") or call.get("url")}
        data = event.get("data") or call.get("result")
        return [{**image, "b64_json": data} if data is not None else image]
    images = event.get("images") or _delta_of(event).get("images")
    return images if is_list(images) else []


def text_of(event: dict[str, Any]) -> str:
    """The text that an event adds, in either family; empty when it adds none."""
    choices = event.get("choices")
    if choices and is_list(choices):
        choice = choices[0]
        if is_object(choice):
            delta = choice.get("delta")
            text = delta.get("content") if is_object(delta) else choice.get("text")
            if is_list(text):
                return "".join(part["text"] for part in text if is_object(part) and _text(part.get("text")))
            return text if isinstance(text, str) else ""
    elif "type" in event:
        if event["type"] in _TEXT_TYPES:
            delta = event.get("delta")
            if is_object(delta):
                delta = delta.get("text")
            return delta if isinstance(delta, str) else ""
        return ""
    for key in ("data", "text", "content"):
        if isinstance(event.get(key), str):
            text = event[key]
            return text if isinstance(text, str) else ""
    return ""


class Accumulator:
    """What the events of a stream add up to: text, reasoning, images, tool calls, usage, ids.

    Text is kept in pieces and joined when it is asked for, so that a long stream costs linear time.
    """

    def __init__(self, terminal: tuple[str, ...]) -> None:
        self._terminal = terminal
        self._texts: list[str] = []
        self._reasoning: list[str] = []
        self._tool_calls: dict[int, dict[str, Any]] = {}
        self.images: list[Any] = []
        self.usage: dict[str, Any] | None = None
        self.finish_reason: str | None = None
        self.ended = False  # a finish reason was seen; a last event with the usage may follow
        self.closed = False  # the event that ends everything was seen
        self.count = 0
        self._id: str | None = None
        self._facts: dict[str, Any] = {}
        self._first: dict[str, Any] | None = None  # the first event, until somebody asks who sends the stream

    @property
    def id(self) -> str | None:
        """By which the server knows the stream."""
        self._catch_up()
        return self._id

    @property
    def facts(self) -> dict[str, Any]:
        """What the first event said of the answer as a whole: model, provider, time, id of the request."""
        self._catch_up()
        return self._facts

    def _catch_up(self) -> None:
        first, self._first = self._first, None
        if first is not None:
            self._learn(first)

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._texts)

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        return "".join(self._reasoning)

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """Calls of tools, put together from their fragments."""
        return [call for _, call in sorted(self._tool_calls.items())]

    def add(self, event: dict[str, Any]) -> str:
        """Take one event and return the text it adds."""
        if not self.count:
            self._first = event
        # Nearly every event is this one: one choice, which brings text and nothing else.
        choices: list[Any] | None = event.get("choices")  # if it is what the spec says
        if type(choices) is list and len(choices) == 1 and event.get("usage") is None:
            choice: dict[str, Any] = choices[0]
            if type(choice) is dict and choice.get("finish_reason") is None:
                delta: dict[str, Any] | None = choice.get("delta")
                if type(delta) is dict and len(delta) == 1:
                    text = delta.get("content")
                    if type(text) is str:
                        self.count += 1
                        if text:
                            self._texts.append(text)
                        return text
        return self._add_any(event)

    def _add_any(self, event: dict[str, Any]) -> str:
        text = text_of(event)
        if text:
            self._texts.append(text)
        self.count += 1
        choices = event.get("choices")
        if choices:
            choice = _first_choice(event)
            if choice.get("finish_reason"):
                self._finish(choice["finish_reason"])
            delta = choice.get("delta")
            if is_object(delta) and (len(delta) > 1 or "content" not in delta):
                self._take_delta(event, delta)
            if len(event) > len(choices) and "usage" in event:
                self.usage = _usage_of(event) or self.usage
        else:
            self._take_other(event)
        return text

    def _finish(self, reason: Any) -> None:
        self.finish_reason = reason if isinstance(reason, str) else str(reason)
        self.ended = True

    def _learn(self, event: dict[str, Any]) -> None:
        response = event.get("response")
        inner: dict[str, Any] = response if is_object(response) else {}
        for key in ("id", "response_id", "stream_id", "request_id"):
            if self._id:
                break
            self._id = _text(event.get(key)) or _text(inner.get(key))
        for key in ("model", "provider", "created", "created_at", "request_id"):
            value = event[key] if key in event else inner.get(key)
            if value is not None:
                self._facts.setdefault(key, value)

    def _take_delta(self, event: dict[str, Any], delta: dict[str, Any]) -> None:
        reasoning = _reasoning_of(event)
        if reasoning:
            self._reasoning.append(reasoning)
        self.images.extend(_images_of(event))
        calls = delta.get("tool_calls")
        for fragment in calls if is_list(calls) else []:
            if is_object(fragment):
                self._take_tool_call(fragment)

    def _take_tool_call(self, fragment: dict[str, Any]) -> None:
        index = fragment.get("index")
        place = index if isinstance(index, int) else len(self._tool_calls)
        call = self._tool_calls.setdefault(place, {"id": None, "type": "function", "function": {}})
        for key in ("id", "type"):
            if isinstance(fragment.get(key), str):
                call[key] = fragment[key]
        function = fragment.get("function")
        for key, value in function.items() if is_object(function) else ():
            if isinstance(value, str):
                call["function"][key] = call["function"].get(key, "") + value

    def _take_other(self, event: dict[str, Any]) -> None:
        kind = event.get("type")
        if self.id is None or (isinstance(kind, str) and "response" in event):
            self._learn(event)
        if _reasoning_of(event):
            self._reasoning.append(_reasoning_of(event))
        self.images.extend(_images_of(event))
        self.usage = _usage_of(event) or self.usage
        if event.get("finish_reason"):
            self._finish(event["finish_reason"])
        if isinstance(kind, str) and kind in self._terminal:
            self.ended = self.closed = True
            response = event.get("response")
            status = response.get("status") if is_object(response) else None
            if self.finish_reason is None and isinstance(status, str):
                self.finish_reason = "stop" if status == "completed" else status

    def envelope(self) -> dict[str, Any]:
        """What has come so far, in the documented envelope."""
        model = str(self.facts.get("model") or "")
        provider = self.facts.get("provider")
        if isinstance(provider, str):  # the id of a model may hold slashes of its own
            model = model.removeprefix(f"{provider}/")
        elif "/" in model:
            provider, _, model = model.partition("/")
        body: dict[str, Any] = {
            "request_id": self.facts.get("request_id") or self.id,
            "created_at": self.facts.get("created_at", self.facts.get("created")),
            "provider": provider,
            "model": model or None,
            "success": True,
            "message": "",
            "data": self.text,
            "finish_reason": self.finish_reason,
            "usage": self.usage,
            "images": self.images or None,
            "reasoning_content": self.reasoning or None,
            "tool_calls": self.tool_calls or None,
        }
        optional = ("request_id", "created_at", "usage", "images", "reasoning_content", "tool_calls")
        return {key: value for key, value in body.items() if value is not None or key not in optional}
