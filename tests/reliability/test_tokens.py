"""One exchange for all who meet an expired token, and what a 401, a refusal and an outage mean.

What is counted is what the server saw.
"""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable
from typing import Any

import indoxrouter
import pytest

from indoxrouter_ext.auth.token_store import TokenStore, lifetime

from .harness import ENVELOPE, KEY, MESSAGES, Clock, Mode, do, serve_everything, wait_until_waiting
from .server import CLOSE, RESET, STALL, Request, ScriptedServer, Step, answer

TOKEN = {"access_token": "token-1", "token_type": "bearer", "expires_in": 3600}
UNAUTHORIZED = answer({"error": "authentication_error", "message": "token expired"}, 401)


def only(token: str) -> Callable[[Request], bytes]:
    """An endpoint that takes one token and refuses all others."""

    def check(request: Request) -> bytes:
        return answer(ENVELOPE) if request.header("Authorization") == f"Bearer {token}" else UNAUTHORIZED

    return check


def numbered(
    server: ScriptedServer, gate: threading.Event | None = None, **more: Any
) -> Callable[[Request], list[Step]]:
    """A token endpoint that gives out token-1, token-2, …, each after the gate has opened."""

    def issue(request: Request) -> list[Step]:
        number = len(server.sent(request.path))
        body = answer({"access_token": f"token-{number}", "expires_in": 3600, **more})
        return [gate, body] if gate is not None else [body]

    return issue


