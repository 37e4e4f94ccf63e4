"""Mistakes from the habits of other libraries are answered by the sentence of their row, and send nothing."""

from __future__ import annotations

import asyncio
import copy
import pickle
import re
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from indoxrouter import (
    AsyncClient,
    AsyncStream,
    ChatMessage,
    ChatResponse,
    Client,
    MapRun,
    OtherPart,
    RateLimitError,
    RequestError,
)
from pydantic import BaseModel

from indoxrouter_mock import MockServer
from tests.methods.harness import Harness
from tests.mistakes.habits import API, HABITS, MAP, RECEIVED
from tests.mistakes.habits_of_answers import ANSWERS, LESS_USUAL
from tests.mistakes.making import HELLO, City, Mistake, with_stream
from tests.spec.document import under_any_name


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("INDOX_ROUTER_API_KEY", "INDOXROUTER_API_KEY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    "mistake", [*HABITS, *LESS_USUAL], ids=[each.name for each in (*HABITS, *LESS_USUAL)]
)
def test_a_habit_is_answered_before_a_request(harness: Harness, tmp_path: Path, mistake: Mistake) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(Exception, match=re.escape(mistake.answer)) as caught:
        mistake.call(harness, tmp_path)
    assert type(caught.value).__module__ in ("builtins", "indoxrouter.errors")
    assert len(harness.mock.requests) == before


@pytest.mark.parametrize(("arguments", "answer"), [row[1:] for row in API], ids=[row[0] for row in API])
def test_an_operation_refuses_what_the_method_refuses(
    harness: Harness, arguments: dict[str, Any], answer: str
) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(ValueError, match=re.escape(answer)):
        harness(harness.client.api.chat.create_chat_completion, **arguments)
    assert len(harness.mock.requests) == before


@pytest.mark.parametrize(("use", "answer"), [row[1:] for row in RECEIVED], ids=[row[0] for row in RECEIVED])
def test_a_habit_with_an_answer_is_answered(harness: Harness, use: Callable[[Any], Any], answer: str) -> None:
    with pytest.raises(Exception, match=re.escape(answer)):
        use(harness.chat(HELLO))


