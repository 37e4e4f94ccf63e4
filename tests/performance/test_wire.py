"""What the default engine puts on the wire is what httpx would put there, and its failures read as httpx's would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from indoxrouter._runtime.async_httpx_engine import AsyncHttpxEngine
from indoxrouter._runtime.breaking import errors, failure_of
from indoxrouter._runtime.codecs.multipart import MultipartBody, Upload
from indoxrouter._runtime.core_messages import address_of
from indoxrouter._runtime.http.interface import HttpRequest, Timeouts, TransportFailure
from indoxrouter._runtime.httpx_engine import HttpxEngine

from .counting import KEY
from .recorder import Recorder, recording

LIMITS = Timeouts(5, 5, 5, 5)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with recording() as server:
        yield server


def requests_to(url: str) -> list[HttpRequest]:
    headers = [("Authorization", f"Bearer {KEY}"), ("X-Mixed-CASE", "a  b"), ("accept", "*/*")]
    upload = MultipartBody([("model", "m"), ("file", Upload(b"\0\r\n" * 100_000, "a.wav"))])
    return [
        HttpRequest(method, f"{url}{path}", headers, content, LIMITS)
        for method, path, content in (
            ("GET", "", None),
            ("GET", "/models/openai/gpt-4o%2Fmini?page=1&name=a%20b+c&q=", None),
            ("GET", "/ä b/../c?q=ü#part", None),
            ("DELETE", "/a", None),
            ("POST", "/empty", None),
            ("POST", "/a?b", b""),
            ("POST", "/a", b'{"a": 1}'),
            ("PUT", "/long", b"x" * 200_000),
            ("POST", "/upload", upload),
        )
    ]


def test_requests_are_those_of_httpx_to_the_byte(recorder: Recorder) -> None:
    with httpx.Client() as own:
        for request in requests_to(recorder.url):
            for engine in (HttpxEngine(), HttpxEngine(own)):
                response = engine.send(request)
                assert b"".join(response.iter_raw()) == b"{}"
                response.close()
                engine.close()
            past, through = recorder.requests[-2:]
            assert past == through, request
            assert past.startswith(request.method.encode())
            sized = request.content is not None or request.method == "POST"
            assert (b"\r\nContent-Length: " in past) == sized


async def test_asynchronous_requests_are_those_of_httpx_to_the_byte(recorder: Recorder) -> None:
    async with httpx.AsyncClient() as own:
        for request in requests_to(recorder.url):
            for engine in (AsyncHttpxEngine(), AsyncHttpxEngine(own)):
                response = await engine.send(request)
                assert b"".join([piece async for piece in response.iter_raw()]) == b"{}"
                await response.close()
                await engine.close()
            past, through = recorder.requests[-2:]
            assert past == through, request


HOSTS = st.one_of(
    st.sampled_from(["api.example.com", "localhost", "127.0.0.1"]),
    st.sampled_from(["[::1]", "münchen.de", "xn--mnchen-3ya.de", "A.b", "-", "a_b", "a%20b", ""]),
    st.text("abzAZ09-._~%ü:[]@!$ ", max_size=8),
    st.lists(st.sampled_from(["0", "1", "255", "256", "01", "", "-1"]), min_size=3, max_size=5).map(".".join),
)
PORTS = st.sampled_from(
    ["", "", ":80", ":443", ":8000", ":65535", ":", ":0", ":080", ":123456", ":a", ":-1", ":８"]
)
PATHS = st.text("ab/?&=", max_size=6) | st.text("ab./%2Ff?&=+:;,@!$'()*~ü \\^`{}|<>\"#[]\t\x7f", max_size=16)
SCHEMES = st.sampled_from(["http", "http", "https", "HTTP", "ftp", ""])
URLS = st.tuples(SCHEMES, HOSTS, PORTS, st.sampled_from(["", "/"]), PATHS).map(
    lambda pieces: f"{pieces[0]}://{''.join(pieces[1:])}"
)


def parts_of(url: str) -> tuple[object, ...]:
    """What httpx makes of a URL, as it hands it to httpcore."""
    parts = httpx.URL(url)
    return parts.raw_scheme, parts.raw_host, parts.port, parts.raw_path, parts.netloc


def outcome(url: str, take_apart: Callable[[str], object]) -> object:
    try:
        return take_apart(url)
    except (httpx.InvalidURL, ValueError) as error:
        return type(error)


def parts_of_ours(url: str) -> tuple[object, ...]:
    address = address_of(url)
    return address.url.scheme, address.url.host, address.url.port, address.url.target, address.host


@given(URLS)
def test_a_url_is_taken_apart_as_httpx_does_it(url: str) -> None:
    assert outcome(url, parts_of_ours) == outcome(url, parts_of)


@pytest.mark.parametrize(
    "rest",
    [
        *(
            "a",
            "a:80/",
            "a:443/",
            "a:8000",
            "a:080/",
            "a:0/",
            "a:123456/",
            "a:/",
            "a:+1/",
            "a?b",
            "a#b",
            "A/",
            "a b/",
        ),
        *("1.2.3.4/", "1.2.3.256/", "1.2.3.04/", "1.2.3/", "1.2.3.4.5/", "1..2.3/", "-/", ".../", "u:p@a/"),
        *(
            "a/b/../c",
            "a/b/./c",
            "a/..",
            "a/.b",
            "a/b..",
            "a/b?c/../d",
            "a//b",
            "a/%2e%2E/b",
            "a/?",
            "a/b?c?d",
        ),
        *(
            "a/%",
            "a/%2",
            "a/%zz",
            "a/%2f%2F",
            "a/%%41",
            'a/"',
            "a/`",
            "a/{b}",
            "a/<",
            "a/[",
            "a/^|\\",
            "a/?{`}^|",
            "a/?'",
        ),
        *(
            "a/b#c",
            "a/b?#",
            "a/ü",
            "a/b c?d e",
            "a/\t",
            "a/\x7f",
            "[::1]/",
            "[::1]:8000/",
            "[::g]/",
            "ü.de/",
            "a/" + "b" * 9000,
        ),
    ],
)
def test_an_unusual_url_is_taken_apart_as_httpx_does_it(rest: str) -> None:
    for scheme in ("http", "https"):
        url = f"{scheme}://{rest}"
        assert outcome(url, parts_of_ours) == outcome(url, parts_of)


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
    for text in ("[Errno 111] Connection refused", "peer closed connection", "illegal line: b'secret'", ""):
        core, outer = getattr(httpcore, name)(text), getattr(httpx, name)(text)
        assert isinstance(core, errors())
        assert isinstance(outer, errors())
        failure = failure_of(core)
        assert (failure.kind, failure.reason) == (failure_of(outer).kind, failure_of(outer).reason)
        assert failure.kind == kind
        assert "secret" not in failure.reason
        assert "Errno" not in failure.reason


def test_a_server_that_hangs_up_without_an_answer_is_told_apart() -> None:
    text = "Server disconnected without sending a response."
    assert failure_of(httpcore.RemoteProtocolError(text)).kind == "disconnected"
    assert failure_of(httpx.RemoteProtocolError(text)).kind == "disconnected"


def test_a_header_that_is_not_ascii_is_a_failure_and_not_a_request(recorder: Recorder) -> None:
    engine = HttpxEngine()
    request = HttpRequest("GET", recorder.url, [("X-Name", "ü")], None, LIMITS)
    with pytest.raises(TransportFailure) as caught:
        engine.send(request)
    assert caught.value.kind == "protocol"
    assert recorder.requests == []


@pytest.mark.parametrize("change", [b"", b"longer than it was"], ids=["shrinks", "grows"])
async def test_a_file_that_changes_while_it_is_sent_is_a_failure(
    recorder: Recorder, tmp_path: Path, change: bytes
) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(b"12345")
    body = MultipartBody([("file", Upload(file))])
    file.write_bytes(change)
    request = HttpRequest("POST", recorder.url, [], body, LIMITS)
    engine, other = HttpxEngine(), AsyncHttpxEngine()
    with pytest.raises(TransportFailure, match="declared Content-Length") as caught:
        engine.send(request)
    assert caught.value.kind == "protocol"
    with pytest.raises(TransportFailure, match="declared Content-Length"):
        await other.send(request)
    engine.close()
    await other.close()
