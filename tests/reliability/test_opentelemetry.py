"""Spans and metrics follow the conventions for generative AI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import indoxrouter
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from .conventions import BACKENDS, attribute_names, check_metric, check_span
from .harness import ENVELOPE, MESSAGES, Clock, Mode, do, each
from .server import DONE, STALL, answer, event, streamed, text_event

pytest.importorskip("opentelemetry.util.genai", reason="the extra otel is not installed")

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
USAGE_EVENT = event({"choices": [], "usage": ENVELOPE["usage"]})
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "openai/gpt-4o-mini",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.response.model": "gpt-4o-mini",
    "gen_ai.response.id": "00000000-0000-4000-8000-000000000001",
    "gen_ai.response.finish_reasons": ("stop",),
    "gen_ai.usage.input_tokens": 1,
    "gen_ai.usage.output_tokens": 2,
    "server.address": "127.0.0.1",
    "indoxrouter.usage.cost": 0.001,
}


class Telemetry:
    """An observer, and what it exported.

    Args:
        cost: name of the attribute of the cost, if the backend reads another one.
    """

    def __init__(self, cost: str = "indoxrouter.usage.cost") -> None:
        self.allowed = (cost,)
        self.exporter = InMemorySpanExporter()
        self.traces = TracerProvider()
        self.traces.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.observer = indoxrouter.OpenTelemetryObserver(self.traces, self.meters, cost_attribute=cost)

    @property
    def spans(self) -> list[Any]:
        """The spans that ended, each of which follows the conventions."""
        spans = list(self.exporter.get_finished_spans())
        for span in spans:
            if span.instrumentation_scope.name == "indoxrouter":
                check_span(span, *self.allowed)
        return spans

    def metrics(self) -> dict[str, Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        found = {
            metric.name: metric.data
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }
        for name, values in found.items():
            check_metric(name, values)
        return found


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telemetry]:
    monkeypatch.delenv(CONTENT, raising=False)
    made = Telemetry()
    yield made
    made.meters.shutdown()


async def test_a_chat_is_a_span_with_the_attributes_of_the_conventions(
    mode: Mode, telemetry: Telemetry, clock: Clock
) -> None:
    mode.server.on("/chat/completions", answer({"error": "busy"}, 503), answer(ENVELOPE))
    client = mode.client(observers=[telemetry.observer])
    with telemetry.traces.get_tracer("test").start_as_current_span("mine") as parent:
        await do(client.chat(MESSAGES, model="openai/gpt-4o-mini", temperature=0.5))
    span = telemetry.spans[0]
    assert span.name == "chat openai/gpt-4o-mini"
    assert span.kind is SpanKind.CLIENT
    assert span.parent.span_id == parent.get_span_context().span_id
    assert {name: span.attributes.get(name) for name in CHAT} == CHAT
    assert [dict(each.attributes)["http.response.status_code"] for each in span.events] == [503, 200]
    assert "hello" not in repr(dict(span.attributes))
    metrics = telemetry.metrics()
    assert metrics["gen_ai.client.operation.duration"].data_points[0].count == 1
    tokens = {
        point.attributes["gen_ai.token.type"]: point.sum
        for point in metrics["gen_ai.client.token.usage"].data_points
    }
    assert tokens == {"input": 1, "output": 2}


async def test_the_span_of_a_stream_ends_with_the_stream(mode: Mode, telemetry: Telemetry) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), text_event("b", "stop"), USAGE_EVENT, DONE))
    stream = await do(mode.client(observers=[telemetry.observer]).chat(MESSAGES, stream=True))
    assert telemetry.spans == []
    async for _ in each(stream):
        pass
    (span,) = telemetry.spans
    assert span.attributes["gen_ai.usage.output_tokens"] == 2
    assert "gen_ai.client.operation.time_to_first_chunk" in telemetry.metrics()


async def test_the_span_of_a_stream_that_is_left_ends(mode: Mode, telemetry: Telemetry) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))
    stream = await do(mode.client(observers=[telemetry.observer]).chat(MESSAGES, stream=True))
    await do(anext(stream) if mode.is_async else next(stream))
    await do(stream.close())
    (span,) = telemetry.spans
    assert span.attributes["indoxrouter.complete"] is False
    assert span.status.status_code is StatusCode.UNSET


async def test_an_error_is_the_status_of_the_span(mode: Mode, telemetry: Telemetry) -> None:
    mode.server.on("/chat/completions", answer({"error": "no credits"}, 402))
    client = mode.client(observers=[telemetry.observer])
    await mode.failure(lambda: client.chat(MESSAGES))
    (span,) = telemetry.spans
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["error.type"].endswith("InsufficientCreditsError")


async def test_embeddings_are_a_span_and_reads_are_none(mode: Mode, telemetry: Telemetry) -> None:
    mode.server.on("/embeddings", answer({**ENVELOPE, "data": [[0.1, 0.2]], "dimensions": 2}))
    mode.server.on("/models/", answer([{"id": "openai", "name": "OpenAI", "models": []}]))
    client = mode.client(observers=[telemetry.observer])
    await do(client.embeddings("text", model="openai/small"))
    await do(client.models())
    (span,) = telemetry.spans
    assert span.name == "embeddings openai/small"
    assert span.attributes["gen_ai.usage.input_tokens"] == 1


async def test_content_is_recorded_when_the_environment_asks_for_it(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONTENT, "SPAN_ONLY")
    telemetry = Telemetry()
    mode.server.on("/chat/completions", answer(ENVELOPE))
    await do(mode.client(observers=[telemetry.observer]).chat(MESSAGES))
    telemetry.meters.shutdown()
    (span,) = telemetry.spans
    assert '"hello"' in span.attributes["gen_ai.input.messages"]
    assert "hello there" in span.attributes["gen_ai.output.messages"]


async def test_parameters_beside_the_documented_ones_are_attributes(mode: Mode, telemetry: Telemetry) -> None:
    mode.server.on("/chat/completions", answer(ENVELOPE))
    client = mode.client(observers=[telemetry.observer])
    await do(client.chat(MESSAGES, stop=["END"], seed=7, response_format="json_object"))
    (span,) = telemetry.spans
    assert span.attributes["gen_ai.request.stop_sequences"] == ("END",)
    assert span.attributes["gen_ai.request.seed"] == 7
    assert span.attributes["gen_ai.output.type"] == "json"


@pytest.mark.parametrize(
    ("method", "arguments", "operation", "output"),
    [
        ("completion", {"prompt": "Say"}, "text_completion", None),
        ("images", {"prompt": "a boat"}, "generate_content", "image"),
        ("text_to_speech", {"input": "hello"}, "generate_content", "speech"),
        ("speech_to_text", {"file": ("a.wav", b"RIFF")}, "generate_content", "text"),
        ("translate_audio", {"file": ("a.wav", b"RIFF")}, "generate_content", "text"),
        ("videos", {"prompt": "a boat"}, "generate_content", "video"),
        ("embeddings", {"text": "a"}, "embeddings", None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_every_operation_has_the_attributes_of_the_conventions_and_no_other(
    mode: Mode,
    telemetry: Telemetry,
    method: str,
    arguments: dict[str, Any],
    operation: str,
    output: str | None,
) -> None:
    data: dict[str, Any] = {
        "embeddings": {"data": [[0.1, 0.2]], "dimensions": 2},
        "images": {"data": [{"url": "https://example.com/a.png"}]},
        "videos": {"data": {"job_id": "job_1", "status": "queued", "is_async": True}},
        "text_to_speech": {"data": {"url": "https://example.com/a.mp3"}},
    }
    mode.server.on("*", answer({**ENVELOPE, **data.get(method, {})}))
    client = mode.client(observers=[telemetry.observer])
    await do(getattr(client, method)(**arguments, model="openai/the-model"))
    (span,) = telemetry.spans
    required = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "openai/the-model",
        "gen_ai.usage.input_tokens": 1,
        "server.address": "127.0.0.1",
        "indoxrouter.usage.cost": 0.001,
    }
    assert {name: span.attributes.get(name) for name in required} == required
    assert span.attributes.get("gen_ai.output.type") == output
    assert [event.name for event in span.events] == ["indoxrouter.attempt"]
    assert span.kind is SpanKind.CLIENT


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("backend", BACKENDS)
async def test_spans_have_what_backends_read(
    mode: Mode, monkeypatch: pytest.MonkeyPatch, backend: str, stream: bool
) -> None:
    monkeypatch.setenv(CONTENT, "SPAN_ONLY")
    cost, read = BACKENDS[backend]
    telemetry = Telemetry(cost)
    first = event({"model": "gpt-4o-mini", "choices": [{"index": 0, "delta": {"content": "hello there"}}]})
    events = streamed(first, text_event("", "stop"), USAGE_EVENT, DONE)
    mode.server.on("/chat/completions", events if stream else answer(ENVELOPE))
    client = mode.client(observers=[telemetry.observer])
    made = await do(client.chat(MESSAGES, model="openai/gpt-4o-mini", temperature=0.5, stream=stream))
    if stream:
        await do(made.until_done())
    telemetry.meters.shutdown()
    (span,) = telemetry.spans
    assert {*read, cost} <= {*span.attributes}
    assert span.attributes[cost] == 0.001
    assert json.loads(span.attributes["gen_ai.input.messages"])[0]["role"] == "user"
    assert json.loads(span.attributes["gen_ai.output.messages"])[0]["parts"][0]["content"] == "hello there"


def test_names_that_were_replaced_are_not_of_the_conventions() -> None:
    assert {
        "gen_ai.request.model",
        "gen_ai.usage.cache_write.input_tokens",
        "server.port",
    } <= attribute_names()
    assert attribute_names().isdisjoint({"gen_ai.system", "gen_ai.prompt", "gen_ai.usage.prompt_tokens"})
