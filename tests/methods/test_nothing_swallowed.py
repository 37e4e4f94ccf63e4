"""A keyword that a method does not name is an option, a mistake, or a parameter for the provider; none is lost."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

import pytest
from indoxrouter import (
    APIError,
    AsyncClient,
    AsyncIndoxRouter,
    AuthenticationError,
    Client,
    IndoxRouterError,
    InvalidParametersError,
    RequestTimeoutError,
    ToolCall,
    run_tools,
    run_tools_async,
)

from indoxrouter_mock import MockServer
from tests.methods.harness import Harness
from tests.spec.document import fields, operation_of

KEY = "indox-" + "0" * 32
HELLO = [{"role": "user", "content": "Hello"}]


FIELDS = fields(operation_of("chat"))


def sent(harness: Harness) -> Any:
    return harness.last_request["body"].get("additional_params")


def test_options_of_a_call_are_applied_and_not_sent(harness: Harness) -> None:
    harness.chat(HELLO, headers={"X-Trace": "1"}, idempotency_key="order-7", max_retries=0, deadline=30)
    headers = harness.last_request["headers"]
    assert (headers["x-trace"], headers["idempotency-key"], sent(harness)) == ("1", "order-7", None)
    harness.get_usage(headers={"X-Trace": "2"})
    assert harness.last_request["headers"]["x-trace"] == "2"


def test_a_timeout_of_a_call_ends_it_and_no_later_call() -> None:
    with MockServer() as server, Client(server.api_key, base_url=server.base_url) as client:
        server.faults.add("latency", seconds=2, times=1)
        start = time.monotonic()
        with pytest.raises(RequestTimeoutError):
            client.chat(HELLO, timeout=0.1, max_retries=0)
        assert time.monotonic() - start < 1.5
        assert client.timeout == 30


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("temprature", "temperature"),
        ("modle", "model"),
        ("timout", "timeout"),
        ("max_retrys", "max_retries"),
        ("extra_headers", "headers"),
        ("default_headers", "headers"),
        ("extra_body", "provider_params"),
        ("extra_query", "documented arguments"),
        ("base_url", "Client(base_url=…)"),
        ("api_key", "byok_api_key"),
        ("prompt", "messages"),
    ],
)
def test_a_misspelt_name_and_that_of_another_sdk_are_refused_with_the_right_word(
    harness: Harness, name: str, word: str
) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match=rf"{name}: chat\(\)") as caught:
        harness.chat(HELLO, **{name: "x"})
    assert word in str(caught.value)
    assert caught.value.argument == name
    assert len(harness.mock.requests) == before


def test_an_option_with_a_wrong_value_is_named(harness: Harness) -> None:
    with pytest.raises(InvalidParametersError, match="timeout: expected a number of seconds"):
        harness.get_usage(timeout="soon")


def test_parameters_of_providers_are_sent_although_their_names_are_close(harness: Harness) -> None:
    parameters = {"seed": 1, "top_k": 3, "min_tokens": 2, "stop": ["x"], "max_completion_tokens": 9}
    harness.chat(HELLO, **parameters)
    assert {name: harness.parameters_sent.get(name) for name in parameters} == parameters


def test_provider_params_sends_any_name_unchecked(harness: Harness) -> None:
    harness.chat(HELLO, provider_params={"timeout": 3, "temprature": 1})
    assert sent(harness) == {"timeout": 3, "temprature": 1}
    with pytest.raises(InvalidParametersError, match="provider_params: expected a mapping"):
        harness.chat(HELLO, provider_params=3)


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("response_format", "json", "response_format: expected a Pydantic model"),
        ("tools", [{"name": "f", "parameters": {}}], r"tools\[0\].type"),
        ("tools", [{"type": "function", "name": "f"}], r"tools\[0\].function.name"),
    ],
)
def test_a_format_and_a_tool_that_no_provider_reads_are_refused(
    harness: Harness, argument: str, value: Any, message: str
) -> None:
    with pytest.raises(InvalidParametersError, match=message):
        harness.chat(HELLO, **{argument: value})


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_a_wrong_auth_is_refused(client: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="auth: expected 'token'"):
        client("indox-" + "0" * 32, auth="tokn")


def test_a_generator_of_messages_is_read_once(harness: Harness) -> None:
    harness.chat(message for message in HELLO)
    assert harness.last_request["body"]["messages"] == HELLO


CALL = ToolCall({"id": "1", "function": {"name": "look_up", "arguments": '{"city": "Rome"}'}})
RESULT = [{"role": "tool", "tool_call_id": "1", "name": "look_up", "content": "Rome!"}]


def test_run_tools_takes_what_chat_takes() -> None:
    def look_up(city: str) -> str:
        return f"{city}!"

    assert run_tools([CALL], [{"type": "web_search"}, look_up]) == RESULT


@pytest.mark.anyio
async def test_asynchronous_tools_are_awaited_and_refused_elsewhere() -> None:
    async def look_up(city: str) -> str:
        return f"{city}!"

    assert await run_tools_async([CALL], [look_up]) == RESULT
    with pytest.raises(TypeError, match="run_tools_async"):
        run_tools([CALL], [look_up])


MODEL = "openai/gpt-4o-mini"


def test_options_of_an_operation_are_its_own_or_those_of_the_copy_that_calls_it(harness: Harness) -> None:
    options: dict[str, Any] = {"headers": {"X-Trace": "9"}, "idempotency_key": "once"}
    copy = harness.client.with_options(**options)
    harness(copy.api.chat.create_chat_completion, messages=HELLO, model=MODEL)
    copied = harness.last_request
    harness(harness.client.api.chat.create_chat_completion, messages=HELLO, model=MODEL, **options)
    for request in (copied, harness.last_request):
        assert (request["headers"]["x-trace"], request["headers"]["idempotency-key"]) == ("9", "once")
        assert request["body"] == {"messages": HELLO, "model": MODEL}
    harness(harness.client.api.chat.create_chat_completion, messages=HELLO, model=MODEL)
    assert "x-trace" not in harness.last_request["headers"]
    with pytest.raises(APIError, match="larger than the limit of 10 bytes"):
        harness(harness.client.api.models.list_models, max_response_bytes=10)


def test_a_deadline_of_an_operation_ends_it(harness: Harness) -> None:
    harness.mock.faults.add("latency", seconds=2, times=1)
    with pytest.raises(RequestTimeoutError):
        harness(harness.client.api.models.list_models, deadline=0.1, max_retries=0)


def test_an_option_of_an_operation_counts_for_its_stream(harness: Harness) -> None:
    create = harness.client.api.chat.create_chat_completion
    stream = harness(create, messages=HELLO, model=MODEL, stream=True, headers={"X-Trace": "1"})
    assert "".join(chunk.text for chunk in harness.collect(stream))
    assert harness.last_request["headers"]["x-trace"] == "1"


@pytest.mark.parametrize(
    ("keyword", "answer"),
    [
        ("timout", "create_chat_completion() has no such argument; did you mean 'timeout'"),
        ("temprature", "did you mean 'temperature'"),
        ("extra_headers", "did you mean 'headers'"),
        ("extra_body", "use additional_params"),
        ("provider_params", "use additional_params"),
        ("invented_word", "it takes messages, model"),
        ("prompt", "use messages"),
        *[(name, "use additional_params") for name in ["response_format"] if name not in FIELDS],
        ("fallback_models", "asks one model; the methods of the client ask others as well"),
    ],
)
def test_an_operation_refuses_other_names_with_the_right_word(
    harness: Harness, keyword: str, answer: str
) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match=rf"^{keyword}: ") as caught:
        harness(harness.client.api.chat.create_chat_completion, messages=HELLO, **{keyword: 3})
    assert answer in str(caught.value)
    assert caught.value.argument == keyword
    assert len(harness.mock.requests) == before


def test_an_option_of_an_operation_with_a_wrong_value_is_named(harness: Harness) -> None:
    with pytest.raises(InvalidParametersError, match="timeout: expected a number of seconds"):
        harness(harness.client.api.user.get_current_user, timeout="soon")


@pytest.mark.parametrize(
    ("method", "keywords", "answer"),
    [
        ("embeddings", {"input": "x"}, "input: embeddings() has no such argument; use text"),
        ("embeddings", {"prompt": "x"}, "use text"),
        ("embeddings", {"messages": HELLO}, "use text"),
        ("chat", {"prompt": "x"}, "use messages"),
        ("chat", {"input": "x"}, "use messages"),
        ("chat", {"text": "x"}, "use messages"),
        ("chat", {"mesages": HELLO}, "use messages"),
        ("completion", {"messages": HELLO}, "use prompt"),
        ("completions", {"text": "x"}, "use prompt"),
        ("images", {"input": "x"}, "use prompt"),
        ("videos", {"text": "x"}, "use prompt"),
        ("text_to_speech", {"text": "x"}, "use input"),
        ("text_to_speech", {"prompt": "x"}, "use input"),
        ("speech_to_text", {"audio": b"x"}, "use file"),
        ("translate_audio", {"input": b"x"}, "use file"),
        ("get_model_info", {"provider": "openai"}, "model: required by get_model_info(), but missing"),
        ("get_model_info", {"model_id": "x"}, "model_id: get_model_info() has no such argument; did you"),
        ("delete_api_key", {}, "api_key_id: required by delete_api_key(), but missing"),
        ("chat", {"temperature": 1}, "messages: required by chat(), but missing"),
    ],
)
def test_a_missing_argument_and_another_word_for_it_are_named(
    harness: Harness, method: str, keywords: dict[str, Any], answer: str
) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError) as caught:
        getattr(harness, method)(**keywords)
    assert answer in str(caught.value)
    assert len(harness.mock.requests) == before


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_the_signature_of_a_method_still_requires_its_arguments(client: Callable[..., Any]) -> None:
    for name, required in (("embeddings", "text"), ("chat", "messages"), ("get_model_info", "model")):
        parameters = inspect.signature(getattr(client, name)).parameters
        assert parameters[required].default is inspect.Parameter.empty
    assert inspect.iscoroutinefunction(getattr(client, "embeddings")) == (client is AsyncClient)  # noqa: B009


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_a_key_comes_from_a_function_and_either_variable(
    client: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "INDOX_ROUTER_API_KEY",
        "INDOX_ROUTER_BASE_URL",
        "INDOXROUTER_API_KEY",
        "INDOXROUTER_BASE_URL",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("INDOXROUTER_API_KEY", KEY)
    monkeypatch.setenv("INDOXROUTER_BASE_URL", "http://one.example")
    assert client(auth="api_key").base_url == "http://one.example/api/v1"
    monkeypatch.setenv("INDOX_ROUTER_BASE_URL", "http://documented.example")
    assert client(auth="api_key").base_url == "http://documented.example/api/v1"
    monkeypatch.setenv("INDOXROUTER_API_KEY", "a key")
    with pytest.raises(ValueError, match="the environment variable INDOXROUTER_API_KEY holds a space"):
        client(auth="api_key")


def test_a_function_is_asked_for_the_key_of_each_request(harness: Harness) -> None:
    keys = [harness.mock.api_key, "indox-" + "1" * 32, " "]
    asked: list[str] = []

    def current() -> str:
        asked.append(keys[min(len(asked), 2)])
        return asked[-1]

    own = harness.another(api_key=current, auth="api_key")
    assert asked == []
    own.get_user_info()
    with pytest.raises(AuthenticationError) as caught:
        own.get_user_info()
    assert keys[1] not in f"{caught.value} {caught.value.body} {own.client!r}"
    with pytest.raises(ValueError, match="api_key is blank"):
        own.get_user_info()
    exchanged = harness.another(api_key=lambda: harness.mock.api_key)
    assert exchanged.get_user_info().username
    for each in (own, exchanged):
        each.wait(each.client.close)


def test_asynchronous_names_and_facts_of_errors(harness: Harness) -> None:
    assert AsyncIndoxRouter is AsyncClient
    with pytest.raises(IndoxRouterError) as caught:
        harness.chat(HELLO, model="openai/none")
    error = caught.value
    assert (error.status_code, error.headers["content-type"].partition(";")[0]) == (404, "application/json")
    assert error.body["status_code"] == 404
    with pytest.raises(InvalidParametersError) as unsent:
        harness.chat([])
    assert (unsent.value.status_code, unsent.value.headers, unsent.value.body) == (None, {}, None)


@pytest.mark.parametrize("method", ["chat", "completion"])
@pytest.mark.parametrize("shape", ["chunks", "typed"])
def test_chunks_have_the_choices_of_openai(harness: Harness, method: str, shape: str) -> None:
    own = harness.with_headers(X_Mock_Events=shape)
    question: Any = HELLO if method == "chat" else "Hello"
    stream = getattr(own, method)(question, stream=True)
    chunks = own.collect(stream)
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(texts) == stream.response.text
    if shape == "chunks":  # typed events say how a stream ends by their type
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    with pytest.raises(AttributeError, match=r"its text is chunk\.text"):
        print(chunks[0].content)
