"""Forms of chunks, ends and errors that providers are known to send, byte by byte, with pauses where they matter."""

from __future__ import annotations

import json
from typing import Any

import indoxrouter
import pytest

from .harness import MESSAGES, Mode, do, texts_and_error
from .server import DONE, Step, answer, event, streamed

BOTH_ENGINES = "read_in_any_cut"


def choice(**fields: Any) -> bytes:
    return event({"id": "c", "choices": [{"index": 0, **fields}]})


def call(**fields: Any) -> bytes:
    return choice(delta={"tool_calls": [fields]})


def text(content: Any, reason: Any = None, **fields: Any) -> bytes:
    return choice(delta={"content": content}, finish_reason=reason, **fields)


def function(arguments: Any, name: str | None = None) -> dict[str, Any]:
    return {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}


# A form, and the text that it adds up to.
TEXTS: dict[str, tuple[bytes, str]] = {
    "the text as parts": (text([{"type": "text", "text": "Hi"}], "stop") + DONE, "Hi"),
    "the text as an object": (text({"type": "text", "text": "Hi"}, "stop") + DONE, "Hi"),
    "a delta that is null": (choice(delta=None) + text("Hi", "stop") + DONE, "Hi"),
    "no index": (
        event({"choices": [{"delta": {"content": "H"}}]})
        + event({"choices": [{"delta": {"content": "i"}}]})
        + DONE,
        "Hi",
    ),
    "text as in completions": (choice(text="H") + choice(text="i", finish_reason="stop") + DONE, "Hi"),
    "a finish reason that is the text null": (text("H", "null") + text("i", "stop") + DONE, "Hi"),
    "a finish reason that is empty": (text("H", "") + text("i", "stop") + DONE, "Hi"),
    "a growing message beside the delta": (
        text("H", message={"content": "H"}) + text("i", "stop", message={"content": "Hi"}) + DONE,
        "Hi",
    ),
    "a growing message": (
        choice(message={"content": "H"}) + choice(message={"content": "Hi"}, finish_reason="stop") + DONE,
        "Hi",
    ),
    "a message without a finish reason": (choice(message={"content": "Hi"}), "Hi"),
    "typed events of a realtime API": (
        event({"type": "response.created", "response": {"id": "r"}})
        + event({"type": "response.text.delta", "delta": "Hi"})
        + event({"type": "response.text.done", "text": "Hi"})
        + event({"type": "response.done", "response": {"status": "completed"}}),
        "Hi",
    ),
    "chunks in a list": (event([{"choices": [{"index": 0, "delta": {"content": "Hi"}}]}]) + DONE, "Hi"),
    "one JSON list of all chunks": (
        b'[{"choices": [{"delta": {"content": "H"}}]},\n{"choices": [{"delta": {"content": "i"}}]}]',
        "Hi",
    ),
    "the end without a space": (text("Hi") + b"data:[DONE]\n\n", "Hi"),
    "the end in small letters": (text("Hi") + b"data: [done]\n\n", "Hi"),
    "the end as an object": (text("Hi") + event({"done": True}), "Hi"),
    "the end as a name": (text("Hi") + event({}, "complete"), "Hi"),
    "the end as a name with its status": (text("Hi") + event({"status": "ok"}, "finished"), "Hi"),
    "signs of life of every kind": (
        b": x\n\n"
        + event("ping")
        + event("1", "heartbeat")
        + event({"type": "keepalive"})
        + event([])
        + event({})
        + text("Hi", "stop")
        + event("null", "ping")
        + DONE,
        "Hi",
    ),
    "line ends of old systems": ((text("Hi", "stop") + DONE).replace(b"\n", b"\r"), "Hi"),
    "something after the end": (text("Hi", "stop") + DONE + text("x"), "Hi"),
}


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("name", TEXTS)
async def test_text_is_read_in_any_cut(mode: Mode, name: str, size: int) -> None:
    body, wanted = TEXTS[name]
    mode.server.on("/chat/completions", streamed(*(body[at : at + size] for at in range(0, len(body), size))))
    client = mode.client(auth="api_key")
    stream = await do(client.chat(MESSAGES, stream=True))
    texts, error = await texts_and_error(stream)
    assert ("".join(texts), error) == (wanted, None)
    assert stream.response.text == wanted
    assert (await do(client.chat(MESSAGES))).text == wanted
    chat = client.api.chat.create_chat_completion
    opened = await do(chat(body={"messages": MESSAGES, "model": "m", "stream": True}))
    assert (await do(opened.until_done())).text == wanted


