"""Where the documents disagree: one test for each heading of `docs/what-the-documents-say.md`, under the same name."""

from __future__ import annotations

import inspect
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from indoxrouter import (
    AsyncClient,
    ChatResponse,
    Client,
    ImageResponse,
    IndoxRouter,
    InsufficientCreditsError,
    InvalidParametersError,
    ModelCatalog,
    ModelNotFoundError,
    NotFoundError,
    RateLimitError,
    Usage,
)
from indoxrouter import models as generated

from tests.fields import fields_of
from tests.methods.harness import Harness

PAGE = Path(__file__).resolve().parents[2] / "docs" / "what-the-documents-say.md"
HELLO = [{"role": "user", "content": "Hello"}]


def test_every_heading_of_the_page_has_a_test() -> None:
    headings = re.findall(r"^### (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    wanted = {f"test_{heading.lower().replace(' ', '_')}" for heading in headings}
    own = {"test_every_heading_of_the_page_has_a_test"}
    assert {name for name in globals() if name.startswith("test_")} - own == wanted


def test_the_name_of_the_import() -> None:
    import indoxRouter
    from indoxRouter import Client as older

    assert older is Client is IndoxRouter is indoxRouter.IndoxRouter


def test_the_default_timeout(harness: Harness) -> None:
    assert harness.client.timeout == 30
    for kind in (Client, AsyncClient):
        assert inspect.signature(kind).parameters["timeout"].default == 30


def test_the_default_base_url(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INDOX_ROUTER_BASE_URL", raising=False)  # the mock's fixture sets it
    make: Any = AsyncClient
    for given, used in (
        (None, "https://api.indoxrouter.com/api/v1"),
        ("https://api.indoxrouter.com", "https://api.indoxrouter.com/api/v1"),
        ("https://api.indoxrouter.com/v1", "https://api.indoxrouter.com/v1"),
        ("https://example.com/proxy/api/v1/", "https://example.com/proxy/api/v1"),
    ):
        assert make(api_key=harness.mock.api_key, base_url=given).base_url == used


def test_how_the_client_authenticates(harness: Harness) -> None:
    harness.chat(HELLO)
    operations = [request["operation"] for request in harness.mock.requests]
    assert operations == ["createToken", "createChatCompletion"]
    direct = harness.another(auth="api_key")
    direct.chat(HELLO)
    operations = [request["operation"] for request in harness.mock.requests]
    assert operations[2:] == ["createChatCompletion"]
    direct.wait(direct.client.close)


def test_what_a_missing_api_key_raises() -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(ValueError, match="INDOX_ROUTER_API_KEY"):
            kind()
    assert issubclass(InvalidParametersError, ValueError)


def test_whether_the_model_has_to_be_given(harness: Harness) -> None:
    harness.chat(HELLO)
    assert harness.last_request["body"]["model"] == "openai/gpt-4o-mini"
    harness.chat(HELLO, "mistral/mistral-large-latest")
    assert harness.last_request["body"]["model"] == "mistral/mistral-large-latest"


def test_provider_and_model(harness: Harness) -> None:
    joined = harness.chat(HELLO, model="openai/gpt-4o-mini")
    apart = harness.chat(HELLO, provider="openai", model="gpt-4o-mini")
    assert harness.last_request["body"]["provider"] == "openai"
    assert (joined.text, joined.provider, joined.model) == (apart.text, apart.provider, apart.model)


def test_the_range_of_the_temperature(harness: Harness) -> None:
    for temperature in (0, 1, 1.5, 2):
        assert harness.chat(HELLO, temperature=temperature).text
    with pytest.raises(InvalidParametersError, match="temperature"):
        harness.chat(HELLO, temperature=2.1)


def test_two_methods_for_images(harness: Harness) -> None:
    harness.images("a cat")
    assert harness.last_request["body"]["size"] == "1024x1024"
    assert harness.last_request["body"]["quality"] == "standard"
    harness.image("a cat")
    assert harness.last_request["body"]["size"] == "512x512"
    assert "quality" not in harness.last_request["body"]


def test_two_names_for_model_information(harness: Harness) -> None:
    assert harness.get_model_info("openai", "gpt-4o-mini") == harness.model_info("openai", "gpt-4o-mini")
    assert harness.completion("Once").text == harness.completions("Once").text


def test_where_quality_and_style_travel(harness: Harness) -> None:
    harness.images("a cat", quality="hd", style="natural")
    body = harness.last_request["body"]
    assert (body["quality"], body["style"]) == ("hd", "natural")
    harness.image("a cat", additional_params={"quality": "standard", "style": "vivid"})
    body = harness.last_request["body"]
    assert body["additional_params"] == {"quality": "standard", "style": "vivid"}
    assert "quality" not in body


def test_what_return_generator_means(harness: Harness) -> None:
    texts = []
    for return_generator in (False, True):
        stream = harness.chat(HELLO, stream=True, return_generator=return_generator)
        texts.append("".join(chunk["data"] for chunk in harness.collect(stream)))
    assert texts[0] == texts[1] != ""
    assert harness.chat(HELLO, return_generator=True).text == texts[0]


def test_what_a_chunk_is(harness: Harness) -> None:
    chunks = harness.collect(harness.chat(HELLO, stream=True))
    assert all(isinstance(chunk, dict) and "data" in chunk for chunk in chunks)
    assert "".join(map(str, chunks)) == "".join(chunk["data"] for chunk in chunks)


def test_which_roles_there_are(harness: Harness) -> None:
    roles = ("system", "developer", "user", "assistant", "function", "tool", "narrator")
    messages = [{"role": role, "content": "x", "name": "n", "tool_call_id": "c"} for role in roles]
    assert harness.chat([*messages, *HELLO]).text
    assert [message["role"] for message in harness.last_request["body"]["messages"]] == [*roles, "user"]


def test_which_streams_can_be_stopped(harness: Harness) -> None:
    slow = harness.with_headers(X_Mock_Chunk_Delay="0.05", X_Mock_Tokens="500")
    for method, prompt in (("chat", HELLO), ("completion", "Once")):
        stream = getattr(slow, method)(prompt, stream=True)
        if harness.kind == "sync":
            next(stream)
        else:
            harness(stream.__anext__)
        assert getattr(harness, f"stop_{method}_stream")(stream.stream_id)["success"] is True
        harness(stream.close)


def test_whether_usage_takes_dates(harness: Harness) -> None:
    harness.get_usage()
    assert harness.last_request["query"] == ""
    harness.get_usage(start_date="2026-01-01")
    assert harness.last_request["query"] == "start_date=2026-01-01"


def test_dictionary_or_object(harness: Harness) -> None:
    for answer in (harness.chat(HELLO), harness.embeddings("x"), harness.image("x"), harness.get_usage()):
        assert dict(answer.items()) == dict(answer) == dict(zip(answer.keys(), answer.values(), strict=True))
        assert {**answer}.keys() == set(answer)
        for key in answer.to_dict():
            if key in fields_of(type(answer)) and isinstance(answer[key], (str, int, float, bool)):
                value = getattr(answer, key)  # a time is a datetime here, and the received text there
                assert isinstance(value, datetime) or answer[key] == value


@pytest.mark.parametrize("shape", ["envelope", "openai", "output"])
def test_the_shape_of_a_text_response(harness: Harness, shape: str) -> None:
    response = harness.with_headers(X_Mock_Shape=shape).chat(HELLO)
    text = harness.chat(HELLO).text
    assert response["data"] == text
    assert response["choices"][0]["message"]["content"] == text
    assert response["output"][0]["content"][0]["text"] == text


def test_the_names_of_token_counts(harness: Harness) -> None:
    usage: Any = harness.chat(HELLO).usage
    assert isinstance(usage, Usage)
    assert usage.tokens_prompt == usage.prompt_tokens == usage.input_tokens == usage["prompt_tokens"]


def test_what_models_returns(harness: Harness) -> None:
    catalog = harness.models()
    assert isinstance(catalog["openai"], list)
    assert catalog["providers"] is catalog.providers
    bare = [generated.Provider.from_dict({"id": "openai", "models": [{"id": "gpt-4o"}]})]
    wrapped = generated.ProviderList.from_dict({"providers": [bare[0].to_dict()]})
    assert dict(ModelCatalog.of(bare)) == dict(ModelCatalog.of(wrapped))


def test_what_the_data_of_images_is() -> None:
    objects = ImageResponse.from_dict({"data": [{"url": "https://example.com/a.png"}]})
    texts = ImageResponse.from_dict({"data": ["https://example.com/a.png", "aGk="]})
    assert objects.data[0].url == texts.images[0].url == objects["data"][0]["url"]
    assert texts.images[1].b64_json == texts.data[1] == "aGk="


def test_times_with_and_without_a_zone() -> None:
    for text, zone in (("2024-03-10T12:34:56.789Z", timezone.utc), ("2025-06-15T09:53:26.130868", None)):
        response = ChatResponse.from_dict({"data": "", "created_at": text})
        moment = response.created_at
        assert moment is not None
        assert (moment.isoformat()[:19], moment.tzinfo) == (text[:19], zone)
        assert response["created_at"] == response.to_dict()["created_at"] == text
    unix = ChatResponse.from_dict({"choices": [], "created": 1710074096})
    assert unix.created_at == datetime(2024, 3, 10, 12, 34, 56, tzinfo=timezone.utc)


def test_whether_a_finish_reason_is_there() -> None:
    assert ChatResponse.from_dict({"data": "x", "finish_reason": "stop"}).finish_reason == "stop"
    assert ChatResponse.from_dict({"data": "x", "finish_reason": None}).finish_reason is None
    assert ChatResponse.from_dict({"data": "x"}).finish_reason is None
    assert ChatResponse.from_dict({"output": [], "status": "completed"}).finish_reason == "stop"


def test_the_text_of_a_transcript(harness: Harness) -> None:
    recording = harness(harness.text_to_speech("Good morning everyone.", response_format="wav").read)
    plain = harness.speech_to_text(recording).text
    subtitles = harness.speech_to_text(recording, response_format="srt")
    assert plain in subtitles.data
    assert "-->" in subtitles.data
    assert plain == subtitles.text


def test_which_endpoints_need_credentials(harness: Harness) -> None:
    harness.get_usage()
    assert "authorization" in harness.last_request["headers"]
    for method, arguments in (
        ("models", ()),
        ("trending_models", ()),
        ("get_provider", ("openai",)),
        ("get_model_info", ("openai", "gpt-4o-mini")),
        ("health", ()),
    ):
        getattr(harness, method)(*arguments)
        assert "authorization" in harness.last_request["headers"]  # a token is at hand, and sent


def test_the_path_of_the_catalog(harness: Harness) -> None:
    harness.models()
    assert harness.last_request["path"] == "/api/v1/models/"
    with_slash = harness(harness.client.api.models.list_models)
    without = harness(harness.client.api.models.list_models_unslashed)
    assert harness.last_request["path"] == "/api/v1/models"
    assert ModelCatalog.of(with_slash) == ModelCatalog.of(without)


def test_what_a_404_means(harness: Harness) -> None:
    with pytest.raises(ModelNotFoundError):
        harness.chat(HELLO, model="openai/none")
    lost = harness.another(base_url=f"{harness.mock.url}/elsewhere", auth="api_key")
    with pytest.raises(NotFoundError, match="Does the address include the API's path") as caught:
        harness(lost.client.chat, HELLO)
    assert not isinstance(caught.value, ModelNotFoundError)
    lost.wait(lost.client.close)


@pytest.mark.parametrize("events", ["chunks", "typed"])
@pytest.mark.parametrize("fault", ["", "missing_done", "keep_alive;form=ping", "keep_alive;form=null"])
def test_how_a_stream_ends(harness: Harness, events: str, fault: str) -> None:
    headers = {"X-Mock-Events": events, "X-Mock-Fault": fault} if fault else {"X-Mock-Events": events}
    stream = harness(harness.client.with_options(headers=headers).chat, HELLO, stream=True)
    assert harness(stream.until_done).finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_server_sends_in_place_of_what_was_asked_for(harness: Harness, stream: bool) -> None:
    headers = {"X-Mock-Fault": f"wrong_framing;form={'lines' if stream else 'events'}"}
    answer = harness(harness.client.with_options(headers=headers).chat, HELLO, stream=stream)
    response = harness(answer.until_done) if stream else answer
    assert response.text
    assert response.finish_reason == "stop"


@pytest.mark.parametrize("code", ["insufficient_credits", "insufficient_quota", "insufficient_balance"])
def test_what_the_error_codes_for_missing_credits_are(harness: Harness, code: str) -> None:
    headers = {"X-Mock-Fault": f"error;status=429;code={code}"}
    with pytest.raises(InsufficientCreditsError) as caught:
        harness(harness.client.with_options(headers=headers).chat, HELLO)
    assert len(caught.value.attempts) == 1


@pytest.mark.indoxrouter_mock(tier="free")
def test_when_limits_are_lifted(harness: Harness) -> None:
    patient = harness.client.with_options(max_retries=0)
    for _ in range(10):
        harness(patient.chat, HELLO)
    with pytest.raises(RateLimitError) as caught:
        harness(patient.chat, HELLO)
    assert 0 < caught.value.retry_after <= 3600
    assert caught.value.reset_time is not None