async def at_once(mode: Mode, count: int, call: Callable[[], Any]) -> list[Any]:
    """Make a call from that many threads or tasks; results and errors, in no order."""
    results: list[Any] = []

    async def one_task() -> None:
        try:
            results.append(await call())
        except indoxrouter.IndoxRouterError as error:
            results.append(error)

    def one_thread() -> None:
        try:
            results.append(call())
        except indoxrouter.IndoxRouterError as error:
            results.append(error)

    if mode.is_async:
        await asyncio.gather(*(one_task() for _ in range(count)))
    else:
        threads = [threading.Thread(target=one_thread) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            await asyncio.to_thread(thread.join)
    assert len(results) == count
    return results


def crowd(mode: Mode) -> int:
    return 200 if mode.is_async else 50


async def test_many_callers_without_a_token_make_one_exchange(mode: Mode) -> None:
    gate = threading.Event()
    serve_everything(mode.server)
    mode.server.on("/auth/token", numbered(mode.server, gate))
    client = mode.lazy_client()
    threading.Timer(0.3, gate.set).start()
    results = await at_once(mode, crowd(mode), lambda: client.chat(MESSAGES))
    assert all(result.text == "hello there" for result in results)
    assert len(mode.server.sent("/auth/token")) == 1


async def test_a_limit_for_the_answer_of_a_call_does_not_bound_the_exchange_before_it(mode: Mode) -> None:
    serve_everything(mode.server)
    client = mode.lazy_client()
    with pytest.raises(indoxrouter.APIError, match="larger than the limit of 1 byte"):
        await do(client.chat(MESSAGES, max_response_bytes=1))
    assert [len(mode.server.sent(path)) for path in ("/auth/token", "/chat/completions")] == [1, 1]


async def test_many_callers_with_an_expired_token_make_one_exchange(mode: Mode) -> None:
    serve_everything(mode.server)
    clock = Clock()
    client = mode.client(clock=clock)
    await do(client.chat(MESSAGES))
    clock.advance(4000)
    await at_once(mode, crowd(mode), lambda: client.chat(MESSAGES))
    assert len(mode.server.sent("/auth/token")) == 2


async def test_many_callers_whose_token_is_refused_make_one_exchange(mode: Mode) -> None:
    mode.server.on("/auth/token", numbered(mode.server))
    mode.server.on("/chat/completions", only("token-1"))
    client = mode.client()
    await do(client.chat(MESSAGES))
    mode.server.on("/chat/completions", only("token-2"))
    results = await at_once(mode, crowd(mode), lambda: client.chat(MESSAGES))
    assert all(result.text == "hello there" for result in results)
    assert len(mode.server.sent("/auth/token")) == 2


async def test_waiters_share_the_failure_of_the_exchange(mode: Mode) -> None:
    gate = threading.Event()
    mode.server.on("/auth/token", [gate, answer({"detail": "no such key"}, 401)])
    client = mode.lazy_client()
    timer = threading.Timer(0.5, gate.set)
    timer.start()
    results = await at_once(mode, crowd(mode), lambda: client.chat(MESSAGES))
    assert {type(result) for result in results} == {indoxrouter.AuthenticationError}
    assert len({id(result) for result in results}) == len(
        results
    )  # each has an exception and a traceback of its own
    assert len(mode.server.sent("/auth/token")) == 1
    assert mode.server.sent("/chat/completions") == []


@pytest.mark.parametrize("mode", ["async"], indirect=True)
async def test_a_cancelled_leader_harms_no_one(mode: Mode) -> None:
    gate = threading.Event()
    serve_everything(mode.server)
    mode.server.on("/auth/token", numbered(mode.server, gate))
    client = mode.client()
    leader = asyncio.create_task(client.chat(MESSAGES))
    await asyncio.to_thread(mode.server.wait_for, "/auth/token")
    followers = [asyncio.create_task(client.chat(MESSAGES)) for _ in range(20)]
    await asyncio.sleep(0)
    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    gate.set()
    assert [response.text for response in await asyncio.gather(*followers)] == ["hello there"] * 20
    assert len(mode.server.sent("/auth/token")) == 1


@pytest.mark.parametrize("mode", ["async"], indirect=True)
async def test_an_exchange_that_everybody_left_can_be_made_again(mode: Mode) -> None:
    gate = threading.Event()
    serve_everything(mode.server)
    mode.server.on("/auth/token", [gate, answer({"detail": "down"}, 400)], answer(TOKEN))
    client = mode.client()
    before = asyncio.all_tasks()
    call = asyncio.create_task(client.chat(MESSAGES))
    await asyncio.to_thread(mode.server.wait_for, "/auth/token")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    left_behind = asyncio.all_tasks() - before
    gate.set()
    await asyncio.wait(left_behind)
    assert (await client.chat(MESSAGES)).text == "hello there"


@pytest.mark.parametrize("mode", ["sync"], indirect=True)
async def test_an_interrupted_leader_does_not_leave_others_waiting(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indoxrouter_ext.calls import blocking

    serve_everything(mode.server)
    client = mode.client(authenticate=False)
    entered, leave = threading.Event(), threading.Event()
    outcome: list[BaseException] = []

    def interrupted(*_: Any) -> Any:
        entered.set()
        leave.wait(5)
        raise KeyboardInterrupt
        yield

    def lead() -> None:
        try:
            client.chat(MESSAGES)
        except BaseException as error:  # noqa: BLE001  # KeyboardInterrupt is what it looks for
            outcome.append(error)

    def follow() -> None:
        try:
            client.chat(MESSAGES)
        except indoxrouter.NetworkError as error:
            outcome.append(error)

    monkeypatch.setattr(blocking, "renew_token", interrupted)
    leader, follower = threading.Thread(target=lead), threading.Thread(target=follow)
    leader.start()
    assert entered.wait(5)
    follower.start()
    wait_until_waiting(follower)
    leave.set()
    leader.join(5)
    follower.join(5)
    assert {type(error) for error in outcome} == {KeyboardInterrupt, indoxrouter.NetworkError}
    monkeypatch.undo()
    assert client.chat(MESSAGES).text == "hello there"


async def test_a_401_for_an_old_token_does_not_discard_the_new_one(mode: Mode) -> None:
    store: TokenStore = TokenStore()
    store.accept("new", 3600, None)
    store.discard("old")
    assert store.fresh() == "new"
    store.discard("new")
    assert store.fresh() is None


async def test_one_401_is_answered_with_a_new_token_and_the_same_request(mode: Mode) -> None:
    mode.server.on("/auth/token", numbered(mode.server))
    mode.server.on("/chat/completions", only("token-2"))
    client = mode.client()
    response = await do(client.chat(MESSAGES))
    assert response.text == "hello there"
    first, second = mode.server.sent("/chat/completions")
    assert first.body == second.body
    assert first.header("Idempotency-Key") == second.header("Idempotency-Key")
    assert [attempt.status for attempt in response.http.attempts] == [401, 200]


async def test_a_permanent_401_ends_after_two(mode: Mode) -> None:
    mode.server.on("/auth/token", numbered(mode.server))
    mode.server.on("/chat/completions", UNAUTHORIZED)
    client = mode.client(max_retries=5)
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert isinstance(error, indoxrouter.AuthenticationError)
    assert error.status_code == 401
    assert len(mode.server.sent("/chat/completions")) == 2
    assert len(mode.server.sent("/auth/token")) == 2


async def test_a_401_for_a_stream_is_answered_the_same_way(mode: Mode) -> None:
    from .server import DONE, streamed, text_event

    stream = streamed(text_event("a"), DONE)
    mode.server.on("/auth/token", numbered(mode.server))
    mode.server.on("/chat/completions", UNAUTHORIZED, stream)
    opened = await do(mode.client().chat(MESSAGES, stream=True))
    assert (await do(opened.until_done())).text == "a"


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (3600, 3600.0),
        (1, 1.0),
        (0, 0.0),
        ("3600", 3600.0),
        (" 90 ", 90.0),
        ("1_0", 3600.0),
        ("\u0661\u0660", 3600.0),
        ("inf", 3600.0),
        ("1" * 5000, 3600.0),
        (90.5, 90.5),
        (None, 3600.0),
        ("", 3600.0),
        ("soon", 3600.0),
        (-5, 3600.0),
        (float("nan"), 3600.0),
        (float("inf"), 3600.0),
        (10**400, 3600.0),
        (10**12, 1e12),
        (True, 3600.0),
        ([1], 3600.0),
        ({}, 3600.0),
    ],
)
def test_lifetimes_are_read_in_all_forms(expires_in: object, seconds: float) -> None:
    assert lifetime(expires_in) == seconds


