"""What a model answers to a conversation or a prompt: planned in full before anything is sent.

The plan is the same whether it goes out whole or as a stream, and in whichever shape; `shapes.py` and `events.py`
write it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..base.json import is_list
from ..content import fake_text as prose
from ..request.call import Call
from ..spec.errors import bad
from ..state.models import Model
from .billing import enter, find_model, must_afford, simulated_latency, usage
from .structured import json_text, tool_calls

IMAGE_TOKENS = 85
"""Tokens that one input image counts."""


@dataclass(slots=True)
class Answer:
    """One planned answer. `pieces` are its tokens; `delivered` counts those that have gone out as events,
    and `whole` is false while a stream of it is not complete."""

    id: str
    created: float
    model: Model
    tokens_in: int
    pieces: tuple[str, ...]
    finish_reason: str
    reasoning: tuple[str, ...] = ()
    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    images: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    fixed_cost: float = 0.0
    usage: dict[str, Any] = field(default_factory=dict[str, Any])
    more: list[Answer] = field(default_factory=list)  # pyright: ignore[reportUnknownVariableType]  # own class
    delivered: int = 0
    stopped: bool = False
    entered: bool = False
    whole: bool = True

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def tokens_out(self) -> int:
        called = sum(prose.count(call["function"]["arguments"]) + 3 for call in self.calls)
        return len(self.pieces) + len(self.reasoning) + called

    @property
    def choices(self) -> list[Answer]:
        return [self, *self.more]

    def stop(self) -> None:
        self.stopped = True


def conversation_text(messages: list[dict[str, Any]]) -> tuple[str, str, int]:
    """All the text of a conversation, that of its last message, and how many images it holds."""
    texts: list[str] = []
    images = 0
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            texts.append(content)
            continue
        parts = content if is_list(content) else []
        images += sum(part.get("type") in ("image", "image_url") for part in parts)
        texts.append(" ".join(part["text"] for part in parts if isinstance(part.get("text"), str)))
    return "\n".join(texts), texts[-1] if texts else "", images


def answer_chat(call: Call) -> Answer:
    """Plan the answer to `messages`. Raises Problem 404, 400 or 402."""
    messages = call.body["messages"]
    text, last, images = conversation_text(messages)
    model = find_model(call, "chat")
    return _planned(
        call, model, text, last, prose.count(text) + 4 * len(messages) + IMAGE_TOKENS * images, messages
    )


def answer_completion(call: Call) -> Answer:
    """Plan the continuation of `prompt`. Raises Problem 404, 400 or 402."""
    prompt = call.body["prompt"]
    prompt = prompt if isinstance(prompt, str) else " ".join(str(item) for item in prompt)
    return _planned(call, find_model(call, "completion"), prompt, prompt, prose.count(prompt), None)


def _planned(
    call: Call, model: Model, text: str, last: str, tokens_in: int, messages: list[dict[str, Any]] | None
) -> Answer:
    count = call.field("n", 1)
    if not isinstance(count, int) or not 1 <= count <= 128:
        raise bad("body/n", f"{count!r} is not a number of answers from 1 to 128")
    answers = [_one(call, model, text, last, tokens_in, messages, index) for index in range(count)]
    answer, answer.more = answers[0], answers[1:]
    tokens_out = sum(each.tokens_out for each in answers)
    answer.usage = usage(
        call,
        model,
        tokens_in,
        tokens_out,
        reasoning=sum(len(a.reasoning) for a in answers),
        fixed=answer.fixed_cost,
    )
    must_afford(call, answer.usage["cost"])
    return answer


def _one(
    call: Call,
    model: Model,
    text: str,
    last: str,
    tokens_in: int,
    messages: list[dict[str, Any]] | None,
    index: int,
) -> Answer:
    # A long prompt is told from others by its digest; only its beginning is quoted.
    prompt = last if len(last) <= 2000 else last[:1000] + prose.digest(last)
    history = text if len(text) <= 2000 else prose.digest(text)
    context = prose.digest(history) if messages and len(messages) > 1 else ""
    seed = f"{call.state.seed}/{call.field('seed', '')}/{index}/{context}"
    wanted = _wanted_tokens(call)
    answer = Answer(
        f"{'chatcmpl' if messages else 'cmpl'}-{call.request_id}", call.started, model, tokens_in, (), "stop"
    )
    if messages is not None:
        answer.calls = tool_calls(call, messages, prompt, seed)
        if answer.calls:
            answer.finish_reason = "tool_calls"
            return answer
        structured = json_text(call, prompt, seed)
        if structured is not None:
            answer.pieces = tuple(prose.pieces(structured))
        else:
            answer.pieces = prose.reply(_with_tool_results(messages, prompt), model.id, seed, wanted)
        _add_extras(call, answer, prompt, seed)
    else:
        answer.pieces = prose.continuation(prompt, model.id, seed, wanted)
    _cut(call, answer)
    return answer


def _wanted_tokens(call: Call) -> int | None:
    """The length that the header `X-Mock-Tokens` or the server's `reply_tokens` asks for."""
    header = call.headers.get("x-mock-tokens")
    if header is None:
        return call.state.options.reply_tokens
    if not header.isascii() or not header.isdigit() or not 1 <= int(header) <= 1_000_000:
        raise bad("header/x-mock-tokens", f"{header!r} is not a number of tokens from 1 to 1000000")
    return int(header)


