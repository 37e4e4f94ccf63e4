"""What the events of a stream add up to, as a response, how far the stream has got, and which events say so."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.values.json import as_object, as_text, is_list, is_object
from indoxrouter._runtime.values.unset import UNSET

from ..responses.decoding import model_for, response_class_for
from ..responses.formats import content_text, created_at_of, derive, response_text
from ..responses.native_forms import openai_form
from .choices import Choice, joined
from .chunk import event_text, images_of, merge_usage, reasoning_of, usage_of

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

    from ..calls.answer import HttpAnswer


_ALWAYS = ("provider", "model", "success", "message", "data", "finish_reason")
_TEXT_ENDS = (
    "response.output_text.done",
    "response.text.done",
    "response.content_part.done",
    "response.output_item.done",
)

HEARTBEATS = ("ping", "heartbeat", "keepalive", "keep-alive", "keep_alive")
_NAMED_ENDS = ("done", "end", "complete", "completed", "finish", "finished")
# A tuple: a type that is a list cannot be looked up in a set.
_FAILED_TYPES = ("error", "response.failed", "response.error")
_END_KEYS = frozenset({"type", "event", "id", "status"})


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


def reports_failure(name: str, event: dict[str, Any]) -> bool:
    """Whether an event reports that the answer failed."""
    if name == "error" or event.get("error"):
        return True
    return event.get("type") in _FAILED_TYPES or event.get("success") is False


def is_named_end(name: str, event: dict[str, Any]) -> bool:
    """Whether an event ends the stream by its name, and brings nothing."""
    return name in _NAMED_ENDS and event.keys() <= _END_KEYS


def is_heartbeat(name: str, event: dict[str, Any]) -> bool:
    """Whether an event only shows that the connection is alive."""
    return (name in HEARTBEATS or event.get("type") in HEARTBEATS) and "choices" not in event


class Accumulator:
    """Collects the text, reasoning, images, tool calls, usage and ids of a stream's events.

    Text is stored in pieces and joined when it is read, so that a long stream takes linear time.

    Args:
        terminal: types of events that end the stream.
        expected: the number of answers that the request asked for.
    """

    def __init__(self, terminal: tuple[str, ...], expected: int = 1) -> None:
        self._terminal = terminal
        self._expected = expected
        self._answer = Choice()  # the first answer, whose text the chunks have
        self._first_index = 0 if expected > 1 else None
        self._choices: dict[int, Choice] = {}
        self._texts = self._answer.texts
        self._pieces_since_done = False
        self.whole: dict[str, Any] | None = None
        """The whole answer, if it was received in one event."""
        self.images: list[Any] = []
        self.usage: dict[str, Any] | None = None
        self.error: Any = None  # that one of the answers has in place of a text
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
        return joined(self._texts)

    @property
    def is_settled(self) -> bool:
        """Whether each of the answers asked for has its finish reason, so that nothing but the usage can follow."""
        return self.end is StreamEnd.ANSWERED and len(self._choices) >= self._expected

    def add(self, event: dict[str, Any]) -> str:
        """Add an event and return its text."""
        if not self.count:
            self._first = event
        # Nearly every event has one choice with text and nothing else.
        choices: list[Any] | None = event.get("choices")  # unchecked: as documented
        if type(choices) is list and len(choices) == 1 and event.get("usage") is None:
            choice: dict[str, Any] = choices[0]
            if (
                type(choice) is dict
                and choice.get("finish_reason") is None
                and choice.get("index", 0) == self._first_index
                and choice.get("logprobs") is None
                and "message" not in choice
            ):
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
        self.count += 1
        choices = event.get("choices")
        if not (is_list(choices) and choices):
            native = openai_form(event)
            if native is None:
                return self._add_typed(event)
            # Its parts may be in several events: the tokens of the prompt in the first, the others in the last.
            native["usage"] = {**(self.usage or {}), **(native["usage"] or {})} or None
            event, choices = native, native["choices"]
        texts: list[str] = []
        for position, choice in enumerate(choices):
            if is_object(choice):
                index = choice.get("index")
                answer = self._choice(index if type(index) is int else position)
                text = answer.add(choice)
                if answer is self._answer:
                    texts.append(text)
                self.error = choice.get("error") or self.error
                if is_object(choice.get("message")) and not choice.get("delta"):
                    self.whole = event  # or as much of it as there is, which grows from event to event
        self._add_extras(event)
        if all(answer.finish_reason for answer in self._choices.values()):
            self.end = StreamEnd.ANSWERED
        elif self.end is StreamEnd.ANSWERED:
            self.end = StreamEnd.OPEN  # another answer has begun
        return "".join(texts)

    def _choice(self, index: int) -> Choice:
        if self._first_index is None:
            self._first_index = index
        answer = self._choices.get(index)
        if answer is None:
            answer = self._choices[index] = self._answer if index == self._first_index else Choice()
        return answer

    def _add_extras(self, event: dict[str, Any]) -> None:
        self.images.extend(images_of(event))
        if usage := usage_of(event):
            self.usage = merge_usage(self.usage, usage)

    @property
    def is_whole(self) -> bool:
        """Whether the only event was the whole answer."""
        return self.whole is not None and self.count == 1

    def _read_metadata(self, event: dict[str, Any]) -> None:
        inner = as_object(event.get("response") or event.get("message"))
        for key in ("id", "response_id", "stream_id", "request_id"):
            if self._id:
                break
            self._id = as_text(event.get(key)) or as_text(inner.get(key))
        for key in ("model", "provider", "created", "created_at", "request_id"):
            value = event[key] if key in event else inner.get(key)
            if value is not None:
                self._metadata.setdefault(key, value)

    def _add_typed(self, event: dict[str, Any]) -> str:
        kind = event.get("type")
        if self.id is None or (isinstance(kind, str) and "response" in event):
            self._read_metadata(event)
        answer = self._answer
        text = event_text(event)
        if "type" in event:
            text = text or self._text_at_end(event)
            self._pieces_since_done = (
                bool(text) if kind in _TEXT_ENDS else self._pieces_since_done or bool(text)
            )
        elif is_list(event.get("output")) or (
            "data" in event and event.get("success") is True and "usage" in event
        ):
            text = answer.missing(response_text(event))
            self.whole = event
            self.end = StreamEnd.ANSWERED
        answer.add_text(text)
        if reasoning := reasoning_of(event):
            answer.reasoning.append(reasoning)
        answer.calls.add_event(event)
        self._add_extras(event)
        if event.get("finish_reason"):
            self._choices.setdefault(0, answer)
            answer.finish_reason = str(event["finish_reason"])
            self.end = StreamEnd.ANSWERED
        if isinstance(kind, str) and kind in self._terminal:
            response = event.get("response")
            if is_object(response):
                text += self._add_closing(response)
            self.end = StreamEnd.COMPLETE
        return text

    def _text_at_end(self, event: dict[str, Any]) -> str:
        """The text of an event that ends a part of the answer, unless the part was received in pieces."""
        if event.get("type") not in _TEXT_ENDS:
            return ""
        item = as_object(event.get("item"))
        whole = content_text(event.get("text") or as_object(event.get("part")).get("text"))
        if not whole and item.get("type", "message") == "message":
            whole = content_text(item.get("content"))
        return "" if self._pieces_since_done or self._answer.text.endswith(whole) else whole

    def _add_closing(self, response: dict[str, Any]) -> str:
        """Add what only the closing event holds, and return its text."""
        answer = self._answer
        output = response.get("output")
        text = ""
        if is_list(output):
            text = answer.missing(response_text(response))
            answer.add_text(text)
            answer.calls.add_output(output)
        if answer.finish_reason is None:
            shape: dict[str, Any] = {
                key: response[key] for key in ("status", "incomplete_details") if key in response
            }
            shape["output"] = [{"type": "function_call"}] if answer.calls.as_json() else []
            answer.finish_reason = as_text(derive(shape, "finish_reason"))
        return text

    def envelope(self) -> dict[str, Any]:
        """The answer so far, in the documented envelope; an answer that arrived whole is returned unchanged."""
        if self.whole is not None and self.count == 1:
            return self.whole
        model = str(self.metadata.get("model") or "")
        provider = self.metadata.get("provider")
        if isinstance(provider, str):  # the id of a model may contain slashes
            model = model.removeprefix(f"{provider}/")
        elif "/" in model:
            provider, _, model = model.partition("/")
        answer = self._answer
        if answer.finish_reason is None and not answer.texts and self._choices:
            answer = self._choices[min(self._choices)]
        body: dict[str, Any] = {
            "request_id": self.metadata.get("request_id") or self.id,
            "created_at": self.metadata.get("created_at", self.metadata.get("created")),
            "provider": provider,
            "model": model or None,
            "success": True,
            "message": "",
            "data": answer.text,
            "finish_reason": answer.finish_reason,
            "usage": self.usage,
            "images": self.images or None,
            "reasoning_content": joined(answer.reasoning) or None,
            "tool_calls": answer.calls.as_json() or None,
            "choices": self._all_choices(),
        }
        return {key: value for key, value in body.items() if value is not None or key in _ALWAYS}

    def _all_choices(self) -> list[dict[str, Any]] | None:
        """All answers, if there are several, or if one has more than the envelope has fields for."""
        if len(self._choices) < 2 and not self._answer.has_extra:
            return None
        return [answer.as_json(index) for index, answer in sorted(self._choices.items())]


def stream_result(call: Call[Any], accumulator: Accumulator, answer: HttpAnswer) -> Any:
    """The response so far, in the documented envelope."""
    envelope = accumulator.envelope()
    created = created_at_of(envelope)  # events hold Unix time, the envelope holds ISO 8601
    if created is not UNSET:
        envelope["created_at"] = created
    kind = response_class_for(call.operation) or model_for(call.operation)
    if kind is None:
        return envelope  # the spec describes the events only
    response = kind._from_wire_(envelope)
    response.__dict__["_http_"] = answer.info()
    return response


def requested_answers(payload: Any) -> int:
    """The number of answers that a request asks for; fields that the API does not name are in `additional_params`."""
    fields = as_object(payload)
    number = fields.get("n", as_object(fields.get("additional_params")).get("n"))
    return number if type(number) is int and number > 1 else 1
