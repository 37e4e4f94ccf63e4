"""The server as a whole: routing and validation by the spec, the health check, the admin endpoints, the journal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from indoxrouter_mock import MockServer, SpecError, asgi_app
from indoxrouter_mock.base.text import decimal, integer
from indoxrouter_mock.request.call import HANDLERS
from tests.spec.document import SPEC, present_argument, present_field

from .conftest import HELLO
from .reading import events_of, problems_of, sound

# ---- routing ----


@pytest.mark.parametrize("prefix", ["/api/v1", "", "/v1"])
def test_api_answers_under_each_documented_prefix(mock: MockServer, prefix: str) -> None:
    headers = {"Authorization": f"Bearer {mock.api_key}"}
    assert httpx.get(f"{mock.url}{prefix}/user/me", headers=headers).status_code == 200
    assert httpx.post(f"{mock.url}{prefix}/chat/completions", json=HELLO, headers=headers).status_code == 200


def test_models_are_listed_with_and_without_the_slash(http: httpx.Client) -> None:
    slashed, bare = http.get("/models/").json(), http.get("/models").json()
    assert slashed == bare
    models = [model for provider in slashed["providers"] for model in provider["models"]]
    assert len(slashed["providers"]) >= 12
    assert 380 <= len(models) <= 460
    assert any("/" in model["id"] for model in models)
    assert any(":" in model["id"] for model in models)


def test_every_model_of_the_catalog_can_be_looked_up(http: httpx.Client) -> None:
    for provider in http.get("/models").json()["providers"]:
        for model in provider["models"][::3]:
            assert http.get(f"/models/{provider['id']}/{model['id']}").json() == model


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("amazon/amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("openrouter/meta-llama/llama-3-70b", "meta-llama/llama-3-70b"),
        ("openrouter/meta-llama%2Fllama-3-70b", "meta-llama/llama-3-70b"),
        ("openrouter/meta-llama/llama-3.1-8b-instruct%3Afree", "meta-llama/llama-3.1-8b-instruct:free"),
    ],
)
def test_model_ids_may_hold_slashes_and_colons(http: httpx.Client, path: str, model: str) -> None:
    assert http.get(f"/models/{path}").json()["id"] == model


@pytest.mark.parametrize(
    ("capability", "model"),
    [
        ("text_completions", "gpt-4o"),
        ("embeddings", "text-embedding-3-small"),
        ("image_generation", "dall-e-3"),
        ("text_to_speech", "tts-1"),
        ("speech_to_text", "whisper-1"),
        ("video_generation", "sora-2"),
    ],
)
def test_literal_path_wins_over_a_model_of_that_name(http: httpx.Client, capability: str, model: str) -> None:
    found = [entry["id"] for entry in http.get(f"/models/openai/{capability}").json()]
    assert model in found
    assert len(found) < 80


@pytest.mark.parametrize(
    "path",
    ["models/openai/../../../secret", "models/openai/%2e%2e/x", "nothing", "chat", "chat/completions/more"],
)
def test_path_that_is_none_gets_a_404_of_the_framework_and_not_of_the_api(
    mock: MockServer, path: str
) -> None:
    import http.client

    connection = http.client.HTTPConnection(mock.url.removeprefix("http://"))
    connection.request("GET", f"/api/v1/{path}")
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 404
    assert body == {"detail": "Not Found", "path": f"/api/v1/{path.partition('?')[0]}"}
    connection.close()


def test_wrong_method_is_a_405_that_names_the_right_ones(http: httpx.Client) -> None:
    answer = http.put("/user/api-keys", json={})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


# ---- validation ----


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "body/messages"),
        ({"messages": []}, "body/messages"),
        ({"messages": [{"content": "x"}]}, "body/messages/0/role"),
        ({"messages": [{"role": "user", "content": 5}]}, "body/messages/0/content"),
        ({**HELLO, "temperature": 3}, "body/temperature"),
        ({**HELLO, "stream": "yes"}, "body/stream"),
        ({**HELLO, "model": ""}, "body/model"),
        ([], "body"),
        ("text", "body"),
    ],
)
def test_invalid_body_is_refused_with_the_path_of_each_problem(
    http: httpx.Client, body: Any, path: str
) -> None:
    answer = http.post("/chat/completions", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid_request"
    assert path in problems_of(answer)


def test_all_problems_are_named_at_once(http: httpx.Client) -> None:
    answer = http.post("/chat/completions", json={"messages": [], "temperature": 9, "top_p": -1})
    assert set(problems_of(answer)) == {"body/messages", "body/temperature", "body/top_p"}


@pytest.mark.parametrize(
    "content", [b"{", b"", b"\xff\xfe", b"[" * 100_000, b'{"messages": NaN}', b'{"a": "\xed\xa0\x80"}']
)
def test_body_that_is_no_json_is_refused(http: httpx.Client, content: bytes) -> None:
    answer = http.post("/chat/completions", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["error"] == "invalid_request"


def test_unknown_content_type_is_refused_by_name(http: httpx.Client) -> None:
    answer = http.post("/chat/completions", content=b"<x/>", headers={"content-type": "text/xml"})
    assert answer.status_code == 422
    assert "application/json" in answer.json()["message"]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=5&limit=6", "skip=-1", "limit=1.5"])
def test_invalid_query_is_refused(http: httpx.Client, query: str) -> None:
    former = query.partition("=")[0]
    name = present_argument("list_video_jobs", former)
    answer = http.get(f"/videos/jobs?{query.replace(former, name)}")
    assert answer.status_code == 422
    assert f"query/{name}" in problems_of(answer)


def test_invalid_path_parameter_is_refused(http: httpx.Client) -> None:
    assert "path/api_key_id" in problems_of(http.delete("/user/api-keys/seven"))


def test_secret_is_not_shown_in_the_problem_with_it(http: httpx.Client) -> None:
    answer = http.post("/chat/completions", json={**HELLO, "byok_api_key": ["sk-very-secret"]})
    assert answer.status_code == 422
    assert "sk-very-secret" not in answer.text
    login = httpx.post(f"{http.base_url}auth/token", json={"password": "hunter2-secret", "username": 5})
    assert "hunter2-secret" not in login.text


def test_body_over_the_documented_limit_is_refused_unread(mock: MockServer) -> None:
    import http.client

    connection = http.client.HTTPConnection(mock.url.removeprefix("http://"))
    connection.putrequest("POST", "/api/v1/chat/completions")
    connection.putheader("Content-Length", str(104_857_601))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status in (400, 413)
    assert b"104857600" in answer.read()
    connection.close()


def test_body_that_grows_over_the_limit_is_refused(mock: MockServer, http: httpx.Client) -> None:
    mock.app.largest_body = 1000
    try:
        for parts in ([b"x" * 600, b"y" * 600], [b"x" * 1001]):
            answer = http.post("/chat/completions", content=iter(parts))
            assert "larger than the 1000 bytes" in answer.json()["message"]
    finally:
        mock.app.largest_body = 104_857_600


def test_answer_that_breaks_the_spec_is_a_500_and_is_counted(
    monkeypatch: pytest.MonkeyPatch, indoxrouter_mock: MockServer
) -> None:
    monkeypatch.setitem(HANDLERS, "getUserHealth", lambda call: {"status": 5})
    answer = httpx.get(f"{indoxrouter_mock.base_url}/user/health")
    assert answer.status_code == 500
    assert "response/status" in answer.json()["message"]
    assert indoxrouter_mock.counters["violations"] == 1
    assert "getUserHealth" in indoxrouter_mock.violations[0]


def test_event_that_breaks_the_spec_ends_the_stream_and_is_counted(
    monkeypatch: pytest.MonkeyPatch, indoxrouter_mock: MockServer
) -> None:
    from indoxrouter_mock.answers import reply

    monkeypatch.setattr(reply, "stream", lambda *_, **__: iter([{"choices": [{"delta": {"content": 5}}]}]))
    headers = {"Authorization": f"Bearer {indoxrouter_mock.api_key}"}
    answer = httpx.post(
        f"{indoxrouter_mock.base_url}/chat/completions", json={**HELLO, "stream": True}, headers=headers
    )
    assert "breaks the spec" in events_of(answer)[0]["error"]["message"]
    assert indoxrouter_mock.counters["violations"] == 1


def test_crash_in_a_handler_is_a_documented_500(
    monkeypatch: pytest.MonkeyPatch, indoxrouter_mock: MockServer, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(HANDLERS, "getUserHealth", lambda call: 1 / 0)
    answer = httpx.get(f"{indoxrouter_mock.base_url}/user/health")
    assert (answer.status_code, answer.json()["error"]) == (500, "provider_error")
    assert "ZeroDivisionError" in caplog.text


# ---- an operation that only the spec knows ----


def test_operation_added_to_the_spec_is_served_and_validated(tmp_path: Path, root: Path) -> None:
    document = yaml.safe_load((root / "openapi.yaml").read_text(encoding="utf-8"))
    document["components"]["schemas"]["Weather"] = {
        "type": "object",
        "required": ["city", "degrees", "days"],
        "properties": {
            "city": {"type": "string", "minLength": 3},
            "degrees": {"type": "number", "minimum": -50, "maximum": 50},
            "days": {"type": "array", "minItems": 2, "items": {"type": "string", "format": "date"}},
            "next": {"$ref": "#/components/schemas/Weather"},
        },
    }
    weather = {
        "description": "ok",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Weather"}}},
    }
    document["paths"]["/weather/{city}"] = {
        "parameters": [
            {"name": "city", "in": "path", "required": True, "schema": {"type": "string", "maxLength": 6}}
        ],
        "get": {
            "operationId": "getWeather",
            "security": [{"bearerAuth": []}],
            "responses": {"200": weather, "422": {"$ref": "#/components/responses/UnprocessableEntity"}},
        },
        "delete": {
            "operationId": "forgetWeather",
            "security": [],
            "responses": {"204": {"description": "gone"}},
        },
    }
    spec = tmp_path / "openapi.yaml"
    spec.write_text(yaml.safe_dump(document), encoding="utf-8")
    with MockServer(spec=spec) as mock:
        headers = {"Authorization": f"Bearer {mock.api_key}"}
        answer = httpx.get(f"{mock.base_url}/weather/Berlin", headers=headers)
        assert answer.status_code == 200, answer.text
        assert -50 <= answer.json()["degrees"] <= 50
        assert answer.content == httpx.get(f"{mock.base_url}/weather/Berlin", headers=headers).content
        assert httpx.get(f"{mock.base_url}/weather/Berlin").status_code == 401
        assert "path/city" in problems_of(
            httpx.get(f"{mock.base_url}/weather/Constantinople", headers=headers)
        )
        gone = httpx.delete(f"{mock.base_url}/weather/Berlin")
        assert (gone.status_code, gone.content) == (204, b"")
        assert mock.violations == []


def test_unquoted_statuses_and_dates_are_texts_as_in_json(tmp_path: Path) -> None:
    spec = tmp_path / "small.yaml"
    spec.write_text(
        """