def _with_tool_results(messages: list[dict[str, Any]], prompt: str) -> str:
    """After a tool has run, the answer quotes what it returned."""
    if messages[-1].get("role") in ("tool", "function"):
        name = messages[-1].get("name") or messages[-1].get("tool_call_id") or "the tool"
        return f"{name} returned {prompt}"
    return prompt


def _add_extras(call: Call, answer: Answer, prompt: str, seed: str) -> None:
    effort = call.field("reasoning_effort") or call.field("reasoning")
    if effort not in (None, False, "none"):
        answer.reasoning = prose.thoughts(prompt, answer.model.id, seed)
    modalities = call.field("modalities") or ()
    if "image-chat" in answer.model.abilities and (not modalities or "image" in modalities):
        from ..content.png import picture

        content = picture(prompt, seed, 512, 512)
        answer.images = [{"url": call.url(call.state.serve(content, "image/png", "png")), "index": 0}]
        answer.fixed_cost = answer.model.unit


def _cut(call: Call, answer: Answer) -> None:
    """Apply `stop` and `max_tokens`. A limit on tokens counts those of the answer, not those of the reasoning."""
    stops = call.field("stop")
    for stop in [stops] if isinstance(stops, str) else stops if is_list(stops) else []:
        text = answer.text
        if isinstance(stop, str) and stop and stop in text:
            answer.pieces = tuple(prose.pieces(text[: text.index(stop)]))
    limit = call.field("max_tokens") or call.field("max_completion_tokens")
    if isinstance(limit, int) and len(answer.pieces) > limit:
        answer.pieces = answer.pieces[:limit]
        answer.finish_reason = "length"


def settle(call: Call, answer: Answer, *, success: bool = True) -> None:
    """Bill an answer once: whole, or as much of a stream as was delivered."""
    if answer.entered:
        return
    answer.entered = True
    tokens_out = (
        answer.usage["tokens_completion"] if answer.whole else answer.delivered + len(answer.reasoning)
    )
    cost = (
        answer.usage["cost"]
        if answer.whole
        else answer.model.cost(answer.tokens_in, tokens_out) + answer.fixed_cost
    )
    prompt = call.body["messages"] if "messages" in call.body else call.body["prompt"]
    enter(
        call,
        answer.model,
        tokens_in=answer.tokens_in,
        tokens_out=tokens_out,
        cost=cost,
        latency=simulated_latency(tokens_out),
        prompt=conversation_text(prompt)[1] if is_list(prompt) else str(prompt),
        reply="".join(answer.pieces[:60]),
        success=success,
    )
