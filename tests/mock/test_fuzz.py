"""No request of any type is answered with a 5xx: every field of every operation meets every kind of value.

Deterministic and bounded: the same requests in every run, some thousand in all, in-process.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from indoxrouter_mock import DEMO_API_KEY, MockApp, asgi_app
from indoxrouter_mock.app.admin_registry import ADMIN
from indoxrouter_mock.content.png import png_image
from indoxrouter_mock.request.extra_fields import FIELDS
from tests import patience

from .reading import sound

DEEP: Any = None
for _ in range(60):
    DEEP = [DEEP]

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2.5,
    1e300,
    2**70,
    10**400,
    -(10**400),
    "",
    "x",
    "\x00\u2028\U0001f600",
    "1" * 5000,
    "file:///etc/hostname",
    [],
    [None],
    ["x"],
    [[1, 2], [3]],
    [{}],
    {},
    {"type": "x", "name": 1, "function": 2},
    {"type": "json_schema", "json_schema": {"schema": {"type": 5, "$ref": "file:///etc/hostname"}}},
    DEEP,
)
TEXTS = ("", "x", "-1", "2.5", "1e999", "9" * 30, "\x00", "null", "[]", "{}", "é" * 300, "true", "2026-13-45")

IMAGE_FIELDS = (
    "image[]",
    "mask",
    "n",
    "size",
    "quality",
    "background",
    "stream",
    "partial_images",
    "include[]",
)
FORM = "application/x-www-form-urlencoded"
FORMS = (
    "/api/v1/auth/token",
    "/api/v1/audio/stt/transcriptions",
    "/api/v1/audio/stt/translations",
    "/v1/images/edits",
    "/v1/images/variations",
    "/v1/audio/transcriptions",
    "/v1/audio/translations",
)
"""Operations that take a form."""
MESSAGES = [{"role": "user", "content": "Hi"}]
NATIVE: dict[str, dict[str, Any]] = {
    "/chat/completions": {"messages": MESSAGES, "max_tokens": 3},
    "/completions": {"prompt": "Once", "max_tokens": 3},
    "/embeddings": {"text": "a", "model": "openai/text-embedding-3-small"},
    "/images/generations": {"prompt": "a fox", "size": "8x8"},
    "/videos/generations": {"prompt": "a fox", "duration": 1, "size": "64x64"},
    "/audio/tts/generations": {"input": "Hi"},
    "/user/api-keys": {"name": "a", "expiration_time": 3},
    "/auth/refresh": {"refresh_token": "x"},
}
COMPATIBLE: dict[str, dict[str, Any]] = {
    "/chat/completions": {"model": "gpt-4o", "messages": MESSAGES, "max_tokens": 3},
    "/completions": {"model": "gpt-4o", "prompt": "Once", "max_tokens": 3},
    "/embeddings": {"model": "text-embedding-3-small", "input": "a"},
    "/images/generations": {"model": "dall-e-3", "prompt": "a fox", "size": "8x8"},
    "/responses": {
        "model": "gpt-4o",
        "input": "Hi",
        "max_output_tokens": 3,
        "text": {},
        "instructions": "Be brief",
    },
    "/moderations": {"input": "Hi"},
    "/audio/speech": {"model": "tts-1", "voice": "alloy", "input": "Hi"},
}
ALL = [
    *((f"/api/v1{path}", body) for path, body in NATIVE.items()),
    *((f"/v1{path}", body) for path, body in COMPATIBLE.items()),
]


@pytest.fixture
def app() -> MockApp:
    return asgi_app(credits=1e9)


@pytest.fixture
async def client(app: MockApp) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {DEMO_API_KEY}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://mock", headers=headers) as found:
        yield found


def places(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The body with every value at every place in turn."""
    names = {*body, *FIELDS}
    for value in VALUES:
        yield from ({**body, name: value} for name in sorted(names))
        yield from ({**body, "additional_params": {name: value}} for name in sorted(FIELDS))
        yield {**body, "additional_params": value}
        if "messages" in body:
            for name in ("role", "content", "name", "tool_calls", "tool_call_id"):
                yield {**body, "messages": [{**MESSAGES[0], name: value}]}
            for name in ("type", "text", "image_url"):
                part = {"type": "text", "text": "a", name: value}
                yield {**body, "messages": [{"role": "user", "content": [part]}]}
            for name in ("name", "parameters"):
                tool = {"type": "function", "function": {"name": "f", "parameters": {}, name: value}}
                yield {**body, "additional_params": {"tools": [tool]}, "tools": [tool]}


@pytest.mark.anyio
@pytest.mark.parametrize(("path", "body"), ALL, ids=[path for path, _ in ALL])
async def test_no_value_of_any_field_is_a_server_error(
    app: MockApp, client: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    failed: list[str] = []
    for number, fields in enumerate(places(body)):
        answer = await client.post(path, json=fields)
        if answer.status_code >= 500 and answer.status_code != 501:  # 501 names what is not mocked
            failed.append(f"{json.dumps(fields)[:300]}: {answer.text[:200]}")
        if number % 200 == 0:
            app.reset()
    assert failed == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"0",
        b'"x"',
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"messages":' * 100_000,
        b"\x00" * 50,
    ],
)
async def test_no_body_is_a_server_error(client: httpx.AsyncClient, content: bytes) -> None:
    for kind in (
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "x",
        "",
    ):
        for path, _ in ALL:
            answer = await client.post(path, content=content, headers={"Content-Type": kind})
            assert answer.status_code < 500, (path, kind, answer.text)


