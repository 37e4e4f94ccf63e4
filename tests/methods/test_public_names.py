"""One name, one thing: what two public modules export under one name is one object."""

from __future__ import annotations

import indoxrouter
import pytest
from indoxrouter import models

from .harness import Harness

SHARED = sorted({*indoxrouter.__all__} & {*models.__all__})
MESSAGES = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize("name", SHARED)
def test_a_name_means_the_same_in_both_modules(name: str) -> None:
    assert getattr(models, name) is getattr(indoxrouter, name)


def test_the_response_classes_are_among_the_shared_names() -> None:
    assert {"ChatResponse", "CompletionResponse", "EmbeddingResponse", "ImageResponse", "Usage"} <= {*SHARED}


def test_both_ways_to_call_return_the_same_class(harness: Harness) -> None:
    typed = harness(
        harness.client.api.chat.create_chat_completion, model="openai/gpt-4o-mini", messages=MESSAGES
    )
    assert type(typed) is models.ChatResponse is type(harness.chat(MESSAGES))
    assert typed.text


def test_files_are_saved_as_the_client_works(harness: Harness) -> None:
    create = harness.client.api.images.create_image
    answer = harness(create, prompt="A lighthouse", model="openai/dall-e-3")
    expected = models.ImageResponse if harness.kind == "sync" else indoxrouter.AsyncImageResponse
    assert type(answer) is expected
