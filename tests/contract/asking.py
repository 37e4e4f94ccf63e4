"""The mock on a socket, asked by plain HTTP with the spec's own examples; every answer is held against the spec."""

from __future__ import annotations

import functools
import io
import json
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from indoxrouter_mock import MockOptions, MockServer
from tests.contract import shapes
from tests.contract.coverage import COVERAGE
from tests.contract.hooks import events_of
from tests.spec.document import OPERATIONS, former_names, parameters, resolve

API_KEY = "indox-0123456789abcdef0123456789abcdef"


@dataclass
class Asking:
    """Sends requests to one mock. `live` holds values of path parameters that exist there: a job, a key, a stream."""

    server: MockServer
    http: httpx.Client
    live: dict[str, Any] = field(default_factory=dict)

    def ask(
        self,
        operation_id: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        media_type: str | None = None,
        authorized: bool = True,
    ) -> httpx.Response:
        """Send the operation's example, or what is given in its place, and hold the answer against the spec."""
        operation = OPERATIONS[operation_id]
        schemas = shapes.body_schemas(operation_id)
        kind = media_type or next(iter(schemas), None)
        sent = {**self._credentials(operation, authorized), **(headers or {})}
        form: dict[str, Any] = {}
        if kind is not None and content is None:
            fields = example_of(operation_id, kind) if body is None else body
            form, content = _written(kind, fields)
            if content is not None:
                sent["content-type"] = kind
        elif content is not None:
            sent["content-type"] = kind or ""
        response = self.http.request(
            operation["method"],
            self._path(operation, path or {}),
            params=dict(query or {}),
            headers=sent,
            content=content,
            **form,
        )
        check(operation_id, response)
        if response.is_success:
            COVERAGE.note("mock.operations", [(operation_id, "")])
            COVERAGE.note(
                "mock.parameters",
                (
                    (operation_id, name)
                    for name in parameters(operation)
                    if name in self._given(operation, query, sent)
                ),
            )
            if kind is not None and (form or content) and content != b"":
                COVERAGE.note_value(
                    "mock.request_fields",
                    schemas[kind],
                    example_of(operation_id, kind) if body is None else body,
                )
        return response

    def _given(
        self, operation: Mapping[str, Any], query: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> set[str]:
        found = {name for name, parameter in parameters(dict(operation)).items() if parameter["in"] == "path"}
        known = {name.lower() for name in headers}
        return (
            found | set(query or {}) | {name for name in parameters(dict(operation)) if name.lower() in known}
        )

    def _credentials(self, operation: Mapping[str, Any], authorized: bool) -> dict[str, str]:
        schemes = (
            {name for alternative in operation["security"] for name in alternative} if authorized else set()
        )
        found = {"Authorization": f"Bearer {API_KEY}"} if "bearerAuth" in schemes else {}
        return {**found, **({"X-API-Key": API_KEY} if "apiKeyHeader" in schemes else {})}

    def _path(self, operation: Mapping[str, Any], given: Mapping[str, Any]) -> str:
        path: str = operation["path"]
        for name, parameter in parameters(dict(operation)).items():
            live = self.live.get(former_names(dict(operation)).get(name, name), parameter.get("example"))
            value = given.get(name, live)
            safe = "/" if parameter.get("x-allow-slash") else ""
            path = path.replace("{" + name + "}", quote(str(value), safe=safe))
        return path

    def afresh(self, **settings: Any) -> Asking:
        """Forget everything, and go on under these settings."""
        self.server.app.reset(MockOptions(api_key=API_KEY, seed=3, credits=1e6).changed(**settings))
        self.live.clear()
        return self

    def prepare(self) -> None:
        """Make a job, a key and a stream, for the operations that need one."""
        self.live["job_id"] = self.ask("createVideo").json()["data"]["job_id"]
        self.live["api_key_id"] = self.ask("createApiKey").json()["id"]
        chat = {**example_of("createChatCompletion", "application/json"), "stream": True}
        events = list(events_of(self.ask("createChatCompletion", body=chat).content))
        self.live["stream_id"] = events[0]["id"]


@contextmanager
def asking() -> Iterator[Asking]:
    """A mock, and somebody who asks it."""
    with MockServer() as server, httpx.Client(base_url=server.base_url, timeout=10, trust_env=False) as http:
        yield Asking(server, http).afresh()


@functools.cache
def _examples(operation_id: str, media_type: str) -> tuple[Any, ...]:
    content = resolve(OPERATIONS[operation_id]["requestBody"])["content"][media_type]
    return tuple(example["value"] for example in content["examples"].values())


def example_of(operation_id: str, media_type: str, number: int = 0) -> Any:
    """One of the spec's examples of a request body."""
    return _examples(operation_id, media_type)[number]


def _written(kind: str, fields: Any) -> tuple[dict[str, Any], bytes | None]:
    if kind == "multipart/form-data":
        texts = {name: str(value) for name, value in fields.items() if name != "file"}
        return {"data": texts, "files": {"file": ("speech.wav", recording(), "audio/wav")}}, None
    if kind == "application/x-www-form-urlencoded":
        return {"data": fields}, None
    return {}, json.dumps(fields).encode()


@functools.cache
def recording() -> bytes:
    """Two seconds of silence, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        sound.writeframes(bytes(2 * 2 * 8000))
    return file.getvalue()


def check(operation_id: str, response: httpx.Response) -> None:
    """Fail unless the answer is what the operation documents: status, content type, headers, body, every event."""
    status = str(response.status_code)
    said = f"{operation_id} answered {status}: {response.text[:400]}"
    documented = OPERATIONS[operation_id]["responses"]
    assert status in documented, f"undocumented status; {said}"
    media_type = response.headers.get("content-type", "").partition(";")[0]
    schemas = shapes.answer_schemas(operation_id, status)
    if not schemas and not response.content:
        COVERAGE.note("mock.statuses", [(operation_id, status)])
        return
    assert media_type in schemas, f"undocumented content type {media_type!r}; {said}"
    for name, header in resolve(documented[status]).get("headers", {}).items():
        if name in response.headers:
            _check_header(resolve(header)["schema"], name, response.headers[name])
    COVERAGE.note("mock.statuses", [(operation_id, status)])
    measure = "mock.answer_fields" if status[0] == "2" else "mock.error_fields"
    if media_type == "text/event-stream":
        schema = shapes.event_schema(operation_id)
        for event in events_of(response.content):
            assert shapes.accepts(schema, event), f"an event that does not fit: {event}"
            COVERAGE.note_value(measure, schema, event)
    else:
        body = response.json()
        assert shapes.accepts(schemas[media_type], body), f"a body that does not fit; {said}"
        COVERAGE.note_value(measure, schemas[media_type], body)


def _check_header(schema: dict[str, Any], name: str, text: str) -> None:
    value: Any = int(text) if schema.get("type") == "integer" and text.isdigit() else text
    assert shapes.accepts(schema, value), f"the header {name} does not fit its schema: {text!r}"