@pytest.mark.parametrize(
    "pieces",
    [
        (text("H", message={"content": "H"}), text("i", "stop", message={"content": "Hi"})),
        (choice(message={"content": "H"}), choice(message={"content": "Hi"}, finish_reason="stop")),
        (text("H", "null"), text("i", "stop")),
    ],
    ids=["a growing message beside the delta", "a growing message", "null as text"],
)
async def test_what_is_no_finish_reason_does_not_end_a_slow_stream(
    mode: Mode, pieces: tuple[bytes, ...]
) -> None:
    def longer_than_a_moment(connection: Any) -> None:
        connection.left.wait(1.5)

    steps: list[Step] = [pieces[0], longer_than_a_moment, pieces[1], DONE]
    mode.server.on("/chat/completions", streamed(*steps))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    assert (await do(stream.until_done())).text == "Hi"


# The deltas of a form, and the calls that they add up to.
CALLS: dict[str, tuple[list[bytes], list[tuple[str | None, str, Any]]]] = {
    "an index that is text": (
        [call(index="0", id="a", function=function("{", "f")), call(index="0", function=function("}"))],
        [("a", "f", {})],
    ),
    "no arguments at first": (
        [call(index=0, id="a", function=function(None, "f")), call(index=0, function=function('{"x":1}'))],
        [("a", "f", {"x": 1})],
    ),
    "an empty object as a placeholder": (
        [
            call(index=0, id="a", function=function("{}", "f")),
            call(index=0, function=function('{"x":')),
            call(index=0, function=function("1}")),
        ],
        [("a", "f", {"x": 1})],
    ),
    "an empty object, then the object": (
        [call(index=0, id="a", function=function({}, "f")), call(index=0, function=function({"x": 1}))],
        [("a", "f", {"x": 1})],
    ),
    "the whole call once more": (
        [
            call(index=0, id="a", function=function('{"x":', "f")),
            call(index=0, function=function("1}")),
            call(index=0, id="a", function=function('{"x":1}', "f")),
        ],
        [("a", "f", {"x": 1})],
    ),
    "two calls without ids": (
        [
            call(index=0, function=function('{"x":1}', "f")),
            call(index=1, function=function('{"x":2}', "f")),
        ],
        [(None, "f", {"x": 1}), (None, "f", {"x": 2})],
    ),
    "a call that is no list": (
        [choice(delta={"tool_calls": {"id": "a", "function": function('{"x":1}', "f")}})],
        [("a", "f", {"x": 1})],
    ),
    "no arguments at all": ([call(index=0, id="a", function={"name": "f"})], [("a", "f", {})]),
}


@pytest.mark.parametrize("size", [1, 10_000])
@pytest.mark.parametrize("name", CALLS)
async def test_tool_calls_are_read_in_any_cut(mode: Mode, name: str, size: int) -> None:
    deltas, wanted = CALLS[name]
    body = b"".join([*deltas, choice(delta={}, finish_reason="tool_calls"), DONE])
    mode.server.on("/chat/completions", streamed(*(body[at : at + size] for at in range(0, len(body), size))))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    response = await do(stream.until_done())
    assert [(each.id, each.name, each.arguments) for each in response.tool_calls] == wanted
    assert response.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    ("delta", "reasoning"),
    [
        ({"content": [{"type": "thinking", "thinking": [{"text": "hm"}]}, {"text": "Hi"}]}, "hm"),
        ({"content": [{"type": "thinking", "thinking": "hm"}, {"text": "Hi"}]}, "hm"),
        ({"content": "Hi", "reasoning": "hm"}, "hm"),
        ({"content": "Hi", "reasoning_content": "hm", "reasoning": "hm"}, "hm"),
    ],
)
async def test_reasoning_is_kept_apart_from_the_text(mode: Mode, delta: Any, reasoning: str) -> None:
    mode.server.on("/chat/completions", streamed(choice(delta=delta, finish_reason="stop"), DONE))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    response = await do(stream.until_done())
    assert (response.text, response.reasoning_content) == ("Hi", reasoning)


@pytest.mark.parametrize(
    "last",
    [
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "x_groq": {"usage": {"total_tokens": 3}}},
        {"choices": [], "usage": {"total_tokens": 3}},
        {"choices": None, "usage": {"total_tokens": 3}},
        {"usage": {"total_tokens": 3}},
    ],
)  # fmt: skip
async def test_usage_is_found_where_providers_send_it(mode: Mode, last: Any) -> None:
    mode.server.on("/chat/completions", streamed(text("Hi"), event(last), DONE))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    response = await do(stream.until_done())
    assert (response.text, response.usage.total_tokens) == ("Hi", 3)


