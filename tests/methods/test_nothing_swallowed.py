"""A keyword that a method does not name is an option, a mistake, or a parameter for the provider; none is lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from indoxrouter import (
    AsyncClient,
    Client,
    InvalidParametersError,
    RequestTimeoutError,
    ToolCall,
    run_tools,
    run_tools_async,
)

from indoxrouter_mock import MockServer
from tests.methods.harness import Harness

HELLO = [{"role": "user", "content": "Hello"}]


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
    assert sent(harness) == parameters


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
