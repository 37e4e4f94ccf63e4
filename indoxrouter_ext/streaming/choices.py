"""One of the answers that a stream carries. A request with `n=2` has two, which are kept apart."""

from __future__ import annotations

import re
from typing import Any

from indoxrouter._runtime.values.json import is_list, is_object

from ..responses.formats import content_text
from .tool_calls import ToolCalls

_split_character = re.compile("[\ud800-\udbff][\udc00-\udfff]").search
_KNOWN = ("content", "role", "tool_calls", "function_call", "reasoning", "reasoning_content", "images")


class Choice:
    """Collects what the deltas of one answer add up to."""

    __slots__ = ("_extra", "_logprobs", "calls", "finish_reason", "reasoning", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.reasoning: list[str] = []
        self.calls = ToolCalls()
        self.finish_reason: str | None = None
        self._extra: dict[str, Any] = {}
        self._logprobs: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """The text so far."""
        return joined(self.texts)

    def add_text(self, text: str) -> None:
        """Add a piece of text; an empty one adds nothing."""
        if text:
            self.texts.append(text)

    def missing(self, whole: str) -> str:
        """The part of a whole text that has not been received in pieces; empty if the pieces differ from it."""
        text = self.text
        return whole[len(text) :] if whole.startswith(text) else ""

    def add(self, choice: dict[str, Any]) -> str:
        """Add a choice of an event, with a `delta`, a `text` or a whole `message`, and return the text it adds."""
        delta = choice.get("delta")
        text = ""
        if is_object(delta) and delta:
            text = content_text(delta.get("content"))
            if len(delta) > 1 or type(delta.get("content")) is not str:
                self._add_delta(delta)
        else:
            text = content_text(choice.get("text"))
        self.add_text(text)
        message = choice.get("message")
        if is_object(message):
            rest = self.missing(content_text(message.get("content")))
            self.add_text(rest)
            text += rest
            self._add_delta({**message, "tool_calls": None})
            self.calls.add_whole(message.get("tool_calls"))
        if is_object(choice.get("logprobs")):
            _merge(self._logprobs, choice["logprobs"])
        reason = choice.get("finish_reason")
        if reason and reason != "null":
            self.finish_reason = str(reason)
        return text

    def _add_delta(self, delta: dict[str, Any]) -> None:
        for part in delta["content"] if is_list(delta.get("content")) else ():
            if is_object(part) and part.get("thinking"):  # text, or parts of text
                self.reasoning.append(content_text(part["thinking"]))
        for key in ("reasoning_content", "reasoning"):
            if isinstance(delta.get(key), str) and delta[key]:
                self.reasoning.append(delta[key])
                break
        if delta.get("tool_calls"):
            self.calls.add_fragments(delta["tool_calls"])
        if is_object(delta.get("function_call")):  # the older form, for a single call
            self.calls.add({"function": delta["function_call"]})
        _merge(self._extra, {key: value for key, value in delta.items() if key not in _KNOWN})

    @property
    def has_extra(self) -> bool:
        """Whether there is something that the envelope has no field for, such as a refusal."""
        return bool(self._extra or self._logprobs)

    def as_json(self, index: int) -> dict[str, Any]:
        """The answer as one of OpenAI's choices."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        calls = self.calls.as_json()
        if self.reasoning:
            message["reasoning_content"] = joined(self.reasoning)
        if calls:
            message["tool_calls"] = calls
        choice: dict[str, Any] = {
            "index": index,
            "message": {**message, **self._extra},
            "finish_reason": self.finish_reason,
        }
        return {**choice, "logprobs": self._logprobs} if self._logprobs else choice


def joined(pieces: list[str]) -> str:
    """The text of pieces. A character whose two halves (surrogates) are in two of them is one again."""
    text = "".join(pieces)
    if text.isascii() or not _split_character(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    """Add fields: text and lists are continued, objects merged, other values replaced. None adds nothing."""
    for key, value in more.items():
        known = into.get(key)
        if isinstance(known, str) and isinstance(value, str):
            into[key] = known + value
        elif is_list(known) and is_list(value):
            into[key] = [*known, *value]
        elif is_object(known) and is_object(value):
            _merge(known, value)
        elif value is not None:
            into[key] = dict(value) if is_object(value) else value