@pytest.mark.parametrize(("life", "margin"), [(3600, 60), (120, 60), (100, 50), (10, 5), (1, 0.5)])
def test_a_token_is_replaced_a_margin_before_its_end(life: float, margin: float) -> None:
    clock = Clock()
    store: TokenStore = TokenStore(clock)
    store.accept("t", life, None)
    clock.advance(life - margin - 0.01)
    assert store.fresh() == "t"
    clock.advance(0.02)
    assert store.fresh() is None
    assert store.unexpired() == "t"
    clock.advance(margin)
    assert store.unexpired() is None


@pytest.mark.parametrize("expires_in", ["3600", None, "never", -1, 10**15, 0])
async def test_odd_lifetimes_do_not_break_calls(mode: Mode, expires_in: object) -> None:
    serve_everything(mode.server)
    mode.server.on("/auth/token", answer({"access_token": "token-1", "expires_in": expires_in}))
    client = mode.client()
    for _ in range(2):
        assert (await do(client.chat(MESSAGES))).text == "hello there"


async def test_a_token_endpoint_may_answer_with_a_token_alone(mode: Mode) -> None:
    serve_everything(mode.server)
    mode.server.on("/auth/token", answer({"access_token": "x"}))
    client = mode.client()
    for _ in range(3):
        await do(client.chat(MESSAGES))
    assert {request.header("Authorization") for request in mode.server.sent("/chat/completions")} == {
        "Bearer x"
    }
    assert len(mode.server.sent("/auth/token")) == 1


async def test_the_expiry_inside_a_jwt_is_not_judged(mode: Mode) -> None:
    expired_in_2001 = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjEwMDAwMDAwMDB9.c2ln"
    serve_everything(mode.server)
    mode.server.on("/auth/token", answer({"access_token": expired_in_2001, "expires_in": 3600}))
    client = mode.client()
    await do(client.chat(MESSAGES))
    await do(client.chat(MESSAGES))
    assert len(mode.server.sent("/auth/token")) == 1


