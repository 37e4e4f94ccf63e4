"""Whatever JSON a server sends, reading a response gives something or a typed error, and loses nothing."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from indoxrouter import (
    AudioResponse,
    ChatResponse,
    CompletionResponse,
    EmbeddingResponse,
    Image,
    ImageResponse,
    IndoxRouterError,
    ModelCatalog,
    Usage,
    VideoResponse,
)
from indoxrouter import models as generated

from tests.fields import fields_of

KEYS = st.sampled_from(
    [
        "data",
        "choices",
        "output",
        "message",
        "content",
        "text",
        "usage",
        "images",
        "tool_calls",
        "function",
        "arguments",
        "name",
        "id",
        "type",
        "index",
        "url",
        "b64_json",
        "status",
        "finish_reason",
        "reasoning",
        "reasoning_content",
        "summary",
        "created",
        "created_at",
        "embedding",
        "dimensions",
        "job_id",
        "audio",
        "format",
        "language",
        "providers",
        "models",
        "provider",
        "model",
        "request_id",
        "raw_response",
        "delta",
        "details",
        "cost",
        "tokens_prompt",
        "prompt_tokens",
        "total_tokens",
        "cost_breakdown",
        "total_cost",
        "input_tokens_details",
        "cached_tokens",
        "image_url",
        "result",
        "incomplete_details",
        "reason",
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
    st.sampled_from(
        ["message", "reasoning", "function_call", "image_generation_call", "completed", "https://x/y", "{}"]
    ),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=14,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=6)

READINGS = (
    *(
        "text",
        "data",
        "finish_reason",
        "usage",
        "cost",
        "reasoning",
        "images",
        "tool_calls",
        "raw_response",
        "request_id",
    ),
    *(
        "choices",
        "output",
        "parsed",
        "dimensions",
        "language",
        "url",
        "format",
        "job",
        "provider",
        "model",
        "created_at",
    ),
)


@pytest.mark.parametrize(
    "kind", [ChatResponse, CompletionResponse, EmbeddingResponse, ImageResponse, AudioResponse, VideoResponse]
)
@given(raw=OBJECTS)
def test_any_object_reads_as_a_response_and_comes_back_unchanged(kind: Any, raw: dict[str, Any]) -> None:
    before = copy.deepcopy(raw)
    response = kind.from_dict(raw)
    for name in READINGS:
        if hasattr(type(response), name) or name in fields_of(kind).values():
            with contextlib.suppress(IndoxRouterError):
                getattr(response, name)
    images = (
        getattr(response, "images", None)
        if kind in (ChatResponse, CompletionResponse, ImageResponse)
        else None
    )
    for image in images if isinstance(images, list) else ():
        with contextlib.suppress(IndoxRouterError):
            image.read() if isinstance(image, Image) else None
    _ = (
        repr(response),
        dict(response),
        list(response),
        len(response),
        response.get("choices"),
        "data" in response,
    )
    assert response.to_dict() == before
    assert json.loads(json.dumps(response.to_dict())) == json.loads(json.dumps(before))


@given(raw=OBJECTS)
def test_any_object_reads_as_usage(raw: dict[str, Any]) -> None:
    usage: Any = Usage.from_dict(raw)
    for name in (
        "tokens_prompt",
        "completion_tokens",
        "total_tokens",
        "cost",
        "input_tokens_details",
        "reasoning_tokens",
    ):
        getattr(usage, name)
        usage.get(name)
    assert repr(usage).startswith("Usage(")
    assert usage.to_dict() == raw


@given(raw=JSON)
@example([{"id": "openai", "models": True}])
@example([{"id": ["openai"], "name": "OpenAI", "models": {"m": 1}}])
def test_any_answer_reads_as_a_catalog(raw: Any) -> None:
    wrapped: Any = generated.ProviderList.from_dict(raw) if isinstance(raw, dict) else raw
    if isinstance(raw, list):
        wrapped = [generated.Provider.from_dict(item) if isinstance(item, dict) else item for item in raw]
    catalog = ModelCatalog.of(wrapped)
    _ = (repr(catalog), catalog.providers, "nowhere" in catalog)
    assert catalog.to_dict() == ([] if raw is None else raw)
    for provider in catalog.providers:
        if isinstance(provider.name, str):
            assert isinstance(catalog[provider.name], list)
