"""A server that does to its clients what it is told, byte by byte, over real sockets.

Each path has a row of replies; every request takes the next one, and the last one stays. A reply is a sequence of
steps: bytes are sent as they are, one `send` each; an `Event` is waited for; `STALL` holds the connection until the
client leaves; `RESET` breaks it with RST, `CLOSE` ends it with FIN. After a reply without an ending the connection is
kept, and the next request is read from it. Everything that was received is kept for the test to look at.

Synchronisation is by events alone: a test opens a gate when it is ready, and asks a connection whether its client has
gone.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Union
from urllib.parse import parse_qsl

PREFIX = "/api/v1"
PATIENCE = 20.0  # seconds after which the server takes a test for stuck


class _Ending:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


RESET: Final = _Ending("RESET")
CLOSE: Final = _Ending("CLOSE")
STALL: Final = _Ending("STALL")

Step = Union[bytes, threading.Event, _Ending, "Callable[[Connection], None]"]
Reply = Union[bytes, Sequence[Step], "Callable[[Request], Sequence[Step] | bytes]"]


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: Connection

    @property
    def path(self) -> str:
        """The path below the prefix, without the query."""
        return self.target.partition("?")[0].removeprefix(PREFIX)

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    def header(self, name: str) -> str | None:
        values = self.values(name)
        assert len(values) < 2, f"{name} was sent {len(values)} times"
        return values[0] if values else None

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(eq=False)
class Connection:
    """One accepted connection. `left` is set as soon as the server sees that the client closed its side."""

    number: int
    sock: socket.socket
    left: threading.Event = field(default_factory=threading.Event)
    shut: threading.Event = field(default_factory=threading.Event)  # the server has closed its side
    buffer: bytearray = field(default_factory=bytearray)

    def fill(self) -> bool:
        """Read what there is; False when the client has left."""
        try:
            data = self.sock.recv(1 << 16)
        except OSError:
            data = b""
        self.buffer += data
        if not data:
            self.left.set()
        return bool(data)

    def read_request(self) -> Request | None:
        while b"\r\n\r\n" not in self.buffer:
            if not self.fill():
                return None
        head, _, rest = bytes(self.buffer).partition(b"\r\n\r\n")
        self.buffer[:] = rest
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines))
        lower = {name.lower(): value for name, value in headers}
        if lower.get("transfer-encoding", "").lower() == "chunked":
            body = self._read_chunked()
        else:
            body = self._take(int(lower.get("content-length", "0")))
        return None if body is None else Request(method, target, headers, body, self)

    def _take(self, size: int) -> bytes | None:
        while len(self.buffer) < size:
            if not self.fill():
                return None
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def _read_chunked(self) -> bytes | None:
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                if not self.fill():
                    return None
            line, _, rest = bytes(self.buffer).partition(b"\r\n")
            self.buffer[:] = rest
            piece = self._take(int(line, 16) + 2)
            if piece is None or len(piece) == 2:
                return None if piece is None else body
            body += piece[:-2]

    def reset(self) -> None:
        """End the connection with RST instead of FIN."""
        raw = self.sock
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.close()

    def play(self, steps: Iterable[Step]) -> bool:
        """Do the steps; False when the connection is over."""
        for step in steps:
            if isinstance(step, bytes):
                try:
                    self.sock.sendall(step)
                except OSError:
                    self.left.set()
                    return False
            elif isinstance(step, threading.Event):
                assert step.wait(PATIENCE), "the test never opened the gate"
            elif step is STALL:
                while self.fill():
                    pass
                return False
            elif step is RESET:
                self.reset()
                return False
            elif step is CLOSE:
                self._close_politely()
                return False
            else:
                assert callable(step)
                step(self)
        return True

    def _close_politely(self) -> None:
        """FIN, then read on: closing with unread bytes would send RST, and the test asked for FIN."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
        self.shut.set()
        while self.fill():
            pass


