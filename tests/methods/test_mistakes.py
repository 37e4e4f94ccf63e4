"""Mistakes that newcomers make, and the answer to each: what came, what was expected, and what to do."""

from __future__ import annotations

import dataclasses
import gc
import inspect
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest
from indoxrouter import AsyncClient, Client, NetworkError, image_part, run_tools

from indoxrouter_mock import MockServer
from tests.methods.harness import Harness

HELLO = [{"role": "user", "content": "Hello"}]
KEY = "indox-" + "0" * 32
HUGE = 10**5000


@dataclasses.dataclass
class City:
    name: str


def empty_stream() -> io.BytesIO:
    buffer = io.BytesIO()
    buffer.write(b"RIFF....WAVE")
    return buffer


def closed_file() -> io.BytesIO:
    buffer = io.BytesIO(b"x")
    buffer.close()
    return buffer


def of_stream(use: Callable[[Any], Any]) -> Callable[[Harness], Any]:
    def call(harness: Harness) -> Any:
        stream = harness.chat(HELLO, stream=True)
        try:
            return use(stream)
        finally:
            harness.wait(stream.close)

    return call


CALLS: list[tuple[str, Callable[[Harness], Any], str]] = [
    ("text for messages", lambda c: c.chat("Hello"), "messages: expected a list, got str 'Hello'"),
    ("one message", lambda c: c.chat(HELLO[0]), "messages: expected a list, got dict"),
    ("no messages", lambda c: c.chat([]), "messages: expected a list that is not empty"),
    ("a message without content", lambda c: c.chat([{"role": "user"}]), "messages[0].content: required"),
    (
        "a misspelt key",
        lambda c: c.chat([{"role": "user", "contnet": "x"}]),
        "missing; 'contnet': no field of it",
    ),
    ("pairs", lambda c: c.chat([("user", "hi")]), "messages[0]: expected ChatMessage or a dict"),
    ("a misspelt argument", lambda c: c.chat(HELLO, temprature=0.1), "use temperature"),
    ("an argument of openai", lambda c: c.embeddings("x", input="x"), "use text"),
    (
        "a misspelt argument of a query",
        lambda c: c.get_usage(start="2026-01-01"),
        "did you mean 'start_date'?",
    ),
    ("a huge count", lambda c: c.chat(HELLO, max_tokens=HUGE), "max_tokens: expected a whole number >= 1"),
    (
        "a huge number for a provider",
        lambda c: c.chat(HELLO, house_style=HUGE),
        "house_style: expected a number of at most 4,000",
    ),
    (
        "a huge number for text",
        lambda c: c.chat([{"role": "user", "content": HUGE}]),
        "got int of 16,610 bits",
    ),
    ("a huge time", lambda c: c.chat(HELLO, timeout=HUGE), "timeout: expected at most 1,000,000 seconds"),
    ("a closed file", lambda c: c.speech_to_text(closed_file()), "this one has been closed"),
    ("an unrewound buffer", lambda c: c.speech_to_text(empty_stream()), "call seek(0) first"),
    ("a script for a recording", lambda c: c.speech_to_text(("env.sh", b"x")), "not 'env.sh', which is"),
    ("a picture for a recording", lambda c: c.translate_audio(("a.png", b"x")), "a file of the type audio/*"),
    (
        "a format by name",
        lambda c: c.chat(HELLO, response_format="json"),
        "response_format: expected a Pydantic",
    ),
    (
        "an instance as a format",
        lambda c: c.chat(HELLO, response_format=City("x")),
        "expected the class City, not an",
    ),
    ("a tool by name", lambda c: c.chat(HELLO, tools=["look_up"]), "tools[0]: expected a function"),
    ("one tool", lambda c: c.chat(HELLO, tools=len), "tools: expected a list of functions"),
    ("a format that was not asked for", lambda c: c.chat(HELLO).parsed, "The call had no `response_format`"),
    ("a misspelt attribute", lambda c: c.chat(HELLO).txt, "did you mean 'text'?"),
    ("a method of pydantic", lambda c: c.chat(HELLO).model_dump(), "did you mean 'to_dict'?"),
    ("the text of others", lambda c: c.chat(HELLO).content, "use .text"),
    ("an attribute of openai", lambda c: c.chat(HELLO).output_text, "use .text"),
    ("a response as a stream", lambda c: [each["data"] for each in c.chat(HELLO)], "pass stream=True"),
    ("chunks of a response", lambda c: [each.choices for each in c.chat(HELLO)], "pass stream=True"),
    ("a stream as a response", of_stream(lambda s: s.text), "until_done() reads it to its end"),
    ("a stream by key", of_stream(lambda s: s["data"]), "until_done() returns the response"),
    ("a misspelt method", lambda c: c.client.embedding, "did you mean 'embeddings'?"),
    (
        "openai's chat",
        lambda c: c.client.chat.completions.create(messages=HELLO),
        "client.chat(messages, model=…)",
    ),
    ("openai's older chat", lambda c: c.client.chat.create(messages=HELLO), "client.chat(messages, model=…)"),
    (
        "openai's raw chat",
        lambda c: c.client.chat.with_raw_response.create(messages=HELLO),
        "client.with_raw_response(client.chat, messages)",
    ),
    (
        "a raw response by attribute",
        lambda c: c.client.with_raw_response.chat(HELLO),
        "(client.chat, messages)",
    ),
    (
        "a response for its calls",
        lambda c: run_tools(c.chat(HELLO), []),
        "calls: expected `response.tool_calls`",
    ),
    ("text for calls", lambda c: run_tools("x", []), "calls: expected `response.tool_calls`, got str"),  # type: ignore[arg-type]
    (
        "a misspelt option of waiting",
        lambda c: c.wait_for_video_job("x", timout=3),
        "did you mean 'timeout'",
    ),
    ("another server for a copy", lambda c: c.client.with_options(base_url="x"), "client.set_base_url(…)"),
    ("another model for a copy", lambda c: c.client.with_options(model="x"), "model=… of the methods"),
    ("openai's vectors", lambda c: c.client.embeddings.create(input="x"), "client.embeddings(text, model=…)"),
    ("openai's pictures", lambda c: c.client.images.generate(prompt="x"), "client.images(prompt, model=…)"),
    ("openai's models", lambda c: c.client.models.list(), "client.models()"),
    ("openai's recordings", lambda c: c.client.audio.transcriptions, "client.speech_to_text(file)"),
    ("openai's responses", lambda c: c.client.responses.create(input="x"), "client.chat(messages, model=…)"),
    ("another's messages", lambda c: c.client.messages.create(), "docs/guides/migrating.md"),
]


