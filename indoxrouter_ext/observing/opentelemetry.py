"""Spans and metrics of OpenTelemetry, by its semantic conventions for generative AI. Needs the extra `otel`.

`opentelemetry-util-genai` implements the conventions: names, attributes, metrics, and the environment variables that
switch the capture of content on. This module passes it the parts of a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from indoxrouter._runtime.values.json import is_items, is_mapping

from .._version import __version__
from ..calls.observation import ObservedCall, Observer

if TYPE_CHECKING:
    from ..calls.answer import Attempt

_SCOPE = "indoxrouter"
# Operation of the spec to the operation and the type of output in the conventions.
_OPERATIONS: dict[str, tuple[str, str | None]] = {
    "createChatCompletion": ("chat", None),
    "createCompletion": ("text_completion", None),
    "createEmbedding": ("embeddings", None),
    "createImage": ("generate_content", "image"),
    "createVideo": ("generate_content", "video"),
    "createSpeech": ("generate_content", "speech"),
    "createTranscription": ("generate_content", "text"),
    "createTranslation": ("generate_content", "text"),
}
_REQUEST = ("temperature", "top_p", "max_tokens", "frequency_penalty", "presence_penalty", "seed")


class OpenTelemetryObserver(Observer):
    """Makes one span for each call that generates something: `Client(observers=[OpenTelemetryObserver()])`.

    A span ends with its call, that of a stream when the stream ends. It has the model, the parameters, the tokens, the
    finish reason and the cost; each request that was sent is an event `indoxrouter.attempt`. The metrics are the
    duration of the call, its tokens and, for streams, the time to the first chunk.

    Prompts and answers are recorded only if `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` asks for them.

    Args:
        tracer_provider, meter_provider, logger_provider: of OpenTelemetry; the global ones by default.
        cost_attribute: of the cost in USD, which the conventions do not define: the name that a backend reads.

    Raises:
        ImportError: when the extra `otel` is not installed.
    """

    def __init__(
        self,
        tracer_provider: Any = None,
        meter_provider: Any = None,
        logger_provider: Any = None,
        *,
        cost_attribute: str = "indoxrouter.usage.cost",
    ) -> None:
        try:
            from opentelemetry.util.genai import handler, types  # optional package  # pyright: ignore[reportMissingTypeStubs]
        except ImportError as error:
            raise ImportError(
                "OpenTelemetryObserver needs the extra: pip install 'indoxrouter[otel]'"
            ) from error
        self._types: Any = types
        self._cost = cost_attribute
        make: Any = handler.TelemetryHandler
        self._handler: Any = make(
            tracer_provider=tracer_provider,
            meter_provider=meter_provider,
            logger_provider=logger_provider,
            instrumentation_scope_name=_SCOPE,
            instrumentation_scope_version=__version__,
        )

    def on_start(self, call: ObservedCall) -> None:
        """Start the span, as a child of the current one."""
        if call.operation not in _OPERATIONS:
            return
        operation, output = _OPERATIONS[call.operation]
        server = urlsplit(call.base_url)
        common: dict[str, Any] = {
            "request_model": call.model,
            "server_address": server.hostname,
            "server_port": server.port or (443 if server.scheme == "https" else 80),
        }
        provider = _provider_of(call)
        if operation == "embeddings":
            invocation = self._handler.embedding(provider, **common)
        else:
            invocation = self._handler.inference(provider, operation_name=operation, **common)
            # Parameters that the native operations do not document are in `additional_params`.
            more: Any = call.request.get("additional_params")
            fields: dict[str, Any] = {**(more if is_mapping(more) else {}), **call.request}
            for name in _REQUEST:
                if fields.get(name) is not None:
                    setattr(invocation, name, fields[name])
            wanted: Any = fields.get("response_format")
            if is_mapping(wanted) and str(wanted.get("type")).startswith("json"):
                output = "json"
            stop = fields.get("stop")
            if stop is not None:
                invocation.stop_sequences = [stop] if isinstance(stop, str) else stop
            invocation.output_type = output
            if call.streaming:
                invocation.request_stream = True
            if self._handler.should_capture_content():
                invocation.input_messages = self._messages(call.request)
        # The span is not the current one of the caller: a stream may end in another task than it began in.
        invocation.suspend()
        call.notes[self] = invocation

    def on_attempt(self, call: ObservedCall, attempt: Attempt) -> None:
        """Add the attempt as an event."""
        invocation = call.notes.get(self)
        if invocation is None:
            return
        values = {
            "http.request.resend_count": attempt.number - 1,
            "http.response.status_code": attempt.status,
            "error.type": attempt.failure,
            "indoxrouter.attempt.duration": attempt.elapsed,
            "indoxrouter.attempt.waited": attempt.waited,
            "indoxrouter.request_id": attempt.request_id,
        }
        invocation.span.add_event(
            "indoxrouter.attempt", {name: value for name, value in values.items() if value is not None}
        )

    def on_first_event(self, call: ObservedCall) -> None:
        """Record the time to the first chunk."""
        invocation = call.notes.get(self)
        if invocation is not None:
            invocation.record_stream_chunk()

    def on_end(self, call: ObservedCall) -> None:
        """End the span."""
        invocation = call.notes.pop(self, None)
        if invocation is None:
            return
        response = call.response
        usage = call.usage
        invocation.response_model_name = getattr(response, "model", None)
        if usage is not None:
            invocation.input_tokens = usage.tokens_prompt
            if isinstance(usage.cost, (int, float)):
                invocation.attributes[self._cost] = float(usage.cost)
        if _OPERATIONS[call.operation][0] != "embeddings":
            self._add_answer(invocation, response, usage)
        if call.error is not None:
            invocation.fail(call.error)
            return
        if not call.complete:
            invocation.attributes["indoxrouter.complete"] = False
        invocation.stop()

    def _add_answer(self, invocation: Any, response: Any, usage: Any) -> None:
        invocation.response_id = getattr(response, "request_id", None)
        finish = getattr(response, "finish_reason", None)
        if finish is not None:
            invocation.finish_reasons = [str(finish)]
        if usage is not None:
            invocation.output_tokens = usage.tokens_completion
            invocation.cache_read_input_tokens = usage.cache_read_tokens
            invocation.thinking_tokens = usage.reasoning_tokens
        text = getattr(response, "text", None)
        if isinstance(text, str) and self._handler.should_capture_content():
            part = self._types.Text(content=text)
            invocation.output_messages = [self._types.OutputMessage(role="assistant", parts=[part])]

    def _messages(self, request: Mapping[str, Any]) -> list[Any]:
        """The texts of the request; images and files are left out."""
        messages: Any = request.get("messages")
        if not is_items(messages):
            messages = [{"role": "user", "content": request.get("prompt") or request.get("input")}]
        found: list[Any] = []
        for message in messages:
            if is_mapping(message):
                parts = [self._types.Text(content=text) for text in _texts(message.get("content"))]
                found.append(self._types.InputMessage(role=str(message.get("role")), parts=parts))
        return found


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts: list[Any] = [*content] if is_items(content) else []
    return [part["text"] for part in parts if is_mapping(part) and isinstance(part.get("text"), str)]


def _provider_of(call: ObservedCall) -> str:
    """The provider of the request: named by itself, or before the slash of the model."""
    provider: Any = call.request.get("provider")
    if isinstance(provider, str) and provider.strip():
        return provider.strip().lower()
    model = call.model or ""
    return model.partition("/")[0].strip().lower() if "/" in model else "indoxrouter"