async def test_a_wall_clock_that_jumps_changes_nothing(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    serve_everything(mode.server)
    client = mode.client()
    await do(client.chat(MESSAGES))
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 10**6)
    await do(client.chat(MESSAGES))
    assert len(mode.server.sent("/auth/token")) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_an_authentication_error(mode: Mode, status: int) -> None:
    mode.server.on("/auth/token", answer({"detail": "no"}, status))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert isinstance(error, indoxrouter.AuthenticationError)
    assert error.status_code == status
    assert len(mode.server.sent("/auth/token")) == 1


OUTAGES: dict[str, Any] = {
    "500": answer({"detail": "boom"}, 500),
    "503 in HTML": answer("<html><title>Down</title></html>", 503, content_type="text/html"),
    "429": answer({"error": "rate_limit_exceeded", "message": "slow"}, 429),
    "400": answer({"detail": "what"}, 400),
    "an error that calls itself one": answer({"error": "authentication_error", "message": "x"}, 500),
    "garbage with 200": answer("<html>hello</html>", content_type="text/html"),
    "JSON that is no object": answer([1, 2]),
    "no token in it": answer({"ok": True}),
    "a token that is no text": answer({"access_token": 5}),
    "a token with a line break": answer({"access_token": "a\r\nX-Evil: 1"}),
    "an empty token": answer({"access_token": ""}),
    "nothing": answer(b""),
    "a reset": [RESET],
    "a close": [CLOSE],
    "not HTTP": [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", CLOSE],
    "a redirect": answer(b"", 307, [("Location", "http://127.0.0.1:1/steal")]),
}


@pytest.mark.parametrize("name", OUTAGES)
async def test_an_outage_of_the_token_endpoint_is_not_a_bad_key(mode: Mode, clock: Clock, name: str) -> None:
    mode.server.on("/auth/token", OUTAGES[name])
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert not isinstance(error, indoxrouter.AuthenticationError)
    assert KEY not in str(error)


async def test_a_token_endpoint_that_hangs_is_a_timeout(mode: Mode) -> None:
    mode.server.on("/auth/token", [STALL])
    error = await mode.failure(lambda: mode.client(timeout=0.2, max_retries=0).chat(MESSAGES))
    assert isinstance(error, indoxrouter.RequestTimeoutError)
    assert not isinstance(error, indoxrouter.AuthenticationError)


async def test_a_short_outage_of_the_token_endpoint_is_bridged(mode: Mode, clock: Clock) -> None:
    serve_everything(mode.server)
    mode.server.on("/auth/token", answer(b"", 503), [RESET], answer(TOKEN))
    assert (await do(mode.client().chat(MESSAGES))).text == "hello there"


async def test_a_server_that_knows_no_exchange_gets_the_key_itself(mode: Mode) -> None:
    serve_everything(mode.server)
    mode.server.on("/auth/token", answer({"detail": "Not Found"}, 404))
    client = mode.client()
    for _ in range(2):
        assert (await do(client.chat(MESSAGES))).text == "hello there"
    assert mode.server.sent("/chat/completions")[-1].header("Authorization") == f"Bearer {KEY}"
    assert len(mode.server.sent("/auth/token")) == 1


async def test_a_server_with_the_exchange_by_header_is_served(mode: Mode) -> None:
    serve_everything(mode.server)
    mode.server.on("/auth/token", answer({"detail": "Not Found"}, 404))
    mode.server.on("/auth/api-key", answer({"access_token": "by-header"}))
    await do(mode.client().chat(MESSAGES))
    assert mode.server.sent("/auth/api-key")[0].header("X-API-Key") == KEY
    assert mode.server.sent("/chat/completions")[0].header("Authorization") == "Bearer by-header"


async def test_the_key_can_be_the_bearer_itself(mode: Mode) -> None:
    serve_everything(mode.server)
    mode.server.on("/chat/completions", answer(ENVELOPE), UNAUTHORIZED)
    client = mode.client(auth="api_key")
    await do(client.chat(MESSAGES))
    assert mode.server.sent("/chat/completions")[0].header("Authorization") == f"Bearer {KEY}"
    assert isinstance(await mode.failure(lambda: client.chat(MESSAGES)), indoxrouter.AuthenticationError)
    assert mode.server.sent("/auth/token") == []
    assert (
        len(mode.server.sent("/chat/completions")) == 2
    )  # a key cannot be renewed, so it is not tried twice


class TestRefreshTokens:
    async def expire(self, mode: Mode) -> Any:
        """A client whose first token, which came with a refresh token, has run out."""
        serve_everything(mode.server)
        mode.server.on("/auth/token", numbered(mode.server, refresh_token="refresh-1"))
        clock = Clock()
        client = mode.client(clock=clock)
        await do(client.get_usage())
        clock.advance(4000)
        self.exchanges = len(mode.server.sent("/auth/token"))
        return client, clock

    async def test_it_is_used_and_rotated(self, mode: Mode) -> None:
        client, clock = await self.expire(mode)
        mode.server.on("/auth/refresh", numbered(mode.server, refresh_token="refresh-2"))
        await do(client.chat(MESSAGES))
        clock.advance(4000)
        await do(client.chat(MESSAGES))
        used = [request.json["refresh_token"] for request in mode.server.sent("/auth/refresh")]
        assert used == ["refresh-1", "refresh-2"]
        assert len(mode.server.sent("/auth/token")) == self.exchanges

    async def test_it_lives_on_when_no_new_one_comes(self, mode: Mode) -> None:
        client, clock = await self.expire(mode)
        mode.server.on("/auth/refresh", numbered(mode.server))
        for _ in range(2):
            await do(client.chat(MESSAGES))
            clock.advance(4000)
        used = [request.json["refresh_token"] for request in mode.server.sent("/auth/refresh")]
        assert used == ["refresh-1", "refresh-1"]

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
    async def test_the_exchange_follows_when_it_is_refused(self, mode: Mode, status: int) -> None:
        client, _ = await self.expire(mode)
        mode.server.on("/auth/refresh", answer({"detail": "used up"}, status))
        assert (await do(client.chat(MESSAGES))).text == "hello there"
        assert len(mode.server.sent("/auth/refresh")) == 1
        assert len(mode.server.sent("/auth/token")) == self.exchanges + 1

    async def test_garbage_in_answer_to_it_is_followed_by_the_exchange(self, mode: Mode) -> None:
        client, _ = await self.expire(mode)
        mode.server.on("/auth/refresh", answer("<html>", content_type="text/html"))
        assert (await do(client.chat(MESSAGES))).text == "hello there"

    async def test_it_is_used_after_a_401_too(self, mode: Mode) -> None:
        mode.server.on("/auth/token", numbered(mode.server, refresh_token="refresh-1"))
        mode.server.on("/auth/refresh", answer({"access_token": "better"}))
        mode.server.on("/chat/completions", only("better"))
        assert (await do(mode.client().chat(MESSAGES))).text == "hello there"
        assert len(mode.server.sent("/auth/refresh")) == 1


async def test_a_failed_refresh_fails_no_call_while_the_token_is_valid(mode: Mode) -> None:
    serve_everything(mode.server)
    mode.server.on("/auth/token", answer(TOKEN))
    clock = Clock()
    client = mode.client(clock=clock)
    await do(client.get_usage())
    mode.server.on("/auth/token", answer({"detail": "down"}, 400))
    clock.advance(3600 - 30)  # the refresh is due, the token valid
    before = len(mode.server.sent("/auth/token"))
    for _ in range(3):
        assert (await do(client.chat(MESSAGES))).text == "hello there"
    assert len(mode.server.sent("/auth/token")) == before + 1
    clock.advance(5.1)
    await do(client.chat(MESSAGES))
    assert len(mode.server.sent("/auth/token")) == before + 2
    sent = [request.header("Authorization") for request in mode.server.sent("/chat/completions")]
    assert sent == ["Bearer token-1"] * 4
    clock.advance(30)  # expired by now
    error = await mode.failure(lambda: client.chat(MESSAGES))
    assert error.status_code == 400
    assert len(mode.server.sent("/chat/completions")) == 4


class TestAutoRefreshOff:
    async def test_an_expired_token_raises_and_says_how_to_go_on(self, mode: Mode) -> None:
        serve_everything(mode.server)
        clock = Clock()
        client = mode.client(clock=clock, auto_refresh=False)
        await do(client.chat(MESSAGES))
        clock.advance(4000)
        error = await mode.failure(lambda: client.chat(MESSAGES))
        assert isinstance(error, indoxrouter.AuthenticationError)
        assert "client._authenticate()" in str(error)
        assert len(mode.server.sent("/auth/token")) == 1
        await do(client._authenticate())  # as the error says
        assert (await do(client.chat(MESSAGES))).text == "hello there"

    async def test_a_token_is_used_up_to_its_end(self, mode: Mode) -> None:
        serve_everything(mode.server)
        clock = Clock()
        client = mode.client(clock=clock, auto_refresh=False)
        for _ in range(2):
            await do(client.chat(MESSAGES))
            clock.advance(3599)
        assert len(mode.server.sent("/auth/token")) == 1

    async def test_a_401_is_raised_and_nothing_is_exchanged(self, mode: Mode) -> None:
        mode.server.on("/chat/completions", UNAUTHORIZED)
        client = mode.client(auto_refresh=False)
        error = await mode.failure(lambda: client.chat(MESSAGES))
        assert isinstance(error, indoxrouter.AuthenticationError)
        assert len(mode.server.sent("/chat/completions")) == 1
        assert len(mode.server.sent("/auth/token")) == 1


@pytest.mark.parametrize("start", [0, 3])
@pytest.mark.parametrize("kind", ["file", "path", "bytes"])
async def test_an_upload_is_replayed_from_its_first_byte(
    mode: Mode, tmp_path: Any, kind: str, start: int
) -> None:
    content = bytes(range(256)) * 4096  # 1 MiB: several pieces
    path = tmp_path / "speech.mp3"
    path.write_bytes(content)
    opened = io.BytesIO(content)
    opened.seek(start)
    upload: Any = {"file": opened, "path": str(path), "bytes": content}[kind]
    expected = content[start:] if kind == "file" else content
    mode.server.on("/auth/token", numbered(mode.server))
    mode.server.on(
        "/audio/stt/transcriptions",
        UNAUTHORIZED,
        answer({"error": "provider_error", "message": "busy"}, 503),
        answer({**ENVELOPE, "data": "spoken", "text": "spoken"}),
    )
    await do(mode.client().speech_to_text(upload))
    requests = mode.server.sent("/audio/stt/transcriptions")
    assert len(requests) == 3
    assert all(expected in request.body for request in requests)
    assert len({request.body for request in requests}) == 1


async def test_the_token_call_carries_no_key_of_the_callers(mode: Mode) -> None:
    serve_everything(mode.server)
    client = mode.lazy_client()
    await do(client.with_options(idempotency_key="order-7").chat(MESSAGES))
    assert mode.server.sent("/auth/token")[0].header("Idempotency-Key") is None
    assert mode.server.sent("/chat/completions")[0].header("Idempotency-Key") == "order-7"


def test_a_token_store_shows_no_token() -> None:
    store: TokenStore = TokenStore()
    store.accept("canary-token", 3600, "canary-refresh")
    assert "canary" not in repr(store)
    assert "3600" in repr(store)


async def test_an_answer_without_a_token_is_quoted_without_the_key(mode: Mode) -> None:
    mode.server.on("/auth/token", answer({"success": False, "message": f"no such user: {KEY}"}))
    error = await mode.failure(lambda: mode.lazy_client(max_retries=0).chat(MESSAGES))
    assert type(error) is indoxrouter.APIError
    assert error.message.endswith("holds no token: no such user: ***")


async def test_a_refused_key_keeps_when_the_limit_is_reset(mode: Mode) -> None:
    reset = {"error": "rate_limit_exceeded", "message": "x", "details": {"reset_time": 3000}}
    mode.server.on("/auth/token", answer(reset, 403))
    error = await mode.failure(lambda: mode.lazy_client(max_retries=0).chat(MESSAGES))
    assert isinstance(error, indoxrouter.AuthenticationError)
    assert error.reset_time is not None
    assert error.retry_after == 3000