openapi: 3.1.0
info: {title: Small, version: "1"}
paths:
  /day:
    get:
      responses:
        200:
          description: ok
          content:
            application/json: {schema: {type: string, format: date}, example: 2026-01-02}
""",
        encoding="utf-8",
    )
    with MockServer(spec=spec) as mock:
        assert httpx.get(f"{mock.url}/day").json() == "2026-01-02"
        assert [entry["operation"] for entry in mock.requests] == ["get /day"]


def test_every_operation_of_the_spec_answers_without_its_handler_too(
    monkeypatch: pytest.MonkeyPatch, mock: MockServer, http: httpx.Client
) -> None:
    for name in list(HANDLERS):
        monkeypatch.delitem(HANDLERS, name)
    for operation in mock.app.spec.operations.values():
        path = operation.path
        for parameter in operation.parameters:
            path = path.replace(f"{{{parameter.name}}}", "7")
        media = next(iter(operation.bodies), None)
        examples = (
            operation.raw.get("requestBody", {}).get("content", {}).get(media or "", {}).get("examples", {})
        )
        body = next(iter(examples.values()))["value"] if examples else None
        headers = {"X-API-Key": mock.api_key}
        if media == "multipart/form-data":
            answer = http.post(path, files={"file": sound()}, headers=headers)
        else:
            answer = http.request(operation.method, path, json=body, headers=headers)
        assert answer.is_success, (operation.id, answer.text)
    assert events_of(http.post("/chat/completions", json={**HELLO, "stream": True}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("openapi: 3.1.0\n\tx: 1", "line 2"),
        ("a: 1", "no `openapi`"),
        ("openapi: 3.1.0\npaths: 5", "paths"),
        ("openapi: 3.1.0\npaths: {/x: {$ref: '#/none'}}", "/none"),
    ],
)
def test_broken_spec_is_an_error_that_names_file_and_place(tmp_path: Path, text: str, told: str) -> None:
    spec = tmp_path / "openapi.yaml"
    spec.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError, match=told) as caught:
        asgi_app(spec=spec)
    assert str(spec) in str(caught.value)


# ---- health and admin ----


def test_root_is_the_health_check_for_all_but_browsers(mock: MockServer) -> None:
    for url in (mock.url, f"{mock.base_url}/", mock.base_url):
        for accept in ("*/*", "application/json"):
            body = httpx.get(url, headers={"Accept": accept}).json()
            version = body[present_field("HealthResponse", "version")]
            assert (body["status"], version) == ("ok", SPEC["info"]["version"])
    page = httpx.get(mock.url, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")


def test_pages_load_nothing_from_elsewhere(mock: MockServer) -> None:
    for path in (
        "/",
        "/docs",
        "/static/index.js",
        "/static/docs.js",
        "/static/stream.js",
        "/static/mock.css",
        "/favicon.ico",
    ):
        answer = httpx.get(mock.url + path, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "https://" not in answer.text
    assert httpx.get(f"{mock.url}/static/app.py").status_code == 404
    assert httpx.get(f"{mock.url}/openapi.json").json()["openapi"].startswith("3.1")


def admin(mock: MockServer, method: str, path: str, **body: Any) -> Any:
    answer = httpx.request(method, f"{mock.url}/__mock__{path}", json=body or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_admin_endpoints_list_themselves_and_their_fields(mock: MockServer) -> None:
    endpoints = admin(mock, "GET", "")["endpoints"]
    assert {
        "/__mock__/faults",
        "/__mock__/requests",
        "/__mock__/reset",
        "/__mock__/clock",
        "/__mock__/seed",
    } <= {entry["path"] for entry in endpoints}
    for entry in endpoints:
        if entry["method"] == "GET":
            assert httpx.get(mock.url + entry["path"]).status_code == 200
        assert entry["doc"]


def test_admin_turns_what_a_test_needs_turned(mock: MockServer, http: httpx.Client) -> None:
    before = admin(mock, "GET", "/clock")["timestamp"]
    assert admin(mock, "POST", "/clock", advance=100, frozen=True)["timestamp"] >= before + 100
    assert admin(mock, "POST", "/account", credits=2.5, tier="free") == admin(mock, "GET", "/account")
    assert (mock.credits, mock.tier) == (2.5, "free")
    planned = admin(
        mock, "POST", "/faults", fault="error", arguments={"status": 503}, times=1, operation="getCurrentUser"
    )
    assert planned["arguments"]["status"] == 503
    assert http.get("/user/me").status_code == 503
    admin(mock, "POST", "/faults", fault="no_answer")
    assert admin(mock, "DELETE", "/faults") == {"planned": []}
    assert admin(mock, "GET", "/counters")["counters"]["status_503"] == 1
    assert admin(mock, "POST", "/seed", seed=9) == {"seed": 9}
    assert admin(mock, "POST", "/tokens/revoke") == {"revoked": 0}
    assert admin(mock, "POST", "/reset", settings={"shape": "openai"})["reset"] is True
    assert "choices" in http.post("/chat/completions", json=HELLO).json()
    assert (mock.tier, mock.counters.get("status_503")) == ("unlimited", None)


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/clock", {"advance": -1}, "body/advance"),
        ("/clock", {"advance": 9e11}, "body/advance"),
        ("/clock", {"frozen": 5}, "body/frozen"),
        ("/clock", {"forward": 5}, "advance, frozen"),
        ("/account", {"tier": "gold"}, "unlimited, free"),
        ("/account", {"credits": "many"}, "body/credits"),
        ("/faults", {"fault": "earthquake"}, "known ones"),
        ("/faults", {"fault": "latency", "arguments": [1]}, "body/arguments"),
        ("/reset", {"settings": {"colour": 1}}, "colour"),
        ("/reset", {"settings": {"tier": "gold"}}, "gold"),
        ("/seed", {"seed": "x"}, "body/seed"),
    ],
)
def test_admin_refuses_what_makes_no_sense(
    mock: MockServer, path: str, body: dict[str, Any], told: str
) -> None:
    answer = httpx.post(f"{mock.url}/__mock__{path}", json=body)
    assert answer.status_code == 400
    assert told in answer.json()["message"]


@pytest.mark.parametrize("query", ["limit=many", "since=-1", "limt=5"])
def test_admin_says_that_a_wrong_value_is_in_the_query(mock: MockServer, query: str) -> None:
    answer = httpx.get(f"{mock.url}/__mock__/requests?{query}")
    assert answer.status_code == 400
    place = f"query/{query.partition('=')[0]}"
    assert answer.json()["message"].startswith(f"{place}: ")
    assert [each["path"] for each in answer.json()["details"]["problems"]] == [place]


def test_requests_are_recorded_without_their_secrets(mock: MockServer, http: httpx.Client) -> None:
    secret = "sk-very-secret"
    http.post(
        "/chat/completions?x=1",
        json={**HELLO, "byok_api_key": secret, "additional_params": {"password": secret}},
    )
    httpx.post(f"{mock.base_url}/auth/token", data={"username": mock.api_key, "password": mock.api_key})
    httpx.post(f"{mock.base_url}/auth/token", json={"username": mock.api_key, "password": mock.api_key})
    httpx.post(
        f"{mock.base_url}/auth/api-key",
        headers={"X-API-Key": mock.api_key, "Cookie": f"access_token={secret}"},
    )
    http.post("/audio/stt/transcriptions", files={"file": sound()}, data={"byok_api_key": secret})
    shown = admin(mock, "GET", "/requests")
    assert shown["count"] == 5
    text = json.dumps(shown)
    assert secret not in text
    assert mock.api_key not in text
    first = shown["requests"][0]
    assert (first["method"], first["path"], first["query"]) == ("POST", "/api/v1/chat/completions", "x=1")
    assert (first["operation"], first["status"]) == ("createChatCompletion", 200)
    assert first["body"]["messages"] == HELLO["messages"]
    assert first["headers"]["authorization"] == first["body"]["byok_api_key"] == "***"
    assert [entry["number"] for entry in admin(mock, "GET", "/requests?since=3")["requests"]] == [4, 5]
    assert [entry["number"] for entry in admin(mock, "GET", "/requests?limit=1")["requests"]] == [5]
    admin(mock, "DELETE", "/requests")
    assert mock.requests == []


@pytest.mark.indoxrouter_mock(journal_size=5)
def test_journal_keeps_the_last_requests_only(mock: MockServer, http: httpx.Client) -> None:
    for _ in range(8):
        http.get("/user/me")
    assert [entry["number"] for entry in mock.requests] == [4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("tier", "gold"),
        ("shape", "round"),
        ("credits", -1),
        ("credits", float("nan")),
        ("token_lifetime", 0),
        ("api_key", "two words"),
        ("reply_tokens", 0),
        ("colour", "red"),
    ],
)
def test_setting_that_makes_no_sense_is_named(setting: str, value: object) -> None:
    with pytest.raises((ValueError, TypeError), match=setting):
        asgi_app(**{setting: value})


def test_log_is_read_while_requests_arrive(mock: MockServer) -> None:
    """As a test does that waits for the requests of a program."""
    log = mock.app.state.request_log

    def record() -> None:
        log.open(0.0, "GET", "/health", "", "getHealth", {}, b"", "id")

    class Arriving(str):
        """The name of an account; while the log compares it, another request arrives."""

        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            record()
            return False

        __hash__ = str.__hash__

    record()
    assert log.read(account=Arriving("demo")) == []
    assert len(log.entries()) > 1


def test_log_keeps_the_answers_with_secrets_masked(http: httpx.Client, mock: MockServer) -> None:
    whole = http.post("/chat/completions", json=HELLO)
    assert mock.requests[-1]["answer"]["data"] == whole.json()["data"]
    streamed = http.post("/chat/completions", json={**HELLO, "stream": True})
    assert mock.requests[-1]["answer"] == streamed.text
    token = http.post("/auth/api-key", headers={"X-API-Key": mock.api_key}).json()["access_token"]
    assert mock.requests[-1]["answer"]["access_token"] == "***"
    assert token not in str(mock.requests)
    http.post("/chat/completions", json=HELLO, headers={"X-Mock-Tokens": "40000"})
    assert mock.requests[-1]["answer"].endswith(" bytes of application/json>")
    assert len(mock.app.state.request_log.entries()[-1].answer) == 0


@pytest.mark.parametrize("text", ["1_0", "\u0661", "nan", "inf", "9" * 5000])
def test_a_text_that_only_python_reads_as_a_number_is_refused(text: str) -> None:
    for read in (decimal, integer):
        with pytest.raises(ValueError, match="is not a number"):
            read(text)
    assert (decimal(" 2.5 "), integer("10")) == (2.5, 10)
