"""What a model answers to a conversation or a prompt: planned in full before anything is sent.

One plan serves every shape, whole or streamed: `bodies.py` and `events.py` write it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec

from ..base.json import is_list, is_object
from ..base.options import MOST_TOKENS
from ..content import fake_text
from ..content.png import png_image
from ..request.call import Call
from ..request.limits import MOST_CHOICES, check_length, check_most
from ..spec.errors import invalid_value
from ..state.billing_log import CONTENT_KEPT
from ..state.models import Model
from ..state.scripted_answers import ScriptedAnswer
from .abilities import check_lengths, check_parts
from .billing import (
    CreditsSpent,
    Meter,
    find_model,
    record_usage,
    require_credit,
    usage,
)
from .structured import json_text, tool_calls

IMAGE_TOKENS = 85
"""Tokens that one input image counts as."""
PIECE_BYTES = 64
"""Bytes of memory that one token of an answer takes, at the most."""


class CompletionPlan(msgspec.Struct):
    """One planned answer. `pieces` are the tokens of its `text`; `delivered` counts those that were sent as events.

    `complete` is false while its stream is under way, and after one that broke off.
    """

    id: str
    created: float
    model: Model
    tokens_in: int
    text: str = ""
    pieces: tuple[str, ...] = ()
    finish_reason: str = "stop"
    reasoning: tuple[str, ...] = ()
    calls: list[dict[str, Any]] = []
    images: list[dict[str, Any]] = []
    prompt: str = ""
    """The beginning of what is answered, for the billing log."""
    fixed_cost: float = 0.0
    usage: dict[str, Any] = {}
    more: list[CompletionPlan] = []
    delivered: int = 0
    stopped: bool = False
    billed: bool = False
    complete: bool = True
    meter: Meter | None = None
    """Counts the cost of a running stream; None for what is not streamed, or is free."""

    @property
    def tokens_out(self) -> int:
        """Tokens of the text, the reasoning and the arguments of tool calls."""
        count = len(self.pieces) + len(self.reasoning)
        for call in self.calls:
            count += fake_text.count_tokens(call["function"]["arguments"]) + 3
        return count

    @property
    def choices(self) -> list[CompletionPlan]:
        """This choice and the further ones that `n` asked for."""
        return [self, *self.more]

    @property
    def held(self) -> int:
        """Bytes of memory that the texts take, at the most."""
        return sum(
            len(each.text) + PIECE_BYTES * (len(each.pieces) + len(each.reasoning)) for each in self.choices
        )

    def stop(self) -> None:
        """End a stream of this plan after the event that is being sent."""
        self.stopped = True

    def deliver(self, pieces: tuple[str, ...]) -> Iterator[str]:
        """Pieces of a stream as they are sent, until it is stopped. Raises CreditsSpent when the credits are."""
        for piece in pieces:
            if self.stopped:
                return
            if self.meter is not None and not self.billed and not self.meter.count_token():
                self.stopped = True
                raise CreditsSpent
            self.delivered += 1
            yield piece


def read_conversation(messages: list[dict[str, Any]], model: Model) -> tuple[str, str, int]:
    """All the text of a conversation, that of its last message, and how many images it holds. Raises ApiError 400 for
    what the model cannot take.
    """
    texts: list[str] = []
    images = length = 0
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            texts.append(content)
            length += len(content)
            continue
        parts = [part for part in content if is_object(part)] if is_list(content) else []
        check_parts(model, parts)
        images += sum(part.get("type") in ("image", "image_url") for part in parts)
        texts.append(" ".join(part["text"] for part in parts if isinstance(part.get("text"), str)))
        length += len(texts[-1])
    check_length("body/messages", length)
    return "\n".join(texts), texts[-1] if texts else "", images


def plan_chat(call: Call) -> CompletionPlan:
    """Plan the answer to `messages`. Raises ApiError 404, 400 or 402."""
    messages = call.body["messages"]
    model = find_model(call, "chat")
    text, last, images = read_conversation(messages, model)
    tokens_in = fake_text.count_tokens(text) + 4 * len(messages) + IMAGE_TOKENS * images
    limit = check_lengths(call, model, tokens_in, "body/messages")
    return _planned(call, model, text, last, tokens_in, messages, limit)


def plan_completion(call: Call) -> CompletionPlan:
    """Plan the continuation of `prompt`. Raises ApiError 404, 400 or 402."""
    prompt = call.body["prompt"]
    prompt = prompt if isinstance(prompt, str) else " ".join(str(item) for item in prompt)
    check_length("body/prompt", len(prompt))
    model, tokens_in = find_model(call, "completion"), fake_text.count_tokens(prompt)
    limit = check_lengths(call, model, tokens_in, "body/prompt")
    return _planned(call, model, prompt, prompt, tokens_in, None, limit)


def _planned(
    call: Call,
    model: Model,
    text: str,
    last: str,
    tokens_in: int,
    messages: list[dict[str, Any]] | None,
    limit: int,
) -> CompletionPlan:
    script = call.state.answers
    scripted = (
        script.find(call.operation.id, f"{model.provider}/{model.id}", text, call.owner.username)
        if script.waiting
        else None
    )
    if scripted is not None and (problem := scripted.problem()) is not None:
        script.use(scripted)
        raise problem
    count = call.whole("n", 1)
    if not 1 <= count <= MOST_CHOICES:
        raise invalid_value("body/n", f"{count!r} is not a number of answers from 1 to {MOST_CHOICES}")
    wanted = _wanted_tokens(call)
    if wanted is not None:
        check_most("body/n", "tokens in all answers", count * wanted, MOST_TOKENS)
    answers: list[CompletionPlan] = []
    tokens_out = reasoning = 0
    for index in range(count):
        each = _one(call, model, text, last, tokens_in, messages, index, wanted, limit, scripted)
        answers.append(each)
        tokens_out += each.tokens_out
        reasoning += len(each.reasoning)
    answer, answer.more = answers[0], answers[1:]
    answer.prompt = last[:CONTENT_KEPT]
    answer.usage = usage(call, model, tokens_in, tokens_out, reasoning=reasoning, fixed=answer.fixed_cost)
    if call.wants_stream and not call.own_key and not call.replaying:
        # A stream may end early, so each token is charged when it is sent.
        answer.meter = Meter(
            call.owner, model, model.cost(tokens_in, tokens_out - _pieces(answers)) + answer.fixed_cost
        )
        require_credit(call, answer.meter.least)
    else:
        require_credit(call, answer.usage["cost"])
    if scripted is not None and not call.replaying:
        script.use(scripted)
    return answer


def _pieces(answers: list[CompletionPlan]) -> int:
    return sum(len(each.pieces) for each in answers)


def _one(
    call: Call,
    model: Model,
    text: str,
    last: str,
    tokens_in: int,
    messages: list[dict[str, Any]] | None,
    index: int,
    wanted: int | None,
    limit: int,
    scripted: ScriptedAnswer | None,
) -> CompletionPlan:
    # Long prompts are distinguished by their digest; only the beginning is quoted.
    prompt = last if len(last) <= 2000 else last[:1000] + fake_text.digest(last)
    context = ""
    if messages is not None and len(messages) > 1:
        context = fake_text.digest(text if len(text) <= 2000 else fake_text.digest(text))
    seed = f"{call.state.seed}/{call.field('seed', '')}/{index}/{context}"
    answer = CompletionPlan(
        f"{'chatcmpl' if messages else 'cmpl'}-{call.request_id}", call.started, model, tokens_in
    )
    if scripted is not None:
        _follow_script(answer, scripted, fake_text.seeded_random("script", scripted.id, prompt, seed))
        _cut(call, answer, limit)
        return answer
    if messages is not None:
        answer.calls = tool_calls(call, messages, prompt, seed)
        if answer.calls:
            answer.finish_reason = "tool_calls"
            return answer
        structured = json_text(call, messages, prompt, seed)
        if structured is not None:
            answer.text, answer.pieces = fake_text.split_tokens(structured)
        else:
            answered = messages[-1].get("role") in ("tool", "function")
            asked = _tool_result(messages[-1], prompt) if answered else prompt
            answer.text, answer.pieces = fake_text.answer_tokens(asked, model.id, seed, wanted)
        _add_extras(call, answer, prompt, seed)
    else:
        answer.text, answer.pieces = fake_text.continuation_tokens(prompt, model.id, seed, wanted)
    _cut(call, answer, limit)
    return answer


def _follow_script(answer: CompletionPlan, scripted: ScriptedAnswer, rng: random.Random) -> None:
    answer.text, answer.pieces = fake_text.split_tokens(scripted.text or "")
    answer.calls = [
        {
            "id": planned["id"] or f"call_{rng.getrandbits(96):024x}",
            "type": "function",
            "function": {"name": planned["name"], "arguments": planned["arguments"]},
        }
        for planned in scripted.tool_calls
    ]
    if answer.calls:
        answer.finish_reason = "tool_calls"


def _wanted_tokens(call: Call) -> int | None:
    """The length that the header `X-Mock-Tokens` or the server's `reply_tokens` asks for."""
    header = call.headers.get("x-mock-tokens")
    if header is None:
        return call.state.options.reply_tokens
    if not header.isascii() or not header.isdigit() or len(header) > 9 or not 1 <= int(header) <= MOST_TOKENS:
        raise invalid_value(
            "header/x-mock-tokens", f"{header[:20]!r} is not a number of tokens from 1 to {MOST_TOKENS}"
        )
    return int(header)


