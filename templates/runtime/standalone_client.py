"""A client that needs the generated package only: one request for each call.

`ApiClient` and `AsyncApiClient` send an operation with a credential, decode the answer and raise the documented
exceptions. They do not retry, refresh tokens or stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urljoin, urlsplit

from .codecs.factory import BYTES, TEXT
from .credentials import Credentials, apply_credentials
from .errors.mapping import error_from_body, error_from_transport
from .http.interface import AsyncEngine, BodyReader, Engine, Headers, HttpRequest, Timeouts, TransportFailure
from .operations.operation import Call
from .values import json

if TYPE_CHECKING:
    from ..resources import Api, AsyncApi
    from .http.interface import AsyncHttpResponse, HttpResponse

__all__ = ["ApiClient", "AsyncApiClient", "Credentials"]

T = TypeVar("T")
EngineT = TypeVar("EngineT")

DEFAULT_TIMEOUT = 30.0
BODY_LIMIT = 256 * 1024 * 1024


def _decode(call: Call[T], status: int, headers: Headers, body: bytes) -> T:
    """Decode the body of a success as the operation documents it.

    Raises:
        json.MalformedJson: when the documented JSON is malformed.
    """
    response = call.expected(status, headers.get("content-type", ""))
    codec = response.codec if response is not None else None
    result: Any
    if codec is BYTES:
        result = body
    elif codec is TEXT:
        result = _text(headers, body)
    elif response is None and body.strip():
        result = _undocumented(headers, body)
    elif codec is None or not body.strip():
        result = None
    else:
        result = codec.decode(json.loads(body))
    return result  # type: ignore[no-any-return]  # the codec and T come from the same line of the spec


def _text(headers: Headers, body: bytes) -> str:
    """The body as text, in the charset that the answer names."""
    message = Message()
    message["Content-Type"] = headers.get("content-type", "")
    charset = message.get_content_charset("utf-8")
    try:
        return body.decode(charset, "replace")
    except LookupError:  # no charset of this name
        return body.decode("utf-8", "replace")


def _undocumented(headers: Headers, body: bytes) -> Any:
    """The body of an undocumented success: JSON, text or bytes, by its media type."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type.endswith(("/json", "+json")):
        return json.loads(body)
    if media_type.startswith("text/") or media_type.endswith(("/xml", "+xml")):
        return _text(headers, body)
    return body


class _Base(Generic[EngineT]):
    """The part of both clients that does not wait."""

    def __init__(
        self,
        base_url: str,
        token: str | Credentials | None = None,
        *,
        timeout: float | None = DEFAULT_TIMEOUT,
        headers: dict[str, str] | None = None,
        servers: Mapping[str, str] | None = None,
        engine: EngineT | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"base_url: expected an http or https URL, got {base_url!r}")
        self.base_url = base_url.rstrip("/")
        self._host = parts.netloc.rpartition("@")[2]
        self._token = token
        self._timeouts = Timeouts(timeout, timeout, timeout, timeout)
        self._headers = dict(headers or {})
        self._servers = dict(servers or {})
        self._engine: EngineT | None = engine

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def _request(self, call: Call[Any]) -> HttpRequest:
        headers = {"Accept": "application/json, */*;q=0.5", "Accept-Encoding": "gzip, deflate"}
        if call.content_type is not None:
            headers["Content-Type"] = call.content_type
        url = call.url(self._server_of(call))
        if self._token is not None and call.operation.security:
            from ..about import SECURITY_SCHEMES  # cost: few programs use this client

            credentials, query = apply_credentials(call.operation.security, SECURITY_SCHEMES, self._token)
            headers.update(credentials)
            if query:
                url = f"{url}{'&' if '?' in url else '?'}{query}"
        headers.update(self._headers)
        cookies = [jar["Cookie"] for jar in (headers, call.headers) if "Cookie" in jar]
        headers.update(call.headers)
        if len(cookies) > 1:
            headers["Cookie"] = "; ".join(cookies)
        return HttpRequest(call.operation.method, url, list(headers.items()), call.content, self._timeouts)

    def _server_of(self, call: Call[Any]) -> str:
        """The URL that a call is relative to: the base URL, or the server of its operation."""
        documented = call.operation.servers
        if not documented:
            return self.base_url
        chosen = next((self._servers[url] for url in documented if url in self._servers), documented[0])
        return urljoin(self.base_url, chosen).rstrip("/")

    def _finish(self, call: Call[T], status: int, headers: Headers, body: bytes) -> T:
        if not 200 <= status < 300:
            operation = call.operation
            raise error_from_body(
                status, headers, body, self._secrets(call), operation.error_statuses, operation.error_bodies
            )
        reason = ""
        try:
            return _decode(call, status, headers, body)
        except json.MalformedJson as error:
            reason = str(error)
        from ..errors import APIError  # cost: for errors only

        raise APIError(f"The answer of {self._host} cannot be read: {reason}", status_code=status)

    def _secrets(self, call: Call[Any]) -> list[str]:
        token = self._token or ()
        return [*call.secrets(), *([token] if isinstance(token, str) else dict(token).values())]


