"""Answers with a form: tool calls, JSON mode and JSON by schema."""

from __future__ import annotations

from typing import Any

from ..base.json import dumps, is_list, is_object
from ..content import fake_text as prose
from ..request.call import Call
from ..spec.errors import bad
from ..spec.examples import CannotBuild, build


def tool_calls(call: Call, messages: list[dict[str, Any]], prompt: str, seed: str) -> list[dict[str, Any]]:
    """The tool calls that the model makes, in OpenAI's form; none when no tools are offered, or one has just answered.

    A model that may choose calls the tool whose name stands in the prompt, else the first. `tool_choice` is honoured.
    """
    tools = call.field("tools")
    choice = call.field("tool_choice", "auto")
    if (
        not is_list(tools)
        or not tools
        or choice == "none"
        or messages[-1].get("role") in ("tool", "function")
    ):
        return []
    functions = [_function(tool, index) for index, tool in enumerate(tools)]
    chosen = _chosen(functions, choice, prompt)
    rng = prose.generator("tool", prompt, seed, chosen["name"])
    schema: dict[str, Any] = chosen.get("parameters") or {"type": "object", "properties": {}}
    try:
        arguments = _build(schema, rng, "body/tools")
    except ValueError as error:
        raise bad("body/tools", f"no arguments can be made for {chosen['name']!r}: {error}") from error
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
        raise bad(f"body/tools/{index}", "a tool needs a function with a name")
    return function


def _chosen(functions: list[dict[str, Any]], choice: Any, prompt: str) -> dict[str, Any]:
    if is_object(choice):
        wanted = choice.get("function", choice).get("name")
        for function in functions:
            if function["name"] == wanted:
                return function
        raise bad("body/tool_choice", f"no tool is called {wanted!r}")
    return next(
        (function for function in functions if function["name"].lower() in prompt.lower()), functions[0]
    )


def json_text(call: Call, prompt: str, seed: str) -> str | None:
    """The text of a JSON answer when `response_format` asks for one, else None.

    `json_object` gives an object with the reply in it; `json_schema` gives a value that is valid by the schema given.
    """
    wanted = call.field("response_format")
    if not is_object(wanted) or wanted.get("type") not in ("json_object", "json_schema"):
        return None
    if wanted["type"] == "json_object":
        rng = prose.generator("json", prompt, seed)
        return dumps(
            {"prompt": prose.excerpt(prompt), "reply": prose.sentence(rng), "score": rng.randint(1, 100)}
        ).decode()
    described = wanted.get("json_schema")
    schema = described.get("schema") if is_object(described) else None
    if not is_object(schema):
        raise bad("body/response_format/json_schema/schema", "a JSON schema is expected here")
    where = "body/response_format/json_schema/schema"
    try:
        value = _build(schema, prose.generator("json", prompt, seed), where)
    except ValueError as error:
        raise bad(where, f"no answer can be made for this schema: {error}") from error
    return dumps(value).decode()


def _build(schema: dict[str, Any], rng: Any, where: str) -> Any:
    """A value by a schema that the caller sent, checked by a validator: what doesn't fit is never given out."""
    import jsonschema_rs

    try:
        validator = jsonschema_rs.Draft202012Validator(schema)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise bad(where, f"not a JSON schema: {str(error).splitlines()[0]}") from error

    def resolve(part: Any) -> Any:
        for _ in range(50):
            if not is_object(part) or not isinstance(part.get("$ref"), str):
                return part
            found: Any = schema
            for piece in part["$ref"].lstrip("#").split("/")[1:]:
                found = found.get(piece.replace("~1", "/").replace("~0", "~"), {}) if is_object(found) else {}
            part = found
        raise CannotBuild("a reference that leads to itself")

    value = build(schema, rng, resolve, use_examples=False)
    if not validator.is_valid(value):
        problem = next(iter(validator.iter_errors(value)))
        raise CannotBuild(f"the value made for it does not fit: {problem.message}")
    return value