@pytest.mark.parametrize(("call", "answer"), [row[1:] for row in CALLS], ids=[row[0] for row in CALLS])
def test_a_mistake_in_a_call_is_answered(
    harness: Harness, call: Callable[[Harness], Any], answer: str
) -> None:
    with pytest.raises(Exception, match=re.escape(answer)) as caught:
        call(harness)
    assert type(caught.value).__module__ in ("builtins", "indoxrouter.errors")


CONSTRUCTED: list[tuple[str, dict[str, Any], str]] = [
    ("a misspelt option", {"timeut": 3}, "timeut: no such option; did you mean 'timeout'?"),
    ("a model for all calls", {"model": "x"}, "model: no such option; use model=… of the methods"),
    ("a proxy", {"proxy": "http://x"}, "use http_client=httpx.Client(proxy=…)"),
    ("headers of openai", {"default_headers": {}}, "default_headers: no such option; use headers"),
    ("an organization", {"organization": "x"}, "this API has nothing of the kind"),
    ("an unknown option", {"colour": "red"}, "known are timeout, deadline"),
    ("text for a time", {"timeout": "30"}, "timeout: expected a number of seconds or None, got str '30'"),
    ("a key in quotes", {"api_key": f'"{KEY}"'}, "api_key is in quotes"),
    ("a header for a key", {"api_key": f"Bearer {KEY}"}, "api_key begins with 'Bearer'"),
    ("no scheme", {"base_url": "127.0.0.1:8000"}, "it does not start with http:// or https://"),
    ("an endpoint", {"base_url": "http://x/api/v1/chat/completions"}, "leave out /chat/completions"),
    ("a wrong way to authenticate", {"auth": "basic"}, "auth: expected 'token'"),
    ("a huge number of retries", {"max_retries": -HUGE}, "max_retries: expected a whole number, 0 or more"),
]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("options", "answer"), [row[1:] for row in CONSTRUCTED], ids=[row[0] for row in CONSTRUCTED]
)
def test_a_mistake_in_a_constructor_is_answered_before_any_request(
    kind: Any, options: dict[str, Any], answer: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(answer)) as caught:
        kind(**{"api_key": KEY, "base_url": "http://127.0.0.1:9", **options})
    assert KEY not in str(caught.value)


def test_each_client_says_which_with_statement_it_needs() -> None:
    async def enter(client: Any) -> None:
        async with client:
            pass

    with (
        Client(KEY, authenticate=False) as client,
        pytest.raises(AttributeError, match="or AsyncClient with `async with`"),
    ):
        enter(client).send(None)
    with pytest.raises(AttributeError, match="AsyncClient: use `async with`"), AsyncClient(KEY):  # type: ignore[attr-defined]
        pass


