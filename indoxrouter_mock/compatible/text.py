"""Chats, completions and embeddings in OpenAI's shapes."""

from __future__ import annotations

import base64
import struct
from typing import Any

from ..answers.billing import require_credit
from ..answers.events import NO_USAGE, USAGE_APART
from ..answers.plan import CompletionPlan, plan_chat, plan_completion
from ..answers.reply import completion_reply
from ..base.json import is_object
from ..base.options import MOST_TOKENS
from ..base.reply import Reply
from ..operations.embeddings import embed
from ..request.call import Call
from ..request.limits import MOST_CHOICES, check_most
from ..spec.errors import sent_as


def chat(call: Call) -> Reply:
    """The answer to a conversation, whole or as a stream of chunks."""
    return completion_reply(call, plan_chat(call), chat=True, shape="openai", usage=_stream_usage(call))


def completion(call: Call) -> Reply:
    """A continuation of each prompt: a list of prompts gets a choice, or `n` of them, for each."""
    prompts = _prompts(call.body["prompt"])
    check_most("body/prompt", "answers", len(prompts) * call.whole("n", 1), MOST_CHOICES)
    plans: list[CompletionPlan] = []
    for prompt in prompts:
        call.change("prompt", prompt)
        plans.append(plan_completion(call))
    answer = _joined(plans)
    require_credit(call, answer.usage["cost"] if answer.meter is None else answer.meter.least)
    check_most("body/prompt", "tokens in all answers", answer.usage["tokens_completion"], MOST_TOKENS)
    return completion_reply(call, answer, chat=False, shape="openai", usage=_stream_usage(call))


def _prompts(given: Any) -> list[str]:
    """The prompts: a text, or tokens, or a list of either. Tokens are texts that the caller has cut."""
    if isinstance(given, str):
        return [given]
    if isinstance(given[0], (int, float)):
        return [" ".join(map(str, given))]
    return [item if isinstance(item, str) else " ".join(map(str, item)) for item in given]


def _joined(plans: list[CompletionPlan]) -> CompletionPlan:
    """One answer with the choices of several, and with the sum of their usage."""
    answer = plans[0]
    for other in plans[1:]:
        if answer.meter is not None and other.meter is not None:
            answer.meter.cost += other.meter.cost
        answer.more += other.choices
        answer.tokens_in += other.tokens_in
        answer.usage = {
            name: round(amount + other.usage[name], 10)
            if isinstance(amount, (int, float)) and name != "request_count"
            else amount
            for name, amount in answer.usage.items()
        }
    return answer


def _stream_usage(call: Call) -> str:
    options = call.body.get("stream_options")
    return USAGE_APART if is_object(options) and options.get("include_usage") else NO_USAGE


def embeddings(call: Call) -> dict[str, Any]:
    """A vector for each text, as numbers or in base64."""
    with sent_as({"body/text": "body/input"}):
        model, vectors, used = embed(call, _prompts(call.body["input"]))
    encoded = call.body.get("encoding_format") == "base64"
    return {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
                if encoded
                else vector,
            }
            for index, vector in enumerate(vectors)
        ],
        "model": model.id,
        "usage": {"prompt_tokens": used["tokens_prompt"], "total_tokens": used["tokens_total"]},
    }
