"""The life of a client: threads, forks, event loops, closing, and being forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import threading
import warnings
from collections.abc import Callable
from typing import Any

import httpx
import indoxrouter
import pytest

from .harness import ENVELOPE, KEY, MESSAGES, Mode, do, following, held_by, serve_everything, texts_and_error
from .server import DONE, RESET, STALL, answer, streamed, text_event

BOTH_ENGINES = ""

SYNC = ["sync", "sync-httpx"]
ASYNC = ["async", "async-httpx"]


@pytest.mark.parametrize("mode", SYNC, indirect=True)
async def test_50_threads_may_share_a_client(mode: Mode) -> None:
    serve_everything(mode.server)
    client = mode.client()
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(4):
                kind = (number + turn) % 5
                if kind == 0:
                    assert client.chat(MESSAGES).text == "hello there"
                elif kind == 1:
                    assert client.embeddings("x").data == [[0.1, 0.2]]
                elif kind == 2:
                    assert client.get_usage().total_requests == 1
                elif kind == 3:
                    assert client.models()
                else:
                    assert (
                        client.with_options(max_retries=number % 3, timeout=10 + number).base_url
                        == mode.server.url
                    )
        except BaseException as error:  # noqa: BLE001  # a thread's failure is the test's
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert problems == []
    assert len(mode.server.sent("/auth/token")) == 1


@pytest.mark.parametrize("mode", ASYNC, indirect=True)
async def test_200_tasks_may_share_a_client(mode: Mode) -> None:
    serve_everything(mode.server)
    client = mode.client()
    results = await asyncio.gather(*(client.chat(MESSAGES) for _ in range(200)))
    assert {result.text for result in results} == {"hello there"}


def in_a_child(action: Callable[[], None]) -> int:
    """Fork, do something in the child, and return the child's exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(20)
            action()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("mode", SYNC, indirect=True)
class TestFork:
    async def test_a_child_opens_connections_of_its_own(self, mode: Mode) -> None:
        serve_everything(mode.server)
        client = mode.client()
        client.chat(MESSAGES)
        before = len(mode.server.connections)

        def use() -> None:
            for _ in range(3):
                assert client.chat(MESSAGES).text == "hello there"

        assert await asyncio.to_thread(in_a_child, use) == 0
        assert len(mode.server.connections) == before + 1
        client.chat(MESSAGES)  # the parent's connection is as it was
        assert len(mode.server.connections) == before + 1

    async def test_locks_held_by_other_threads_do_not_hang_a_child(self, mode: Mode) -> None:
        serve_everything(mode.server)
        client = mode.client()
        client.chat(MESSAGES)
        mode.server.on("/chat/completions", answer({"detail": "expired"}, 401), answer(ENVELOPE))

        def use() -> None:
            assert client.chat(MESSAGES).text == "hello there"  # with a new token

        with contextlib.ExitStack() as held:
            locks = [one for one in held_by(client) if hasattr(one, "acquire")]
            assert len(locks) > 2
            for lock in locks:
                held.enter_context(lock)
            assert await asyncio.to_thread(in_a_child, use) == 0
        assert len(mode.server.sent("/auth/token")) == 2

    async def test_a_child_does_not_break_a_stream_of_its_parent(self, mode: Mode) -> None:
        gate = threading.Event()
        mode.server.on("/chat/completions", streamed(text_event("a"), gate, text_event("b"), DONE))
        stream = mode.client().chat(MESSAGES, stream=True)
        assert next(stream).text == "a"
        assert await asyncio.to_thread(in_a_child, stream.close) == 0
        gate.set()
        assert (await texts_and_error(stream)) == (["b"], None)

    async def test_deadlines_work_in_a_child(self, mode: Mode) -> None:
        serve_everything(mode.server)
        client = mode.client(timeout=10, max_retries=0)
        client.get_usage()  # what deadlines need is there before the fork
        mode.server.on("/user/usage", [STALL])

        def use() -> None:
            with pytest.raises(indoxrouter.RequestTimeoutError, match="deadline"):
                client.with_options(deadline=0.1).get_usage()

        assert await asyncio.to_thread(in_a_child, use) == 0


