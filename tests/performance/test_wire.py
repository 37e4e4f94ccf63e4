"""What the direct engine sends is what httpx would send, and failures of httpx and of httpcore read alike."""

from __future__ import annotations

from collections.abc import Iterator

import httpcore
import httpx
import pytest
from indoxrouter._runtime.codecs.multipart import MultipartBody, Upload
from indoxrouter._runtime.http.httpx_adapter import AsyncHttpxEngine, HttpxEngine
from indoxrouter._runtime.http.httpx_calls import failure_of, foreign_errors
from indoxrouter._runtime.http.interface import HttpRequest, Timeouts, TransportFailure

from indoxrouter_ext.http.direct.addresses import split_url
from indoxrouter_ext.http.direct.asynchronous import AsyncDirectEngine
from indoxrouter_ext.http.direct.blocking import DirectEngine

from .counting import KEY
from .recorder import Recorder, recording

LIMITS = Timeouts(5, 5, 5, 5)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as server:
        yield server


def requests_to(url: str) -> list[HttpRequest]:
    headers = [("Authorization", f"Bearer {KEY}"), ("X-Mixed-CASE", "a  b"), ("accept", "*/*")]
    upload = MultipartBody([("model", "m", None), ("file", Upload(b"\0\r\n" * 100_000, "a.wav"), None)])
    return [
        HttpRequest(method, f"{url}{path}", headers, content, LIMITS)
        for method, path, content in (
            ("GET", "", None),
            ("GET", "/models/openai/gpt-4o%2Fmini?page=1&name=a%20b+c&q=", None),
            ("GET", "/ä b/c?q=ü#part", None),
            ("DELETE", "/a", None),
            ("POST", "/empty", None),
            ("POST", "/a?b", b""),
            ("POST", "/a", b'{"a": 1}'),
            ("PUT", "/long", b"x" * 200_000),
            ("POST", "/upload", upload),
        )
    ]


def parts_of(raw: bytes) -> tuple[bytes, set[bytes], bytes]:
    """Request line, headers and body. The headers that httpx adds on its own are left out."""
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    added = (b"Connection:", b"Accept-Encoding:", b"User-Agent:")
    return line, {header for header in headers if not header.startswith(added)}, body


def test_requests_are_those_of_httpx(recorder: Recorder) -> None:
    for request in requests_to(recorder.url):
        for engine in (DirectEngine(), HttpxEngine()):
            response = engine.send(request)
            assert b"".join(response.iter_raw()) == b"{}"
            response.close()
            engine.close()
        direct, httpx_ = recorder.requests[-2:]
        assert parts_of(direct) == parts_of(httpx_), request
        sized = request.content is not None or request.method == "POST"
        assert (b"\r\nContent-Length: " in direct) == sized


async def test_asynchronous_requests_are_those_of_httpx(recorder: Recorder) -> None:
    for request in requests_to(recorder.url):
        for engine in (AsyncDirectEngine(), AsyncHttpxEngine()):
            response = await engine.send(request)
            assert b"".join([piece async for piece in response.iter_raw()]) == b"{}"
            await response.close()
            await engine.close()
        direct, httpx_ = recorder.requests[-2:]
        assert parts_of(direct) == parts_of(httpx_), request


@pytest.mark.parametrize(
    "rest",
    [
        *(
            "a",
            "a/",
            "a:80/",
            "a:443/",
            "a:8000",
            "a:080/",
            "a:/",
            "A/",
            "1.2.3.4/",
            "[::1]/",
            "[::1]:8000/",
            "ü.de/",
        ),
        *(
            "a?b",
            "a#b",
            "a?b=/c",
            "a#b/c",
            "a?b#c",
            "a/b?c?d",
            "a/b#c",
            "a/b?#",
            "a/?",
            "a//b",
            "a/b/.c",
            "a/b..",
        ),
        *(
            "a/%",
            "a/%2",
            "a/%zz",
            "a/%2f%2F",
            "a/%%41",
            "a/[",
            "a/^|\\",
            "a/?{`}^|",
            "a/?'",
            "a/ü",
            "a/b c?d e",
        ),
        "a/" + "b" * 9000,
    ],
)
def test_a_url_is_split_as_httpx_does_it(rest: str) -> None:
    for scheme, port in (("http", 80), ("https", 443)):
        theirs = httpx.URL(f"{scheme}://{rest}")
        origin, target = split_url(f"{scheme}://{rest}")
        assert (origin.host, origin.port, target) == (
            theirs.raw_host.decode(),
            theirs.port or port,
            theirs.raw_path.decode(),
        )
        assert origin.authority.encode() == theirs.netloc
        assert origin.tls == (scheme == "https")


@pytest.mark.parametrize(
    "url",
    ["http://", "http:///a", "ftp://a/", "//a/", "a", "", "http://[::g]/", "http://a:b/", "http://a:99999/"],
)
def test_a_url_that_cannot_be_requested_is_a_failure(url: str) -> None:
    with pytest.raises(TransportFailure) as caught:
        split_url(url)
    assert caught.value.kind == "protocol"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ConnectTimeout", "connect_timeout"),
        ("PoolTimeout", "pool_timeout"),
        ("ReadTimeout", "read_timeout"),
        ("WriteTimeout", "write_timeout"),
        ("ConnectError", "connect"),
        ("ProxyError", "connect"),
        ("WriteError", "write"),
        ("ReadError", "read"),
        ("RemoteProtocolError", "read"),
        ("LocalProtocolError", "protocol"),
        ("UnsupportedProtocol", "protocol"),
    ],
)
def test_an_error_of_httpcore_reads_as_that_of_httpx_does(name: str, kind: str) -> None:
    request = HttpRequest("GET", "http://a/", [], None, LIMITS)
    for text in ("[Errno 111] Connection refused", "peer closed connection", "illegal line: b'secret'", ""):
        core, outer = getattr(httpcore, name)(text), getattr(httpx, name)(text)
        assert isinstance(core, foreign_errors())
        assert isinstance(outer, foreign_errors())
        failure, other = failure_of(core, request), failure_of(outer, request)
        assert (failure.kind, failure.reason) == (other.kind, other.reason)
        assert failure.kind == kind
        assert "secret" not in failure.reason
        assert "Errno" not in failure.reason


def test_a_server_that_closes_without_an_answer_is_a_kind_of_its_own() -> None:
    request = HttpRequest("GET", "http://a/", [], None, LIMITS)
    text = "Server disconnected without sending a response."
    assert failure_of(httpcore.RemoteProtocolError(text), request).kind == "disconnected"
    assert failure_of(httpx.RemoteProtocolError(text), request).kind == "disconnected"


@pytest.mark.parametrize("value", ["\u0142", "a\r\nX-Other: b", "a\nb", "a\rb"])
@pytest.mark.parametrize("kind", [DirectEngine, HttpxEngine])
def test_a_header_that_cannot_be_sent_is_a_failure_and_not_a_request(
    recorder: Recorder, kind: type[DirectEngine] | type[HttpxEngine], value: str
) -> None:
    engine = kind()
    with pytest.raises(TransportFailure) as caught:
        engine.send(HttpRequest("GET", recorder.url, [("X-Name", value)], None, LIMITS))
    assert caught.value.kind == "protocol"
    assert recorder.requests == []
