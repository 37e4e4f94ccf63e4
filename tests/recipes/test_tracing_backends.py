"""An intake for OpenTelemetry receives spans that have what Langfuse, Phoenix and Logfire read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from indoxrouter import Client, OpenTelemetryObserver

from indoxrouter_mock import MockServer
from tests.reliability.conventions import BACKENDS

exporting: Any = pytest.importorskip(
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    reason="`make integrations` installs the exporter",
)
messages: Any = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")


@pytest.fixture
def intake() -> Iterator[tuple[str, list[bytes]]]:
    """The address of a server that takes spans, and the bodies that it received."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_intake_receives_what_the_backend_reads(
    indoxrouter_mock: MockServer,
    intake: tuple[str, list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    url, bodies = intake
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_ONLY")
    cost, read = BACKENDS[backend]
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(exporting.OTLPSpanExporter(timeout=20)))
    observer = OpenTelemetryObserver(provider, cost_attribute=cost)
    with Client(indoxrouter_mock.api_key, base_url=indoxrouter_mock.url, observers=[observer]) as client:
        chat: Any = client.chat
        made = chat([{"role": "user", "content": "Say hello."}], model="openai/gpt-4o-mini", temperature=0.5)
        streamed = chat(
            [{"role": "user", "content": "Say hello."}],
            model="openai/gpt-4o-mini",
            temperature=0.5,
            stream=True,
        ).until_done()
    provider.shutdown()
    request = messages.ExportTraceServiceRequest.FromString(bodies[0])
    spans = request.resource_spans[0].scope_spans[0].spans
    found = [{pair.key: pair.value for pair in span.attributes} for span in spans]
    assert [span.name for span in spans] == ["chat openai/gpt-4o-mini"] * 2
    for attributes, response in zip(found, (made, streamed), strict=True):
        assert {*read, cost} <= {*attributes}
        assert attributes[cost].double_value == response.cost
        assert attributes["gen_ai.usage.output_tokens"].int_value == response.usage.tokens_completion
