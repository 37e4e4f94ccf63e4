"""Tools that replace methods of httpx or httpcore see every request, whichever engine sent the one before.

The tools are imitated here, each in the way in which it patches; tests/transport/test_tools.py has the real ones. The
direct engine sends past httpx where none is at work, so every test makes a request before the tool is set up, some
while it is active, and one after it has been removed.
"""

from __future__ import annotations

import functools
import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpcore
import httpx
import pytest
import respx
from indoxrouter import AsyncClient, Client, NetworkError
from indoxrouter._runtime.http.patch_detection import httpx_is_patched

from .counting import KEY, MESSAGES, calls_of

ENGINE = None  # the default
REAL = json.dumps({"data": "real", "success": True}).encode()
MOCKED = {"data": "mocked", "success": True}


class Handler(BaseHTTPRequestHandler):
    """Answers every request with the same document, and keeps the connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two of them wait for each other

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(REAL)))
        self.end_headers()
        self.wfile.write(REAL)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        thread = Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{listener.server_port}"
        listener.shutdown()
        thread.join()


class Proxy:
    """What wrapt puts in the place of a function: equal to it, of its class as far as `isinstance` goes, and bound."""

    def __init__(self, wrapped: Any, wrapper: Callable[..., Any], owner: object = None) -> None:
        self.wrapped, self.wrapper, self.owner = wrapped, wrapper, owner
        functools.update_wrapper(self, wrapped)  # type: ignore[arg-type]  # as wrapt does it

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(self.wrapped)

    def __eq__(self, other: object) -> bool:
        return bool(self.wrapped == other)

    __hash__ = None  # type: ignore[assignment]

    def __get__(self, instance: object, owner: type) -> Proxy:
        return Proxy(self.wrapped, self.wrapper, instance)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.wrapper(self.wrapped, self.owner, *arguments, **named)


class Tool:
    """Replaces one method of one class, by a mock or by something that looks on."""

    def __init__(self, owner: Any, method: str, *, proxy: bool = False) -> None:
        self.owner, self.method, self.proxy = owner, method, proxy
        self.seen = 0

    def install(self, patch: pytest.MonkeyPatch) -> None:
        original = getattr(self.owner, self.method)

        def look_on(wrapped: Any, instance: Any, *arguments: Any, **named: Any) -> Any:
            self.seen += 1
            return wrapped(instance, *arguments, **named)

        @functools.wraps(original)  # takes over __module__ too, and is a plain function
        def function(instance: Any, *arguments: Any, **named: Any) -> Any:
            return look_on(original, instance, *arguments, **named)

        patch.setattr(self.owner, self.method, Proxy(original, look_on) if self.proxy else function)


TOOLS = [
    (httpx.Client, httpx.AsyncClient, "send"),  # Sentry
    (httpx.Client, httpx.AsyncClient, "_send_single_request"),  # vcrpy
    (httpx.Client, httpx.AsyncClient, "_transport_for_url"),  # respx
    (httpx.HTTPTransport, httpx.AsyncHTTPTransport, "handle_request"),  # OpenTelemetry, pytest-httpx
    (httpcore.ConnectionPool, httpcore.AsyncConnectionPool, "handle_request"),  # vcrpy, respx
]
NAMES = [f"{owner.__name__}.{method}" for owner, _, method in TOOLS]


def tool_for(tool: tuple[Any, Any, str], proxy: bool, *, asynchronous: bool) -> Tool:
    owner, async_owner, method = tool
    if not asynchronous:
        return Tool(owner, method, proxy=proxy)
    return Tool(async_owner, method.replace("handle_request", "handle_async_request"), proxy=proxy)


@pytest.mark.parametrize("proxy", [False, True], ids=["function", "wrapt"])
@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
def test_a_tool_sees_each_request_while_it_is_there(
    monkeypatch: pytest.MonkeyPatch, server: str, tool: tuple[Any, Any, str], proxy: bool
) -> None:
    watcher = tool_for(tool, proxy, asynchronous=False)
    with Client(KEY, base_url=server, auth="api_key", engine=ENGINE) as client:
        assert client.chat(MESSAGES).text == "real"
        for _ in range(2):  # it may come back, too
            with monkeypatch.context() as patch:
                watcher.install(patch)
                before = watcher.seen
                assert client.chat(MESSAGES).text == "real"
                assert client.chat(MESSAGES).text == "real"
                assert watcher.seen == before + 2
            assert client.chat(MESSAGES).text == "real"
            assert watcher.seen == before + 2


@pytest.mark.parametrize("proxy", [False, True], ids=["function", "wrapt"])
@pytest.mark.parametrize("tool", TOOLS, ids=NAMES)
async def test_a_tool_sees_each_asynchronous_request_while_it_is_there(
    monkeypatch: pytest.MonkeyPatch, server: str, tool: tuple[Any, Any, str], proxy: bool
) -> None:
    watcher = tool_for(tool, proxy, asynchronous=True)
    async with AsyncClient(KEY, base_url=server, auth="api_key", engine=ENGINE) as client:
        assert (await client.chat(MESSAGES)).text == "real"
        for _ in range(2):
            with monkeypatch.context() as patch:
                watcher.install(patch)
                before = watcher.seen
                assert (await client.chat(MESSAGES)).text == "real"
                assert (await client.chat(MESSAGES)).text == "real"
                assert watcher.seen == before + 2
            assert (await client.chat(MESSAGES)).text == "real"
            assert watcher.seen == before + 2


@pytest.mark.parametrize("method", ["_send_single_request", "send", "__init__"])
def test_a_tool_that_was_set_up_before_the_first_request_is_seen(method: str) -> None:
    program = f"""
