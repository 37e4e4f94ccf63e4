"""What the events of a stream add up to, and how far the stream has got."""

from __future__ import annotations

from enum import Enum
from typing import Any

from indoxrouter._runtime.values.type_guards import is_list, is_object

from .chunk import event_text, first_choice, images_of, reasoning_of, text_or_none, usage_of

__all__ = ["Accumulator", "StreamEnd"]


class StreamEnd(Enum):
    """How far a stream has got."""

    OPEN = "open"
    """More events are expected."""
    ANSWERED = "answered"
    """The finish reason was received. The answer is whole; an event with the usage may follow."""
    COMPLETE = "complete"
    """The last event was received, or the connection ended after the answer."""
    FAILED = "failed"
    """The server reported an error, or the stream ended early."""


class Accumulator:
    """Collects the text, reasoning, images, tool calls, usage and ids of a stream's events.

    Text is stored in pieces and joined when it is read, so that a long stream takes linear time.

    Args:
        terminal: types of events that end the stream.
    """

    def __init__(self, terminal: tuple[str, ...]) -> None:
        self._terminal = terminal
        self._texts: list[str] = []
        self._reasoning: list[str] = []
        self._tool_calls: dict[int, dict[str, Any]] = {}
        self.images: list[Any] = []
        self.usage: dict[str, Any] | None = None
        self.finish_reason: str | None = None
        self.end = StreamEnd.OPEN
        self.count = 0
        self._id: str | None = None
        self._metadata: dict[str, Any] = {}
        self._first: dict[str, Any] | None = None  # the first event, until its metadata is needed

    @property
    def id(self) -> str | None:
        """The server's id of the stream, or None."""
        self._read_first()
        return self._id

    @property
    def metadata(self) -> dict[str, Any]:
        """Model, provider, time and request id of the answer, from the first event."""
        self._read_first()
        return self._metadata

    def _read_first(self) -> None:
        first, self._first = self._first, None
        if first is not None:
            self._read_metadata(first)

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
        """Tool calls, assembled from their fragments."""
        return [call for _, call in sorted(self._tool_calls.items())]

    def add(self, event: dict[str, Any]) -> str:
        """Add an event and return its text."""
        if not self.count:
            self._first = event
        # Nearly every event has one choice with text and nothing else.
        choices: list[Any] | None = event.get("choices")  # unchecked: as documented
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
        text = event_text(event)
        if text:
            self._texts.append(text)
        self.count += 1
        choices = event.get("choices")
        if choices:
            choice = first_choice(event)
            if choice.get("finish_reason"):
                self._finish(choice["finish_reason"])
            delta = choice.get("delta")
            if is_object(delta) and (len(delta) > 1 or "content" not in delta):
                self._add_delta(event, delta)
            if len(event) > len(choices) and "usage" in event:
                self.usage = usage_of(event) or self.usage
        else:
            self._add_typed(event)
        return text

    def _finish(self, reason: Any) -> None:
        self.finish_reason = reason if isinstance(reason, str) else str(reason)
        self.end = StreamEnd.ANSWERED

    def _read_metadata(self, event: dict[str, Any]) -> None:
        response = event.get("response")
        inner: dict[str, Any] = response if is_object(response) else {}
        for key in ("id", "response_id", "stream_id", "request_id"):
            if self._id:
                break
            self._id = text_or_none(event.get(key)) or text_or_none(inner.get(key))
        for key in ("model", "provider", "created", "created_at", "request_id"):
            value = event[key] if key in event else inner.get(key)
            if value is not None:
                self._metadata.setdefault(key, value)

    def _add_delta(self, event: dict[str, Any], delta: dict[str, Any]) -> None:
        reasoning = reasoning_of(event)
        if reasoning:
            self._reasoning.append(reasoning)
        self.images.extend(images_of(event))
        calls = delta.get("tool_calls")
        for fragment in calls if is_list(calls) else []:
            if is_object(fragment):
                self._add_tool_call(fragment)

    def _add_tool_call(self, fragment: dict[str, Any]) -> None:
        index = fragment.get("index")
        position = index if isinstance(index, int) else len(self._tool_calls)
        call = self._tool_calls.setdefault(position, {"id": None, "type": "function", "function": {}})
        for key in ("id", "type"):
            if isinstance(fragment.get(key), str):
                call[key] = fragment[key]
        function = fragment.get("function")
        for key, value in function.items() if is_object(function) else ():
            if isinstance(value, str):
                call["function"][key] = call["function"].get(key, "") + value

    def _add_typed(self, event: dict[str, Any]) -> None:
        kind = event.get("type")
        if self.id is None or (isinstance(kind, str) and "response" in event):
            self._read_metadata(event)
        if reasoning_of(event):
            self._reasoning.append(reasoning_of(event))
        self.images.extend(images_of(event))
        self.usage = usage_of(event) or self.usage
        if event.get("finish_reason"):
            self._finish(event["finish_reason"])
        if isinstance(kind, str) and kind in self._terminal:
            self.end = StreamEnd.COMPLETE
            response = event.get("response")
            status = response.get("status") if is_object(response) else None
            if self.finish_reason is None and isinstance(status, str):
                self.finish_reason = "stop" if status == "completed" else status

    def envelope(self) -> dict[str, Any]:
        """The answer so far, in the documented envelope."""
        model = str(self.metadata.get("model") or "")
        provider = self.metadata.get("provider")
        if isinstance(provider, str):  # the id of a model may contain slashes
            model = model.removeprefix(f"{provider}/")
        elif "/" in model:
            provider, _, model = model.partition("/")
        body: dict[str, Any] = {
            "request_id": self.metadata.get("request_id") or self.id,
            "created_at": self.metadata.get("created_at", self.metadata.get("created")),
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
