"""What is tried with each server: the smoke set, written once for both clients."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

import indoxrouter
import psutil

from .asgi_app import FILE

__all__ = ["CASES", "client_of", "try_all"]

KEY = "indox-" + "s" * 32
Case = Callable[[Any, int], Awaitable[None]]


async def _do(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def client_of(kind: str, engine: str, url: str, **options: Any) -> Any:
    """A client, `sync` or `async`, over an engine."""
    made = indoxrouter.AsyncClient if kind == "async" else indoxrouter.Client
    return made(KEY, base_url=url, engine=engine, auth="api_key", timeout=10, max_retries=0, **options)


async def _ask(client: Any, text: str) -> str:
    answer = await _do(client.chat([{"role": "user", "content": text}]))
    found: str = answer.text
    return found


async def chat(client: Any, port: int) -> None:
    assert await _ask(client, "hello") == "hello"


async def stream(client: Any, port: int) -> None:
    answer = await _do(client.chat([{"role": "user", "content": "one two three"}], stream=True))
    whole = await _do(answer.until_done())
    assert whole.text == "one two three "


async def left_stream(client: Any, port: int) -> None:
    text = "word " * 2_000
    answer = await _do(client.chat([{"role": "user", "content": text}], stream=True))
    first = await anext(answer) if hasattr(answer, "__anext__") else next(answer)
    assert first.text == "word "
    await _do(answer.close())
    assert await _ask(client, "after it") == "after it"


async def upload(client: Any, port: int) -> None:
    answer = await _do(client.speech_to_text(("talk.mp3", b"u" * 2_000_000)))
    size, _, times = answer.text.partition(" bytes, ")
    assert int(size) > 2_000_000
    assert 2_000_000 <= int(times.partition(" ")[0]) < 2_000_100


async def refused_upload(client: Any, port: int) -> None:
    refusing = client.with_options(headers={"X-Refuse": "1"})
    status: int | None = 200
    try:
        await _do(refusing.speech_to_text(("talk.mp3", b"u" * 20_000_000)))
    except indoxrouter.NetworkError:
        status = None  # a server may reset the connection along with what it has answered
    except indoxrouter.IndoxRouterError as error:
        status = error.status_code
    assert status in (413, None)
    assert await _ask(client, "after it") == "after it"


async def download(client: Any, port: int) -> None:
    images = await _do(client.images("a file"))
    assert await _do(images.images[0].read()) == FILE


async def zipped(client: Any, port: int) -> None:
    assert await _ask(client, "zipped") == "z" * 50_000


async def big(client: Any, port: int) -> None:
    assert await _ask(client, "big") == "b" * 2_000_000


async def reuse(client: Any, port: int) -> None:
    ports: set[int] = set()
    for number in range(5):
        assert await _ask(client, f"call {number}") == f"call {number}"
        for connection in psutil.Process().net_connections("tcp"):
            if connection.raddr and connection.raddr.port == port and connection.status == "ESTABLISHED":
                ports.add(connection.laddr.port)
    assert len(ports) == 1, f"{len(ports)} connections"


async def close(client: Any, port: int) -> None:
    for text in ("close", "hello", "close", "hello"):
        assert await _ask(client, text) == text


CASES: tuple[Case, ...] = (
    chat, stream, left_stream, upload, refused_upload, download, zipped, big, reuse, close
)  # fmt: skip

_NOT_OF_HTTP_1_0 = (reuse, refused_upload)


async def try_all(
    kind: str, engine: str, url: str, port: int, *, old: bool, until: float
) -> tuple[int, list[str]]:
    """Try each case; returns how many passed, and how the others failed."""
    passed, failed = 0, []
    for case in CASES:
        if old and case in _NOT_OF_HTTP_1_0:
            continue
        if time.monotonic() > until:
            failed.append(f"{case.__name__}: no time was left")
            continue
        client = client_of(kind, engine, url)
        try:
            await case(client, port)
            passed += 1
        except (AssertionError, indoxrouter.IndoxRouterError) as error:
            failed.append(f"{case.__name__}: {type(error).__name__}: {error}"[:200])
        finally:
            await _do(client.close())
    return passed, failed
