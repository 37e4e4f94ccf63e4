"""Values of downloads, jobs and streams at their bounds, over a socket: attempts, sizes, times, and which of two."""

from __future__ import annotations

import time
from typing import Any

import indoxrouter
import pytest
from indoxrouter.about import MEDIA_LIMITS
from indoxrouter.models import ChatResponse

from .harness import ENVELOPE, MESSAGES, Clock, Mode, do
from .server import CLOSE, DONE, STALL, answer, event, head, streamed, text_event

FILE = "/files/a.bin"
CONTENT = b"0123456789"
JOB = {"job_id": "job_1", "created_at": "2025-06-01T12:00:00Z"}
DATED = ("Last-Modified", "Sun, 01 Jun 2025 12:00:00 GMT")


async def file_of(client: Any, mode: Mode) -> Any:
    mode.server.on("/images/generations", answer({**ENVELOPE, "data": [{"url": f"{mode.server.url}{FILE}"}]}))
    return (await do(client.images("a cat"))).images[0]


def part(first: int, last: int) -> bytes:
    headers = [DATED, ("Content-Range", f"bytes {first}-{last}/{len(CONTENT)}")]
    return answer(CONTENT[first : last + 1], 206, headers, "application/octet-stream")


def cut(after: int) -> list[Any]:
    """The beginning of the file, and the end of the connection."""
    return [head(200, [DATED, ("Content-Length", str(len(CONTENT)))]) + CONTENT[:after], CLOSE]


async def test_a_download_waits_as_many_seconds_as_it_is_asked_to(mode: Mode, clock: Clock) -> None:
    busy = answer(b"", 503, [("Retry-After", "4")])
    mode.server.on(FILE, busy, answer(CONTENT))
    image = await file_of(mode.client(auth="api_key"), mode)
    assert await do(image.read()) == CONTENT
    (wait,) = clock.waits
    assert 4 <= wait <= 4.25


async def test_redirects_are_no_attempts_of_a_download(mode: Mode, clock: Clock) -> None:
    mode.server.on(FILE, answer(b"", 302, [("Location", "b.bin")]))
    mode.server.on("/files/b.bin", answer(b"", 307, [("Location", "c.bin")]))
    busy = answer(b"", 503)
    mode.server.on("/files/c.bin", busy, busy, answer(CONTENT))
    image = await file_of(mode.client(auth="api_key", max_retries=2), mode)
    assert await do(image.read()) == CONTENT
    first, second = clock.waits
    assert 0.25 <= first <= 0.5 <= second <= 1.0
    mode.server.on("/files/c.bin", busy, busy, busy, answer(CONTENT))
    await mode.failure(image.read)


async def test_a_download_goes_on_where_it_broke_off_in_the_version_that_it_began(
    mode: Mode, clock: Clock
) -> None:
    # Ranges that the server made shorter are no failures; only the two lost connections are.
    mode.server.on(FILE, cut(4), part(4, 5), part(6, 6), part(7, 7), [CLOSE], part(8, 9))
    image = await file_of(mode.client(auth="api_key", max_retries=2), mode)
    assert await do(image.read()) == CONTENT
    sent = mode.server.sent(FILE)
    ranges = [None, "bytes=4-", "bytes=6-", "bytes=7-", "bytes=8-", "bytes=8-"]
    assert [request.header("Range") for request in sent] == ranges
    assert [request.header("If-Range") for request in sent] == [None, *[DATED[1]] * 5]
    assert len(clock.waits) == 2


@pytest.mark.parametrize("spare", [0, -1])
async def test_a_file_in_memory_may_be_as_large_as_the_limit(mode: Mode, spare: int) -> None:
    content = b"x" * 5000
    mode.server.on(FILE, answer(content))
    image = await file_of(mode.client(auth="api_key", max_response_bytes=len(content) + spare), mode)
    if spare == 0:
        assert await do(image.read()) == content
    else:
        assert "larger than 4,999 bytes" in str(await mode.failure(image.read))


@pytest.mark.parametrize(("data", "size"), [("AAAAAA==", 4), ("AAAA", 3), ("AAAAAAA=", 5), ("AAAAAAAA", 6)])
async def test_an_inline_image_is_measured_without_its_padding(
    mode: Mode, monkeypatch: pytest.MonkeyPatch, data: str, size: int
) -> None:
    monkeypatch.setitem(MEDIA_LIMITS, "image_bytes", 4)
    mode.server.on("/chat/completions", answer(ENVELOPE))
    client = mode.client(auth="api_key")
    for image in (
        {"type": "image", "image": {"data": data, "media_type": "image/png"}},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
    ):
        messages: Any = [{"role": "user", "content": [image]}]
        if size <= 4:
            await do(client.chat(messages))
        else:
            with pytest.raises(indoxrouter.InvalidParametersError, match=rf"\({size} bytes\)"):
                await do(client.chat(messages))
    assert len(mode.server.sent("/chat/completions")) == (2 if size <= 4 else 0)


