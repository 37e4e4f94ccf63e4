"""Chats, completions and embeddings in OpenAI's shapes."""

from __future__ import annotations

import base64
import struct
from typing import Any

from ..answers.bodies import openai_text
from ..answers.events import NO_USAGE, USAGE_APART
from ..answers.plan import bill, plan_chat, plan_completion
from ..answers.reply import completion_reply
from ..base.json import is_list, is_object
from ..base.reply import Reply
from ..operations.embeddings import embed
from ..request.call import Call
from ..request.limits import MOST_CHOICES, check_most
from ..spec.errors import ApiError, invalid_value


def body_of(call: Call, *required: str) -> dict[str, Any]:
    """The body, an object in which all these members stand and are not empty. Raises ApiError 400."""
    if not is_object(call.body):
        raise invalid_value("body", "a JSON object is required")
    for name in required:
        if call.body.get(name) in (None, "", []):
            raise invalid_value(f"body/{name}", "is required and must not be empty")
    call.body["byok_api_key"] = call.body.get("byok_api_key")
    return call.body


def chat(call: Call) -> Reply:
    """The answer to a conversation, whole or as a stream of chunks."""
    messages = body_of(call, "messages")["messages"]
    if not is_list(messages) or not all(
        is_object(message) and isinstance(message.get("role"), str) for message in messages
    ):
        raise invalid_value("body/messages", "a list of messages with a role each is expected")
    return completion_reply(call, plan_chat(call), chat=True, shape="openai", usage=_stream_usage(call))


def completion(call: Call) -> Reply | dict[str, Any]:
    """A continuation of each prompt: a list of prompts gets a choice, or `n` of them, for each."""
    prompts = _prompts(body_of(call, "prompt")["prompt"])
    if len(prompts) == 1:
        call.body["prompt"] = prompts[0]
        return completion_reply(
            call, plan_completion(call), chat=False, shape="openai", usage=_stream_usage(call)
        )
    if call.body.get("stream"):
        raise ApiError(501, "streams of several prompts are not mocked: send one prompt, or stream=false")
    check_most("body/prompt", "answers", len(prompts) * call.whole("n", 1), MOST_CHOICES)
    found: dict[str, Any] = {}
    for prompt in prompts:
        call.body["prompt"] = prompt
        answer = plan_completion(call)
        bill(call, answer)
        _add(found, openai_text(answer))
    return found


def _prompts(given: Any) -> list[str]:
    """The prompts: a text, or tokens, or a list of either. Tokens are texts that the caller has cut."""
    if isinstance(given, str):
        return [given]
    if given and all(isinstance(item, int) and not isinstance(item, bool) for item in given):
        return [" ".join(map(str, given))]
    for index, item in enumerate(given):
        if not isinstance(item, (str, list)) or not item:
            raise invalid_value(f"body/prompt/{index}", "a text or a list of tokens is expected")
    return [item if isinstance(item, str) else " ".join(map(str, item)) for item in given]


def _add(found: dict[str, Any], more: dict[str, Any]) -> None:
    """Append the choices of one completion to those of the others, and add its usage to theirs."""
    if not found:
        found.update(more)
        return
    for choice in more["choices"]:
        found["choices"].append({**choice, "index": len(found["choices"])})
    for name, amount in more["usage"].items():
        if isinstance(amount, (int, float)):
            found["usage"][name] = round(found["usage"][name] + amount, 10)


def _stream_usage(call: Call) -> str:
    options = call.body.get("stream_options")
    return USAGE_APART if is_object(options) and options.get("include_usage") else NO_USAGE


def embeddings(call: Call) -> dict[str, Any]:
    """A vector for each text, as numbers or in base64."""
    given = body_of(call, "input")["input"]
    if not isinstance(given, str) and not all(isinstance(each, (str, int, list)) for each in given):
        raise invalid_value("body/input", "a text, tokens, or a list of either is expected")
    # Lists of numbers are texts that were cut into tokens by the caller.
    if isinstance(given, str) or (given and isinstance(given[0], int)):
        given = [given]
    texts = [item if isinstance(item, str) else " ".join(map(str, item)) for item in given]
    model, vectors, used = embed(call, texts)
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