import httpx
from indoxrouter._runtime.http.patch_detection import httpx_is_patched
original = httpx.Client.{method}
httpx.Client.{method} = lambda self, *a, **b: original(self, *a, **b)
assert httpx_is_patched(False) and httpx_is_patched(False)  # what was found is not taken for the original
assert not httpx_is_patched(True)
httpx.Client.{method} = original
assert not httpx_is_patched(False)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
async def test_a_tool_that_replaces_the_class_is_seen(
    monkeypatch: pytest.MonkeyPatch, server: str, name: str
) -> None:
    """As tracers did that could not yet wrap transports: `httpx.Client` is another class from some moment on."""
    made: list[str] = []

    def transport_for(request: httpx.Request) -> httpx.Response:
        made.append(request.method)
        return httpx.Response(200, json=MOCKED)

    class Instrumented(getattr(httpx, name)):  # type: ignore[misc]
        def _init_transport(self, **options: Any) -> httpx.MockTransport:
            return httpx.MockTransport(transport_for)

    with Client(KEY, base_url=server, auth="api_key", engine=ENGINE) as client:
        async with AsyncClient(KEY, base_url=server, auth="api_key", engine=ENGINE) as other:
            for phase, expected in (
                ("alone", "real"),
                ("watched", "real"),
                ("replaced", "mocked"),
                ("alone", "real"),
            ):
                with monkeypatch.context() as patch:
                    if (
                        phase == "watched"
                    ):  # by then there is a client of the class that is replaced afterwards
                        Tool(getattr(httpx, name), "send").install(patch)
                    if phase == "replaced":
                        patch.setattr(httpx, name, Instrumented)
                    result = client.chat(MESSAGES) if name == "Client" else await other.chat(MESSAGES)
                assert result.text == expected
    assert made == ["POST"]


@pytest.mark.parametrize("using", ["httpx", "httpcore"])
async def test_respx_comes_and_goes(server: str, using: str) -> None:
    with Client(KEY, base_url=server, auth="api_key", engine=ENGINE) as client:
        async with AsyncClient(KEY, base_url=server, auth="api_key", engine=ENGINE) as other:
            for _ in range(2):
                assert client.chat(MESSAGES).text == (await other.chat(MESSAGES)).text == "real"
                with respx.mock(using=using) as router:
                    route = router.post(f"{server}/api/v1/chat/completions").respond(json=MOCKED)
                    assert client.chat(MESSAGES).text == (await other.chat(MESSAGES)).text == "mocked"
                assert route.call_count == 2
                sent = route.calls.last.request
                assert json.loads(sent.content)["messages"] == MESSAGES
                assert sent.headers["host"] == server.removeprefix("http://")


@pytest.mark.parametrize("using", ["httpx", "httpcore"])
async def test_a_failure_that_a_mock_raises_is_a_failure_of_the_network(server: str, using: str) -> None:
    with Client(KEY, base_url=server, auth="api_key", engine=ENGINE, max_retries=0) as client:
        async with AsyncClient(KEY, base_url=server, auth="api_key", engine=ENGINE, max_retries=0) as other:
            with respx.mock(using=using) as router:
                router.post(f"{server}/api/v1/chat/completions").mock(
                    side_effect=httpx.ConnectError("mocked")
                )
                with pytest.raises(NetworkError, match="mocked"):
                    client.chat(MESSAGES)
                with pytest.raises(NetworkError, match="mocked"):
                    await other.chat(MESSAGES)


def test_a_body_that_a_mock_made_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    events = b'data: {"choices": [{"index": 0, "delta": {"content": "mocked"}}]}\n\ndata: [DONE]\n\n'
    answer = httpcore.Response(200, headers=[(b"Content-Type", b"text/event-stream")], content=events)
    monkeypatch.setattr(httpcore.ConnectionPool, "handle_request", lambda self, request: answer)
    with Client(KEY, base_url=server, auth="api_key", engine=ENGINE) as client:
        assert client.chat(MESSAGES, stream=True).until_done().text == "mocked"


def test_both_packages_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in TOOLS:
        for asynchronous in (False, True):
            assert not httpx_is_patched(asynchronous)
            with monkeypatch.context() as patch:
                tool_for(tool, False, asynchronous=asynchronous).install(patch)
                assert httpx_is_patched(asynchronous)
                assert not httpx_is_patched(not asynchronous)
            assert not httpx_is_patched(asynchronous)


def test_looking_takes_few_calls_and_httpx_has_what_is_looked_at() -> None:
    for asynchronous, client in ((False, httpx.Client), (True, httpx.AsyncClient)):
        assert not httpx_is_patched(asynchronous)
        assert calls_of(partial(httpx_is_patched, asynchronous)) <= 24
        for method in ("send", "_send_single_request", "_transport_for_url"):
            assert inspect.isfunction(getattr(client, method))


@pytest.mark.parametrize("way", ["Client", "AsyncClient"])
def test_a_conversation_of_the_default_engine_does_not_import_httpx(server: str, way: str) -> None:
    program = f"""
import asyncio, sys
from indoxrouter import {way}
client = {way}({KEY!r}, base_url={server!r}, auth="api_key")
async def ask():
    return await client.chat({MESSAGES!r})
answer = asyncio.run(ask()) if {way!r} == "AsyncClient" else client.chat({MESSAGES!r})
assert answer.text == "real"
assert "httptools" in sys.modules and not {{"httpcore", "httpx"}} & set(sys.modules), sorted(sys.modules)
import httpx
httpx.Client.send = httpx.AsyncClient.send = lambda self, *a, **b: 1 / 0
try:
    asyncio.run(ask()) if {way!r} == "AsyncClient" else client.chat({MESSAGES!r})
except ZeroDivisionError:
    print("seen")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "seen\n"
