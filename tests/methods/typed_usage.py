"""What type checkers make of the documented methods. Never run; `test_typing.py` has it checked.

Every line that ends in `# refused` has to be an error, and no other line may be one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict

import httpx
from indoxrouter import (
    AsyncAudioResponse,
    AsyncClient,
    AsyncImage,
    AsyncImageResponse,
    AsyncIndoxRouter,
    AsyncStream,
    AsyncVideoJobHandle,
    AudioResponse,
    Budget,
    CallOptions,
    ChatMessage,
    ChatResponse,
    Client,
    CompletionResponse,
    EmbeddingResponse,
    Image,
    ImageResponse,
    JobFailedError,
    ModelCatalog,
    OpenTelemetryObserver,
    RateLimitError,
    RawResponse,
    ResponseFormatError,
    Stream,
    StreamChunk,
    StreamTruncatedError,
    ToolCall,
    Usage,
    VideoJobHandle,
    image_part,
    run_tools,
    run_tools_async,
)
from indoxrouter.models import (
    ApiKeyCreatedResponse,
    ChatStreamEvent,
    CompletionStreamEvent,
    HealthResponse,
    ModelInfo,
    OpenAIChoice,
    Provider,
    StopStreamResponse,
    TrendingModel,
    UsageResponse,
    UserResponse,
    VideoJob,
    VideoJobList,
)
from indoxrouter.params import ChatMessageParam
from typing_extensions import Unpack, assert_type


@dataclasses.dataclass
class Joke:
    setup: str


def look_up(city: str) -> str:
    return city


def settings(client: Client, key: str) -> None:
    timeout = httpx.Timeout(5)
    assert_type(Client(key, timeout=timeout, deadline=60, max_retries=0, headers={"X-Team": "a"}), Client)
    assert_type(client.with_options(timeout=(1, 2, 3, None), idempotency_key="once"), Client)
    Client(key, max_retries="2")  # refused
    Client(key, timeout="soon")  # refused
    Client(key, http_client=httpx.Client)  # refused
    client.with_options(5)  # refused
    client.with_options({"timeout": 3})  # refused
    client.set_base_url(None)  # refused
    AsyncClient(key, deadlin=60)  # refused
    client.with_options(timout=3)  # refused


def sync_calls(client: Client, streaming: bool) -> None:
    response = client.chat([{"role": "user", "content": "Hello"}], "openai/gpt-4o-mini", 0.2, 100)
    assert_type(response, ChatResponse)
    assert_type(response.text, str)
    assert_type(response.usage, Usage | None)
    assert_type(response.cost, float | None)
    assert_type(response.reasoning, str | None)
    assert_type(response.tool_calls, list[ToolCall])
    assert_type(response.choices, list[OpenAIChoice])
    assert_type(response.http.status, int)
    assert_type(client.chat([ChatMessage("user", "Hello")], stream=False), ChatResponse)
    stream = client.chat([ChatMessage(role="user", content="Hello")], stream=True)
    assert_type(stream, Stream[ChatResponse])
    for chunk in stream:
        assert_type(chunk, StreamChunk)
        assert_type(chunk.text, str)
    assert_type(stream.until_done(), ChatResponse)
    either = client.chat([{"role": "user", "content": [image_part("cat.png")]}], stream=streaming)
    assert_type(either, ChatResponse | Stream[ChatResponse])
    assert_type(client.completion("Once"), CompletionResponse)
    assert_type(client.completions("Once", stream=True), Stream[CompletionResponse])
    client.chat(
        [{"role": "user", "content": "x"}],
        response_format=Joke,
        tools=[look_up, {"type": "function"}],
        seed=3,
    )
    client.chat([{"role": "function", "name": "f", "content": "{}"}], logit_bias={"1": -100}, stop=["END"])
    vectors = client.embeddings(["a", "b"])
    assert_type(vectors, EmbeddingResponse)
    assert_type(vectors.data, list[list[float]])
    assert_type(vectors.dimensions, int | None)
    images = client.images("a cat", n=2)
    assert_type(images, ImageResponse)
    assert_type(images.images, list[Image])
    assert_type(images.images[0].save("cat.png"), Path)
    assert_type(client.text_to_speech("Hello"), AudioResponse)
    assert_type(client.speech_to_text(Path("a.wav")).text, str | None)
    assert_type(client.translate_audio(("a.wav", b"x")), AudioResponse)
    job = client.videos("a lighthouse").job
    assert_type(job, VideoJobHandle)
    assert_type(job.wait(deadline=60, on_progress=lambda now: print(now.progress)), VideoJob)
    assert_type(client.wait_for_video_job(job.id), VideoJob)
    assert_type(client.list_video_jobs(limit=3), VideoJobList)
    assert_type(client.models(), ModelCatalog)
    assert_type(client.models("openai")["openai"], list[ModelInfo])
    assert_type(client.providers(), list[Provider])
    assert_type(client.get_model_info("openai", "gpt-4o-mini"), ModelInfo)
    assert_type(client.get_usage(start_date=datetime.date.today()), UsageResponse)
    assert_type(client.get_user_info(), UserResponse)
    assert_type(client.create_api_key("ci").api_key, str)
    assert_type(client.create_api_key(), ApiKeyCreatedResponse)
    assert_type(client.stop_chat_stream("id"), StopStreamResponse)
    assert_type(client.health(), HealthResponse)
    raw = client.with_raw_response(client.trending_models, days=7)
    assert_type(raw, RawResponse[list[TrendingModel]])
    assert_type(raw.status, int)


async def async_calls(client: AsyncClient, streaming: bool) -> None:
    assert_type(await client.chat([{"role": "user", "content": "Hello"}]), ChatResponse)
    stream = await client.chat([{"role": "user", "content": "Hello"}], stream=True)
    assert_type(stream, AsyncStream[ChatResponse])
    async for chunk in stream:
        assert_type(chunk, StreamChunk)
    assert_type(await stream.until_done(), ChatResponse)
    either = await client.chat([{"role": "user", "content": "x"}], stream=streaming)
    assert_type(either, ChatResponse | AsyncStream[ChatResponse])
    images = await client.images("a cat")
    assert_type(images, AsyncImageResponse)
    assert_type(images.images, list[AsyncImage])
    assert_type(await images.images[0].save("cat.png"), Path)
    speech = await client.text_to_speech("Hello")
    assert_type(speech, AsyncAudioResponse)
    assert_type(await speech.read(), bytes)
    job = (await client.videos("a lighthouse")).job
    assert_type(job, AsyncVideoJobHandle)
    assert_type(await job.wait(), VideoJob)
    assert_type(await client.models(), ModelCatalog)
    raw = await client.with_raw_response(client.trending_models, days=7)
    assert_type(raw, RawResponse[list[TrendingModel]])


class Question(TypedDict):
    role: Literal["user", "assistant"]
    content: str


class OwnClient(Client):
    pass


class OwnAsyncClient(AsyncClient):
    pass


def messages_of_any_type(client: Client, own: list[Question], loose: list[dict[str, Any]]) -> None:
    plain = [{"role": "user", "content": "x"}]
    assert_type(client.chat(plain), ChatResponse)
    client.chat(loose)
    client.chat(own)
    client.chat(tuple(own))
    client.chat({"role": "user", "content": text} for text in ("a", "b"))
    history: list[ChatMessageParam] = [{"role": "user", "content": "x"}]
    response = client.chat(history, tools=[look_up])
    history.append({"role": "assistant", "content": response.text, "tool_calls": response.tool_calls})
    history += run_tools(response.tool_calls, [look_up])
    history.append({"role": "user", "contents": "x"})  # refused
    history.append({"role": 3, "content": "x"})  # refused
    history.append({"role": "usr", "content": "x"})  # refused
    history.append({"role": "user"})  # refused
    more: list[ChatMessageParam] = []
    more = [{"role": "user", "contnet": "x"}]  # refused
    client.chat([*more, *plain, ChatMessage("user", "x")])
    client.chat([{"role": "system", "content": "Be brief"}, *plain])
    client.chat([*loose, {"role": "user", "content": "x"}])
    client.chat([{"role": 3, "content": "x"}, 4])  # refused
    client.chat([["user", "x"]])  # refused


def habits_of_openai(client: Client) -> None:
    Client(lambda: "indox-key", auth="api_key")
    Client(lambda: 3)  # refused
    assert_type(AsyncIndoxRouter("key"), AsyncClient)
    stream = client.chat([{"role": "user", "content": "x"}], stream=True)
    for chunk in stream:
        assert_type(chunk.choices[0].delta.content, str | None)
        print(chunk.content)  # refused
    client.chat.completions.create()  # refused
    client.embeddings(input="x")  # refused
    client.chat(prompt="x")  # refused
    client.completion(messages=[])  # refused
    client.text_to_speech(text="x")  # refused
    print(stream.text)  # refused


def tools_and_times(client: Client, call: ToolCall) -> None:
    assert_type(call.run(look_up), str)
    print(call.function)  # refused
    assert_type(call.parse_as(Joke), Joke)
    response = client.chat([{"role": "user", "content": "x"}])
    assert_type(response.created_at, datetime.datetime | None)
    assert_type(client.embeddings("x").created_at, datetime.datetime | None)
    mapping: Mapping[str, Any] = response
    dict(mapping)
    for key in response:
        assert_type(key, str)


def generic_results(client: Client) -> None:
    question = [{"role": "user", "content": "x"}]
    assert_type(client.chat(question, response_format=Joke).parsed, Joke)
    assert_type(client.completion("x", response_format=Joke).parsed, Joke)
    assert_type(client.chat(question).parse_as(Joke), Joke)
    assert_type(client.chat(question).parse_as(list[Joke]), list[Joke])
    client.chat(question).parse_as("Joke")  # refused
    stream = client.chat(question, stream=True, response_format=Joke)
    assert_type(stream, Stream[ChatResponse[Joke]])
    assert_type(stream.until_done().parsed, Joke)
    assert_type(stream.parsed_so_far, Joke | None)
    for chunk in stream:
        assert_type(chunk["data"], str)
        print(chunk.event.surprise)  # refused
    assert_type(stream.stop(), StopStreamResponse | None)
    with OwnClient() as own, own.chat(question, stream=True) as opened:
        assert_type(own, OwnClient)
        assert_type(own.with_options(timeout=3), OwnClient)
        assert_type(opened, Stream[ChatResponse])
    assert_type(client.chat(question).images, list[Image] | None)
    for chunk in client.chat(question, stream=True):
        assert_type(chunk.event, ChatStreamEvent | CompletionStreamEvent)
    for created in (client.completion("x"), client.images("x"), client.text_to_speech("x")):
        assert_type(created.created_at, datetime.datetime | None)
        assert_type(created.usage, Usage | None)
    assert_type(client.videos("x").created_at, datetime.datetime | None)


async def generic_results_async(client: AsyncClient, question: list[dict[str, str]]) -> None:
    assert_type((await client.chat(question, response_format=Joke)).parsed, Joke)
    stream = await client.chat(question, stream=True, response_format=Joke)
    assert_type(stream, AsyncStream[ChatResponse[Joke]])
    assert_type((await stream.until_done()).parsed, Joke)
    async for chunk in stream:
        assert_type(chunk["data"], str)
        assert_type(chunk.event, ChatStreamEvent | CompletionStreamEvent)
    assert_type(await stream.stop(), StopStreamResponse | None)
    async with OwnAsyncClient() as own:
        assert_type(own, OwnAsyncClient)
        assert_type(own.with_options(timeout=3), OwnAsyncClient)


def options_of_a_call(client: Client) -> None:
    client.chat([{"role": "user", "content": "x"}], timeout=httpx.Timeout(3), headers={"X-Team": "a"})
    client.get_usage(timeout=3, max_retries=0, idempotency_key="once")
    client.get_usage(timeout="soon")  # refused
    client.models(deadline="soon")  # refused
    answer = client.api.chat.create_chat_completion(messages=[], timeout=3, deadline=None, max_retries=0)
    assert_type(answer, ChatResponse)
    events = client.api.chat.create_chat_completion(messages=[], stream=True, headers={"X-Team": "a"})
    assert_type(events, Stream[ChatResponse])
    flag = bool(answer)
    either = client.api.chat.create_chat_completion(messages=[], stream=flag)
    assert_type(either, ChatResponse | Stream[ChatResponse])
    client.api.models.list_models(timeout=(1, 2, 3, None), idempotency_key="once")
    client.api.models.list_models(timeout="soon")  # refused
    client.api.models.list_models(timout=3)  # refused
    client.api.chat.create_chat_completion(messages=[], house_style=3)  # refused
    client.api.chat.create_chat_completion(mesages=[])  # refused


def with_options_of_a_call(client: Client, **options: Unpack[CallOptions]) -> str:
    client.images("a cat", **options)
    client.chat([], budget=Budget(usd=5), observers=[OpenTelemetryObserver()], seed=7)
    assert_type(client.chat([], stream=True, **options), Stream[ChatResponse])
    assert_type(client.chat([], response_format="json_object"), ChatResponse)
    assert_type(client.get_usage() | {"more": 1}, dict[str, Any])
    assert_type({"more": 1} | client.get_usage(), dict[str, Any])
    return client.chat([], **options).text


async def many(client: AsyncClient, **options: Unpack[CallOptions]) -> None:
    assert_type(await client.chat([], response_format="text", **options), ChatResponse)
    async for result in client.map(["one", "two"]):
        assert_type(result.value, ChatResponse)
        assert_type(result.unwrap(), ChatResponse)
        print(result.text)  # refused
    await client.map(["one"])  # refused
    async for vectors in client.map(["one"], "embeddings"):
        assert_type(vectors.value, EmbeddingResponse)
    assert_type(await run_tools_async([], [look_up]), list[ChatMessageParam])
    async with contextlib.aclosing(await client.chat([], stream=True)) as stream:
        assert_type(stream, AsyncStream[ChatResponse])


def errors(
    limit: RateLimitError, cut: StreamTruncatedError, job: JobFailedError, answer: ResponseFormatError
) -> None:
    assert_type(limit.reset_time, datetime.datetime | None)
    assert_type(limit.limit, int | None)
    assert_type(limit.headers["retry-after"], str)
    assert_type(limit.attempts[0].status, int | None)
    assert_type(answer.text, str | None)
    assert_type(cut.partial, ChatResponse | CompletionResponse | None)
    assert_type(job.job, VideoJob | None)
    RateLimitError("slow down", statuscode=429)  # refused


def wrong_calls(client: Client, callback: Callable[[Any], Any]) -> None:
    client.chat()  # refused
    client.chat("Hello")  # refused
    client.chat([{"role": "user", "content": "Hello"}], temperature="hot")  # refused
    client.chat([{"role": "user", "content": "Hello"}], stream="yes")  # refused
    client.chat([{"role": "user", "content": "Hello"}], max_tokens=1.5)  # refused
    client.chat([{"role": "user", "content": "Hello"}], tools=[3])  # refused
    client.chat([{"role": "user", "content": "Hello"}], response_format="json")  # refused
    client.api.chat.create()  # refused
    client.embeddings([1, 2])  # refused
    client.images("a cat", n="two")  # refused
    client.images("a cat", response_format="bmp")  # refused
    client.speech_to_text(3)  # refused
    client.get_usage(verbose=True)  # refused
    client.list_video_jobs(limt=3)  # refused
    client.get_model_info("openai")  # refused
    client.models_by_capability("openai", "telepathy")  # refused
    client.wait_for_video_job("id", check_interval="15")  # refused
    client.wait_for_video_job("id", timeout=3)
    client.wait_for_video_job("id", timeout="3")  # refused
    client.with_raw_response(client.trending_models, day=7)  # refused
    _ = client.chat([{"role": "user", "content": "Hello"}]).txt  # refused
    _ = client.get_usage().total_request  # refused
