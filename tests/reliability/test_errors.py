"""Every failure has one of the documented exceptions, however broken the answer is."""

from __future__ import annotations

import gzip
import json
import traceback
import zlib
from typing import Any

import indoxrouter
import pytest
from indoxrouter._runtime.errors.mapping import error_from_body, error_from_payload
from indoxrouter._runtime.http.interface import Headers
from indoxrouter._runtime.values.json import MalformedJson, loads

from .harness import ENVELOPE, KEY, MESSAGES, Clock, Mode, do, each
from .server import CLOSE, LAST_CHUNK, Step, answer, head, http_chunk, streamed

BOTH_ENGINES = "broken|compressed"

STATUSES = {
    400: "InvalidParametersError",
    401: "AuthenticationError",
    402: "InsufficientCreditsError",
    403: "ModelNotAvailableError",
    404: "ModelNotFoundError",
    409: "ConflictError",
    422: "ValidationError",
    429: "RateLimitError",
    500: "APIError",
    502: "ProviderError",
    503: "APIError",
    504: "APIError",
    418: "RequestError",
    529: "APIError",
    599: "APIError",
    302: "APIError",
    204: "APIError",
}

BODIES: dict[str, tuple[bytes, str]] = {
    "the documented body": (
        b'{"error": "some_code", "message": "what happened", "status_code": 1, "details": {}}',
        "what happened",
    ),
    "a message alone": (b'{"message": "what happened"}', "what happened"),
    "detail as text": (b'{"detail": "what happened"}', "what happened"),
    "detail as a list": (
        b'{"detail": [{"loc": ["body", "model"], "msg": "what happened", "type": "missing"}]}',
        "body.model: what happened",
    ),
    "detail as a list of text": (b'{"detail": ["what happened"]}', "what happened"),
    "detail as an object": (b'{"detail": {"message": "what happened"}}', "what happened"),
    "OpenAI's object": (
        b'{"error": {"message": "what happened", "type": "odd", "code": null}}',
        "what happened",
    ),
    "an error that is a sentence": (b'{"error": "what happened"}', "what happened"),
    "JSON text": (b'"what happened"', "what happened"),
    "a list": (b"[1, 2]", "status"),
    "a number": (b"17", "status"),
    "null": (b"null", "status"),
    "plain text": (b"what happened\nmore", "what happened"),
    "HTML": (b"<html><head><title>what happened</title></head></html>", "what happened"),
    "HTML without a title": (b"<p>oops</p>", "status"),
    "broken JSON": (b'{"message": "wh', ""),
    "not UTF-8": (b"\xff\xfe\xfa", ""),
    "nothing": (b"", "status"),
    "spaces": (b"  \r\n ", "status"),
    "fields of the wrong types": (
        b'{"error": 5, "message": [], "details": "x", "status_code": "y", "request_id": 7}',
        "status",
    ),
    "deep JSON": (b'{"a":' * 5000 + b"1" + b"}" * 5000, ""),
}


@pytest.mark.parametrize("status", STATUSES)
async def test_each_status_has_its_exception(mode: Mode, clock: Clock, status: int) -> None:
    reply = answer({"detail": "what happened"}, status) if status != 204 else head(204)
    mode.server.on("/chat/completions", reply)
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert type(error).__name__ == STATUSES[status]
    assert error.status_code == status
    assert isinstance(error, getattr(indoxrouter, STATUSES[status]))


@pytest.mark.parametrize("body", BODIES)
async def test_every_kind_of_error_body_is_read(mode: Mode, clock: Clock, body: str) -> None:
    raw, words = BODIES[body]
    mode.server.on("/chat/completions", answer(raw, 400, [("X-Request-Id", "req-9")]))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert isinstance(error, indoxrouter.InvalidParametersError)
    assert error.status_code == 400
    assert error.request_id == "req-9"
    assert isinstance(error.details, dict)
    assert error.message
    if words == "status":
        assert "400" in error.message
    else:
        assert words in error.message


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"success": False, "error": "c", "message": "m", "request_id": "r"}, "FailureResponse"),
        ({"error": {"message": "m", "type": "t"}}, "OpenAIErrorResponse"),
        (
            {"detail": [{"loc": ["body", "model"], "msg": "m", "type": "missing"}]},
            "ValidationErrorResponse",
        ),
        ({"detail": "m"}, "DetailErrorResponse"),
    ],
)
async def test_the_documented_body_of_an_error_is_a_model(mode: Mode, body: Any, kind: str) -> None:
    mode.server.on("/chat/completions", answer(body, 400))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert type(error.body) is getattr(indoxrouter.models, kind)
    assert error.body.to_dict() == body


