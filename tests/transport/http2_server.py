"""A server for HTTP/2 over TLS: each request gets a stream of two events, the second one after a gate has opened."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from tests.reliability.server import DONE, text_event

HEADERS = [(":status", "200"), ("content-type", "text/event-stream")]


class Http2Server:
    """Listens while the `with` block runs; `connections` counts what it has accepted."""

    def __init__(self, certificate: ssl.SSLContext, gate: threading.Event) -> None:
        self.context = certificate
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.gate = gate
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        self.sockets: list[socket.socket] = []

    def __enter__(self) -> Http2Server:
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join(20)  # closed under it, `accept` may go on with the next socket of the same number
        self.listener.close()
        for sock in self.sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.context.set_alpn_protocols(["http/1.1"])

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with suppress(OSError):
            sock = self.context.wrap_socket(plain, server_side=True)
            self.connections += 1
            self.sockets.append(sock)
            self._talk(sock)

    def _talk(self, sock: socket.socket) -> None:
        with sock:
            lock = threading.Lock()
            connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            connection.initiate_connection()
            sock.sendall(connection.data_to_send())
            while data := sock.recv(65536):
                with lock:
                    for event in connection.receive_data(data):
                        if isinstance(event, h2.events.StreamEnded):
                            threading.Thread(
                                target=self._answer,
                                args=(sock, connection, lock, event.stream_id),
                                daemon=True,
                            ).start()
                        if isinstance(event, h2.events.DataReceived):
                            connection.acknowledge_received_data(
                                event.flow_controlled_length, event.stream_id
                            )
                    sock.sendall(connection.data_to_send())

    def _answer(self, sock: socket.socket, connection: Any, lock: threading.Lock, stream: Any) -> None:
        with suppress(OSError, h2.exceptions.H2Error):
            with lock:
                connection.send_headers(stream, HEADERS)
                connection.send_data(stream, text_event("a"))
                sock.sendall(connection.data_to_send())
            assert self.gate.wait(20)
            with lock:
                connection.send_data(stream, text_event("b") + DONE, end_stream=True)
                sock.sendall(connection.data_to_send())