class ScriptedServer:
    """The server: a listening socket on a free port, a thread for each connection, and the script."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._routes: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.url = self.origin + PREFIX
        self.requests: list[Request] = []
        self.connections: list[Connection] = []
        self._arrived = threading.Condition(self._lock)
        self._tokens = 0
        self.greeting: Sequence[Step] = ()  # steps before the first request is read
        self.on("/auth/token", self._issue)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def on(self, path: str, *replies: Reply) -> None:
        """Set the replies of a path below the prefix; `*` is the path of all that have none."""
        with self._lock:
            self._routes[path] = list(replies)

    def sent(self, path: str) -> list[Request]:
        """The requests to one path, so far."""
        with self._lock:
            return [request for request in self.requests if request.path == path]

    def wait_for(self, path: str, count: int = 1) -> list[Request]:
        """Wait until that many requests to a path have arrived, and return them."""

        def enough() -> bool:
            return sum(request.path == path for request in self.requests) >= count

        with self._arrived:
            assert self._arrived.wait_for(enough, PATIENCE), f"{path} was not called {count} times"
            return [request for request in self.requests if request.path == path]

    def _issue(self, request: Request) -> bytes:
        with self._lock:
            self._tokens += 1
            number = self._tokens
        return answer({"access_token": f"token-{number}", "token_type": "bearer", "expires_in": 3600})

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        if self._tls is not None:
            try:
                sock = self._tls.wrap_socket(sock, server_side=True)
            except OSError:
                sock.close()
                return
        with self._lock:
            connection = Connection(len(self.connections) + 1, sock)
            self.connections.append(connection)
        try:
            if not connection.play(self.greeting):
                return
            while (request := connection.read_request()) is not None:
                reply = self._next_reply(request)
                steps = reply(request) if callable(reply) else reply
                if not connection.play([steps] if isinstance(steps, bytes) else steps):
                    return
        finally:
            sock.close()

    def _next_reply(self, request: Request) -> Reply:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            row = self._routes.get(request.path) or self._routes.get("*")
            if row is None:
                return answer({"detail": "Not Found"}, 404)
            return row.pop(0) if len(row) > 1 else row[0]

    def close(self) -> None:
        """Stop listening and break every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        # Closed under it, `accept` may go on with the next socket of the process that gets the same number.
        self._accepting.join(PATIENCE)
        self._listener.close()
        with self._lock:
            connections = list(self.connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)


def head(status: int = 200, headers: Iterable[tuple[str, str]] = (), version: str = "1.1") -> bytes:
    """The head of an answer, exactly as given."""
    lines = [f"HTTP/{version} {status} Said", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(
    body: Any = b"",
    status: int = 200,
    headers: Iterable[tuple[str, str]] = (),
    content_type: str | None = "application/json",
    version: str = "1.1",
) -> bytes:
    """A whole answer. Bytes and text are sent as they are, anything else as JSON."""
    raw = (
        body
        if isinstance(body, bytes)
        else body.encode()
        if isinstance(body, str)
        else json.dumps(body).encode()
    )
    kind = [("Content-Type", content_type)] if content_type is not None else []
    return head(status, [*kind, ("Content-Length", str(len(raw))), *headers], version) + raw


def http_chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK: Final = b"0\r\n\r\n"


def stream_head(headers: Iterable[tuple[str, str]] = (), content_type: str = "text/event-stream") -> bytes:
    """The head of a chunked stream of events."""
    return head(200, [("Content-Type", content_type), ("Transfer-Encoding", "chunked"), *headers])


def event(value: Any, name: str | None = None) -> bytes:
    """One server-sent event."""
    data = value if isinstance(value, str) else json.dumps(value)
    return (f"event: {name}\n" if name else "").encode() + f"data: {data}\n\n".encode()


def text_event(text: str, finish: str | None = None) -> bytes:
    """One chunk of a chat, as the documents show it."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return event({"id": "stream-1", "choices": [choice]})


DONE: Final = event("[DONE]")


def streamed(*pieces: Step, ending: Sequence[Step] = (LAST_CHUNK,)) -> list[Step]:
    """The steps of a chunked stream: each piece of bytes travels as one HTTP chunk."""
    steps: list[Step] = [stream_head()]
    steps.extend(http_chunk(piece) if isinstance(piece, bytes) else piece for piece in pieces)
    return [*steps, *ending]