@pytest.mark.anyio
async def test_no_field_of_a_form_is_a_server_error(app: MockApp, client: httpx.AsyncClient) -> None:
    names = (
        *("file", "model", "provider", "language", "prompt", "response_format", "temperature"),
        *("timestamp_granularities", "byok_api_key", "username", "password", "unknown"),
    )
    for text in (*TEXTS, "[" * 5000):
        for path in ("/audio/stt/transcriptions", "/audio/stt/translations"):
            for name in names:
                files = {"file": ("a.mp3", sound(0, 100))}
                answer = await client.post(f"/api/v1{path}", data={name: text}, files=files)
                assert answer.status_code < 500, (path, name, text, answer.text)
        for path in ("/images/edits", "/images/variations", "/audio/transcriptions", "/audio/translations"):
            for name in (*names, *IMAGE_FIELDS):
                upload = {"file": ("a.mp3", sound(0, 100)), "image": ("a.png", png_image("a", 0, 1, 1))}
                form = {"prompt": "a", "model": "dall-e-2", "size": "256x256", name: text}
                if "audio" in path:
                    form["model"] = "whisper-1"
                answer = await client.post(f"/v1{path}", data={**form, name: text}, files=upload)
                assert answer.status_code < 500, (path, name, text, answer.text)
        for name in ("username", "password", "grant_type"):
            form = {"username": "demo", "password": "x", name: text}
            assert (await client.post("/api/v1/auth/token", data=form)).status_code < 500
    for content in (
        b"RIFF\x00\x00\x00\x00WAVE" + b"fmt \x00" * 30,
        b"fLaC" + b"\xff" * 40,
        b"OggS",
        b"ID3" + b"\xff" * 20,
    ):
        answer = await client.post("/api/v1/audio/stt/transcriptions", files={"file": ("a", content)})
        assert answer.status_code < 500, answer.text


@pytest.mark.anyio
@pytest.mark.parametrize("path", [*(path for path, _ in ALL), *FORMS])
async def test_no_field_of_a_urlencoded_body_is_a_server_error(client: httpx.AsyncClient, path: str) -> None:
    for text in (*TEXTS, "[" * 5000, ["a", "b"]):
        for name in sorted({*FIELDS, *IMAGE_FIELDS, "username", "password", "file", "unknown", "a[b]", ""}):
            usual = {"model": "gpt-4o", "prompt": "a", "messages": "[]", "input": "a"}
            for form in ({**usual, name: text}, {name: text})[: 2 if patience.ALL else 1]:
                answer = await client.post(path, data=form)
                assert answer.status_code < 500, (path, form, answer.text)
    for content in (b"a", b"&&&", b"%zz=%", b"\xff=\xff", b"a=%00&a=%ff", b"=" * 3000, b"a&" * 3000):
        answer = await client.post(path, content=content, headers={"Content-Type": FORM})
        assert answer.status_code < 500, (path, content[:100], answer.text)


@pytest.mark.anyio
async def test_no_parameter_or_header_is_a_server_error(app: MockApp, client: httpx.AsyncClient) -> None:
    for operation in app.spec.operations.values():
        if operation.method != "GET":
            continue
        for text in TEXTS:
            path = operation.path
            for parameter in operation.parameters:
                if parameter.place == "path":
                    path = path.replace(f"{{{parameter.name}}}", text.replace("\x00", "%00") or "%20")
            query = {each.name: text for each in operation.parameters if each.place == "query"}
            answer = await client.get(f"/api/v1{path}", params=query)
            assert answer.status_code < 500, (path, query, answer.text)
    names = (
        "x-mock-fault",
        "x-mock-tokens",
        "x-mock-shape",
        "x-mock-events",
        "x-mock-embeddings",
        "x-mock-speech",
        "x-mock-chunk-delay",
        "idempotency-key",
        "x-session-id",
        "authorization",
        "cookie",
        "content-type",
    )
    for name in names:
        for text in (
            *(t for t in TEXTS if "\x00" not in t),
            "nan",
            "inf",
            "latency;seconds=nan",
            "a" * 4000,
            "," * 4000,
        ):
            answer = await client.post(
                "/api/v1/chat/completions",
                json=NATIVE["/chat/completions"],
                headers=[(name.encode(), text.encode())],
            )
            assert answer.status_code < 500, (name, text, answer.text)


@pytest.mark.anyio
async def test_no_field_of_an_admin_endpoint_is_a_server_error(
    app: MockApp, client: httpx.AsyncClient
) -> None:
    for endpoint in ADMIN:
        for name in (*endpoint.body, "unknown"):
            for value in VALUES:
                content = json.dumps({name: value})
                answer = await client.request(endpoint.method, endpoint.path, content=content)
                assert answer.status_code < 500, (endpoint.path, content[:200], answer.text)
        for content in ("", "null", "[]", "{", "[" * 100_000, '{"fault":' * 100_000):
            answer = await client.request(endpoint.method, endpoint.path, content=content)
            assert answer.status_code < 500, (endpoint.path, content[:200], answer.text)


@pytest.fixture(autouse=True)
def _no_crash(app: MockApp) -> Iterator[None]:
    yield
    assert app.state.counters.get("crashes", 0) == 0
    assert app.state.violations == []
