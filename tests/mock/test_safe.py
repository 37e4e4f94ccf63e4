"""A mock that is safe to share: nothing outside is opened, work and memory are bounded, strangers have no control."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import sys
import time
import tracemalloc
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from indoxrouter_mock import MockServer
from indoxrouter_mock.base.reply import Reply, Stream
from indoxrouter_mock.content import fake_text
from indoxrouter_mock.request.body import read_body
from indoxrouter_mock.state import idempotency, state
from tests.mock_process import running_mock
from tests.patience import seconds

from .conftest import HELLO
from .reading import sound

PATIENCE = seconds(10.0)
"""Seconds in which a refusal has to come even on a busy machine. Unbounded, each of these takes minutes or more."""


def answer_by(http: httpx.Client, schema: dict[str, Any]) -> httpx.Response:
    """Ask for an answer that is valid by a schema."""
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    return http.post("/chat/completions", json={**HELLO, "additional_params": {"response_format": wanted}})


def call_with(http: httpx.Client, parameters: dict[str, Any]) -> httpx.Response:
    """Ask for a tool call whose arguments are valid by a schema."""
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    return http.post("/chat/completions", json={**HELLO, "additional_params": {"tools": [tool]}})


# ---- references ----


@pytest.mark.parametrize("ask", [answer_by, call_with])
@pytest.mark.parametrize("place", ["{}", '{"$ref": %s}', '{"$id": "file://%s/", "$ref": "secret.json"}'])
def test_schema_opens_no_file(http: httpx.Client, tmp_path: Path, ask: Any, place: str) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"const": "the-secret-of-this-host"}', encoding="utf-8")
    if place == "{}":
        schema = {"type": "object", "properties": {"a": {"$ref": secret.as_uri()}}, "required": ["a"]}
    else:
        filled = place % (json.dumps(secret.as_uri()) if "$id" not in place else str(tmp_path))
        schema = {"type": "object", "properties": {"a": json.loads(filled)}, "required": ["a"]}
    answer = ask(http, schema)
    assert answer.status_code == 400
    assert "leads out of the schema" in answer.json()["message"]
    assert "the-secret-of-this-host" not in answer.text


def test_schema_fetches_no_url(http: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/schema.json"
        for schema in ({"$ref": url}, {"$schema": url, "type": "string"}, {"$id": url, "$ref": "other.json"}):
            answer_by(http, {"type": "object", "properties": {"a": schema}, "required": ["a"]})
            answer_by(http, schema)
        with pytest.raises(BlockingIOError):
            listener.accept()


# ---- work ----

ALTERNATIVES = {
    "$defs": {
        **{
            f"a{i}": {"anyOf": [{"$ref": f"#/$defs/a{i + 1}"}, {"$ref": f"#/$defs/a{i + 1}"}]}
            for i in range(40)
        },
        "a40": {"not": {}},
    },
    "$ref": "#/$defs/a0",
}
NESTED: dict[str, Any] = {"type": "string"}
for _ in range(6):
    NESTED = {"type": "array", "minItems": 1000, "items": NESTED}

HOSTILE_SCHEMAS: dict[str, dict[str, Any]] = {
    "a long text": {"type": "string", "minLength": 5_000_000},
    "a very long text": {"type": "string", "minLength": 10**12},
    "many items": {"type": "array", "minItems": 10**9},
    "items of items": NESTED,
    "items that differ": {"type": "array", "minItems": 9_000, "uniqueItems": True},
    "many properties": {"type": "object", "minProperties": 10**9},
    "look-ahead": {"type": "string", "pattern": "(?=(a+)+$)b"},
    "back-reference": {"type": "string", "pattern": r"(a+)\1b"},
    "a long repetition": {"type": "string", "pattern": "a{900000000}"},
    "nested repetitions": {"type": "string", "pattern": "((((a{90}){90}){90}){90})"},
    "alternatives of alternatives": ALTERNATIVES,
    "itself": {"$ref": "#"},
    "itself in allOf": {"allOf": [{"$ref": "#"}]},
    "itself required": {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
    "many parts": {"enum": list(range(10_000))},
    "many levels": json.loads('{"not":' * 200 + "{}" + "}" * 200),
}


@pytest.mark.parametrize("name", HOSTILE_SCHEMAS)
@pytest.mark.parametrize("ask", [answer_by, call_with])
def test_schema_that_asks_for_too_much_is_refused(http: httpx.Client, ask: Any, name: str) -> None:
    started = time.monotonic()
    inner = HOSTILE_SCHEMAS[name]
    answer = ask(http, {"type": "object", "properties": {"a": inner}, "required": ["a"], **inner})
    assert answer.status_code == 400, answer.text[:300]
    assert time.monotonic() - started < PATIENCE


@pytest.mark.parametrize("pattern", ["^(a+)+b$", "^(a|a)*c$", "^([a-z]+)*[0-9]$"])
def test_pattern_that_needs_backtracking_elsewhere_is_answered(http: httpx.Client, pattern: str) -> None:
    """Such patterns take exponential time in engines that backtrack; this one is checked in linear time."""
    started = time.monotonic()
    answer = answer_by(http, {"type": "string", "pattern": pattern})
    assert answer.status_code == 200, answer.text
    assert re.fullmatch(pattern, json.loads(answer.json()["data"]))
    assert time.monotonic() - started < PATIENCE


def post(path: str, body: dict[str, Any], **headers: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    return path, body, headers


HOSTILE_REQUESTS = {
    "slow speech": post("/audio/tts/generations", {"input": "Hi", "speed": 1e-9}),
    "slow speech at the side": post(
        "/audio/tts/generations", {"input": "Hi", "additional_params": {"speed": 1e-9}}
    ),
    "long speech": post("/audio/tts/generations", {"input": "word " * 3000}),
    "many tokens": post("/chat/completions", HELLO, **{"X-Mock-Tokens": "1000000"}),
    "many tokens, many times": post(
        "/chat/completions", {**HELLO, "additional_params": {"n": 128}}, **{"X-Mock-Tokens": "200000"}
    ),
    "many digits": post("/chat/completions", HELLO, **{"X-Mock-Tokens": "9" * 5000}),
    "many choices": post("/chat/completions", {**HELLO, "additional_params": {"n": 10**9}}),
    "many stops": post("/chat/completions", {**HELLO, "additional_params": {"stop": ["x"] * 100_000}}),
    "many values": post("/chat/completions", {**HELLO, "x": [0] * 600_000}),
    "a long conversation": post(
        "/chat/completions", {"messages": [{"role": "user", "content": "a" * 3_000_000}]}
    ),
    "a long prompt": post("/completions", {"prompt": "a" * 3_000_000}),
    "many texts": post("/embeddings", {"text": ["a"] * 3000}),
    "large images": post("/images/generations", {"prompt": "x", "size": "4096x4096", "n": 10}),
    "many videos": post("/videos/generations", {"prompt": "x", "n": 10**6}),
    "many faults": post("/chat/completions", HELLO, **{"X-Mock-Fault": "latency;seconds=0," * 100}),
    "a header of commas": post("/chat/completions", HELLO, **{"X-Mock-Fault": "," * 60_000}),
    "a header of quotes": post("/chat/completions", HELLO, **{"X-Mock-Fault": '"' * 60_000}),
}


@pytest.mark.parametrize("name", HOSTILE_REQUESTS)
def test_request_that_asks_for_too_much_is_refused(http: httpx.Client, name: str) -> None:
    path, body, headers = HOSTILE_REQUESTS[name]
    started = time.monotonic()
    answer = http.post(path, json=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text[:300]
    assert any(
        word in answer.json()["message"]
        for word in ("allows", " to ", "more than", "maximum", "minimum", "has more", "longer")
    )
    assert time.monotonic() - started < PATIENCE


def test_form_of_many_parts_is_refused(http: httpx.Client) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nx\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = http.post("/audio/stt/transcriptions", content=part * 100_000 + b"--b--\r\n", headers=headers)
    assert answer.status_code == 400
    assert "parts of a form are too many" in answer.json()["message"]
    fields = "&".join(f"a{i}=1" for i in range(100_000))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = httpx.post(f"{http.base_url}auth/token", content=fields, headers=headers)
    assert answer.status_code == 400
    assert "more than 1000 fields" in answer.json()["message"]


@pytest.mark.parametrize("header", ["," * 60_000, "no_such_fault", "latency;seconds=nan"])
def test_fault_header_is_not_read_before_the_credentials(mock: MockServer, header: str) -> None:
    answer = httpx.post(f"{mock.base_url}/chat/completions", json=HELLO, headers={"X-Mock-Fault": header})
    assert answer.status_code == 401
    assert mock.counters.get("faults", 0) == 0


# ---- memory ----


def test_unfinished_uploads_are_not_held_in_memory() -> None:
    async def upload(arrived: asyncio.Event, go_on: asyncio.Event) -> None:
        parts = iter(range(16))

        async def receive() -> MutableMapping[str, Any]:
            if next(parts, None) is not None:
                return {"type": "http.request", "body": bytes(1_000_000), "more_body": True}
            arrived.set()
            await go_on.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        body, too_large = await read_body(receive, {}, 104_857_600)
        assert (len(body.read()), too_large) == (16_000_000, False)
        body.close()

    async def twenty() -> int:
        go_on = asyncio.Event()
        arrived = [asyncio.Event() for _ in range(20)]
        tasks = [asyncio.create_task(upload(each, go_on)) for each in arrived]
        for each in arrived:
            await each.wait()
        held = tracemalloc.get_traced_memory()[0]
        go_on.set()
        await asyncio.gather(*tasks)
        return held

    tracemalloc.start()
    try:
        assert asyncio.run(twenty()) < 60_000_000  # of the 320 MB that were sent
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="reads the memory of a process in /proc")
@pytest.mark.parametrize("finished", [False, True])
def test_twenty_large_uploads_do_not_fill_the_memory(finished: bool) -> None:
    """Neither while they arrive, nor when they have arrived and wait for a server that takes its time."""
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF',
        bytes(1_000_000),
        b"\r\n--b--\r\n",
    )
    size = len(form[0]) + 30 * len(form[1]) + len(form[2])
    with running_mock(sys.executable, "--latency", "3600") as mock, contextlib.ExitStack() as stack:
        address = ("127.0.0.1", int(mock.url.rpartition(":")[2]))
        for _ in range(20):
            connection = stack.enter_context(socket.create_connection(address))
            connection.sendall(
                b"POST /api/v1/audio/stt/transcriptions HTTP/1.1\r\nHost: localhost\r\n"
                + f"Authorization: Bearer {mock.api_key}\r\nContent-Length: {size}\r\n".encode()
                + b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
                + form[0]
            )
            for _ in range(30):
                connection.sendall(form[1])
            if finished:
                connection.sendall(form[2])
        end = time.monotonic() + seconds(60.0)
        while finished and len(httpx.get(f"{mock.url}/__mock__/requests").json()["requests"]) < 20:
            assert time.monotonic() < end
        status = Path(f"/proc/{mock.pid}/status").read_text(encoding="ascii")
        held = {name: int(size) * 1024 for name, size in re.findall(r"(VmRSS|VmHWM):\s+(\d+)", status)}
        assert held["VmRSS"] < 250_000_000  # of the 600 MB that were sent
        assert held["VmHWM"] < 400_000_000


@pytest.mark.indoxrouter_mock(reply_tokens=10)
def test_billing_log_is_bounded_and_its_sums_stay_right(http: httpx.Client, mock: MockServer) -> None:
    mock.app.state.billing_log.most = 5
    for _ in range(12):
        assert http.post("/chat/completions", json=HELLO).status_code == 200
    assert http.get("/user/usage").json()["total_requests"] == 5
    page = http.get("/user/transactions", params={"limit": 1000}).json()
    assert page["total_count"] == 5 + 1 + 1  # five calls, the starting credit, all earlier calls in one
    assert sum(row["amount"] for row in page["transactions"]) == pytest.approx(mock.credits, abs=1e-9)
    assert page["transactions"][-1]["description"] in ("Earlier transactions", "Starting credit")


# ---- control ----


@pytest.mark.parametrize(
    "settings",
    [
        {"journal_size": 1.5},
        {"journal_size": 10**9},
        {"journal_size": True},
        {"credits": "a lot"},
        {"credits": None},
        {"tier": 3},
        {"tier": ["free"]},
        {"latency": 1e9},
        {"reply_tokens": 10**9},
        {"seed": 0.5},
        {"api_key": "with spaces"},
        {"frozen_clock": "yes"},
        {"spec": "/etc/passwd"},
        {"admin_token": "x"},
        {"nonsense": 1},
        [1],
        "x",
    ],
)
def test_refused_reset_changes_nothing(http: httpx.Client, mock: MockServer, settings: object) -> None:
    http.post("/chat/completions", json=HELLO)
    before = httpx.get(f"{mock.url}/__mock__/status").json()
    answer = httpx.post(f"{mock.url}/__mock__/reset", json={"settings": settings})
    assert answer.status_code == 400, answer.text
    after = httpx.get(f"{mock.url}/__mock__/status").json()
    assert [after[name] for name in ("options", "account", "counters")] == [
        before[name] for name in ("options", "account", "counters")
    ]
    assert len(mock.requests) == 1
    assert http.post("/chat/completions", json=HELLO).status_code == 200


@pytest.mark.parametrize(
    ("fault", "arguments"),
    [
        ("latency", {"seconds": "nan"}),
        ("latency", {"seconds": "inf"}),
        ("latency", {"seconds": -1}),
        ("latency", {"seconds": 1e9}),
        ("stall", {"after": -1}),
        ("stall", {"after": 10**30}),
        ("error", {"status": 99}),
        ("error", {"status": 1000}),
        ("error", {"message": "x" * 20_000}),
        ("html_error", {"status": 200}),
        ("redirect", {"status": 200}),
        ("redirect", {"location": "http://a/\r\nSet-Cookie: a=b"}),
        ("redirect", {"location": "http://\u00e9/"}),
        ("wrong_content_type", {"type": "text/plain\r\nX: y"}),
        ("fragment", {"size": 0}),
        ("malformed_event", {"at": 0}),
        ("rate_limit", {"retry_after": 1e300}),
        ("slow_job", {"seconds": "nan"}),
    ],
)
def test_fault_arguments_are_checked(mock: MockServer, fault: str, arguments: dict[str, Any]) -> None:
    answer = httpx.post(f"{mock.url}/__mock__/faults", json={"fault": fault, "arguments": arguments})
    assert answer.status_code == 400, answer.text
    assert answer.json()["details"]["problems"][0]["path"] == f"body/fault/{fault}/{next(iter(arguments))}"
    with pytest.raises(ValueError, match=r"is not|are too many|holds"):
        mock.faults.add(fault, **arguments)
    assert mock.faults.pending == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "elsewhere.example"},
        {"Host": "127.0.0.1.elsewhere.example"},
        {"Host": "elsewhere.example:8000", "Origin": "http://elsewhere.example:8000"},
    ],
)
def test_admin_endpoints_refuse_a_page_elsewhere(mock: MockServer, headers: dict[str, str]) -> None:
    mock.credits = 5
    for method, path in (
        ("POST", "/__mock__/reset"),
        ("GET", "/__mock__/status"),
        ("DELETE", "/__mock__/requests"),
    ):
        answer = httpx.request(method, mock.url + path, headers=headers)
        assert answer.status_code == 403, answer.text
        assert "foreign" in answer.json()["message"]
        assert mock.api_key not in answer.text
    assert mock.credits == 5


def test_admin_endpoints_know_this_machine(mock: MockServer) -> None:
    port = mock.url.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "mock.localhost"):
        headers = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}"}
        assert httpx.post(f"{mock.url}/__mock__/reset", headers=headers).status_code == 200


def test_admin_endpoints_take_a_token_beyond_loopback() -> None:
    with MockServer(host="0.0.0.0") as mock:
        url = f"http://127.0.0.1:{mock.url.rpartition(':')[2]}"
        assert mock.admin_token is not None
        for given in (
            {},
            {"X-Mock-Admin-Token": "x"},
            {"Authorization": "Bearer x"},
            {"X-Mock-Admin-Token": "not-the-token"},
        ):
            answer = httpx.post(f"{url}/__mock__/reset", headers=given)
            assert answer.status_code == 401, answer.text
            assert mock.admin_token not in answer.text
        for given in (
            {"X-Mock-Admin-Token": mock.admin_token},
            {"Authorization": f"Bearer {mock.admin_token}"},
        ):
            assert httpx.post(f"{url}/__mock__/reset", headers=given).status_code == 200
        mock.reset(tier="free")
        assert httpx.get(f"{url}/__mock__/status").status_code == 401
        # The API itself is not affected: it has keys of its own.
        headers = {"Authorization": f"Bearer {mock.api_key}"}
        assert httpx.get(f"{url}/api/v1/user/me", headers=headers).status_code == 200


def test_unknown_admin_paths_and_methods_are_answered_in_json(mock: MockServer) -> None:
    answer = httpx.get(f"{mock.url}/__mock__/nowhere")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    answer = httpx.put(f"{mock.url}/__mock__/answers")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, DELETE")
    assert answer.json()["message"] == "/__mock__/answers supports GET, POST, DELETE, not PUT"


@pytest.mark.parametrize("path", ["/__mock__/reset/", "/__mock__/", "/docs/", "/openapi.json/", "/files/x/"])
def test_slash_at_the_end_leads_nowhere_else(mock: MockServer, path: str) -> None:
    forged = {"Host": "elsewhere.example"}
    for method in ("GET", "POST"):
        answer = httpx.request(method, mock.url + path, headers=forged)
        assert not answer.is_redirect, answer.headers
        assert "elsewhere.example" not in str(answer.headers)
    assert httpx.post(f"{mock.url}/__mock__/reset/", headers=forged).status_code == 403
    assert httpx.post(f"{mock.url}/__mock__/reset/", json={"settings": {"tier": "free"}}).status_code == 200
    assert httpx.get(f"{mock.url}/__mock__/status/").json()["options"]["tier"] == "free"
    answer = httpx.put(f"{mock.url}/__mock__/answers/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, DELETE")


def test_further_hosts_can_be_allowed() -> None:
    with MockServer(host="0.0.0.0", admin_token="secret", allowed_hosts=("mock",)) as mock:
        url = f"http://127.0.0.1:{mock.url.rpartition(':')[2]}/__mock__/status"
        headers = {"X-Mock-Admin-Token": "secret"}
        assert httpx.get(url, headers={**headers, "Host": "mock:8000"}).status_code == 200
        assert httpx.get(url, headers={**headers, "Host": "other:8000"}).status_code == 403
        assert httpx.get(url, headers={"Host": "mock:8000"}).status_code == 401


# ---- forms ----


def test_same_form_under_the_same_key_is_the_same_request_whatever_its_boundary(
    http: httpx.Client, mock: MockServer
) -> None:
    def send(boundary: str, content: bytes = sound(0, 500), **data: str) -> httpx.Response:
        headers = {"Idempotency-Key": "one", "Content-Type": f"multipart/form-data; boundary={boundary}"}
        return http.post(
            "/audio/stt/transcriptions", files={"file": ("a.mp3", content)}, data=data, headers=headers
        )

    first = send("one")
    again = send("another-boundary")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert http.get("/user/usage").json()["total_requests"] == 1
    assert send("third", sound(1, 500)).status_code == 409
    assert send("fourth", language="de").status_code == 409


# ---- memory ----


def test_replies_under_idempotency_keys_have_a_bound_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MOST_BYTES", 1000)
    replies = idempotency.IdempotentReplies()
    for number in range(10):
        replies.add((number % 2, "createImage", str(number)), "mark", Reply(content=b"x" * 300))
    assert len(replies) == 3
    assert replies.get((0, "createImage", "0")) is None
    assert replies.get((1, "createImage", "9")) is not None
    replies.add((1, "createImage", "large"), "mark", Reply(body="x" * 5000))
    assert len(replies) == 1, "one reply is kept however large it is"
    stream = Stream("s", lambda: iter(()), lambda: None, lambda: None, held=5000)
    replies.add((1, "createImage", "stream"), "mark", Reply(stream=stream))
    assert replies.get((1, "createImage", "large")) is None
    replies.forget(1)
    assert len(replies) == 0


POST = b"POST /api/v1/chat/completions HTTP/1.1\r\nhost: mock\r\ntransfer-encoding: chunked\r\n\r\n"
ENDLESS = {
    "a header": (b"GET / HTTP/1.1\r\nhost: mock\r\nx: ", b"a" * 8192),
    "headers": (b"GET / HTTP/1.1\r\nhost: mock\r\n", b"a: b\r\n" * 1365),
    "a URL": (b"GET /", b"a" * 8192),
    "trailers": (POST + b"0\r\n", b"a: b\r\n" * 1365),
    "a trailer": (POST + b"1\r\n{\r\n0\r\nx: ", b"a" * 8192),
    "a chunk that does not begin": (POST + b"1;x=", b"a" * 8192),
    "empty lines": (b"", b"\r\n" * 4096),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_head_ends_the_connection(mock: MockServer, name: str) -> None:
    start, more = ENDLESS[name]
    address = ("127.0.0.1", int(mock.url.rpartition(":")[2]))
    with socket.create_connection(address, PATIENCE) as client, contextlib.suppress(ConnectionError):
        client.sendall(start)
        for _ in range(64):
            client.sendall(more)
        assert client.recv(1000).startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert client.recv(1000) == b""


def test_large_head_is_taken_and_bodies_are_not_counted_as_one(http: httpx.Client) -> None:
    headers = {f"x-{number}": "a" * 10_000 for number in range(20)}
    pieces = (b" " * 8192 for _ in range(100))

    def content() -> Iterator[bytes]:
        yield from pieces
        yield json.dumps(HELLO).encode()

    answer = http.post(
        "/chat/completions", content=content(), headers={**headers, "content-type": "application/json"}
    )
    assert answer.status_code == 200


def test_streams_under_idempotency_keys_count_with_their_text_and_their_request(
    http: httpx.Client, mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "MOST_BYTES", 2_000_000)

    def send(key: str, tokens: int, **more: object) -> int:
        headers = {"Idempotency-Key": key, "X-Mock-Tokens": str(tokens)}
        answer = http.post("/chat/completions", json={**HELLO, "stream": True, **more}, headers=headers)
        assert answer.status_code == 200
        return len(mock.app.state.idempotent)

    assert [send(str(number), 10) for number in range(3)] == [1, 2, 3]
    assert [send(f"long answer {number}", 20_000) for number in range(3)] == [4, 1, 1]
    assert [send(f"large request {number}", 10, ignored="x" * 1_500_000) for number in range(3)] == [1, 1, 1]


def test_words_of_a_long_answer_are_held_once() -> None:
    found = fake_text.answer_tokens("Hello", "m", "seed", 50_000)
    assert len(found.pieces) == 50_000
    assert len(set(map(id, found.pieces))) < 500


@pytest.mark.parametrize(
    "body", [b" " * 80_000_000, b'{"x": "' + b"\\u0041" * 10_000_000], ids=["spaces", "a text"]
)
def test_large_body_that_is_no_json_is_not_read_twice(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    def read_again(content: bytes) -> None:
        raise AssertionError("read a second time")

    monkeypatch.setattr(json, "loads", read_again)
    answer = http.post("/chat/completions", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert "body: not valid application/json: " in answer.text


def test_video_jobs_have_a_bound(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "MOST_JOBS", 3)
    body = {"prompt": "a fox", "duration": 1, "size": "64x64"}
    made = [http.post("/videos/generations", json=body).json()["data"]["job_id"] for _ in range(5)]
    assert http.get("/videos/jobs").json()["total"] == 3
    assert http.get(f"/videos/jobs/{made[0]}").status_code == 404
    assert http.get(f"/videos/jobs/{made[-1]}").status_code == 200
