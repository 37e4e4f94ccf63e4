"""Plain HTTP libraries with json, and a bare socket with orjson: the floor that no client gets below."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bench.peer import counted, shape
from bench.work import (
    AT_ONCE,
    BODY,
    CHAT,
    EMBEDDINGS,
    HEADERS,
    MODELS,
    REQUESTS,
    STREAM_BODY,
    STREAMS,
    Once,
    spread,
    text_of_event,
    totals_of_models,
)

__all__ = ["Aiohttp", "Pyreqwest", "Socket", "Urllib3"]

QUESTION = {"text": "x", "model": "m"}


def lines_of(pieces: Iterator[Any]) -> Iterator[bytes]:
    """Whole lines out of pieces of bytes, without their ends."""
    held = b""
    for piece in pieces:
        *lines, held = (held + piece).split(b"\n")
        yield from lines


def texts_of(pieces: Iterator[Any]) -> Iterator[str]:
    """The texts in the events of a stream."""
    return (text for line in lines_of(pieces) if line.startswith(b"data: ") and (text := text_of_event(line)))


def timed_first(read: Callable[[], Iterator[str]]) -> Once:
    """The first text of a stream, and what reads the rest."""

    def once() -> Any:
        texts = read()
        return next(texts), lambda: [None for _ in texts]

    return once


class Aiohttp:
    """Plain aiohttp and json: the unit where many requests run at once."""

    importing = "import aiohttp"

    def _session(self) -> Any:
        import aiohttp

        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    def chat_async(self, server: str) -> Once:
        session, url = self._session(), server + "/chat" + CHAT

        async def once() -> Any:
            async with session.post(url, json=BODY, headers=HEADERS) as response:
                return (await response.json())["data"]

        return once

    def requests_at_once(self, server: str) -> Once:
        one = self.chat_async(server)
        return lambda: spread(one, REQUESTS, AT_ONCE)

    def streams_at_once(self, server: str) -> Once:
        session, url = self._session(), server + "/many" + CHAT

        async def one() -> int:
            count = 0
            async with session.post(url, json=STREAM_BODY, headers=HEADERS) as response:
                async for line in response.content:
                    if line.startswith(b"data: ") and text_of_event(line.rstrip()):
                        count += 1
            return count

        return lambda: spread(one, STREAMS, STREAMS)


class Pyreqwest:
    """Plain pyreqwest and json."""

    importing = "import pyreqwest.client"
    constructing = "from pyreqwest.client import SyncClientBuilder; client = SyncClientBuilder().build()"
    first = (
        "from pyreqwest.client import SyncClientBuilder; client = SyncClientBuilder().build()\n"
        "request = client.post(BASE + '/chat/completions').headers(HEADERS).body_json(BODY).build()\n"
        "text = request.send().json()['data']"
    )

    def _client(self) -> Any:
        from pyreqwest.client import SyncClientBuilder

        return SyncClientBuilder().build()

    def chat(self, server: str) -> Once:
        client, url = self._client(), server + "/chat" + CHAT
        return lambda: client.post(url).headers(HEADERS).body_json(BODY).build().send().json()["data"]

    def _read(self, server: str, answer: str) -> Callable[[], Iterator[str]]:
        client, url = self._client(), server + answer + CHAT

        def read() -> Iterator[str]:
            request = client.post(url).headers(HEADERS).body_json(STREAM_BODY)
            with request.build_streamed() as response:
                yield from texts_of(iter(response.body_reader.read_chunk, None))

        return read

    def first_event(self, server: str) -> Once:
        return timed_first(self._read(server, "/first"))

    def events(self, server: str) -> Once:
        return counted(self._read(server, "/events"))

    def blocks(self, server: str) -> Once:
        return counted(self._read(server, "/blocks"))

    def embeddings(self, server: str) -> Once:
        client, url = self._client(), server + "/embeddings" + EMBEDDINGS
        return lambda: shape(
            client.post(url).headers(HEADERS).body_json(QUESTION).build().send().json()["data"]
        )

    def models(self, server: str) -> Once:
        client, url = self._client(), server + "/models" + MODELS
        return lambda: totals_of_models(client.get(url).headers(HEADERS).build().send().json())

    def _async_client(self) -> Any:
        from pyreqwest.client import ClientBuilder

        return ClientBuilder().build()

    def chat_async(self, server: str) -> Once:
        client, url = self._async_client(), server + "/chat" + CHAT

        async def once() -> Any:
            response = await client.post(url).headers(HEADERS).body_json(BODY).build().send()
            return (await response.json())["data"]

        return once

    def requests_at_once(self, server: str) -> Once:
        one = self.chat_async(server)
        return lambda: spread(one, REQUESTS, AT_ONCE)

    def streams_at_once(self, server: str) -> Once:
        client, url = self._async_client(), server + "/many" + CHAT

        async def one() -> int:
            count, held = 0, b""
            request = client.post(url).headers(HEADERS).body_json(STREAM_BODY)
            async with request.build_streamed() as response:
                while (piece := await response.body_reader.read_chunk()) is not None:
                    *lines, held = (held + piece).split(b"\n")
                    count += sum(line.startswith(b"data: ") and bool(text_of_event(line)) for line in lines)
            return count

        return lambda: spread(one, STREAMS, STREAMS)


class Urllib3:
    """Plain urllib3 and json."""

    importing = "import urllib3"
    constructing = "import urllib3; client = urllib3.PoolManager()"
    first = (
        "import urllib3; client = urllib3.PoolManager()\n"
        "answer = client.request('POST', BASE + '/chat/completions', json=BODY, headers=HEADERS)\n"
        "text = answer.json()['data']"
    )

    def _client(self) -> Any:
        import urllib3

        return urllib3.PoolManager()

    def _post(self, url: str, body: Any) -> Callable[[], Any]:
        client = self._client()
        return lambda: client.request("POST", url, json=body, headers=HEADERS).json()["data"]

    def chat(self, server: str) -> Once:
        return self._post(server + "/chat" + CHAT, BODY)

    def _read(self, server: str, answer: str) -> Callable[[], Iterator[str]]:
        client, url = self._client(), server + answer + CHAT

        def read() -> Iterator[str]:
            response = client.request("POST", url, json=STREAM_BODY, headers=HEADERS, preload_content=False)
            yield from texts_of(response.stream())
            response.release_conn()

        return read

    def first_event(self, server: str) -> Once:
        return timed_first(self._read(server, "/first"))

    def events(self, server: str) -> Once:
        return counted(self._read(server, "/events"))

    def blocks(self, server: str) -> Once:
        return counted(self._read(server, "/blocks"))

    def embeddings(self, server: str) -> Once:
        post = self._post(server + "/embeddings" + EMBEDDINGS, QUESTION)
        return lambda: shape(post())

    def models(self, server: str) -> Once:
        client, url = self._client(), server + "/models" + MODELS
        return lambda: totals_of_models(client.request("GET", url, headers=HEADERS).json())


class Socket:
    """A connected socket and orjson. It knows nothing of HTTP but where this server's answers end."""

    importing = "import socket, orjson"
    constructing = "import socket, orjson"  # there is nothing to construct
    first = (
        "import socket, orjson\n"
        "host, path = BASE[7:].split('/', 1); name, port = host.split(':')\n"
        "body = orjson.dumps(BODY)\n"
        "head = f'POST /{path}/chat/completions HTTP/1.1\\r\\nhost: {host}\\r\\n'\n"
        "head += f'content-length: {len(body)}\\r\\n\\r\\n'\n"
        "client = socket.create_connection((name, int(port))); client.sendall(head.encode() + body)\n"
        "got = client.recv(65536)\n"
        "text = orjson.loads(got[got.index(b'\\r\\n\\r\\n') + 4:])['data']"
    )

    def _post(self, server: str, path: str, body: Any) -> tuple[Any, Callable[[], None]]:
        """A connection, and what sends a request over it."""
        import socket

        import orjson

        name, port = server.removeprefix("http://").split(":")
        connection = socket.create_connection((name, int(port)))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        fields = "".join(f"{key}: {value}\r\n" for key, value in HEADERS.items())

        def send() -> None:
            content = orjson.dumps(body)
            head = f"POST {path} HTTP/1.1\r\nhost: {name}:{port}\r\n{fields}content-length: {len(content)}\r\n\r\n"
            connection.sendall(head.encode() + content)

        return connection, send

    def _whole(self, server: str, path: str, body: Any) -> Callable[[], Any]:
        import orjson

        connection, send = self._post(server, path, body)

        def once() -> Any:
            send()
            got = bytearray(connection.recv(262_144))
            start = got.index(b"\r\n\r\n") + 4
            size = int(got[got.index(b"content-length: ") + 16 : start].split(b"\r\n", 1)[0])
            while len(got) < start + size:
                got += connection.recv(262_144)
            return orjson.loads(memoryview(got)[start:])

        return once

    def chat(self, server: str) -> Once:
        whole = self._whole(server, "/chat" + CHAT, BODY)
        return lambda: whole()["data"]

    def embeddings(self, server: str) -> Once:
        whole = self._whole(server, "/embeddings" + EMBEDDINGS, QUESTION)
        return lambda: shape(whole()["data"])

    def models(self, server: str) -> Once:
        whole = self._whole(server, "/models" + MODELS, {})
        return lambda: totals_of_models(whole())

    def _read(self, server: str, path: str) -> Callable[[], Iterator[str]]:
        import orjson

        connection, send = self._post(server, path, STREAM_BODY)

        def read() -> Iterator[str]:
            send()
            held = b""
            while True:
                held += connection.recv(65_536)
                *events, held = held.split(b"\n\n")
                for event in events:
                    data = event[event.index(b"data: ") + 6 :]
                    if data == b"[DONE]":
                        while not held.endswith(b"0\r\n\r\n"):
                            held += connection.recv(65_536)
                        return
                    yield orjson.loads(data)["choices"][0]["delta"]["content"]

        return read

    def first_event(self, server: str) -> Once:
        return timed_first(self._read(server, "/first" + CHAT))

    def events(self, server: str) -> Once:
        return counted(self._read(server, "/events" + CHAT))