@pytest.mark.parametrize("engine", ["direct", "httpx"])
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_client_works_on_a_second_event_loop(server: Any, engine: str) -> None:
    serve_everything(server)
    client = indoxrouter.AsyncClient(KEY, base_url=server.url, engine=engine)

    async def use() -> str:
        answers = await asyncio.gather(*(client.chat(MESSAGES) for _ in range(5)))
        return str(answers[0].text)

    assert asyncio.run(use()) == "hello there"
    assert asyncio.run(use()) == "hello there"

    async def use_and_close() -> None:
        await use()
        await client.close()

    asyncio.run(use_and_close())
    assert len(server.sent("/auth/token")) == 1
    gc.collect()


@pytest.mark.parametrize("engine", ["direct", "httpx"])
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_two_loops_in_two_threads_may_share_a_client(server: Any, engine: str) -> None:
    serve_everything(server)
    client = indoxrouter.AsyncClient(KEY, base_url=server.url, engine=engine)
    problems: list[BaseException] = []

    async def use() -> None:
        for _ in range(10):
            assert (await client.chat(MESSAGES)).text == "hello there"

    def run() -> None:
        try:
            asyncio.run(use())
        except BaseException as error:  # noqa: BLE001  # a thread's failure is the test's
            problems.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    asyncio.run(client.close())
    gc.collect()


def test_an_exchange_left_behind_by_a_loop_is_not_waited_for(server: Any) -> None:
    serve_everything(server)
    server.on("/auth/token", [STALL], answer({"access_token": "x"}))
    client = indoxrouter.AsyncClient(KEY, base_url=server.url, max_retries=0)

    async def give_up() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.chat(MESSAGES), 0.1)

    async def use() -> None:
        async with client:
            assert (await client.chat(MESSAGES)).text == "hello there"

    asyncio.run(give_up())
    asyncio.run(use())
    gc.collect()


@pytest.mark.parametrize("engine", ["direct", "httpx"])
def test_streams_are_left_at_once_on_uvloop(server: Any, engine: str) -> None:
    uvloop = pytest.importorskip("uvloop")
    server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))

    async def use() -> None:
        async with indoxrouter.AsyncClient(
            KEY, base_url=server.url, engine=engine, token_timeout=0.2
        ) as client:
            async for _ in await client.chat(MESSAGES, stream=True):
                break
            assert server.sent("/chat/completions")[-1].connection.left.wait(3)
            texts, error = await texts_and_error(await client.chat(MESSAGES, stream=True))
            assert (texts, type(error)) == (["a"], indoxrouter.RequestTimeoutError)

    loop = uvloop.new_event_loop()  # not asyncio.Runner, which Python 3.10 lacks
    try:
        loop.run_until_complete(use())
    finally:
        loop.close()


