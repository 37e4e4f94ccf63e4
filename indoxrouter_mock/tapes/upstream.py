"""The server behind a recording: requests are passed on to it, and its answers come back as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from .exchange import Headers

HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    }
)
NOT_SENT = HOP_BY_HOP | {"host", "content-length", "accept-encoding", "expect"}
NOT_RETURNED = HOP_BY_HOP | {"content-length", "content-encoding", "date", "server"}
NOT_RECORDED = NOT_SENT | {"user-agent"}
"""Request headers that say something about the connection or the machine, not about the API."""
TIMEOUT = 600.0


class Unreachable(Exception):
    """The upstream gave no answer."""


@dataclass(slots=True)
class Answer:
    """The upstream's answer, of which the body is still to be read."""

    status: int
    headers: list[tuple[str, str]]
    response: httpx.Response

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return str(self.response.headers.get("content-type", "")).partition(";")[0].strip().lower()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, decompressed, as it arrives. Raises Unreachable when the connection breaks."""
        try:
            async for chunk in self.response.aiter_bytes():
                yield chunk
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        """Leave the answer, read or not."""
        await self.response.aclose()


class Upstream:
    """A server by its URL. Raises ValueError for what is no http or https URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"upstream is {url!r}; a URL such as https://api.example.com was expected")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("upstream is a URL without credentials, query and fragment")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.rstrip("/")
        self._client: httpx.AsyncClient | None = None

    def path(self, path: str) -> str:
        """The path at the upstream: its own prefix stands before it, unless the client has sent it already."""
        has_prefix = path == self._prefix or path.startswith(f"{self._prefix}/")
        return path if has_prefix else f"{self._prefix}{path}"

    async def send(
        self, method: str, path: str, query: str, headers: list[tuple[str, str]], content: bytes
    ) -> Answer:
        """Pass a request on; returns when the head of the answer is there. Raises Unreachable."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
        url = f"{self.origin}{self.path(path)}" + (f"?{query}" if query else "")
        sent = [(name, value) for name, value in headers if name not in NOT_SENT]
        # What the client is told to be able to read is what a tape can hold: nothing compressed.
        request = self._client.build_request(
            method, url, headers=[*sent, ("accept-encoding", "identity")], content=content or None
        )
        for name in ("user-agent", "accept"):
            if name not in dict(sent):
                request.headers.pop(name, None)
        try:
            response = await self._client.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        kept = [
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in response.headers.raw
            if name.decode("latin-1").lower() not in NOT_RETURNED
        ]
        return Answer(response.status_code, kept, response)

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()


def grouped(pairs: list[tuple[str, str]]) -> Headers:
    """Headers by name: a text, or a list where one occurs several times."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
