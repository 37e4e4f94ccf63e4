"""Mistakes with arguments of less usual methods, and with the answers, in the same form."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import indoxrouter
from indoxrouter import (
    Budget,
    ChatMessage,
    InsufficientCreditsError,
    ToolCall,
    run_tools,
)

from tests.methods.harness import Harness
from tests.mistakes.making import HELLO, Mistake, look_up, made

CALL = ToolCall({"id": "1", "function": {"name": "look_up", "arguments": '{"city": "Rome"}'}})
GUIDE = "docs/guides/migrating.md lists what is called otherwise here"


async def to_be_awaited(*given: object) -> None:
    """A callback as other libraries take it."""


def job(c: Harness) -> Any:
    return c.client.video_job("job_1")


ROWS: list[tuple[str, Callable[[Harness, Path], Any], str]] = [
    ("cert", lambda c, d: made(c, cert="x"), "cert: no such option; use http_client=httpx.Client(cert=…)"),
    ("host", lambda c, d: made(c, host="x"), "host: no such option; use Client(base_url=…)"),
    ("token", lambda c, d: made(c, token="x"), "token: no such option; use Client(api_key=…)"),
    ("retry", lambda c, d: made(c, retry=2), "retry: no such option; use max_retries"),
    ("debug", lambda c, d: made(c, debug=True), "debug: no such option; use client.enable_debug()"),
    (
        "a URL for the key",
        lambda c, d: made(c, api_key=c.mock.url),
        "api_key is a URL: pass the URL as base_url=…, and the key as api_key=…",
    ),
    (
        "a misspelt option of the health check",
        lambda c, d: c.test_connection(timeot=5),
        "timeot: test_connection() has no such argument; did you mean 'timeout'",
    ),
    (
        "other models for what asks none",
        lambda c, d: c.models(fallback_models=["a/b"]),
        "fallback_models: expected none, because this method asks no model, got tuple of length 1",
    ),
    (
        "None for a renamed argument",
        lambda c, d: c.get_model_info(None, "x"),
        "provider: expected a value: it is required, got None",
    ),
    (
        "a number for a renamed argument",
        lambda c, d: c.get_model_info("openai", 3),
        "model: expected text, got int 3",
    ),
    (
        "a prompt of the system",
        lambda c, d: c.chat(HELLO, system="Be kind"),
        "system: chat() has no such argument; use a message with the role 'system'",
    ),
    (
        "a URL for a file",
        lambda c, d: c.speech_to_text("https://x/y.mp3"),
        "file: expected a file that can be read (a URL is not fetched: pass the content)",
    ),
    (
        "a pair in another order",
        lambda c, d: c.speech_to_text((b"x", "a.wav")),
        "file: expected (filename, content) or (filename, content, media type), got tuple of length 2",
    ),
    (
        "an interval of another method",
        lambda c, d: c.wait(job(c).wait, check_interval=3),
        "check_interval: wait() has no such argument; use poll_interval",
    ),
    (
        "a time to wait",
        lambda c, d: c.wait(job(c).wait, timeout=3),
        "timeout: wait() has no such argument; use deadline",
    ),
    (
        "a misspelt deadline",
        lambda c, d: c.wait(job(c).wait, dedline=3),
        "dedline: wait() has no such argument; did you mean 'deadline'?",
    ),
    (
        "a directory that does not exist",
        lambda c, d: c.wait(job(c).save, d / "no" / "x.mp4"),
        "path: expected a path in a directory that exists",
    ),
    (
        "text for the progress",
        lambda c, d: c.wait(job(c).save, d / "x.mp4", on_progress="bar"),
        "on_progress: expected a plain function of the bytes received and the total, got str 'bar'",
    ),
    (
        "a progress to be awaited",
        lambda c, d: c.wait(job(c).save, d / "x.mp4", on_progress=to_be_awaited),
        "on_progress: expected a plain function of the bytes received and the total, got an object of type function",
    ),
    (
        "a callback to be awaited",
        lambda c, d: c.on_unknown(to_be_awaited),
        "on_unknown: expected a plain function, got an object of type function",
    ),
    ("a result of a job", lambda c, d: job(c).result, "VideoJobHandle has no 'result'; use .wait().result"),
    (
        "a misspelt attribute of a job",
        lambda c, d: job(c).stauts,
        "VideoJobHandle has no 'stauts'; did you mean 'status'?",
    ),
    ("what was spent", lambda c, d: Budget(usd=1).spent, "Budget has no 'spent'; use .spend.usd"),  # type: ignore[attr-defined]
    (
        "a name of a call",
        lambda c, d: CALL["name"],
        "ToolCall has no key 'name'; use the attribute name",
    ),
    ("another key", lambda c, d: CALL["index"], "ToolCall has no key 'index'; it has id, function"),
    (
        "one call",
        lambda c, d: run_tools(CALL, [look_up]),  # type: ignore[arg-type]
        "calls: expected `response.tool_calls`, got ToolCall of length 2",
    ),
    (
        "half of a document",
        lambda c, d: ChatMessage.from_json("{"),
        "text: expected JSON text; this is not valid JSON (at character 1), got str",
    ),
    (
        "a response of an error",
        lambda c, d: InsufficientCreditsError("x").response,  # type: ignore[attr-defined]
        "InsufficientCreditsError has no 'response'; use .status_code, .headers and .body",
    ),
    *(
        (
            name,
            lambda c, d, name=name: getattr(c.client, name),
            f"client.{name} is not here; use {ours}. {GUIDE}",
        )  # type: ignore[misc]
        for name, ours in {
            "transcribe": "client.speech_to_text(file)",
            "tts": "client.text_to_speech(text)",
            "stream_chat": "client.chat(messages, stream=True)",
            "balance": "client.get_user_info().credits",
        }.items()
    ),
    (
        "a stream of openai",
        lambda c, d: c.client.chat.stream(messages=HELLO),
        "client.chat.stream is not here; use client.chat(messages, stream=True)",
    ),
]

untyped: Any = indoxrouter

# Arguments that a function does not have. Python's own error would not say which it has.
ARGUMENTS: list[tuple[str, Callable[[Harness, Path], Any], str]] = [
    (
        "tools to run",
        lambda c, d: untyped.run_tools(tool_calls=[CALL], tools=[]),
        "tool_calls: run_tools() has no such argument; did you mean 'calls'?",
    ),
    (
        "no functions",
        lambda c, d: untyped.run_tools([CALL]),
        "functions: required by run_tools(), but missing",
    ),
    (
        "tools to await",
        lambda c, d: asyncio.run(untyped.run_tools_async([CALL], tools=[])),
        "tools: run_tools_async() has no such argument; use functions",
    ),
    (
        "an image by url",
        lambda c, d: untyped.image_part(url="http://x/y.png"),
        "url: image_part() has no such argument; use source",
    ),
    (
        "a detail",
        lambda c, d: untyped.image_part("x.png", detail="low"),
        "detail: image_part() has no such argument; it takes source",
    ),
    (
        "a name of a tool",
        lambda c, d: untyped.tool(look_up, name="x"),
        "name: tool() has no such argument; it takes function, path",
    ),
    (
        "a budget in euros",
        lambda c, d: untyped.Budget(eur=3),
        "eur: Budget() has no such argument; it takes usd, tokens, ",
    ),
    (
        "a misspelt budget",
        lambda c, d: untyped.Budget(max_usd=3),
        "max_usd: Budget() has no such argument; did you mean 'usd'?",
    ),
    (
        "a body to diagnose",
        lambda c, d: c.diagnose_request("chat/completions", body={}),
        "body: diagnose_request() has no such argument; it takes endpoint, data",
    ),
    (
        "an id of a job",
        lambda c, d: c.client.video_job(id="x"),
        "id: video_job() has no such argument; use job_id",
    ),
    (
        "a timeout of a handle",
        lambda c, d: c.client.video_job("x", timeout=3),
        "timeout: video_job() has no such argument; it takes job_id, status",
    ),
    (
        "another server",
        lambda c, d: c.set_base_url(url="http://x"),
        "url: set_base_url() has no such argument; use base_url",
    ),
    (
        "a name to save under",
        lambda c, d: c.wait(job(c).save, filename="x.mp4"),
        "filename: save() has no such argument; use path",
    ),
    (
        "to overwrite",
        lambda c, d: c.wait(job(c).download, "x.mp4", overwrite=True),
        "overwrite: save() has no such argument; it takes path, on_progress, resume",
    ),
    (
        "a progress without its name",
        lambda c, d: c.wait(job(c).save, "x.mp4", print),
        "save() takes further arguments by name: on_progress=…, resume=…",
    ),
    (
        "dates without names",
        lambda c, d: c.get_usage("2026-01-01", "2026-01-31"),
        "get_usage() takes further arguments by name: start_date=…, end_date=…",
    ),
    (
        "an operation of openai",
        lambda c, d: c.client.api.chat.create,
        "ChatResource has no 'create'; it has create_chat_completion",
    ),
    ("a misspelt tag", lambda c, d: c.client.api.chats, "Api has no 'chats'; did you mean 'chat'?"),
    (
        "an option of LangChain",
        lambda c, d: c.chat(HELLO, max_attempts=3),
        "max_attempts: chat() has no such argument; use max_retries",
    ),
    (
        "a callback of litellm",
        lambda c, d: c.chat(HELLO, callbacks=[]),
        "callbacks: chat() has no such argument; use observers",
    ),
    (
        "a flag of litellm",
        lambda c, d: c.chat(HELLO, drop_params=True),
        "drop_params: chat() has no such argument; use nothing in its place",
    ),
    (
        "a time to connect",
        lambda c, d: c.images("x", connect_timeout=3),
        "use timeout=(connect, read, write, pool)",
    ),
    (
        "a time to connect of a client",
        lambda c, d: made(c, connect_timeout=3),
        "use timeout=(connect, read, write, pool)",
    ),
    (
        "a temperature of a client",
        lambda c, d: made(c, temperature=0),
        "temperature: no such option; use temperature=… of the methods",
    ),
    (
        "a default model",
        lambda c, d: made(c, default_model="x"),
        "default_model: no such option; use model=… of the methods",
    ),
    ("callbacks of a client", lambda c, d: made(c, callbacks=[]), "callbacks: no such option; use observers"),
    (
        "no check of certificates",
        lambda c, d: made(c, ssl_verify=False),
        "use http_client=httpx.Client(verify=…)",
    ),
    (
        "instructions",
        lambda c, d: c.chat(HELLO, instructions="Be kind"),
        "instructions: chat() has no such argument; use messages",
    ),
    (
        "tokens of the Responses API",
        lambda c, d: c.chat(HELLO, max_output_tokens=5),
        "max_output_tokens: chat() has no such argument; use max_tokens",
    ),
    (
        "a format of the Responses API",
        lambda c, d: c.chat(HELLO, text_format=dict),
        "text_format: chat() has no such argument; use response_format",
    ),
    ("camel case", lambda c, d: c.chat(HELLO, topP=0.5), "topP: chat() has no such argument; use top_p"),
    (
        "capitals",
        lambda c, d: c.chat(HELLO, TEMPERATURE=0.5),
        "TEMPERATURE: chat() has no such argument; use temperature",
    ),
    (
        "two letters exchanged",
        lambda c, d: c.images("x", szie="1024x1024"),
        "szie: images() has no such argument; use size",
    ),
    (
        "fine-tuning",
        lambda c, d: c.client.fine_tuning,
        "client.fine_tuning is not here; this API has nothing of the kind",
    ),
    (
        "an edit of an image",
        lambda c, d: c.client.images.edit(),
        "client.images.edit is not here; this API has nothing of the kind",
    ),
    ("a count of tokens", lambda c, d: c.client.count_tokens, "use response.usage of a call"),
]
LESS_USUAL = [Mistake(name, "A", call, answer) for name, call, answer in (*ROWS, *ARGUMENTS)]


def chunk(c: Harness) -> Any:
    return c.collect(c.chat(HELLO, stream=True))[0]


def raw(c: Harness) -> Any:
    return c.with_raw_response(c.client.chat, HELLO)


ANSWERS: list[tuple[str, Callable[[Harness], Any], str]] = [
    (
        "a method of text",
        lambda c: c.chat(HELLO).strip(),
        "ChatResponse has no field 'strip'; use .text.strip",
    ),
    ("an answer", lambda c: c.chat(HELLO).answer, "ChatResponse has no field 'answer'; use .text"),
    ("content", lambda c: c.chat(HELLO)["content"], "ChatResponse has no key 'content'; use .text"),
    ("a reason to stop", lambda c: c.chat(HELLO).stop_reason, "no field 'stop_reason'; use .finish_reason"),
    ("a duration", lambda c: c.chat(HELLO).elapsed, "no field 'elapsed'; use .http.elapsed"),
    ("JSON of pydantic", lambda c: c.chat(HELLO).model_dump_json(), "did you mean 'to_json'?"),
    (
        "to write speech",
        lambda c: c.text_to_speech("x").write_to_file("x"),
        "no field 'write_to_file'; did you mean 'save'?",
    ),
    ("text of a response", lambda c: c.chat(HELLO).output_text, "has no field 'output_text'; use .text"),
    ("tokens", lambda c: c.chat(HELLO).total_tokens, "no field 'total_tokens'; use .usage.total_tokens"),
    ("all tokens", lambda c: c.chat(HELLO).usage.total, "Usage has no field 'total'; use .tokens_total"),
    ("an index", lambda c: c.chat(HELLO)[0], "has no key 0; use .choices[0]"),
    ("text of a chunk", lambda c: chunk(c)["text"], "StreamChunk has no 'text': its text is chunk.text"),
    ("to save images", lambda c: c.images("x").save("x"), "has no field 'save'; use .images[0].save(…)"),
    ("a URL of images", lambda c: c.images("x")["url"], "has no key 'url'; use .images[0].url"),
    ("an index of images", lambda c: c.images("x")[0], "has no key 0; use .images[0]"),
    ("bytes of an image", lambda c: c.images("x").images[0].content, "no field 'content'; use .read()"),
    ("a vector", lambda c: c.embeddings("x")[0], "EmbeddingResponse has no key 0; use .data[0]"),
    (
        "vectors",
        lambda c: c.embeddings("x").vectors,
        "EmbeddingResponse has no field 'vectors'; use .data[0]",
    ),
    (
        "a type of no number",
        lambda c: c.embeddings("x").to_numpy("flot"),
        "dtype: expected a type of NumPy's, such as 'float32', got str 'flot'",
    ),
    ("bytes of speech", lambda c: c.text_to_speech("x").content, "has no field 'content'; use .read()"),
    ("to save a video", lambda c: c.videos("x").save("x"), "has no field 'save'; use .job.save(…)"),
    ("a URL of a video", lambda c: c.videos("x").url, "has no field 'url'; use .job.wait().result"),
    ("a provider", lambda c: c.models().openai, "ModelCatalog has no 'openai'; use catalog['openai']"),
    ("data of a catalog", lambda c: c.models().data, "ModelCatalog has no 'data'; use .providers"),
    ("the status of a raw response", lambda c: raw(c).status_code, "no 'status_code'; use .status"),
    ("the text of a raw response", lambda c: raw(c).text, "RawResponse has no 'text'; use .parsed.text"),
    (
        "a progress in text",
        lambda c: c.wait(c.images("x").images[0].save, "x.png", on_progress=1),
        "on_progress: expected a plain function of the bytes received and the total, got int 1",
    ),
    (
        "calls of a response",
        lambda c: run_tools(c.chat(HELLO), [look_up]),
        "calls: expected `response.tool_calls`, got an object of type ChatResponse",
    ),
]