@pytest.mark.parametrize(("use", "answer"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_a_wrong_use_of_an_answer_is_answered(
    harness: Harness, use: Callable[[Harness], Any], answer: str
) -> None:
    with pytest.raises(Exception, match=re.escape(answer)) as caught:
        use(harness)
    assert type(caught.value).__module__ in ("builtins", "indoxrouter.errors")


async def enter_asynchronously(value: Any) -> None:
    async with value:
        pass


def enter_plainly(value: Any) -> None:
    with value:
        pass


def test_the_wrong_kind_of_with_is_answered(harness: Harness) -> None:
    blocking = harness.kind == "sync"
    other = AbstractAsyncContextManager if blocking else AbstractContextManager

    def use(stream: Any) -> None:
        for value in (harness.client, stream):
            assert not isinstance(value, other)
            assert not hasattr(value, "__aenter__" if blocking else "__enter__")
            with pytest.raises(AttributeError, match=f"^{type(value).__name__}: use `"):
                asyncio.run(enter_asynchronously(value)) if blocking else enter_plainly(value)
        assert isinstance(stream, AsyncIterable) is not blocking

    with_stream(harness, use)


def test_the_health_check_takes_the_options_of_a_call(harness: Harness) -> None:
    harness.mock.faults.add("latency", seconds=5)
    report = harness.test_connection(timeout=0.05, max_retries=0)
    assert report["error_type"] == "RequestTimeoutError"


def test_a_call_that_asks_no_model_takes_no_other_models_as_none(harness: Harness) -> None:
    assert harness.models(fallback_models=[])
    own = harness.another(fallback_models=["a/b"])
    assert own.models()
    own.wait(own.client.close)


@pytest.mark.parametrize(("defaults", "answer"), [row[1:] for row in MAP], ids=[row[0] for row in MAP])
async def test_a_wrong_argument_of_every_call_ends_the_run_before_it_begins(
    indoxrouter_mock: MockServer, defaults: dict[str, Any], answer: str
) -> None:
    async with AsyncClient(indoxrouter_mock.api_key, base_url=indoxrouter_mock.url) as client:
        with pytest.raises(ValueError, match=re.escape(answer)):
            client.map(["x"], **defaults)


async def test_a_run_and_its_results_say_how_they_are_read(indoxrouter_mock: MockServer) -> None:
    async with AsyncClient(indoxrouter_mock.api_key, base_url=indoxrouter_mock.url) as client:
        made: Any = client
        with pytest.raises(TypeError, match=r"MapRun is read by a loop, `async for result in client\.map"):
            await made.map(["x"])
        results: list[Any] = [result async for result in made.map(["x"])]
        with pytest.raises(
            AttributeError, match=r"MapResult has no 'text': the answer of the call is its \.value"
        ):
            print(results[0].text)
        with pytest.raises(AttributeError, match=r"MapResult has no 'eror': did you mean 'error'\?"):
            print(results[0].eror)
        with pytest.raises(AttributeError, match=r"MapRun has no 'coast'; did you mean 'cost'\?"):
            print(made.map(["x"]).coast)


def test_a_run_is_read_by_the_event_loop_that_began_it(indoxrouter_mock: MockServer) -> None:
    client = AsyncClient(indoxrouter_mock.api_key, base_url=indoxrouter_mock.url)

    async def begin() -> MapRun[ChatResponse]:
        run = client.map(["x", "y"], concurrency=1)
        await anext(run)
        return run

    async def read(run: MapRun[ChatResponse]) -> None:
        with pytest.raises(RequestError, match="belongs to the event loop that read its first result"):
            await anext(run)
        await client.close()

    asyncio.run(read(asyncio.run(begin())))


@pytest.mark.parametrize("engine", ["direct", "httpx"])
def test_a_stream_is_read_by_the_event_loop_that_opened_it(indoxrouter_mock: MockServer, engine: str) -> None:
    client = AsyncClient(indoxrouter_mock.api_key, base_url=indoxrouter_mock.url, engine=engine)

    async def read(stream: AsyncStream[ChatResponse]) -> None:
        with pytest.raises(RequestError, match="This AsyncStream belongs to the event loop that opened it"):
            await stream.until_done()

    async def use() -> None:
        async with client, await client.chat(HELLO, stream=True) as stream:
            await asyncio.to_thread(lambda: asyncio.run(read(stream)))
            assert (await stream.until_done()).text

    asyncio.run(use())


def test_messages_in_another_sequence_are_checked_as_well(harness: Harness) -> None:
    with pytest.raises(ValueError, match=r"messages\[0\]\.role: expected 'user'"):
        harness.chat(deque([{"role": "usr", "content": "x"}]))


def test_an_error_of_any_message_can_be_shown() -> None:
    made: Any = RateLimitError
    assert (str(made(429)), repr(made(429))) == ("429", "RateLimitError('429')")


def test_what_has_a_way_out_is_sent(harness: Harness) -> None:
    assert harness.chat([ChatMessage("usr", "x")]).text
    other = OtherPart("txt", text="x")
    harness.chat([{"role": "user", "content": [other]}])
    assert harness.last_request["body"]["messages"][0]["content"] == [{"type": "txt", "text": "x"}]
    tool = {"role": "tool", "name": "look_up", "content": "x"}
    harness.chat([*HELLO, {"role": "assistant", "content": None, "tool_calls": []}, tool])


def test_an_answer_is_an_instance_of_a_generic_type(harness: Harness) -> None:
    response = harness.chat(HELLO, response_format=City)
    found: Any = response.parsed
    listed = type(response).from_dict({"data": f'[{{"name": "{found.name}", "population": 1}}]'})
    assert listed.parse_as(list[City]) == [City(found.name, 1)]


def test_a_stream_is_not_read_in_place_of_its_id_and_not_copied(harness: Harness) -> None:
    def use(stream: Any) -> None:
        with pytest.raises(
            ValueError, match=under_any_name("stream_id: expected text, got an object of type")
        ):
            harness.stop_chat_stream(stream)
        for way in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match=r"cannot be copied or pickled; its \.response can"):
                way(stream)
        assert len(harness.collect(stream)) > 1

    with_stream(harness, use)


def test_a_misspelt_provider_is_named(harness: Harness) -> None:
    with pytest.raises(KeyError, match=r"no provider 'opnai'; did you mean 'openai'"):
        harness.models()["opnai"]


def test_a_flag_in_words_is_refused() -> None:
    made: Any = Client
    with pytest.raises(ValueError, match="authenticate: expected True or False, got str 'no'"):
        made("indox-" + "0" * 32, authenticate="no")


def test_a_failure_of_the_callers_function_reaches_the_caller(harness: Harness) -> None:
    own = harness.another(
        api_key=dict[str, str]().popitem, **({"authenticate": False} if harness.kind == "sync" else {})
    )
    with pytest.raises(KeyError, match="empty"):
        own.get_user_info()
    own.wait(own.client.close)


def test_pydantic_takes_an_error_that_is_imported_from_its_module() -> None:
    code = (
        "from indoxrouter.errors import RateLimitError\n"
        "from pydantic import BaseModel, TypeAdapter\n"
        "class Failure(BaseModel): error: RateLimitError\n"
        "print(Failure(error=RateLimitError('slow')).error.message, bool(TypeAdapter(RateLimitError)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.split() == ["slow", "True"], ran.stderr


class Report(BaseModel):
    """A model with a field named as a class of this package."""

    text: str


def test_a_subclass_keeps_its_own_attributes() -> None:
    class Team(Client):
        def __init__(self) -> None:
            super().__init__("indox-" + "0" * 32, authenticate=False)
            self.report = Report(text="x")

    with Team() as team, team.with_options(timeout=3) as copied:
        assert (copied.report.text, copy.copy(team).report.text, type(copied)) == ("x", "x", Team)