class ApiClient(_Base[Engine]):
    """Calls operations of the spec, with one request each.

    Args:
        base_url: URL of the server, with its path.
        token: sent with the operations that require one, as their security scheme defines; never shown. A mapping
            holds credentials by scheme; for HTTP basic a credential is `user:password`.
        timeout: seconds for connecting, and between two bytes.
        headers: headers added to each request.
        servers: other URLs for operations that do not use `base_url`, by their documented URL.
        engine: the HTTP engine; httpx by default.
    """

    @property
    def api(self) -> Api:
        """All operations, by tag."""
        from ..resources import Api  # cost: not needed for `send`

        return Api(self.send)

    def send(self, call: Call[T]) -> T:
        """Send one call and return its decoded answer.

        Raises:
            IndoxRouterError: the documented exception for the answer, or `NetworkError`.
        """
        if self._engine is None:
            from .http.httpx_adapter import HttpxEngine  # costs 60 ms: it imports httpx

            self._engine = HttpxEngine()
        failure: TransportFailure | None = None
        try:
            response = self._engine.send(self._request(call))
            try:
                body = _read(response)
            finally:
                response.close()
            return self._finish(call, response.status, response.headers, body)
        except TransportFailure as error:
            failure = error
        raise error_from_transport(failure, self._host)

    def close(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            self._engine.close()

    def __enter__(self) -> ApiClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _read(response: HttpResponse) -> bytes:
    reader = BodyReader(response.headers, BODY_LIMIT)
    body = b"".join(part for piece in response.iter_raw() for part in reader.feed(piece))
    reader.finish()
    return body


class AsyncApiClient(_Base[AsyncEngine]):
    """The asynchronous form of `ApiClient`."""

    @property
    def api(self) -> AsyncApi:
        """All operations, by tag."""
        from ..resources import AsyncApi  # cost: not needed for `send`

        return AsyncApi(self.send)

    async def send(self, call: Call[T]) -> T:
        """Send one call and return its decoded answer; raises as `ApiClient.send` does."""
        if self._engine is None:
            from .http.httpx_adapter import AsyncHttpxEngine  # costs 60 ms: it imports httpx

            self._engine = AsyncHttpxEngine()
        failure: TransportFailure | None = None
        try:
            response = await self._engine.send(self._request(call))
            try:
                body = await _read_async(response)
            finally:
                await response.close()
            return self._finish(call, response.status, response.headers, body)
        except TransportFailure as error:
            failure = error
        raise error_from_transport(failure, self._host)

    async def close(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            await self._engine.close()

    async def __aenter__(self) -> AsyncApiClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def _read_async(response: AsyncHttpResponse) -> bytes:
    reader = BodyReader(response.headers, BODY_LIMIT)
    parts = [part async for piece in response.iter_raw() for part in reader.feed(piece)]
    reader.finish()
    return b"".join(parts)
