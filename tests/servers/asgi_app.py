"""The application behind every server: an ASGI callable that needs nothing but the standard library."""

from __future__ import annotations

import gzip
import json
from typing import Any

__all__ = ["FILE", "app", "reply_to"]

FILE = bytes(range(256)) * 12_000
"""What `/files/thing` holds: 3 MB."""

_USAGE = {"tokens_prompt": 1, "tokens_completion": 2, "tokens_total": 3, "cost": 0.001, "latency": 0.5}
Headers = list[tuple[bytes, bytes]]


def reply_to(path: str, body: bytes) -> tuple[int, Headers, list[bytes]]:
    """The status, the headers and the pieces of the body for a request."""
    headers: Headers = [(b"content-type", b"application/json")]
    if path.endswith("/files/thing"):
        return (
            200,
            [(b"content-type", b"application/octet-stream")],
            [FILE[at : at + 65536] for at in range(0, len(FILE), 65536)],
        )
    if path.endswith("/generations"):
        return 200, headers, [_envelope([{"url": "/files/thing"}])]
    if path.endswith("/transcriptions"):
        return 200, headers, [_envelope(f"{len(body)} bytes, {body.count(b'u')} times u")]
    asked = json.loads(body)
    text = asked["messages"][-1]["content"]
    if asked.get("stream"):
        return (
            200,
            [(b"content-type", b"text/event-stream")],
            [*map(_event, text.split(" ")), b"data: [DONE]\n\n"],
        )
    if text == "big":
        return 200, headers, [_envelope("b" * 2_000_000)]
    if text == "zipped":
        return 200, [*headers, (b"content-encoding", b"gzip")], [gzip.compress(_envelope("z" * 50_000))]
    if text == "close":
        body = _envelope(text)
        return 200, [*headers, (b"connection", b"close"), (b"content-length", b"%d" % len(body))], [body]
    body = _envelope(text)
    return 200, [*headers, (b"content-length", b"%d" % len(body))], [body]


def _envelope(data: Any) -> bytes:
    return json.dumps({"success": True, "data": data, "finish_reason": "stop", "usage": _USAGE}).encode()


def _event(word: str) -> bytes:
    choice = {"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}
    return b"data: " + json.dumps({"id": "s", "choices": [choice]}).encode() + b"\n\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request; the lifespan protocol is accepted and does nothing."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] != "http":
        return
    body = b""
    if (b"x-refuse", b"1") in scope["headers"]:  # before the body has been read
        refusal = b'{"detail":"too large"}'
        length = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(refusal))]
        await send({"type": "http.response.start", "status": 413, "headers": length})
        await send({"type": "http.response.body", "body": refusal})
        return
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    status, headers, pieces = reply_to(scope["path"], body)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
