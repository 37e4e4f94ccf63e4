"""What is sent has the length that was announced, and what arrives is whole or an error."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import indoxrouter
import pytest

from tests.reliability.harness import ENVELOPE, MESSAGES, Mode, do, serve_everything
from tests.reliability.server import CLOSE, RESET, Step, answer, head, http_chunk

BOTH_ENGINES = ""

UPLOAD = "/audio/stt/transcriptions"
SPOKEN = answer({**ENVELOPE, "data": "spoken", "text": "spoken"})
SMUGGLED = b"POST /api/v1/evil HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


class Changing(io.BytesIO):
    """A recording that is written to, or cut, between its measurement and its end.

    Args:
        content: what it holds at first.
        change: bytes that are added once a part of it has been read; or None to cut it there.
    """

    def __init__(self, content: bytes, change: bytes | None) -> None:
        super().__init__(content)
        self.change = change
        self.changed = False

    def read(self, size: int | None = -1, /) -> bytes:
        if size and not self.changed:
            self.changed = True
            place = self.tell()
            if self.change is None:
                self.truncate(place + 5)
            else:
                self.seek(0, io.SEEK_END)
                self.write(self.change)
                self.seek(place)
        return super().read(size)


@pytest.mark.parametrize("size", [1_000, 600_000], ids=["short", "long"])
@pytest.mark.parametrize("change", [SMUGGLED, None], ids=["grows", "shrinks"])
async def test_a_file_that_changes_while_it_is_sent(mode: Mode, change: bytes | None, size: int) -> None:
    """It is an error, or goes out with the length that it was announced with; no byte becomes another request."""
    serve_everything(mode.server)
    mode.server.on(UPLOAD, SPOKEN)
    client = mode.client(auth="api_key", max_retries=0, timeout=5)
    file = Changing(b"ID3" + b"x" * size, change)
    problem = ""
    try:
        await do(client.speech_to_text(("a.mp3", file)))
    except indoxrouter.IndoxRouterError as error:
        problem = str(error)
    if change is None or problem:
        assert "the file to send" in problem
        assert mode.server.sent(UPLOAD) == []
    else:
        assert len(mode.server.sent(UPLOAD)) == 1
    assert (await do(client.chat(MESSAGES))).text == "hello there"
    assert mode.server.sent("/evil") == []


async def test_a_file_that_has_been_closed_is_refused_by_name(mode: Mode, tmp_path: Path) -> None:
    serve_everything(mode.server)
    path = tmp_path / "a.mp3"
    path.write_bytes(b"ID3")
    file = path.open("rb")
    file.close()
    error = await mode.failure(lambda: mode.client(auth="api_key").speech_to_text(file))
    assert "file" in str(error)
    assert "closed" in str(error)
    assert mode.server.sent(UPLOAD) == []


async def test_one_open_file_serves_several_uploads_at_once(mode: Mode, tmp_path: Path) -> None:
    mode.server.on(UPLOAD, SPOKEN)
    client = mode.client(auth="api_key", max_retries=0, timeout=20)
    content = b"".join(number.to_bytes(4, "big") for number in range(300_000)).replace(b"\r", b"r")
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    refusals: list[str] = []

    def upload(file: Any) -> None:
        try:
            client.speech_to_text(file)
        except indoxrouter.IndoxRouterError as error:
            refusals.append(str(error))

    async def upload_async(file: Any) -> None:
        try:
            await client.speech_to_text(file)
        except indoxrouter.IndoxRouterError as error:
            refusals.append(str(error))

    with path.open("rb") as file:
        if mode.is_async:
            await asyncio.gather(*(upload_async(file) for _ in range(4)))
        else:
            threads = [threading.Thread(target=upload, args=(file,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                await asyncio.to_thread(thread.join)
    sent = mode.server.sent(UPLOAD)
    assert len(sent) + len(refusals) == 4
    assert all(content in request.body for request in sent)
    assert all("file" in refusal for refusal in refusals)
    assert sent


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "CONNECTION",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
    ],
)
async def test_headers_that_frame_a_message_are_refused(mode: Mode, name: str) -> None:
    serve_everything(mode.server)
    client = mode.lazy_client()
    with pytest.raises(ValueError, match=f"headers: {name} is set by the client"):
        client.with_options(headers={name: "5"})
    with pytest.raises(ValueError, match=name):
        mode.kind(api_key="indox-" + "k" * 32, base_url=mode.server.url, headers={name: "5"})


async def test_a_header_goes_out_once(mode: Mode) -> None:
    serve_everything(mode.server)
    client = mode.client(headers={"X-Name": "1"}, auth="api_key")
    changed = client.with_options(headers={"x-name": "2", "USER-AGENT": "mine/1", "Accept": "text/plain"})
    await do(changed.with_options(headers={"X-NAME": "3", "x-nAME": "4"}).chat(MESSAGES))
    [request] = mode.server.sent("/chat/completions")
    for name, value in (("x-name", "4"), ("user-agent", "mine/1"), ("accept", "text/plain")):
        assert request.values(name) == [value]
    for name in ("host", "content-length", "content-type", "authorization"):
        assert len(request.values(name)) == 1


IMAGE = b"\x89PNG" + b"v" * 1000
PICTURE = ("Content-Type", "image/png")
PACKED = gzip.compress(bytes(range(256)) * 40)
CHUNKED = head(headers=[PICTURE, ("Transfer-Encoding", "chunked")])
CUT_SHORT: dict[str, list[Step]] = {
    "length": [head(headers=[PICTURE, ("Content-Length", "2000")]) + IMAGE, CLOSE],
    "length, reset": [head(headers=[PICTURE, ("Content-Length", "2000")]) + IMAGE, RESET],
    "length with a space": [head(headers=[PICTURE, ("Content-Length", "2000 ")]) + IMAGE, CLOSE],
    "length with tabs": [head(headers=[PICTURE, ("Content-Length", "\t2000\t")]) + IMAGE, CLOSE],
    "length given twice": [head(headers=[PICTURE, *[("Content-Length", "2000")] * 2]) + IMAGE, CLOSE],
    "length as a list": [head(headers=[PICTURE, ("Content-Length", "2000, 2000")]) + IMAGE, CLOSE],
    "length below LF": [b"HTTP/1.1 200 OK\nContent-Type: image/png\nContent-Length: 2000\n\n" + IMAGE, CLOSE],
    "length, folded": [
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length:\r\n 2000\r\n\r\n" + IMAGE,
        CLOSE,
    ],
    "no last chunk": [CHUNKED + http_chunk(IMAGE), CLOSE],
    "in a chunk": [CHUNKED + http_chunk(IMAGE)[:500], CLOSE],
    "before a chunk's end": [CHUNKED + http_chunk(IMAGE)[:-2], CLOSE],
    "in the last chunk": [CHUNKED + http_chunk(IMAGE) + b"0\r\n", CLOSE],
    "no chunk at all": [CHUNKED, CLOSE],
    "gzip": [
        head(headers=[PICTURE, ("Content-Encoding", "gzip"), ("Connection", "close")]) + PACKED[:-9],
        CLOSE,
    ],
    "gzip of its length": [
        head(headers=[PICTURE, ("Content-Encoding", "gzip"), ("Content-Length", str(len(PACKED) - 9))])
        + PACKED[:-9]
    ],
}


@pytest.mark.parametrize("how", CUT_SHORT)
async def test_a_download_that_was_cut_short_is_never_saved(mode: Mode, how: str, tmp_path: Path) -> None:
    listed = {**ENVELOPE, "data": [{"url": f"{mode.server.url}/files/a.png", "revised_prompt": ""}]}
    mode.server.on("/images/generations", answer(listed))
    mode.server.on("/files/a.png", CUT_SHORT[how])
    client = mode.client(auth="api_key", max_retries=0, timeout=5)
    image = (await do(client.images("a cat"))).images[0]
    target = tmp_path / "a.png"
    with pytest.raises(indoxrouter.IndoxRouterError):
        await do(image.save(target))
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("how", CUT_SHORT)
async def test_an_answer_that_was_cut_short_is_an_error(mode: Mode, how: str) -> None:
    steps = [
        step.replace(b"image/png", b"application/json") if isinstance(step, bytes) else step
        for step in CUT_SHORT[how]
    ]
    mode.server.on("/chat/completions", steps)
    error = await mode.failure(lambda: mode.client(auth="api_key", max_retries=0, timeout=5).chat(MESSAGES))
    assert isinstance(error, (indoxrouter.NetworkError, indoxrouter.APIError))
    assert len(mode.server.sent("/chat/completions")) == 1


async def test_valid_json_that_is_shorter_than_announced_is_an_error(mode: Mode) -> None:
    body = json.dumps(ENVELOPE).encode()
    mode.server.on(
        "/chat/completions",
        [
            head(headers=[("Content-Type", "application/json"), ("Content-Length", str(len(body) + 1))])
            + body,
            CLOSE,
        ],
    )
    error = await mode.failure(lambda: mode.client(auth="api_key", max_retries=0).chat(MESSAGES))
    assert isinstance(error, indoxrouter.NetworkError)
