"""Answers with a form: tool calls, JSON mode and JSON by schema."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from ..base.json import dumps, is_list, is_object
from ..content import fake_text
from ..request.call import Call
from ..spec.caller_schema import NotASchema, value_by
from ..spec.errors import invalid_value

MESSAGES_SEARCHED, TEXT_SEARCHED, PLACES_SEARCHED = 50, 100_000, 20
"""How much of a conversation is searched for a JSON schema."""


def tool_calls(call: Call, messages: list[dict[str, Any]], prompt: str, seed: str) -> list[dict[str, Any]]:
    """The tool calls that the model makes, in OpenAI's form; none when no tools are offered, or `tool_choice` is
    `none`.

    A model that may choose calls the tool whose name stands in the prompt, else the first, and answers in words once a
    tool has answered. With `tool_choice` at `required` or at a function it calls a tool even then.
    """
    tools = call.fields.get("tools")
    if not tools or not is_list(tools):
        return []
    choice = call.field("tool_choice", "auto")
    answered = messages[-1].get("role") in ("tool", "function")
    if choice == "none" or (answered and choice != "required" and not is_object(choice)):
        return []
    functions = [_function(tool, index) for index, tool in enumerate(tools)]
    chosen = _chosen(functions, choice, prompt)
    rng = fake_text.seeded_random("tool", prompt, seed, chosen["name"])
    schema: Any = chosen.get("parameters") or {"type": "object", "properties": {}}
    if not is_object(schema):
        raise invalid_value("body/tools", f"the parameters of {chosen['name'][:100]!r} are not a JSON schema")
    try:
        arguments = value_by(schema, rng)
    except ValueError as error:
        raise invalid_value(
            "body/tools", f"no arguments can be made for {chosen['name']!r}: {error}"
        ) from error
    identifier = f"call_{rng.getrandbits(96):024x}"
    return [
        {
            "id": identifier,
            "type": "function",
            "function": {"name": chosen["name"], "arguments": dumps(arguments).decode()},
        }
    ]


def _function(tool: Any, index: int) -> dict[str, Any]:
    function = tool.get("function", tool) if is_object(tool) else None
    if not is_object(function) or not isinstance(function.get("name"), str) or not function["name"]:
        raise invalid_value(f"body/tools/{index}", "a tool needs a function with a name")
    return function


def _chosen(functions: list[dict[str, Any]], choice: Any, prompt: str) -> dict[str, Any]:
    if is_object(choice):
        function = choice.get("function", choice)
        wanted = function.get("name") if is_object(function) else None
        for function in functions:
            if function["name"] == wanted:
                return function
        raise invalid_value("body/tool_choice", f"no tool is called {wanted!r}")
    return next(
        (function for function in functions if function["name"].lower() in prompt.lower()), functions[0]
    )


def json_text(call: Call, messages: list[dict[str, Any]], prompt: str, seed: str) -> str | None:
    """The text of a JSON answer when `response_format` asks for one, else None.

    `json_object` gives a value by the JSON schema that stands in the conversation, else an object with the reply in it;
    `json_schema` gives a value that is valid by the schema given.
    """
    wanted = call.fields.get("response_format")
    if not wanted or not is_object(wanted) or wanted.get("type") not in ("json_object", "json_schema"):
        return None
    if wanted["type"] == "json_object":
        described = _schema_in(messages)
        if described is not None:
            with suppress(ValueError):  # what only looked like a schema, or asks for too much
                return dumps(value_by(described, fake_text.seeded_random("json", prompt, seed))).decode()
        rng = fake_text.seeded_random("json", prompt, seed)
        return dumps(
            {
                "prompt": fake_text.excerpt(prompt),
                "reply": fake_text.sentence(rng),
                "score": rng.randint(1, 100),
            }
        ).decode()
    described = wanted.get("json_schema")
    schema = described.get("schema") if is_object(described) else None
    if not is_object(schema):
        raise invalid_value("body/response_format/json_schema/schema", "a JSON schema is expected here")
    where = "body/response_format/json_schema/schema"
    try:
        value = value_by(schema, fake_text.seeded_random("json", prompt, seed))
    except NotASchema as error:
        raise invalid_value(where, str(error)) from error
    except ValueError as error:
        raise invalid_value(where, f"no answer can be made for this schema: {error}") from error
    return dumps(value).decode()


def _schema_in(messages: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The last JSON schema of an object that is written out in the conversation, as clients do for JSON mode."""
    decoder = json.JSONDecoder()
    for message in reversed(messages[-MESSAGES_SEARCHED:]):
        content = message.get("content")
        parts = content if is_list(content) else [{"text": content}]
        for part in reversed(parts):
            text = part.get("text") if is_object(part) else None
            if isinstance(text, str):
                found = _schema_of(text[:TEXT_SEARCHED], decoder)
                if found is not None:
                    return found
    return None


def _schema_of(text: str, decoder: json.JSONDecoder) -> dict[str, Any] | None:
    at = text.find("{")
    for _ in range(PLACES_SEARCHED):
        if at < 0:
            return None
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            value, end = None, at + 1
        if is_object(value) and (is_object(value.get("properties")) or "$ref" in value):
            return value
        at = text.find("{", end)
    return None