@pytest.mark.anyio
async def test_an_asynchronous_stream_says_which_loop_it_needs() -> None:
    with MockServer() as server:
        async with AsyncClient(server.api_key, base_url=server.base_url) as client:
            stream: Any = await client.chat(HELLO, stream=True)
            with pytest.raises(TypeError, match="`async for chunk in stream`"):
                list(stream)
            await stream.close()


@pytest.mark.anyio
@pytest.mark.parametrize("misuse", [lambda call: call.text, list, lambda call: call["data"]])
async def test_a_forgotten_await_is_reported_by_python_as_for_any_coroutine(
    misuse: Callable[[Any], Any],
) -> None:
    def forget() -> None:
        with pytest.raises((AttributeError, TypeError), match="'coroutine' object"):
            misuse(client.chat(HELLO))
        gc.collect()

    async with AsyncClient(KEY) as client:
        with pytest.warns(RuntimeWarning, match=r"coroutine 'AsyncFacade\.chat' was never awaited"):
            forget()


def test_asynchronous_methods_are_coroutine_functions_for_everyone() -> None:
    assert inspect.iscoroutinefunction(AsyncClient.chat)
    assert isinstance(mock.create_autospec(AsyncClient).embeddings, mock.AsyncMock)


def test_a_method_of_the_other_client_is_named() -> None:
    with Client(KEY, authenticate=False) as client, pytest.raises(AttributeError, match=r"AsyncClient\.map"):
        client.map([])  # type: ignore[attr-defined]


def test_a_missing_attribute_is_missing_for_hasattr() -> None:
    with Client(KEY, authenticate=False) as client:
        assert not hasattr(client, "responses")
        assert not hasattr(client, "_private")
        assert getattr(client, "beta", None) is None


@pytest.mark.parametrize("body", ['{"detail": "Not Found"}', "<html><title>404 Not Found</title></html>", ""])
def test_a_wrong_path_blames_the_base_url(body: str) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(404, text=body))
    with Client(KEY, base_url="http://x/api/v2", http_client=httpx.Client(transport=transport)) as client:
        with pytest.raises(Exception, match=r"Does the address include the API's path") as caught:
            client.chat(HELLO)
        assert "It is http://x/api/v2." in str(caught.value)
        with pytest.raises(Exception, match=r"Does the address include the API's path"):
            client.get_usage()


def test_a_missing_model_does_not_blame_the_base_url(harness: Harness) -> None:
    with pytest.raises(Exception, match="there is no model") as caught:
        harness.chat(HELLO, model="openai/gpt-5o-mini")
    assert "base URL" not in str(caught.value)


def test_a_page_for_a_token_blames_the_base_url() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text="<html></html>"))
    with pytest.raises(Exception, match="holds no token: check base_url"):
        Client(KEY, base_url="http://x/docs", http_client=httpx.Client(transport=transport))


@pytest.mark.parametrize("engine", ["direct", "httpx"])
def test_tls_on_a_plain_port_is_named(engine: str) -> None:
    with MockServer() as server, pytest.raises(NetworkError, match="its URL may begin with http://"):
        Client(KEY, base_url=server.base_url.replace("http:", "https:"), engine=engine, max_retries=0)


@pytest.mark.parametrize("deadline", [False, True])
def test_a_proxy_that_refuses_is_blamed_and_not_the_host(
    monkeypatch: pytest.MonkeyPatch, deadline: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:secret@127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    options: Any = {"max_retries": 0, **({"deadline": 5} if deadline else {})}
    with pytest.raises(
        NetworkError, match=r"the proxy http://127\.0\.0\.1:9, which the environment names"
    ) as caught:
        Client(KEY, base_url="http://192.0.2.1/api/v1", **options)
    assert "secret" not in str(caught.value)


@pytest.mark.anyio
async def test_an_asynchronous_call_blames_the_proxy_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with AsyncClient(KEY, base_url="http://192.0.2.1/api/v1", max_retries=0) as client:
        with pytest.raises(
            NetworkError, match=r"the proxy http://127\.0\.0\.1:9, which the environment names"
        ):
            await client.chat(HELLO)


def test_an_image_that_is_an_open_file_or_a_script_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "env.sh"
    script.write_text("export A=1")
    with pytest.raises(ValueError, match="image: expected a JPEG, PNG, WebP or GIF image"):
        image_part(str(script))
    with script.open("rb") as file, pytest.raises(ValueError, match="image: expected a path, the bytes"):
        image_part(file)  # type: ignore[arg-type]
