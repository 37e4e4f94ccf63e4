"""The list of HTTP methods: every endpoint and parameter that it names is one of ours, required where it says so."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from indoxrouter.about import OPERATIONS, load_operation

from tests.fields import fields_of
from tests.spec.document import OPERATIONS as DESCRIBED
from tests.spec.document import former_names

COMMON = "model temperature max_tokens top_p frequency_penalty presence_penalty stream additional_params byok_api_key"

# Method, path, required and optional parameters, as printed; and what is said of the answer.
PRINTED: list[tuple[str, str, str, str, str]] = [
    ("POST", "/chat/completions", "messages", COMMON, "ChatResponse"),
    ("POST", "/completions", "prompt", COMMON, "CompletionResponse"),
    ("POST", "/completions/stop-stream/{stream_id}", "stream_id", "", "StopStreamResponse"),
    ("POST", "/embeddings", "text", "model", "EmbeddingResponse"),
    ("POST", "/images/generations", "prompt", "model size n", "ImageResponse"),
    ("POST", "/videos/generations", "", "", "VideoResponse"),
    ("GET", "/videos/jobs/{job_id}", "job_id", "", "VideoJob"),
    ("GET", "/videos/jobs", "", "limit skip", "VideoJobList"),
    ("POST", "/videos/jobs/{job_id}/cancel", "job_id", "", "VideoJobCancellation"),
    ("POST", "/audio/tts/generations", "input", "voice speed", "AudioResponse"),
    ("POST", "/audio/stt/transcriptions", "file", "", "AudioResponse"),
    ("POST", "/audio/stt/translations", "file", "", "AudioResponse"),
    ("GET", "/models/", "", "", "ModelListResponse"),
    ("GET", "/models/trending", "", "days limit", "TrendingModel"),
    ("GET", "/models/{provider_id}/{model_id}", "provider_id model_id", "", "ModelInfo"),
]
OPEN_TO_ALL = {"/models/", "/models/trending", "/models/{provider_id}/{model_id}"}


def operation_at(method: str, path: str) -> Any:
    found = [load_operation(name) for name in OPERATIONS]
    form = re.sub(r"\{.*?\}", "{}", path)  # whatever the parameters are called
    (operation,) = [
        one for one in found if (one.method, re.sub(r"\{.*?\}", "{}", one.path)) == (method, form)
    ]
    return operation


def arguments_of(operation: Any) -> dict[str, bool]:
    """Every parameter and field of the body, by its first name, and whether it has to be given."""
    found = {parameter.wire: parameter.required for parameter in operation.parameters}
    for body in operation.bodies[:1]:
        kind = body.codec.target
        arguments = inspect.signature(kind).parameters
        found |= {
            wire: arguments[name].default is inspect.Parameter.empty for wire, name in fields_of(kind).items()
        }
    former = former_names(DESCRIBED[operation.id])
    return {former.get(name, name): required for name, required in found.items()}


def repr_of_answers(operation: Any) -> str:
    """What the generated method says that it returns."""
    import importlib
    import inspect

    resource = importlib.import_module(f"indoxrouter.resources.{operation.tag}")
    (kind,) = [
        one
        for name, one in vars(resource).items()
        if name.endswith("Resource") and not name.startswith("Async")
    ]
    name = next(tag_and_name[1] for name, tag_and_name in OPERATIONS.items() if name == operation.id)
    return str(inspect.signature(getattr(kind, name)).return_annotation)


@pytest.mark.parametrize(("method", "path", "required", "optional", "answer"), PRINTED)
def test_a_printed_endpoint_takes_what_it_is_said_to_take(
    method: str, path: str, required: str, optional: str, answer: str
) -> None:
    operation = operation_at(method, path)
    arguments = arguments_of(operation)
    assert {name: arguments.get(name) for name in required.split()} == dict.fromkeys(required.split(), True)
    assert {name: arguments.get(name) for name in optional.split()} == dict.fromkeys(optional.split(), False)
    assert bool(operation.security) == (path not in OPEN_TO_ALL)
    assert answer in repr_of_answers(operation)


@pytest.mark.parametrize("path", ["/audio/stt/transcriptions", "/audio/stt/translations"])
def test_recordings_are_uploaded_as_forms(path: str) -> None:
    assert operation_at("POST", path).bodies[0].media_type == "multipart/form-data"


def test_the_documented_prefix_is_that_of_the_default_server() -> None:
    from indoxrouter.about import SERVERS

    assert SERVERS[0].endswith("/api/v1")
