"""A server may answer before it has read the whole upload. Its answer is delivered, not lost to a broken pipe."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any

import indoxrouter
import pytest

from tests.patience import seconds
from tests.reliability.harness import ENVELOPE, MESSAGES, Mode, do
from tests.reliability.server import Connection, Request, ScriptedServer, answer

BOTH_ENGINES = ""
BIG = b"z" * 50_000_000
SMALL = b"z" * 400_000
UPLOAD = "/audio/stt/transcriptions"
REFUSAL = answer({"error": "too_large", "message": "the file is too large"}, 413)
BEFORE = {
    "": b"",
    "100-continue": b"HTTP/1.1 100 Continue\r\n\r\n",
    "103": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    "both": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
}


class Hasty(ScriptedServer):
    """Answers as soon as it has read the head of an upload; then reads on, or closes."""

    def __init__(self, closes: bool, before: bytes, certificate: ssl.SSLContext | None = None) -> None:
        self.closes, self.before = closes, before
        self.uploads = 0
        self.closings = threading.Semaphore(0)
        super().__init__(certificate)

    def _serve(self, sock: Any) -> None:
        if self._tls is not None:
            sock = self._tls.wrap_socket(sock, server_side=True)
        connection = Connection(len(self.connections) + 1, sock)
        self.connections.append(connection)
        try:
            self._converse(connection)
        finally:
            sock.close()
            self.closings.release()

    def _converse(self, connection: Connection) -> None:
        while True:
            while b"\r\n\r\n" not in connection.buffer:
                if not connection.fill():
                    return
            upload = UPLOAD.encode() in connection.buffer
            if upload:
                self.uploads += 1
                connection.play([self.before + REFUSAL])
                if self.closes:
                    return
            if connection.read_request() is None:
                return
            if not upload:
                connection.play([answer(ENVELOPE)])


@pytest.mark.parametrize("closes", [False, True], ids=["reads on", "closes"])
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("size", [len(SMALL), len(BIG)], ids=["small", "large"])
async def test_it_is_delivered(mode: Mode, closes: bool, before: str, size: int) -> None:
    server = Hasty(closes, BEFORE[before])
    try:
        client = mode.client(base_url=server.url, auth="api_key", max_retries=0, timeout=10)
        error = await mode.failure(lambda: client.speech_to_text(("a.mp3", BIG[:size])))
        assert server.uploads == 1
        if mode.engine == "direct" or not closes:
            assert error.status_code == 413, error
            assert "too large" in str(error)
            # An upload that was sent whole may be kept open by the client until it sees that the server has closed.
            assert not closes or server.closings.acquire(timeout=seconds(10))
            assert (await do(client.chat(MESSAGES))).text == "hello there"
        else:  # a reset may overtake the answer, or arrive with the next request; httpx does not look for it
            assert error.status_code == 413 or isinstance(error, indoxrouter.NetworkError)
    finally:
        server.close()


@pytest.mark.parametrize("closes", [False, True], ids=["reads on", "closes"])
@pytest.mark.parametrize("size", [len(SMALL), len(BIG)], ids=["small", "large"])
async def test_it_is_delivered_over_tls(
    mode: Mode, closes: bool, size: int, certificate: ssl.SSLContext, trusted: Path
) -> None:
    server = Hasty(closes, b"", certificate)
    try:
        client = mode.client(base_url=server.url, auth="api_key", max_retries=0, timeout=10)
        for number in range(1, 6 if closes else 2):  # a reset may come at any moment of the upload
            error = await mode.failure(lambda: client.speech_to_text(("a.mp3", BIG[:size])))
            assert server.uploads == number
            if mode.engine == "direct" or not closes:
                assert error.status_code == 413, error
                assert "too large" in str(error)
                assert not closes or server.closings.acquire(timeout=seconds(10))
                assert (await do(client.chat(MESSAGES))).text == "hello there"
            else:
                assert error.status_code == 413 or isinstance(error, indoxrouter.NetworkError)
    finally:
        server.close()


async def test_an_interim_response_is_no_answer(mode: Mode) -> None:
    def reply(request: Request) -> list[Any]:
        return [BEFORE["both"], BEFORE["103"] * 5, answer({**ENVELOPE, "data": "spoken", "text": "spoken"})]

    mode.server.on(UPLOAD, reply)
    client = mode.client(auth="api_key", max_retries=0)
    for _ in range(2):
        assert (await do(client.speech_to_text(("a.mp3", SMALL)))).text == "spoken"
    assert len(mode.server.connections) == 1
    assert all(SMALL in request.body for request in mode.server.sent(UPLOAD))