async def test_a_job_is_waited_for_ten_minutes_unless_the_caller_says_how_long(
    mode: Mode, clock: Clock
) -> None:
    mode.server.on("/videos/jobs/job_1", answer({**JOB, "status": "processing"}))
    client = mode.client(clock=clock, auth="api_key")
    error = await mode.failure(client.video_job("job_1").wait)
    assert "600 s" in str(error)
    assert clock.waits == [15.0] * 40


async def test_the_deadline_of_a_client_bounds_each_look_at_a_job(mode: Mode) -> None:
    mode.server.on("/videos/jobs/job_1", [STALL])
    client = mode.client(auth="api_key", deadline=0.3)
    began = time.monotonic()
    error = await mode.failure(lambda: client.video_job("job_1").wait(deadline=15))
    assert (type(error), error.error_type) == (indoxrouter.RequestTimeoutError, "deadline")
    assert time.monotonic() - began < 14


async def test_a_cancelled_job_has_no_progress_and_no_earlier_look(mode: Mode) -> None:
    mode.server.on("/videos/jobs/job_1", answer({**JOB, "status": "processing", "progress": 40.0}))
    cancelled = {"job_id": "job_1", "status": "cancelled", "success": True, "message": "Job cancelled"}
    mode.server.on("/videos/jobs/job_1/cancel", answer(cancelled))
    job = mode.client(auth="api_key").video_job("job_1")
    await do(job.refresh())
    assert (job.status, job.progress) == ("processing", 40.0)
    assert (await do(job.cancel())).to_dict() == cancelled
    assert (job.status, job.progress, job.last) == ("cancelled", None, None)
    mode.server.on("/videos/jobs/job_1", answer({**JOB, "status": "cancelled", "progress": 41.0}))
    await do(job.refresh())
    assert (job.status, job.progress) == ("cancelled", 41.0)


# ── streams ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("shorter", ["deadline", "token_timeout"])
async def test_the_earlier_of_two_limits_ends_a_stream(mode: Mode, shorter: str) -> None:
    mode.server.on("/chat/completions", streamed(text_event("a"), ending=[STALL]))
    limits = {"deadline": 30.0, "token_timeout": 30.0, shorter: 0.5}
    stream = await do(mode.client(auth="api_key", timeout=60, **limits).chat(MESSAGES, stream=True))
    began = time.monotonic()
    error = await mode.failure(stream.until_done)
    assert (type(error), error.error_type) == (indoxrouter.RequestTimeoutError, shorter)
    assert time.monotonic() - began < 25


async def test_a_usage_half_a_second_after_the_finish_reason_is_waited_for(mode: Mode) -> None:
    usage = event({"choices": [], "usage": ENVELOPE["usage"]})
    steps = streamed(text_event("a", "stop"), lambda _: time.sleep(0.5), usage, ending=[STALL])
    mode.server.on("/chat/completions", steps)
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    response = await do(stream.until_done())  # though the server never ends the stream
    assert (response.text, response.cost) == ("a", 0.001)


async def test_what_identifies_an_answer_is_that_of_its_first_event_and_its_end_that_of_the_last(
    mode: Mode,
) -> None:
    def response(**fields: Any) -> dict[str, Any]:
        return {"id": "resp-1", "output": [], **fields}

    created = {"type": "response.created", "response": response(model="m-1", created_at=1_750_000_000)}
    text = {"type": "response.output_text.delta", "delta": "hello"}
    reasons = [{"type": "response.progress", "finish_reason": reason} for reason in ("length", "stop")]
    closing = response(id="resp-2", model="m-2", created_at=1_760_000_000, status="completed")
    completed = {"type": "response.completed", "response": closing}
    events = (created, text, *reasons, completed)
    mode.server.on("/chat/completions", streamed(*(event(each) for each in events), DONE))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    found = await do(stream.until_done())
    assert (found.request_id, found.model, found.text) == ("resp-1", "m-1", "hello")
    assert found["created_at"] == "2025-06-15T15:06:40Z"
    assert found.finish_reason == "stop"


async def test_tool_calls_of_a_stream_are_in_the_order_of_their_indexes(mode: Mode) -> None:
    def fragment(index: int, name: str, arguments: str) -> bytes:
        call = {"index": index, "id": f"call-{index}", "function": {"name": name, "arguments": arguments}}
        return event({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})

    pieces = [fragment(2, "c", '{"z": 3}'), fragment(0, "a", '{"x": 1}'), fragment(1, "b", '{"y": 2}')]
    end = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    mode.server.on("/chat/completions", streamed(*pieces, end, DONE))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    response = await do(stream.until_done())
    assert [(call.id, call.name, call.arguments) for call in response.tool_calls] == [
        ("call-0", "a", {"x": 1}),
        ("call-1", "b", {"y": 2}),
        ("call-2", "c", {"z": 3}),
    ]


def test_a_call_in_the_output_shape_has_the_id_that_its_result_is_sent_with() -> None:
    item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"}
    response = ChatResponse.from_dict({"id": "r", "status": "completed", "output": [item]})
    assert [call.id for call in response.tool_calls] == ["call_1"]
    assert response.finish_reason == "tool_calls"
