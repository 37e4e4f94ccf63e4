"""What users write against `client.api`, the models, the errors and the servers' tables. Never run; type-checked.

`make surface` keeps a copy of it with each version, and later versions have to accept that copy.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import indoxrouter
from indoxrouter import UNSET, AsyncClient, Client, Unset
from indoxrouter.about import OPERATIONS, SERVERS
from indoxrouter.errors import ERROR_CODES, ERROR_STATUSES
from indoxrouter.models import (
    ApiKeyCreatedResponse,
    ChatMessage,
    ChatRequest,
    CompletionResponse,
    HealthResponse,
    ModelInfo,
    Pricing,
    TrendingModel,
    UsageResponse,
    VideoJob,
    VideoJobList,
    VideoJobStatus,
)
from indoxrouter.params import ChatMessageParam, ChatRequestParam
from typing_extensions import assert_type


def operations(client: Client) -> None:
    """Each tag, with required, optional and left out arguments."""
    assert_type(client.api.health.get_health(), HealthResponse)
    message: ChatMessageParam = {"role": "user", "content": "Hello"}
    client.api.chat.create_chat_completion(messages=[message], model="openai/gpt-4o-mini")
    client.api.chat.create_chat_completion(messages=[ChatMessage("user", "Hello")], temperature=UNSET)
    whole: ChatRequestParam = {"messages": [message], "max_tokens": None}
    client.api.chat.create_chat_completion(body=whole)
    client.api.chat.create_chat_completion(body=ChatRequest([ChatMessage("user", "Hello")]))
    for event in client.api.chat.create_chat_completion(messages=[message], stream=True):
        assert_type(event.data, str)
    client.api.chat.stop_chat_stream("chat_1")
    assert_type(client.api.completions.create_completion(prompt="Once"), CompletionResponse)
    client.api.embeddings.create_embedding(text=["a", "b"])
    client.api.images.create_image(prompt="A bridge", n=1)
    client.api.audio.create_speech(input="Hello", voice="alloy")
    client.api.audio.create_transcription(file=b"RIFF")
    assert_type(client.api.videos.get_video_job("v1"), VideoJob)
    assert_type(client.api.videos.list_video_jobs(limit=3), VideoJobList)
    assert_type(client.api.models.get_model("openai", "gpt-4o-mini"), ModelInfo)
    assert_type(client.api.models.list_trending_models(days=7), list[TrendingModel])
    assert_type(client.api.user.get_usage(start_date=datetime.date(2026, 1, 1)), UsageResponse)
    assert_type(client.api.user.create_api_key(name="ci"), ApiKeyCreatedResponse)


async def operations_awaited(client: AsyncClient) -> None:
    """The same, awaited."""
    assert_type(await client.api.health.get_health(), HealthResponse)
    assert_type(await client.api.models.get_model("openai", "gpt-4o-mini"), ModelInfo)
    async for event in await client.api.chat.create_chat_completion(messages=[], stream=True):
        assert_type(event.data, str)


def models(info: ModelInfo, job: VideoJob) -> None:
    """Attributes, mapping access, round trips, constants."""
    assert_type(info.id, str)
    assert_type(info.pricing, Pricing | None)
    assert_type(info.capabilities, list[str] | None)
    assert_type(ModelInfo.from_dict(info.to_dict()), ModelInfo)
    assert_type(info.to_json(), str)
    assert_type("id" in info, bool)
    info.get("anything", None)
    if job.status == VideoJobStatus.COMPLETED:
        job["status"]


def errors() -> Sequence[str]:
    """The tree of exceptions, and what each carries."""
    try:
        indoxrouter.Client("key")
    except indoxrouter.RateLimitError as error:
        assert_type(error.retry_after, float | None)
    except (indoxrouter.AuthenticationError, indoxrouter.NetworkError) as error:
        assert_type(error.request_id, str | None)
    except indoxrouter.IndoxRouterError as error:
        assert_type(error.status_code, int | None)
        assert_type(error.message, str)
    assert_type(ERROR_CODES, dict[str, str])
    assert_type(ERROR_STATUSES, dict[int, str])
    assert_type(OPERATIONS, dict[str, tuple[str, str]])
    return SERVERS


def left_out(value: str | Unset) -> str:
    """`UNSET` is told from a value by its type."""
    return "" if isinstance(value, Unset) else value
