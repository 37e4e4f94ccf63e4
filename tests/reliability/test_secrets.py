"""Nothing secret is ever shown.

Canaries are planted in the API key, the tokens, a provider's key, the prompt and a cookie, and the server echoes all of
them wherever it can. Then every place that people and tools look at is searched: log lines of every library at DEBUG,
the text of exceptions, everything that they keep, their chain, the locals of the frames in their traceback, pickles and
warnings.
"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import re
import traceback
import warnings
from pathlib import Path
from typing import Any

import indoxrouter
import pytest
from indoxrouter._runtime.errors.mapping import error_from_payload

import indoxrouter_ext
from indoxrouter_ext.settings.values import check_api_key

from .harness import ENVELOPE, Mode, do, each, held_by
from .server import CLOSE, RESET, STALL, Step, answer, event, head, stream_head, streamed, text_event

BOTH_ENGINES = "echo|log|success"

KEY = "indox-CANARYkey" + "k" * 23
TOKEN = "CANARYtoken" + "t" * 40
REFRESH = "CANARYrefresh" + "r" * 40
BYOK = "sk-CANARYbyok" + "b" * 40
COOKIE = "CANARYcookie" + "c" * 40
PROMPT = "CANARYprompt: what is my diagnosis"
ECHO = f"key {KEY} token {TOKEN} refresh {REFRESH} byok {BYOK}"

OURS = tuple(str(Path(package.__file__ or "").parent) for package in (indoxrouter, indoxrouter_ext))

ISSUED = answer(
    {"access_token": TOKEN, "refresh_token": REFRESH, "expires_in": 3600},
    headers=[("Set-Cookie", f"access_token={COOKIE}; HttpOnly"), ("X-Debug", ECHO)],
)
ECHO_HEADERS = [
    ("X-Request-Id", TOKEN),
    ("X-Debug", ECHO),
    ("Set-Cookie", f"access_token={COOKIE}"),
    ("Retry-After", "0"),
]


def refused(status: int) -> bytes:
    body = {
        "error": "invalid_request",
        "message": f"you sent {ECHO}",
        "details": {"headers": {"authorization": f"Bearer {TOKEN}"}, "list": [BYOK, {KEY: KEY}]},
    }
    return answer(body, status, ECHO_HEADERS)


ECHOES: dict[str, list[Step]] = {
    "400": [refused(400)],
    "401": [refused(401)],
    "402": [refused(402)],
    "429": [refused(429)],
    "500": [refused(500)],
    "detail as a list": [answer({"detail": [{"loc": ["body", BYOK], "msg": ECHO, "input": KEY}]}, 422)],
    "a code": [answer({"error": TOKEN, "message": ECHO}, 400)],
    "a type": [answer({"error": {"type": TOKEN, "code": BYOK, "message": ECHO, "param": KEY}}, 400)],
    "a request id": [answer({"message": "no", "request_id": TOKEN}, 400)],
    "HTML": [answer(f"<html><title>{ECHO}</title></html>", 502, content_type="text/html")],
    "text": [answer(ECHO, 400, content_type="text/plain")],
    "a success that is none": [answer({**ENVELOPE, "success": False, "message": ECHO}, headers=ECHO_HEADERS)],
    "a success that cannot be read": [answer(f"<p>{ECHO}", headers=ECHO_HEADERS, content_type="text/html")],
    "a content type": [answer("x", content_type=f"text/{TOKEN}")],
    "a content encoding": [answer("x", headers=[("Content-Encoding", TOKEN)])],
    "a status line": [f"HTTP/9.9 {ECHO}\r\n\r\n".encode(), CLOSE],
    "a broken header": [f"HTTP/1.1 200 OK\r\n{ECHO}\r\n\r\n".encode(), CLOSE],
    "a broken length": [head(headers=[("Content-Length", TOKEN)]), CLOSE],
    "a redirect": [answer(b"", 307, [("Location", f"http://127.0.0.1:1/?{TOKEN}")])],
    "a reset": [RESET],
    "a stall": [STALL],
}

IN_STREAMS: dict[str, list[Step]] = {
    "an error object": streamed(
        text_event("a"), event({"error": {"message": ECHO, "code": "provider_error", "x": [BYOK]}})
    ),
    "an error as text": streamed(text_event("a"), f"event: error\ndata: {ECHO}\n\n".encode()),
    "an event that cannot be read": streamed(text_event("a"), f"data: {ECHO}\n\n".encode()),
    "a broken chunk": [stream_head(ECHO_HEADERS), f"{TOKEN}\r\n".encode(), CLOSE],
    "a truncation": streamed(text_event("a")),
}


class Witness:
    """Looks everywhere. A finding names its place."""

    def __init__(self, caplog: pytest.LogCaptureFixture, caught: list[warnings.WarningMessage]) -> None:
        self.caplog = caplog
        self.caught = caught
        self.findings: list[str] = []

    def search(self, place: str, text: object, *, prompts: bool = True) -> None:
        found = set(re.findall(r"CANARY(?:key|token|refresh|byok|cookie|prompt)", repr(text)))
        if not prompts:
            found.discard("CANARYprompt")
        self.findings.extend(f"{canary} in {place}" for canary in found)

    def search_logs(self) -> None:
        for record in self.caplog.records:
            self.search(
                f"log of {record.name}: {record.getMessage()[:150]}", [record.getMessage(), record.args]
            )
        for warning in self.caught:
            self.search("warning", str(warning.message))

    def search_exception(self, error: BaseException) -> None:
        seen: BaseException | None = error
        while seen is not None:
            name = type(seen).__name__
            for place, value in {
                "str": str(seen),
                "repr": repr(seen),
                "args": seen.args,
                **vars(seen),
            }.items():
                self.search(f"{name}.{place}", value)
            self.search(f"formatted {name}", "".join(traceback.format_exception_only(seen)))
            self.search_frames(seen)
            seen = seen.__cause__ or seen.__context__
        restored = pickle.loads(pickle.dumps(error))
        assert type(restored) is type(error)
        assert str(restored) == str(error)
        self.search("pickle", pickle.dumps(error))
        self.search("copy", vars(copy.copy(error)))

    def search_frames(self, error: BaseException) -> None:
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_code.co_filename.startswith(OURS):
                for name, value in frame.f_locals.items():
                    place = f"local {name} of {frame.f_code.co_name}, line {line}"
                    self.search(place, value, prompts=False)

    def conclude(self) -> None:
        self.search_logs()
        assert not self.findings, "\n".join(sorted(set(self.findings)))


@pytest.fixture
def witness(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("indoxrouter").setLevel(logging.DEBUG)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield Witness(caplog, caught)
    logging.getLogger("indoxrouter").setLevel(logging.NOTSET)


@pytest.fixture
def client(mode: Mode) -> Any:
    mode.server.on("/auth/token", ISSUED)
    return mode.client(api_key=KEY, timeout=(5, 0.3, 5, 5), max_retries=1)


def ask(client: Any, **more: Any) -> Any:
    return client.chat([{"role": "user", "content": PROMPT}], byok_api_key=BYOK, **more)


@pytest.mark.parametrize("name", ECHOES)
async def test_no_echo_of_a_failure_shows_a_secret(
    mode: Mode, client: Any, witness: Witness, name: str
) -> None:
    mode.server.on("/chat/completions", ECHOES[name])
    witness.search_exception(await mode.failure(lambda: ask(client)))
    witness.conclude()
    if mode.engine == "httpx":
        assert any(
            record.name.startswith("httpcore") for record in witness.caplog.records
        )  # it was looked at
    assert any(record.name == "indoxrouter" for record in witness.caplog.records)
    assert BYOK.encode() in mode.server.sent("/chat/completions")[0].body  # it was there to be leaked


@pytest.mark.parametrize("name", IN_STREAMS)
async def test_no_echo_inside_a_stream_shows_a_secret(
    mode: Mode, client: Any, witness: Witness, name: str
) -> None:
    mode.server.on("/chat/completions", IN_STREAMS[name])
    stream = await do(ask(client, stream=True))
    witness.search("stream", stream)
    try:
        async for _ in each(stream):
            pass
    except indoxrouter.IndoxRouterError as error:
        witness.search_exception(error)
    else:
        raise AssertionError("the stream did not fail")
    witness.conclude()


@pytest.mark.parametrize(("secret", "shown"), [("k3y", "a k3y here"), ("k3yz", "a *** here")])
def test_a_secret_of_four_characters_is_masked(secret: str, shown: str) -> None:
    error = error_from_payload({"message": f"a {secret} here"}, status=400, secrets=[secret])
    assert error.message == shown


async def test_a_secret_that_begins_with_another_is_masked_whole(mode: Mode) -> None:
    token = f"{KEY}.session-7"
    mode.server.on("/auth/token", answer({"access_token": token, "expires_in": 3600}))
    refusal = {
        "error": "invalid_request",
        "message": f"no: {token}",
        "details": {"seen": f"{token} and {KEY}"},
    }
    mode.server.on("/chat/completions", answer(refusal, 400))
    client = mode.client(api_key=KEY)
    error = await mode.failure(lambda: client.chat([{"role": "user", "content": "x"}]))
    assert error.message == "no: ***"
    assert error.details == {"seen": "*** and ***"}


async def test_a_success_shows_no_secret(mode: Mode, client: Any, witness: Witness) -> None:
    mode.server.on("/chat/completions", answer(ENVELOPE, headers=[("Set-Cookie", f"access_token={COOKIE}")]))
    response = await do(ask(client))
    witness.search("response", response)
    witness.search("response.http", response.http)
    witness.search("response as text", str(response))
    witness.conclude()


@pytest.mark.parametrize("status", [400, 401, 403, 500])
async def test_the_echo_of_a_token_endpoint_shows_no_secret(
    mode: Mode, witness: Witness, status: int
) -> None:
    body = {"detail": f"{ECHO} for {KEY}", "request_id": KEY}
    mode.server.on(
        "/auth/token", answer(body, status, [("X-Request-Id", KEY), ("Set-Cookie", f"a={COOKIE}")])
    )
    error = await mode.failure(lambda: ask(mode.client(api_key=KEY, max_retries=0)))
    hidden = [finding for finding in witness.findings if "key" in finding]
    assert hidden == []
    text = repr([str(error), vars(error), pickle.dumps(error)])
    assert "CANARYkey" not in text
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(OURS):
            assert "CANARYkey" not in repr(dict(frame.f_locals)), frame.f_code.co_name
    for record in witness.caplog.records:
        assert "CANARY" not in record.getMessage()


async def test_nothing_that_belongs_to_a_client_shows_a_secret(
    mode: Mode, client: Any, witness: Witness
) -> None:
    mode.server.on("/chat/completions", answer(ENVELOPE))
    await do(ask(client))
    tailored = client.with_options(headers={"X-Api-Key": KEY})
    things = [
        *held_by(client),
        *held_by(tailored),
        client.api,
        client.chat,
    ]  # as the tracebacks of other tools do
    assert len({type(thing) for thing in things}) > 8
    for thing in things:
        witness.search(type(thing).__name__, thing)
    for each_client in (client, tailored):
        with pytest.raises(TypeError):
            pickle.dumps(each_client)
    witness.conclude()


async def test_requests_and_calls_show_no_secret(mode: Mode, witness: Witness) -> None:
    from indoxrouter._runtime.http.interface import Headers, HttpRequest, Timeouts
    from indoxrouter.api.chat.create_chat_completion import OPERATION

    call = OPERATION.call(fields={"messages": [{"role": "user", "content": PROMPT}], "byok_api_key": BYOK})
    witness.search("call", call)
    request = HttpRequest(
        "POST", "http://x/?a=1", [("Authorization", TOKEN)], call.content, Timeouts(1, 1, 1, 1)
    )
    witness.search("request", request)
    witness.search("headers", Headers([("Set-Cookie", COOKIE), ("Authorization", TOKEN), ("X-API-Key", KEY)]))
    witness.conclude()


async def test_models_with_secrets_mask_them(witness: Witness) -> None:
    from indoxrouter.models import ChatRequest, TokenResponse

    witness.search("token", TokenResponse.from_dict({"access_token": TOKEN, "refresh_token": REFRESH}))
    witness.search("request", ChatRequest.from_dict({"messages": [], "byok_api_key": BYOK}))
    witness.conclude()


@pytest.mark.parametrize(
    "arguments",
    [
        {"byok_api_key": 5.5, "temperature": BYOK},
        {"byok_api_key": ["CANARYbyok"]},
        {"byok_api_key": {"CANARYbyok": 1}},
    ],
    ids=range(3),
)
async def test_refused_arguments_do_not_echo_secrets(
    mode: Mode, client: Any, witness: Witness, arguments: Any
) -> None:
    if "temperature" in arguments:
        arguments = {"byok_api_key": 12345}
    error = await mode.failure(lambda: client.chat([{"role": "user", "content": "x"}], **arguments))
    assert isinstance(error, indoxrouter.InvalidParametersError)
    witness.search("error", [str(error), vars(error)])
    witness.conclude()


async def test_the_debug_log_tells_what_happened_without_headers_or_bodies(
    mode: Mode, client: Any, witness: Witness
) -> None:
    mode.server.on(
        "/chat/completions",
        answer({**ENVELOPE, "data": "CANARYprompt comes back"}, headers=[("X-Tell", "tale")]),
    )
    await do(ask(client))
    lines = [record.getMessage() for record in witness.caplog.records]
    assert any(line.startswith("POST /chat/completions status=200") for line in lines)
    assert not any("tale" in line for line in lines)
    if mode.engine == "httpx":
        assert any("receive_response_headers.complete" in line for line in lines)
    witness.conclude()


async def test_other_users_of_httpcore_keep_their_debug_lines(
    mode: Mode, client: Any, witness: Witness
) -> None:
    import httpx

    mode.server.on("/user/usage", answer({}, headers=[("X-Tell", "tale")]))
    with httpx.Client() as other:
        await asyncio.to_thread(other.get, mode.server.url + "/user/usage")
    assert any("tale" in record.getMessage() for record in witness.caplog.records)


class TestApiKeys:
    async def test_they_are_stripped(self, mode: Mode) -> None:
        mode.server.on("/user/usage", answer({"total_requests": 1}))
        await do(mode.client(api_key=f"  {KEY}\r\n").get_usage())
        assert mode.server.sent("/auth/token")[0].json["password"] == KEY

    @pytest.mark.parametrize(
        "inside", ["\r\nX-Evil: 1", " ", "\n", "\x00", "\t", "é", "\u2028", "\x7f", "ключ"]
    )
    async def test_anything_but_visible_ascii_is_refused_without_an_echo(
        self, mode: Mode, inside: str
    ) -> None:
        with pytest.raises(ValueError) as caught:  # noqa: PT011  # what it says is looked at below
            mode.client(api_key=f"indox-CANARYkey{inside}CANARYkey")
        assert "CANARY" not in str(caught.value)
        for frame, _ in traceback.walk_tb(caught.value.__traceback__):
            if frame.f_code.co_filename.startswith(OURS):
                assert "CANARY" not in repr(dict(frame.f_locals)), frame.f_code.co_name
        assert mode.server.requests == []

    @pytest.mark.parametrize("key", ["", "   ", "\n"])
    async def test_a_blank_key_is_refused(self, mode: Mode, key: str) -> None:
        with pytest.raises(ValueError, match="blank"):
            mode.client(api_key=key)

    @pytest.mark.parametrize("key", [5, b"indox-CANARYkey", ["CANARYkey"], True])
    async def test_a_key_that_is_no_text_is_refused_without_an_echo(self, mode: Mode, key: Any) -> None:
        with pytest.raises(ValueError, match="api_key") as caught:
            mode.client(api_key=key)
        assert "CANARY" not in str(caught.value)

    def test_a_missing_key_is_a_value_error_that_says_what_to_do(self) -> None:
        with pytest.raises(ValueError, match="INDOX_ROUTER_API_KEY"):
            check_api_key(None)

    async def test_the_environment_gives_it(self, mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("INDOX_ROUTER_API_KEY", KEY + "\n")
        mode.server.on("/user/usage", answer({"total_requests": 1}))
        await do(mode.client(api_key=None).get_usage())
        assert json.loads(mode.server.sent("/auth/token")[0].body)["password"] == KEY


@pytest.mark.parametrize("whole", [False, True], ids=["as a field", "in a whole body"])
async def test_the_methods_of_api_leave_no_provider_key_in_locals(mode: Mode, whole: bool) -> None:
    mode.server.on("/chat/completions", answer({"error": "invalid_request", "message": "no"}, 400))
    create = mode.client(max_retries=0).api.chat.create_chat_completion
    messages = [{"role": "user", "content": "Hello"}]
    body = {"messages": messages, "byok_api_key": BYOK}
    error = await mode.failure(lambda: create(body=body) if whole else create(**body))
    ours = [
        frame
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith(OURS)
    ]
    assert ours
    for frame in ours:
        assert BYOK not in repr(dict(frame.f_locals)), frame.f_code.co_name