async def test_a_body_that_is_not_json_is_text_and_has_no_secret(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer(b"<p>no " + KEY.encode() + b"</p>", 400))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert isinstance(error.body, str)
    assert error.body.startswith("<p>no ")
    assert KEY not in error.body


# Where other services put the message.
PLACES: list[tuple[Any, str]] = [
    ({"errors": [{"message": "a"}, {"message": "b"}]}, "a; b"),
    ({"errors": ["a", "b"]}, "a; b"),
    (
        {"errors": {"email": ["is not valid"], "name": ["is missing"]}},
        "email: is not valid; name: is missing",
    ),
    ({"errors": {"token": {"_errors": [{"code": "REQUIRED", "message": "a"}]}}}, "token: a"),
    ({"errors": {"message": "a"}}, "a"),
    ({"error": "invalid_grant", "error_description": "a"}, "a"),
    ({"error": "invalid_grant"}, "invalid_grant"),
    ({"error": "Bad Request", "message": ["a", "b"]}, "a; b"),
    ({"error": "not_valid", "errors": [{"message": "a"}]}, "a"),
    ({"error": {"code": 1, "errors": ["a"]}}, "a"),
    ({"error": {"description": "a"}}, "a"),
    ({"error": ["a"]}, "a"),
    ({"error_code": "X", "error_message": "a", "display_message": None}, "a"),
    ({"code": 20404, "message": "a", "more_info": "https://x.example", "status": 404}, "a"),
    ({"type": "about:blank", "title": "b", "detail": "a", "instance": "/x"}, "a"),
    ({"title": "a"}, "a"),
    ({"fault": {"faultstring": "a", "detail": {"errorcode": "E"}}}, "a"),
    ({"Message": "a"}, "a"),
    ({"status": "error", "status_message": "a"}, "a"),
    ({"status": {"error_message": "a"}}, "a"),
    ({"meta": {"msg": "a"}}, "a"),
    ({"errorMessages": ["a"], "errors": {}}, "a"),
    ({"errorSummary": "a", "errorCauses": []}, "a"),
    ({"violations": [{"propertyPath": "x", "message": "a"}]}, "a"),
    ({"details": [{"issue": "b", "description": "a"}]}, "a"),
    ([{"error": {"message": "a"}}], "a"),
    ({"status": "error", "details": "x"}, "The server answered 400 with no message"),
]


@pytest.mark.parametrize(("body", "message"), PLACES, ids=[json.dumps(body) for body, _ in PLACES])
def test_the_message_is_found_where_services_put_it(body: Any, message: str) -> None:
    error = error_from_payload(body, status=400)
    assert error.message == message
    assert error.body == body


CODES = {
    "invalid_request": "InvalidParametersError",
    "authentication_error": "AuthenticationError",
    "permission_denied": "PermissionDeniedError",
    "not_found": "NotFoundError",
    "rate_limit_exceeded": "RateLimitError",
    "provider_error": "ProviderError",
    "insufficient_credits": "InsufficientCreditsError",
    "RateLimitError": "RateLimitError",
    "ModelNotFoundError": "ModelNotFoundError",
}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", ["documented", "OpenAI's"])
def test_the_code_is_stronger_than_the_status(code: str, shape: str) -> None:
    payload: Any = (
        {"error": code, "message": "x"}
        if shape == "documented"
        else {"error": {"code": code, "message": "x"}}
    )
    error = error_from_payload(payload, status=500)
    assert type(error).__name__ == CODES[code]
    assert error.error_type == code
    assert error.status_code == 500


@pytest.mark.parametrize(
    "words", ["rate limit exceeded", "invalid api key", "model not found", "insufficient credits"]
)
def test_words_in_a_message_decide_nothing(words: str) -> None:
    assert type(error_from_payload({"message": words}, status=500)) is indoxrouter.APIError


