"""Several addresses for one name: they race, and time limits hold for all of them together."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import indoxrouter
import pytest

from tests.patience import seconds
from tests.reliability.harness import KEY, MESSAGES, Mode, do, serve_everything
from tests.reliability.server import ScriptedServer

DIRECT = ["sync-direct", "async-direct"]
RACING = [*DIRECT, "async-httpx"]  # httpx's synchronous connections try one address after the other
HOST = "several.example"
Names = Callable[..., None]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Set the addresses of `HOST`."""
    real = socket.getaddrinfo
    known: list[Any] = []

    def lookup(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        if host not in (HOST, HOST.encode()):
            return real(host, port, *arguments, **named)
        if not known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, int(port)),
            )
            for address in known
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return lambda *addresses: known.__setitem__(slice(None), addresses)


@pytest.fixture
def hole(server: ScriptedServer) -> Iterator[str]:
    """An address that swallows packets: its queue of connections is full."""
    address = "127.0.0.2"
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        try:
            listener.bind((address, server.port))
        except OSError:
            pytest.skip("this system has one loopback address")
        listener.listen(0)
        for _ in range(4):
            filling = stack.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex((address, server.port))
        with socket.socket() as probe:
            probe.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                probe.connect((address, server.port))
                pytest.skip("a full queue does not swallow packets on this system")
        yield address


def client_of(mode: Mode, **options: Any) -> Any:
    url = f"http://{HOST}:{mode.server.port}"
    return mode.client(**{"base_url": url, "auth": "api_key", "max_retries": 0, "timeout": 20, **options})


@pytest.mark.parametrize("mode", RACING, indirect=True)
async def test_an_address_that_swallows_packets_holds_nobody_up(mode: Mode, names: Names, hole: str) -> None:
    serve_everything(mode.server)
    names(hole, "127.0.0.1")
    began = time.monotonic()
    assert (await do(client_of(mode).chat(MESSAGES))).text == "hello there"
    assert time.monotonic() - began < seconds(5)  # the connect timeout is 10


@pytest.mark.parametrize("mode", ["sync-direct", "async-direct", "sync-httpx", "async-httpx"], indirect=True)
@pytest.mark.parametrize("first", ["127.0.0.3", "::1"], ids=["of its family", "of the other family"])
async def test_an_address_that_refuses_is_followed_by_the_next(mode: Mode, names: Names, first: str) -> None:
    serve_everything(mode.server)
    names(first, first, "127.0.0.1")
    assert (await do(client_of(mode).chat(MESSAGES))).text == "hello there"


def test_uvloop_races_too(server: ScriptedServer, names: Names, hole: str) -> None:
    uvloop = pytest.importorskip("uvloop")
    serve_everything(server)
    names(hole, "::1", "127.0.0.1")

    async def use() -> str:
        async with indoxrouter.AsyncClient(
            KEY, base_url=f"http://{HOST}:{server.port}", auth="api_key", engine="direct", timeout=20
        ) as client:
            return (await client.chat(MESSAGES)).text

    loop = uvloop.new_event_loop()
    began = time.monotonic()
    try:
        assert loop.run_until_complete(use()) == "hello there"
    finally:
        loop.close()
    assert time.monotonic() - began < seconds(5)


@pytest.mark.parametrize("mode", ["sync-direct", "async-direct", "sync-httpx", "async-httpx"], indirect=True)
@pytest.mark.parametrize("addresses", [(), ("127.0.0.3",), ("127.0.0.3", "::1")], ids=["none", "one", "two"])
async def test_no_address_that_answers_is_a_failure_to_connect(
    mode: Mode, names: Names, addresses: tuple[str, ...]
) -> None:
    names(*addresses)
    error = await mode.failure(lambda: client_of(mode).chat(MESSAGES))
    assert isinstance(error, indoxrouter.NetworkError)
    assert error.error_type == "connect"
    assert HOST in str(error)


@pytest.mark.parametrize("mode", RACING, indirect=True)
@pytest.mark.parametrize("limit", [{"timeout": 0.3}, {"deadline": 0.3}, {"timeout": (0.3, 9, 9, 9)}], ids=str)
async def test_limits_hold_for_all_addresses_together(
    mode: Mode, names: Names, hole: str, limit: dict[str, Any]
) -> None:
    names(hole, hole, hole)
    began = time.monotonic()
    error = await mode.failure(lambda: client_of(mode, **limit).chat(MESSAGES))
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert "0.3 s" in str(error)
    assert time.monotonic() - began < seconds(2)


@pytest.mark.parametrize("mode", ["sync-direct", "async-direct"], indirect=True)
@pytest.mark.parametrize("limit", [{"timeout": 0.3}, {"deadline": 0.3}], ids=str)
async def test_limits_hold_for_the_lookup(
    mode: Mode, monkeypatch: pytest.MonkeyPatch, limit: dict[str, Any]
) -> None:
    ended = threading.Event()
    real = socket.getaddrinfo

    def hang(host: Any, *arguments: Any, **named: Any) -> Any:
        if host in (HOST, HOST.encode()):
            ended.wait(20)
        return real("127.0.0.1", *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    error = await mode.failure(lambda: client_of(mode, **limit).chat(MESSAGES))
    taken = time.monotonic() - began
    ended.set()
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert "0.3 s" in str(error)
    assert taken < 2


@pytest.mark.parametrize("mode", ["async-direct"], indirect=True)
async def test_losers_of_a_race_are_closed(mode: Mode, names: Names, hole: str) -> None:
    serve_everything(mode.server)
    names(hole, "127.0.0.1", "127.0.0.1")
    before = asyncio.all_tasks()
    assert (await do(client_of(mode).chat(MESSAGES))).text == "hello there"
    for _ in range(5):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() <= before