class TestClosing:
    async def test_use_after_close_is_an_error_that_says_so(self, mode: Mode) -> None:
        serve_everything(mode.server)
        client = mode.client()
        tailored = client.with_options(max_retries=0)
        await do(client.chat(MESSAGES))
        await do(client.close())
        for call in (
            lambda: client.chat(MESSAGES),
            lambda: client.chat(MESSAGES, stream=True),
            client.models,
            tailored.get_usage,
            client._authenticate,  # documented under this name
        ):
            error = await mode.failure(call)
            assert isinstance(error, indoxrouter.ClientClosedError)
            assert isinstance(error, RuntimeError)
            assert "closed" in str(error)
        assert "closed" in repr(client)

    async def test_closing_twice_does_nothing(self, mode: Mode) -> None:
        client = mode.client()
        await do(client.close())
        await do(client.close())

    async def test_a_with_statement_closes(self, mode: Mode) -> None:
        serve_everything(mode.server)
        if mode.is_async:
            async with mode.client() as client:
                await client.chat(MESSAGES)
        else:
            with mode.client() as client:
                client.chat(MESSAGES)
        assert isinstance(await mode.failure(client.get_usage), indoxrouter.ClientClosedError)
        assert mode.server.connections[0].left.wait(3)

    async def test_a_call_between_attempts_does_not_open_connections_again(self, mode: Mode) -> None:
        mode.server.on("/user/usage", answer(b"", 503, [("Retry-After", "1")]))
        client = mode.client()
        if mode.is_async:
            call = asyncio.create_task(client.get_usage())
            await asyncio.to_thread(mode.server.wait_for, "/user/usage")
        else:
            call = asyncio.create_task(asyncio.to_thread(client.get_usage))
            await asyncio.to_thread(mode.server.wait_for, "/user/usage")
        await asyncio.sleep(0.1)
        await do(client.close())
        with pytest.raises(indoxrouter.ClientClosedError):
            await call
        assert len(mode.server.sent("/user/usage")) == 1

    async def test_a_stream_of_a_closed_client_ends_with_an_error_of_this_package(self, mode: Mode) -> None:
        mode.server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))
        client = mode.client()
        stream = await do(client.chat(MESSAGES, stream=True))
        assert (await following(stream)).text == "a"
        await do(client.close())
        _, error = await texts_and_error(stream)
        assert isinstance(error, indoxrouter.StreamTruncatedError)
        assert error.partial.text == "a"
        assert await asyncio.to_thread(mode.server.sent("/chat/completions")[0].connection.left.wait, 3)

    async def test_a_callers_own_http_client_is_left_open(self, mode: Mode) -> None:
        serve_everything(mode.server)
        own: Any = httpx.AsyncClient() if mode.is_async else httpx.Client()
        mode.owned.append(own)
        client = mode.client(http_client=own)
        await do(client.chat(MESSAGES))
        await do(client.close())
        assert not own.is_closed

    async def test_a_callers_own_http_client_that_is_closed_gives_a_typed_error(self, mode: Mode) -> None:
        serve_everything(mode.server)
        own: Any = httpx.AsyncClient() if mode.is_async else httpx.Client()
        client = mode.client(http_client=own)
        await do(own.aclose() if mode.is_async else own.close())
        assert isinstance(await mode.failure(lambda: client.chat(MESSAGES)), indoxrouter.NetworkError)


def warnings_of(action: Callable[[], None]) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
        gc.collect()
    return [str(warning.message) for warning in caught if issubclass(warning.category, ResourceWarning)]


class TestForgetting:
    async def test_a_client_that_was_never_closed_warns_once(self, mode: Mode) -> None:
        serve_everything(mode.server)
        client: Any = mode.kind(api_key=KEY, base_url=mode.server.url, engine=mode.engine)
        await do(client.chat(MESSAGES))
        connection = mode.server.sent("/chat/completions")[0].connection
        held = [client]
        del client
        messages = warnings_of(held.clear)
        assert len(messages) == 1
        assert "never closed" in messages[0]
        assert KEY not in messages[0]
        await asyncio.sleep(0)
        assert await asyncio.to_thread(connection.left.wait, 3)

    async def test_a_closed_client_and_an_unused_one_warn_of_nothing(self, mode: Mode) -> None:
        serve_everything(mode.server)
        client = mode.lazy_client()
        await do(client.close())
        unused: Any = mode.kind(
            api_key=KEY, base_url=mode.server.url, **({} if mode.is_async else {"authenticate": False})
        )
        mode.clients.clear()
        held = [client, unused]
        del client, unused
        assert warnings_of(held.clear) == []

    async def test_a_copy_with_options_warns_of_nothing(self, mode: Mode) -> None:
        serve_everything(mode.server)
        client = mode.client()
        held = [client.with_options(max_retries=0)]
        await do(held[0].chat(MESSAGES))
        assert warnings_of(held.clear) == []
        await do(client.chat(MESSAGES))

    async def test_a_constructor_that_fails_leaves_nothing_open(self, mode: Mode) -> None:
        mode.server.on("/auth/token", answer({"detail": "no"}, 401))
        if mode.is_async:
            with pytest.raises(ValueError, match="max_retries"):
                mode.kind(api_key=KEY, base_url=mode.server.url, max_retries=-1)
        else:
            with pytest.raises(indoxrouter.AuthenticationError):
                mode.kind(api_key=KEY, base_url=mode.server.url, engine=mode.engine)
            assert mode.server.connections[0].left.wait(3)
        assert warnings_of(lambda: None) == []


async def test_a_client_survives_a_server_that_went_away(mode: Mode) -> None:
    serve_everything(mode.server)
    mode.server.on("/user/usage", [RESET], answer({"total_requests": 1}))
    client = mode.client()
    await do(client.chat(MESSAGES))
    assert (await do(client.get_usage())).total_requests == 1