# An event after the text, and what the error that it is says.
ERRORS: dict[str, tuple[bytes, str, type[indoxrouter.IndoxRouterError]]] = {
    "a code beside the message": (
        event({"code": "InvalidParameter", "message": "bad", "request_id": "r"}),
        "bad",
        indoxrouter.APIError,
    ),
    "a number and msg": (event({"code": 1001, "msg": "bad"}), "bad", indoxrouter.APIError),
    "detail": (event({"detail": "bad"}), "bad", indoxrouter.APIError),
    "inside a choice": (
        choice(delta={}, finish_reason="error", error={"message": "bad", "code": "rate_limit_exceeded"}),
        "bad",
        indoxrouter.RateLimitError,
    ),
    "typed": (
        event({"type": "error", "error": {"type": "rate_limit_exceeded", "message": "bad"}}),
        "bad",
        indoxrouter.RateLimitError,
    ),
    "named, as text": (event("bad", "error"), "bad", indoxrouter.APIError),
    "no success": (event({"success": False, "message": "bad"}), "bad", indoxrouter.APIError),
}


@pytest.mark.parametrize("after", [b"", text("Hi")], ids=["at once", "after text"])
@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_of_any_shape_ends_a_stream(mode: Mode, name: str, after: bytes) -> None:
    last, message, kind = ERRORS[name]
    mode.server.on("/chat/completions", streamed(after, last, DONE) if after else streamed(last, DONE))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    error = (await texts_and_error(stream))[1]
    assert isinstance(error, kind)
    assert (error.message, error.partial.text) == (message, "Hi" if after else "")


@pytest.mark.parametrize(
    "body", [{"code": 1001, "msg": "bad"}, {"code": "X", "message": "bad"}, {"detail": "bad"}]
)
async def test_an_error_body_under_a_success_is_an_error(mode: Mode, body: Any) -> None:
    mode.server.on("/chat/completions", answer(body))
    error = await mode.failure(lambda: mode.client(auth="api_key").chat(MESSAGES))
    assert (error.message, error.status_code) == ("bad", 200)


@pytest.mark.parametrize("body", [{"success": True, "message": "", "code": 5}, {"code": 0, "message": "ok"}])
async def test_a_code_alone_is_no_error(mode: Mode, body: Any) -> None:
    mode.server.on("/chat/completions", answer(body))
    response = await do(mode.client(auth="api_key").chat(MESSAGES))
    assert json.loads(json.dumps(response.to_dict())) == body


@pytest.mark.parametrize("status", [400, 403, 429, 503])
@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "insufficient_quota", "message": "no credits"}},
        {"error": {"type": "insufficient_balance", "message": "no credits"}},
        {"error": {"type": "exceeded_current_quota_error", "message": "no credits"}},
        {"error": {"code": "billing_hard_limit_reached", "message": "no credits"}},
    ],
)
async def test_missing_credits_in_the_words_of_providers_are_never_waited_for(
    mode: Mode, body: Any, status: int
) -> None:
    mode.server.on("/chat/completions", answer(body, status))
    error = await mode.failure(lambda: mode.client(auth="api_key").chat(MESSAGES))
    assert isinstance(error, indoxrouter.InsufficientCreditsError)
    assert len(mode.server.sent("/chat/completions")) == 1


@pytest.mark.parametrize("key", ["content", "reasoning_content"])
async def test_a_character_that_is_split_over_two_events_is_one_again(mode: Mode, key: str) -> None:
    halves = json.dumps("a\U0001f600").strip('"')  # a\\ud83d\\ude00
    deltas = [json.loads(f'"{half}"') for half in (halves[:7], halves[7:])]
    alone = json.loads('"\\ud83d"')
    events = [choice(delta={key: delta}) for delta in (*deltas, "b", alone)]
    mode.server.on("/chat/completions", streamed(*events, choice(delta={}, finish_reason="stop"), DONE))
    stream = await do(mode.client(auth="api_key").chat(MESSAGES, stream=True))
    response = await do(stream.until_done())
    found = response.text if key == "content" else response.reasoning_content
    assert found == f"a\U0001f600b{alone}"


@pytest.mark.parametrize(
    "last",
    [
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "cost": 0.25},
        {"choices": [], "usage": {"total_tokens": 3}, "cost": 0.25},
        {"choices": [], "usage": {"total_tokens": 3, "cost": None}, "cost": "0.25"},
    ],
)
async def test_a_cost_beside_the_usage_is_counted(mode: Mode, last: Any) -> None:
    plain = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
    mode.server.on(
        "/chat/completions",
        streamed(text("Hi"), text("", "stop"), event(last), DONE),
        answer({**last, **plain}),
    )
    client = mode.client(auth="api_key", budget=indoxrouter.Budget(usd=10))
    stream = await do(client.chat(MESSAGES, stream=True))
    for response in (await do(stream.until_done()), await do(client.chat(MESSAGES))):
        assert response.cost == 0.25
    assert (client.spend.usd, client.spend.unreported) == (0.5, 0)
