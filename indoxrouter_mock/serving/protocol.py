"""How the mock speaks HTTP: uvicorn's protocol with batched writes and a bound on what is no body."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .batched_writes import BatchedTransport, WriteBatch

LARGEST_HEAD = 262_144
"""The most bytes of a head, or of a chunk's extension or trailer. uvicorn has no limit and keeps them in memory."""


def mock_protocol() -> type[asyncio.Protocol]:
    """The protocol for the connections of one server."""
    batch = WriteBatch()

    class MockProtocol(HttpToolsProtocol):
        _pending = 0
        """Bytes that have neither completed a head nor been part of a body."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
            self._batched = BatchedTransport(transport, batch)
            super().connection_made(self._batched)  # type: ignore[arg-type]  # it acts as one

        def data_received(self, data: bytes) -> None:
            self._pending += len(data)
            super().data_received(data)
            if self._pending > LARGEST_HEAD and not self._batched.is_closing():
                self.send_400_response(f"A head has more than the {LARGEST_HEAD} bytes that the mock allows.")

        def on_headers_complete(self) -> None:
            self._pending = 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            self._pending = 0
            super().on_body(body)

        def eof_received(self) -> None:
            self._batched.flush()  # the transport closes next: a client that half-closes still gets its answer
            super().eof_received()

    return MockProtocol