@pytest.mark.parametrize(
    "code", ["ERROR_CODES", "ERROR_STATUSES", "Failure", "__all__", "TYPE_CHECKING", "annotations", ""]
)
def test_a_code_that_names_something_else_of_the_module_is_only_a_code(code: str) -> None:
    assert type(error_from_payload({"error": code, "message": "x"}, status=500)) is indoxrouter.APIError


def test_a_known_code_is_used_before_one_that_is_not() -> None:
    error = error_from_payload(
        {"error": {"code": "E17", "type": "rate_limit_exceeded", "message": "x"}}, status=500
    )
    assert (type(error), error.error_type) == (indoxrouter.RateLimitError, "rate_limit_exceeded")
    unknown = error_from_payload({"error": {"code": "E17", "type": "odd", "message": "x"}}, status=500)
    assert (type(unknown), unknown.error_type) == (indoxrouter.APIError, "E17")


def test_what_the_details_and_the_body_say_is_used_before_what_is_around_them() -> None:
    body = {"message": "x", "retry_after": 5, "request_id": "of-the-body", "details": {"retry_after": 9}}
    error = error_from_payload(body, status=429, headers={"x-request-id": "of-a-proxy"})
    assert (error.retry_after, error.request_id) == (9, "of-the-body")


async def test_every_exception_carries_what_the_documents_read(mode: Mode) -> None:
    body = {
        "success": False,
        "error": "RateLimitError",
        "message": "slow down",
        "request_id": "req-5",
        "details": {
            "limit_type": "requests",
            "limit": 10,
            "reset_time": "2035-01-01T00:00:00Z",
            "retry_after": 120,
        },
    }
    mode.server.on("/chat/completions", answer(body, 429))
    error = await mode.failure(lambda: mode.client().chat(MESSAGES))
    assert isinstance(error, indoxrouter.RateLimitError)
    assert (error.status_code, error.error_type, error.message) == (429, "RateLimitError", "slow down")
    assert (error.request_id, error.retry_after) == ("req-5", 120)
    assert error.details["limit"] == 10
    assert len(error.attempts) == 1
    assert "429" in str(error)
    assert "req-5" in str(error)


FALSE_SUCCESSES: dict[str, tuple[Any, str]] = {
    "a code": ({"success": False, "error": "rate_limit_exceeded", "message": "no luck"}, "RateLimitError"),
    "a message": ({**ENVELOPE, "success": False, "message": "no luck", "data": None}, "APIError"),
    "nothing but false": ({"success": False}, "APIError"),
    "an error body": ({"error": "provider_error", "message": "no luck", "status_code": 502}, "ProviderError"),
    "OpenAI's error": (
        {"error": {"message": "no luck", "code": "insufficient_credits"}},
        "InsufficientCreditsError",
    ),
}


@pytest.mark.parametrize("name", FALSE_SUCCESSES)
@pytest.mark.parametrize("method", ["chat", "embeddings"])
async def test_success_false_with_a_status_of_200_raises(mode: Mode, name: str, method: str) -> None:
    body, kind = FALSE_SUCCESSES[name]
    mode.server.on("*", answer(body))
    mode.server.on("/auth/token", answer({"access_token": "x"}))
    argument: Any = MESSAGES if method == "chat" else "x"
    error = await mode.failure(lambda: getattr(mode.client(), method)(argument))
    assert type(error).__name__ == kind
    if "no luck" in json.dumps(body):
        assert "no luck" in error.message