def _tool_result(message: dict[str, Any], result: str) -> str:
    """After a tool has run, the answer quotes what it returned."""
    return f"{message.get('name') or message.get('tool_call_id') or 'the tool'} returned {result}"


def _add_extras(call: Call, answer: CompletionPlan, prompt: str, seed: str) -> None:
    effort = call.fields.get("reasoning_effort") or call.fields.get("reasoning")
    if effort is not None and effort is not False and effort != "none":
        answer.reasoning = fake_text.reasoning_tokens(prompt, answer.model.id, seed)
    if "image-chat" in answer.model.abilities and "image" in (call.field("modalities") or ("image",)):
        content = png_image(prompt, seed, 512, 512)
        answer.images = [{"url": call.url(call.state.store_file(content, "image/png", "png")), "index": 0}]
        answer.fixed_cost = answer.model.unit


def _cut(call: Call, answer: CompletionPlan, limit: int) -> None:
    """Apply `stop` and `max_tokens`. A limit on tokens counts those of the answer, not those of the reasoning."""
    stops: Any = call.fields.get("stop") or []
    for stop in stops if is_list(stops) else [stops]:
        text = answer.text
        if isinstance(stop, str) and stop and stop in text:
            answer.text, answer.pieces = fake_text.split_tokens(text[: text.index(stop)])
    if limit and len(answer.pieces) > limit:
        answer.text, answer.pieces = fake_text.joined(answer.pieces[:limit])
        answer.finish_reason = "length"


def bill(call: Call, answer: CompletionPlan, *, success: bool = True) -> None:
    """Bill an answer once: whole, or as much of a stream as was delivered."""
    if answer.billed:
        return
    answer.billed = True
    if answer.meter is not None:
        answer.meter.close()
    used = answer.usage
    if not answer.complete:
        tokens_out = answer.delivered + len(answer.reasoning)
        used = usage(call, answer.model, answer.tokens_in, tokens_out, fixed=answer.fixed_cost)
    record_usage(call, answer.model, used, prompt=answer.prompt, reply=answer.text, success=success)
