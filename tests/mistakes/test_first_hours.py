"""Each of the 82 observed mistakes is answered by the sentence of its row, by both clients where both can make it."""

from __future__ import annotations

import os
import re
import warnings
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from indoxrouter import AsyncClient, Client

from indoxrouter_mock import MockServer
from tests.methods.harness import Harness
from tests.mistakes.first_hours import ANSWERED, MISTAKES
from tests.mistakes.further import FURTHER
from tests.mistakes.making import ENV, HELLO, KEY, Mistake
from tests.spec.document import under_any_name


@pytest.fixture(autouse=True)
def no_settings(indoxrouter_mock: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INDOX_ROUTER_API_KEY", "INDOXROUTER_API_KEY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("mistake", MISTAKES, ids=[each.name for each in MISTAKES])
def test_a_mistake_is_answered(harness: Harness, tmp_path: Path, mistake: Mistake) -> None:
    with pytest.raises(Exception, match=under_any_name(mistake.answer)) as caught:
        mistake.call(harness, tmp_path)
    assert type(caught.value).__module__ in ("builtins", "indoxrouter.errors")
    assert harness.mock.api_key not in str(caught.value)


@pytest.mark.parametrize("mistake", FURTHER, ids=[each.name for each in FURTHER])
def test_a_further_mistake_is_answered(harness: Harness, tmp_path: Path, mistake: Mistake) -> None:
    with pytest.raises(Exception, match=under_any_name(mistake.answer)) as caught:
        mistake.call(harness, tmp_path)
    assert type(caught.value).__module__ in ("builtins", "indoxrouter.errors")


@pytest.mark.parametrize(("name", "call"), ANSWERED, ids=[row[0] for row in ANSWERED])
def test_what_is_no_mistake_is_answered(
    harness: Harness, tmp_path: Path, name: str, call: Callable[[Harness, Path], Any]
) -> None:
    assert call(harness, tmp_path), name


class PathInBytes:
    """A path as `os.scandir(b"…")` gives it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self._path)


def test_a_path_in_bytes_is_read(harness: Harness, tmp_path: Path) -> None:
    recording = tmp_path / "a.wav"
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    assert harness.speech_to_text(PathInBytes(recording)).text is not None


# Mistakes that one of the clients alone can make, with their grades. A forgotten `await` is graded B: Python's own
# message, beside its warning that the coroutine was never awaited. docs/guides/async.md says why it stays.


async def loop_over_call(c: Any) -> None:
    for _ in c.chat(HELLO, stream=True):
        pass


async def loop_without_await(c: Any) -> None:
    async for _ in c.chat(HELLO, stream=True):
        pass


async def loop_over_stream(c: Any) -> None:
    stream = await c.chat(HELLO, stream=True)
    try:
        for _ in stream:
            pass
    finally:
        await stream.close()


async def no_await(c: Any) -> None:
    print(c.chat(HELLO).text)


async def plain_with(c: Any) -> None:
    with c:
        pass


async def text_to_map(c: Any) -> None:
    c.map("hello")


async def misspelt_method_to_map(c: Any) -> None:
    c.map(["x"], "chatt")


async def misspelt_option_of_map(c: Any) -> None:
    c.map(["x"], concurency=1)


async def plain_loop_over_map(c: Any) -> None:
    list(c.map(["x"]))


async def text_for_a_flag_of_map(c: Any) -> None:
    c.map(["x"], ordered="yes")


async def misspelt_argument_to_map(c: Any) -> None:
    c.map(["x"], temprature=1)


ASYNCHRONOUS: list[tuple[str, str, Callable[[Any], Any], str]] = [
    ("sync_for_over_async", "B", loop_over_call, "'coroutine' object is not iterable"),
    (
        "async_for_no_await",
        "B",
        loop_without_await,
        "requires an object with __aiter__ method, got coroutine",
    ),
    (
        "for_over_async_stream",
        "A",
        loop_over_stream,
        "AsyncStream is read by a loop, `async for chunk in stream`",
    ),
    ("forgot_await", "B", no_await, "'coroutine' object has no attribute 'text'"),
    ("with_on_async_client", "A", plain_with, "AsyncClient: use `async with`, or Client with `with`"),
    (
        "map_bad",
        "A",
        text_to_map,
        "requests: expected requests to iterate over, a Path or a frame, got str 'hello'",
    ),
    (
        "map_wrong_method",
        "A",
        misspelt_method_to_map,
        "method: expected a documented method, such as 'chat', got str 'chatt'",
    ),
    (
        "map_concurency",
        "A",
        misspelt_option_of_map,
        "concurency: map() has no such argument; use concurrency",
    ),
    ("map_loop", "A", plain_loop_over_map, "MapRun is read by a loop, `async for result in client.map(…)`"),
    ("map_ordered", "A", text_for_a_flag_of_map, "ordered: expected True or False, got str 'yes'"),
    (
        "map_temprature",
        "A",
        misspelt_argument_to_map,
        "temprature: chat() has no such argument; use temperature",
    ),
]


@pytest.mark.parametrize(
    ("name", "grade", "call", "answer"), ASYNCHRONOUS, ids=[row[0] for row in ASYNCHRONOUS]
)
async def test_a_mistake_with_the_asynchronous_client_is_answered(
    indoxrouter_mock: MockServer, name: str, grade: str, call: Callable[[Any], Any], answer: str
) -> None:
    async with AsyncClient(indoxrouter_mock.api_key, base_url=indoxrouter_mock.url) as client:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            with pytest.raises(Exception, match=re.escape(answer)):
                await call(client)
    assert any("was never awaited" in str(each.message) for each in seen) == (grade == "B"), name


async def test_a_mistake_with_the_blocking_client_in_a_coroutine(indoxrouter_mock: MockServer) -> None:
    with Client(indoxrouter_mock.api_key, base_url=indoxrouter_mock.url) as client:
        made: Any = client
        with pytest.raises(AttributeError, match="Client: use `with`, or AsyncClient with `async with`"):
            async with made:
                pass
        with pytest.raises(TypeError, match="ChatResponse can't be used in 'await' expression"):
            await made.chat(HELLO)
        assert made.chat(HELLO).text  # it blocks the loop, which is sometimes meant


def test_a_host_that_does_not_exist_is_named() -> None:
    with pytest.raises(Exception, match=r"Could not connect to no-such-host\.invalid: .*(known|resolution)"):
        Client(KEY, base_url="http://no-such-host.invalid", max_retries=0)


def test_a_proxy_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", ENV)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(Exception, match=re.escape(f"the proxy {ENV}, which the environment names, failed")):
        Client(KEY, base_url="http://127.0.0.1:8771", max_retries=0)


def test_the_address_of_the_documentation_is_answered_by_the_first_call(harness: Harness) -> None:
    own = harness.another(base_url=harness.mock.url.removesuffix("/api/v1") + "/docs")
    with pytest.raises(Exception, match=r"\(404, not_found\)"):
        own.get_usage()
    own.wait(own.client.close)


def test_every_observed_mistake_has_a_row() -> None:
    single = len(ASYNCHRONOUS) - 4 + 6  # four further ones of `map`; six have tests of their own
    assert len(MISTAKES) + len(ANSWERED) + single == 82
    assert len({each.name for each in MISTAKES}) == len(MISTAKES)
