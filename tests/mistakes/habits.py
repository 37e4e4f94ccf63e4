"""Mistakes from the habits of other libraries, in the same form. All are answered before a request is sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pydantic
from indoxrouter import ChatMessage, ToolCall, image_part, run_tools

from tests.methods.harness import Harness
from tests.mistakes.making import HELLO, City, Mistake, Plain, look_up, made

CALL = ToolCall({"id": "1", "function": {"name": "look_up", "arguments": '{"city": "Rome"}'}})


class Look:
    def __call__(self, city: str) -> str:
        return city


def unwritable() -> object:
    return object()


async def coroutine_key() -> str:
    return "indox-key"


def message(**fields: Any) -> Callable[[Harness, Path], Any]:
    return lambda c, d: c.chat([{"role": "user", "content": "x", **fields}])


def part(**fields: Any) -> Callable[[Harness, Path], Any]:
    return message(content=[fields])


def answer_in(format: Any) -> Callable[[Harness, Path], Any]:
    return lambda c, d: c.chat(HELLO, response_format=format)


def tool(**function: Any) -> Callable[[Harness, Path], Any]:
    return lambda c, d: c.chat(HELLO, tools=[{"type": "function", "function": {"name": "f", **function}}])


def with_key(key: Any) -> Callable[[Harness, Path], Any]:
    def call(c: Harness, d: Path) -> Any:
        made_key: Any = key()
        try:
            return made(c, api_key=lambda: made_key)
        finally:
            getattr(made_key, "close", lambda: None)()

    return call


def kind_of_httpx(c: Harness, *, other: bool = False) -> Any:
    return httpx.Client if (c.kind == "sync") != other else httpx.AsyncClient


CLIENTS: list[tuple[str, Callable[[Harness, Path], Any], str]] = [
    (
        "a class in place of a client",
        lambda c, d: made(c, http_client=kind_of_httpx(c)),
        "Client, got the class ",
    ),
    ("a class in place of an engine", lambda c, d: made(c, engine=Look), "and close, got the class Look"),
    ("apikey", lambda c, d: made(c, apikey="x"), "apikey: no such option; did you mean 'api_key'?"),
    ("base_ur1", lambda c, d: made(c, base_ur1="x"), "base_ur1: no such option; did you mean 'base_url'?"),
    ("auto_refesh", lambda c, d: made(c, auto_refesh=True), "did you mean 'auto_refresh'?"),
    ("http_cleint", lambda c, d: made(c, http_cleint=1), "did you mean 'http_client'?"),
    ("api_base", lambda c, d: made(c, api_base="x"), "api_base: no such option; use Client(base_url=…)"),
    ("url", lambda c, d: made(c, url="x"), "url: no such option; use Client(base_url=…)"),
    ("num_retries", lambda c, d: made(c, num_retries=1), "num_retries: no such option; use max_retries"),
    ("1 for a flag", lambda c, d: made(c, auto_refresh=1), "auto_refresh: expected True or False, got int 1"),
    (
        "no longest wait",
        lambda c, d: made(c, max_retry_wait=None),
        "max_retry_wait: expected a number of seco",
    ),
    ("a number in a header", lambda c, d: made(c, headers={"X": 3}), "headers: expected text for X, got int"),
    (
        "a number for a key of idempotency",
        lambda c, d: made(c, idempotency_key=3),
        "idempotency_key: expected 1 to 255 visible ASCII characters without spaces, got int 3",
    ),
    (
        "a function without a key",
        with_key(lambda: None),
        "api_key: expected text from the function, got None",
    ),
    ("a function with bytes", with_key(lambda: b"x"), "api_key: expected text, got bytes"),
    ("an asynchronous function", with_key(coroutine_key), "api_key: expected text, got coroutine"),
    (
        "an option without a name",
        lambda c, d: c.client.with_options(5),
        "with_options: expected names, such as timeout=5, got int 5",
    ),
    (
        "options in a dict",
        lambda c, d: c.client.with_options({"timeout": 5}),
        "such as timeout=5, got dict of length 1",
    ),
    (
        "an engine for a copy",
        lambda c, d: c.client.with_options(engine="httpx"),
        "engine: no such option; use Client(engine=…), because it belongs to the client",
    ),
    ("a copy", lambda c, d: c.client.copy(timeout=3), "use client.with_options(…)"),
    ("no server", lambda c, d: c.set_base_url(None), "as text, got NoneType"),
    ("an option that is read", lambda c, d: c.client.max_retries, "'max_retries'; it is an argument of "),
    ("a key that is read", lambda c, d: c.client.api_key, "'api_key'; it is an argument of "),
    (
        "an option that is set",
        lambda c, d: setattr(c.client, "max_retries", 0),
        "max_retries: a client does not change; make another one, as with_options(max_retries=…) does",
    ),
    (
        "a key that is set",
        lambda c, d: setattr(c.client, "api_key", "x"),
        "api_key: a client does not change",
    ),
    (
        "headers that are set",
        lambda c, d: setattr(c.client, "headers", {}),
        "headers: a client does not chan",
    ),
]

MESSAGES: list[tuple[str, Callable[[Harness, Path], Any], str]] = [
    (
        "a role of LangChain",
        message(role="human"),
        "messages[0].role: expected 'user', or chat([ChatMessage(",
    ),
    (
        "another one",
        message(role="ai"),
        "messages[0].role: expected 'assistant', or chat([ChatMessage('ai', ",
    ),
    (
        "a role of Gemini",
        message(role="model"),
        "messages[0].role: expected 'assistant', or chat([ChatMessage(",
    ),
    (
        "None for a question",
        message(content=None),
        "messages[0].content: expected text or a list for a user me",
    ),
    (
        "None in a model",
        lambda c, d: c.chat([ChatMessage("system", None)]),
        "messages[0].content: expected text or a list for a system message, got None",
    ),
    (
        "a misspelt part",
        part(type="txt", text="x"),
        "messages[0].content[0].type: expected 'text', or OtherPart('txt', …) if there is such a type, got str",
    ),
    (
        "a part in capitals",
        part(type="Text", text="x"),
        "messages[0].content[0].type: expected 'text', or Othe",
    ),
    (
        "a hyphen",
        part(type="image-url", image_url={"url": "https://x"}),
        ".type: expected 'image_url', or Oth",
    ),
    (
        "a part without text",
        part(type="text"),
        "messages[0].content[0].text: required by TextPart, but missing",
    ),
    ("another key for text", part(type="text", content="x"), "but missing; 'content': no field of it"),
    (
        "a link beside the part",
        part(type="image_url", url="https://x"),
        ".image_url: required by ImageUrlPart",
    ),
    (
        "a picture of Anthropic",
        part(type="image", source={"data": "x"}),
        "messages[0].content[0].image: required by ImagePart, but missing; 'source': no field of it",
    ),
    ("a stream for messages", lambda c, d: c.chat(Look), "messages: expected a list, got the class Look"),
    (
        "a misspelt list",
        lambda c, d: c.chat(HELLO, msgs=[]),
        "msgs: chat() has no such argument; use messages",
    ),
    (
        "a short name",
        lambda c, d: c.chat(HELLO, temp=1),
        "temp: chat() has no such argument; use temperature",
    ),
    (
        "a model's name",
        lambda c, d: c.chat(HELLO, model_name="x"),
        "model_name: chat() has no such argument; use",
    ),
    (
        "retries",
        lambda c, d: c.chat(HELLO, retries=3),
        "retries: chat() has no such argument; use max_retries",
    ),
    (
        "no check",
        lambda c, d: c.chat(HELLO, verify=False),
        "use http_client=httpx.Client(verify=…) of Client()",
    ),
    ("a class for a model", lambda c, d: c.chat(HELLO, str), "model: expected text, got the class str"),
    (
        "a number for a key",
        lambda c, d: c.chat(HELLO, byok_api_key=3),
        "byok_api_key: expected text, got int",
    ),
    (
        "a class for a file",
        lambda c, d: c.speech_to_text(io.BytesIO),
        "file: expected a path, bytes, or a file op",
    ),
    ("a class for an image", lambda c, d: image_part(io.BytesIO), "or a URL, got the class BytesIO"),  # type: ignore[arg-type]
    (
        "a list of providers",
        lambda c, d: c.models(["openai"]),
        "provider: expected the id or the name of a prov",
    ),
    (
        "another word for an interval",
        lambda c, d: c.wait_for_video_job("x", interval=3),
        "interval: wait_for_video_job() has no such argument; did you mean 'check_interval'?",
    ),
    (
        "another word for the end",
        lambda c, d: c.wait_for_video_job("x", max_wait=3),
        "did you mean 'max_wait_time'",
    ),
    (
        "a function of Python",
        lambda c, d: c.with_raw_response(len, []),
        "expected a method of this client that m",
    ),
]

FORMATS: list[tuple[str, Callable[[Harness, Path], Any], str]] = [
    ("a list of a class", answer_in(list[City]), "'json_object' or 'text', got list["),
    (
        "a class or None",
        answer_in(City | None),
        "'json_object' or 'text', got tests.mistakes.making.City | None",
    ),
    ("the base of models", answer_in(pydantic.BaseModel), "'json_object' or 'text', got the class BaseModel"),
    (
        "a format that does not exist",
        answer_in({"type": "json"}),
        "response_format.type: expected 'json_schema', 'json_obj",
    ),
    (
        "no schema",
        answer_in({"type": "json_schema"}),
        "response_format.json_schema: expected an object with a sc",
    ),
    (
        "a class for a schema",
        answer_in({"type": "json_schema", "json_schema": City}),
        "response_format.json_schema: expected an object with a schema, got the class City",
    ),
    (
        "a word of instructor",
        lambda c, d: c.chat(HELLO, response_model=City),
        "response_model: chat() has no such argument; use response_format",
    ),
    (
        "a misspelt kind of tool",
        lambda c, d: c.chat(HELLO, tools=[{"type": "func"}]),
        "tools[0].type: expected 'f",
    ),
    (
        "parameters in a list",
        tool(parameters=["city"]),
        "tools[0].function.parameters: expected a JSON schema, go",
    ),
    (
        "parameters as text",
        tool(parameters="{}"),
        "tools[0].function.parameters: expected a JSON schema, got str",
    ),
    (
        "an object to call",
        lambda c, d: run_tools([CALL], [Look()]),
        "functions: expected functions or tool definit",
    ),
    ("no functions", lambda c, d: run_tools([CALL], []), "'look_up', which is not one of none"),
    (
        "a result that JSON lacks",
        lambda c, d: run_tools([ToolCall({"function": {"name": "unwritable"}})], [unwritable]),
        "unwritable: expected text or JSON as its result, got an object of type object",
    ),
    ("a name to run", lambda c, d: CALL.run("look_up"), "function: expected a function, got str 'look_up'"),  # type: ignore[arg-type]
    ("a name to parse as", lambda c, d: CALL.parse_as("City"), "kind: expected a class: a Pydantic model"),  # type: ignore[arg-type]
    (
        "a call of openai",
        lambda c, d: CALL.function.name,  # type: ignore[attr-defined]
        "ToolCall has no 'function'; it has id, name and arguments",
    ),
    ("JSON that is none", lambda c, d: ChatMessage.from_json(None), "text: expected JSON text, got None"),  # type: ignore[arg-type]
]

API: list[tuple[str, dict[str, Any], str]] = [
    (
        "a role",
        {"messages": [{"role": "usr", "content": "x"}]},
        "messages[0].role: expected 'user', or chat([",
    ),
    (
        "a part",
        {"messages": [{"role": "user", "content": [{"type": "txt"}]}]},
        ".type: expected 'text', or Othe",
    ),
    (
        "no text",
        {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
        ".text: required by TextPart",
    ),
    (
        "None",
        {"messages": [{"role": "user", "content": None}]},
        "messages[0].content: expected text or a list for",
    ),
    (
        "a huge image",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "image_url",
                            "image_url": {"url": "data:image/png;base64," + "A" * 30_000_000},
                        }
                    ],
                }
            ]
        },
        "an image of at",
    ),
]

RECEIVED: list[tuple[str, Callable[[Any], Any], str]] = [
    (
        "a name to parse as",
        lambda r: r.parse_as("City"),
        "kind: expected a class: a Pydantic model, a dataclass",
    ),
    ("an object to parse as", lambda r: r.parse_as(City("x", 1)), "kind: expected a class: a Pydantic model"),
    ("a slice", lambda r: r[:3], "ChatResponse has no key slice(None, 3, None); it has"),
    ("an id", lambda r: r.id, "ChatResponse has no field 'id'; did you mean 'request_id'?"),
    ("a status", lambda r: r.status_code, "ChatResponse has no field 'status_code'; did you mean 'http'?"),
]

MAP: list[tuple[str, dict[str, Any], str]] = [
    ("workers", {"max_workers": 3}, "max_workers: map() has no such argument; use concurrency"),
    ("a time in text", {"timeout": "5"}, "timeout: expected a number of seconds or None, got str '5'"),
    (
        "a temperature in text",
        {"temperature": "hot"},
        "temperature: expected a number >= 0 and <= 2, got str",
    ),
    ("one tool", {"tools": look_up}, "tools: expected a list of functions or of objects"),
    ("a format by name", {"response_format": "json"}, "response_format: expected a Pydantic model"),
    ("no format", {"response_format": Plain}, "response_format: expected a Pydantic model"),
]

HABITS = [Mistake(name, "A", call, answer) for name, call, answer in (*CLIENTS, *MESSAGES, *FORMATS)]