BROKEN: dict[str, list[Step]] = {
    "not HTTP": [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", CLOSE],
    "a status that is no number": [b"HTTP/1.1 OK 200\r\n\r\n", CLOSE],
    "a status of five digits": [b"HTTP/1.1 20000 OK\r\n\r\n", CLOSE],
    "binary garbage": [bytes(range(256)) * 4, CLOSE],
    "an endless first line": [b"HTTP/1.1 200 " + b"x" * 200_000, CLOSE],
    "huge headers": [head(headers=[("X-Big", "x" * 300_000)]), CLOSE],
    "very many headers": [head(headers=[(f"X-{n}", "y" * 50) for n in range(5000)]), CLOSE],
    "a header without a colon": [b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", CLOSE],
    "two lengths": [head(headers=[("Content-Length", "1"), ("Content-Length", "2")]) + b"{}", CLOSE],
    "a length that is no number": [head(headers=[("Content-Length", "many")]) + b"{}", CLOSE],
    "a negative length": [head(headers=[("Content-Length", "-5")]) + b"{}", CLOSE],
    "a bad chunk size": [
        head(headers=[("Transfer-Encoding", "chunked")]),
        b"zz\r\n{}\r\n",
        LAST_CHUNK,
        CLOSE,
    ],
    "an endless chunk size": [head(headers=[("Transfer-Encoding", "chunked")]), b"1" * 5000, CLOSE],
    "chunks cut short": [head(headers=[("Transfer-Encoding", "chunked")]), http_chunk(b"{"), CLOSE],
    "a body cut short": [head(headers=[("Content-Length", "50")]), b'{"data": ', CLOSE],
    "gzip that is none": [answer(b"not gzip", headers=[("Content-Encoding", "gzip")])],
    "gzip cut short": [
        answer(gzip.compress(b'{"data": "x"}' * 9)[:-12], headers=[("Content-Encoding", "gzip")])
    ],
    "deflate that is none": [answer(b"\x00\x01\x02", headers=[("Content-Encoding", "deflate")])],
    "a compression nobody asked for": [answer(b"{}", headers=[("Content-Encoding", "zstd")])],
    "JSON cut short": [answer(b'{"data": "hel')],
    "no JSON": [answer(b"hello")],
    "HTML with 200": [answer(b"<html><title>Login</title></html>", content_type="text/html")],
    "JSON text in place of an object": [answer(b'"hello"')],
    "a list in place of an object": [answer(b"[1, 2, 3]")],
    "a number in place of an object": [answer(b"5")],
    "null in place of an object": [answer(b"null")],
    "nothing with 200": [answer(b"")],
    "deep JSON": [answer(b"[" * 100_000 + b"]" * 100_000)],
    "deep objects": [answer(b'{"a":' * 100_000 + b"1" + b"}" * 100_000)],
    "not UTF-8": [answer(b'\xff\xfe{"data": 1')],
    "an informational answer alone": [b"HTTP/1.1 100 Continue\r\n\r\n", CLOSE],
    "an upgrade nobody asked for": [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", CLOSE],
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("method", ["chat", "get_usage", "stream"])
async def test_no_foreign_exception_escapes_from_a_broken_answer(
    mode: Mode, clock: Clock, name: str, method: str
) -> None:
    mode.server.on("/chat/completions", BROKEN[name])
    mode.server.on("/user/usage", BROKEN[name])
    client = mode.client(max_retries=1)
    if method == "get_usage":
        error = await mode.failure(client.get_usage)
    elif method == "chat":
        error = await mode.failure(lambda: client.chat(MESSAGES))
    else:

        async def read() -> None:
            async for _ in each(await do(client.chat(MESSAGES, stream=True))):
                pass

        error = await mode.failure(read)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert str(error)


@pytest.mark.parametrize("name", BROKEN)
async def test_after_a_broken_answer_the_client_works_on(mode: Mode, clock: Clock, name: str) -> None:
    mode.server.on("/chat/completions", BROKEN[name], answer(ENVELOPE))
    client = mode.client(max_retries=0)
    await mode.failure(lambda: client.chat(MESSAGES))
    assert (await do(client.chat(MESSAGES))).text == "hello there"


@pytest.mark.parametrize("pack", ["gzip", "deflate", "raw deflate", "x-gzip", "identity", "GZIP"])
async def test_compressed_answers_are_read(mode: Mode, pack: str) -> None:
    raw = json.dumps(ENVELOPE).encode()
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = {
        "deflate": zlib.compress(raw),
        "raw deflate": deflate.compress(raw) + deflate.flush(),
        "identity": raw,
    }.get(pack, gzip.compress(raw))
    name = "deflate" if pack == "raw deflate" else pack
    mode.server.on("/chat/completions", answer(packed, headers=[("Content-Encoding", name)]))
    assert (await do(mode.client().chat(MESSAGES))).text == "hello there"


@pytest.mark.parametrize(
    "data",
    [b'{"data": "\xef\xbb\xbf"}', b'\xef\xbb\xbf{"data": "x"}', b'{"data": "\\ud800"}', b'{"data": NaN}'],
)
async def test_json_that_is_a_little_off_is_still_read(mode: Mode, data: bytes) -> None:
    mode.server.on("/chat/completions", answer(data))
    assert await do(mode.client().chat(MESSAGES)) is not None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
async def test_nan_and_infinity_are_refused_on_the_way_out(mode: Mode, value: float) -> None:
    client = mode.client()
    with pytest.raises(indoxrouter.InvalidParametersError, match="temperature"):
        await do(client.chat(MESSAGES, temperature=value))
    with pytest.raises(indoxrouter.InvalidParametersError):
        await do(client.chat(MESSAGES, additional_params={"deep": [{"x": value}]}))
    assert mode.server.sent("/chat/completions") == []


@pytest.mark.parametrize("value", [object, {1, 2}, b"bytes", "\ud800", {1: 2}], ids=range(5))
async def test_what_json_cannot_say_is_refused_by_name(mode: Mode, value: Any) -> None:
    client = mode.client()
    error = await mode.failure(lambda: client.chat(MESSAGES, additional_params={"x": value}))
    assert isinstance(error, indoxrouter.InvalidParametersError)
    assert isinstance(error, ValueError)
    assert mode.server.sent("/chat/completions") == []


async def test_an_argument_that_contains_itself_is_refused(mode: Mode) -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    error = await mode.failure(lambda: mode.client().chat(MESSAGES, additional_params=loop))
    assert isinstance(error, indoxrouter.InvalidParametersError)


@pytest.mark.parametrize(
    "bad", [b"", b"{", b"\xff", b"[" * 10**5, b"nul", b"1" * 10**5 + b"e", b'"\x00'], ids=range(7)
)
def test_the_json_loader_has_one_error(bad: bytes) -> None:
    with pytest.raises(MalformedJson) as caught:
        loads(bad)
    assert caught.value.__context__ is None


async def test_tracebacks_are_short_and_about_the_callers_line(mode: Mode) -> None:
    mode.server.on("/chat/completions", answer({"detail": "no"}, 400))
    client = mode.client()
    try:
        await do(client.chat(MESSAGES))
    except indoxrouter.IndoxRouterError as error:
        frames = traceback.extract_tb(error.__traceback__)
    assert frames[0].name == "test_tracebacks_are_short_and_about_the_callers_line"
    assert len(frames) <= 6
    assert not any("httpx" in frame.filename or "httpcore" in frame.filename for frame in frames)


def test_a_status_in_the_body_counts_only_where_the_answer_has_none() -> None:
    assert error_from_body(500, Headers([]), b'{"status_code": 429, "message": "x"}').status_code == 500
    assert error_from_payload({"status_code": 429, "message": "x"}, status=200).status_code == 429


def test_a_status_of_any_digits_is_no_status() -> None:
    for status in ("9" * 5000, "4_29", "\u0664\u0662\u0669"):
        assert error_from_payload({"status_code": status, "message": "x"}, status=200).status_code == 200


@pytest.mark.parametrize("depth", [300, 600, 900])
@pytest.mark.parametrize("where", ["a status", "a stream", "the token endpoint"])
async def test_an_error_that_nests_deeply_is_raised_as_any_other(mode: Mode, depth: int, where: str) -> None:
    nested = "[" * depth + f'"{KEY}"' + "]" * depth
    body = f'{{"error": {{"type": "authentication_error", "message": "m", "nested": {nested}}}}}'.encode()
    path = "/auth/token" if where == "the token endpoint" else "/chat/completions"
    mode.server.on(path, streamed(b"data: " + body + b"\n\n") if where == "a stream" else answer(body, 401))

    async def call() -> None:
        await do((await do(mode.lazy_client().chat(MESSAGES, stream=True))).until_done())

    error = await mode.failure(call)
    assert isinstance(error, indoxrouter.AuthenticationError)
    found = error.details["nested"]
    for _ in range(depth):
        [found] = found
    assert found == "***"
