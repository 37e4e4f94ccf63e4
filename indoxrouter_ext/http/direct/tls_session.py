"""TLS without I/O: from bytes of the network to bytes of HTTP, and back."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


class TlsSession:
    """The client's side of one TLS connection.

    Attributes:
        established: whether the handshake is complete.
        notified: whether the server has ended the session in order, with `close_notify`.
        problem: why nothing more can be sent or received, or None.

    Raises:
        ValueError: for a server name that TLS cannot carry.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        import ssl  # costs 5 ms; the context has paid them

        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._needs_more = ssl.SSLWantReadError
        self.established = False
        self.notified = False
        self.problem: OSError | None = None

    def shake_hands(self) -> bool:
        """Take a step of the handshake. Returns whether it is complete; raises `OSError` when it fails."""
        with suppress(self._needs_more):
            self._session.do_handshake()
            self.established = True
        return self.established

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the network; returns the data in them, which is none before the handshake is complete."""
        self._incoming.write(data)
        pieces: list[bytes] = []
        try:
            while self.established and not self.notified:
                pieces.append(self._session.read(_PIECE))
                self.notified = not pieces[-1]
        except self._needs_more:
            pass
        except OSError as error:
            self.problem = error
        return b"".join(pieces)

    def send(self, data: bytes | memoryview) -> None:
        """Encrypt data; `outgoing` returns the bytes for the network."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._session.write(rest) :]
        except OSError as error:
            self.problem = error

    def outgoing(self) -> bytes:
        """The bytes to write to the network: encrypted data, and what the session itself has to say."""
        return self._outgoing.read()


_PIECE = 256 * 1024
