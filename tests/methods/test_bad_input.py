"""Bad input: one clear typed error that names the argument, before any request; a diagnosis tells the same."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any, ClassVar

import pytest
from indoxrouter import InvalidParametersError, models
from indoxrouter._runtime.codecs.factory import STRING, integer
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.models.schema import Field, Schema
from indoxrouter.about import OPERATIONS, load_operation

from tests.methods.harness import Harness
from tests.models.samples import reference
from tests.spec.document import fields, operation_of, parameters, present_argument, present_arguments, walk

HELLO = [{"role": "user", "content": "Hello"}]


def path_of(method: str, **values: str) -> str:
    """The path of a method's operation with values in it, given under the names that the parameters had first."""
    return str(operation_of(method)["path"]).format(**present_arguments(method, values))


CHAT, IMAGES = (operation_of(name)["path"] for name in ("chat", "images"))
WAV = b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 32

# What is called, the argument that the error names, the words it holds; `<=` and `>=` stand for the limits of the spec.
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("chat", {"messages": []}, "messages", "not empty"),
    ("chat", {"messages": "Hello"}, "messages", "a list"),
    ("chat", {"messages": [{"content": "x"}]}, "messages[0].role", "required"),
    ("chat", {"messages": [{"role": "user"}]}, "messages[0].content", "required"),
    ("chat", {"messages": [3]}, "messages[0]", "ChatMessage"),
    (
        "chat",
        {"messages": [{"role": "user", "content": "a\ud83d"}]},
        "messages[0].content",
        "no lone surrogates",
    ),
    ("embeddings", {"text": ["a", "\ude00"]}, "text[1]", "no lone surrogates"),
    ("chat", {"messages": HELLO, "model": 3}, "model", "text, got int 3"),
    ("chat", {"messages": HELLO, "model": ""}, "model", "not empty"),
    ("chat", {"messages": HELLO, "temperature": 9}, "temperature", "<="),
    ("chat", {"messages": HELLO, "temperature": float("nan")}, "temperature", "finite"),
    ("chat", {"messages": HELLO, "temperature": "hot"}, "temperature", "number >= and <=, got str 'hot'"),
    ("chat", {"messages": HELLO, "max_tokens": -1}, "max_tokens", ">="),
    ("chat", {"messages": HELLO, "max_tokens": 1.5}, "max_tokens", "whole number"),
    ("chat", {"messages": HELLO, "top_p": 2}, "top_p", "<="),
    ("chat", {"messages": HELLO, "stream": "yes"}, "stream", "True or False"),
    ("completion", {"prompt": ""}, "prompt", "not empty"),
    ("completion", {"prompt": None}, "prompt", "required"),
    ("completions", {"prompt": "x", "presence_penalty": 3}, "presence_penalty", "<="),
    ("embeddings", {"text": ""}, "text", "not empty"),
    ("embeddings", {"text": []}, "text", "not empty"),
    ("embeddings", {"text": ["a", 3]}, "text[1]", "text"),
    ("images", {"prompt": "x", "n": 0}, "n", ">="),
    ("image", {"prompt": "x", "n": 10_001}, "n", "<="),
    ("images", {"prompt": "x", "output_compression": 10_001}, "output_compression", "<="),
    ("images", {"prompt": "x", "response_format": "bmp"}, "response_format", "'url'"),
    ("videos", {"prompt": "x", "fps": 0}, "fps", ">="),
    ("text_to_speech", {"input": "x", "speed": 9}, "speed", "<="),
    ("text_to_speech", {"input": "x", "speed": 0.1}, "speed", ">="),
    ("speech_to_text", {"file": "missing.wav"}, "file", "No such file"),
    ("speech_to_text", {"file": "."}, "file", "directory"),
    ("speech_to_text", {"file": "empty.wav"}, "file", "not empty"),
    ("speech_to_text", {"file": b""}, "file", "not empty"),
    ("speech_to_text", {"file": 3}, "file", "a path, bytes, or a file"),
    ("speech_to_text", {"file": ("x.wav",)}, "file", "filename"),
    ("speech_to_text", {"file": WAV, "response_format": "mp3"}, "response_format", "'srt'"),
    ("translate_audio", {"file": WAV, "temperature": 2}, "temperature", "<="),
    ("translate_audio", {"file": "missing.wav"}, "file", "No such file"),
    ("create_api_key", {"name": "x", "expiration_time": 0}, "expiration_time", ">="),
    ("list_video_jobs", {"limit": 0}, "limit", ">="),
    ("trending_models", {"days": 0}, "days", ">="),
]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.wav").touch()


def as_described(method: str, argument: str, words: str) -> tuple[str, str]:
    """The present name of an argument, and the words with its limits filled in."""
    name = present_argument(method, argument)
    operation = operation_of(method)
    schema = {**fields(operation), **parameters(operation)}.get(name)
    for sign, key in (("<=", "maximum"), (">=", "minimum")):
        limit = next((node[key] for _, node in walk(schema) if key in node), None)
        words = words.replace(sign, f"{sign} {limit}")
    return name, words


@pytest.mark.parametrize(("method", "arguments", "argument", "words"), CASES)
def test_one_clear_error_before_any_request(
    harness: Harness, method: str, arguments: dict[str, Any], argument: str, words: str
) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError) as caught:
        getattr(harness, method)(**arguments)
    assert len(harness.mock.requests) == before
    error = caught.value
    argument, words = as_described(method, argument, words)
    assert isinstance(error, ValueError)
    assert error.argument == argument
    assert error.message.startswith(f"{argument}:")
    assert words in error.message
    assert error.__cause__ is None


@pytest.mark.parametrize(("method", "arguments", "argument", "words"), CASES)
def test_a_diagnosis_tells_the_same_without_raising(
    harness: Harness, method: str, arguments: dict[str, Any], argument: str, words: str
) -> None:
    before = len(harness.mock.requests)
    endpoint = operation_of(method)["path"]
    report = harness.client.diagnose_request(endpoint, arguments)
    assert len(harness.mock.requests) == before
    argument, words = as_described(method, argument, words)
    assert report["is_valid"] is False
    assert any(issue.startswith(f"{argument}:") and words in issue for issue in report["issues"]), report[
        "issues"
    ]
    assert report["endpoint"] == endpoint
    assert report["data"] is arguments or report["data"] == arguments


def test_a_provider_key_that_cannot_be_sent_is_not_shown(harness: Harness) -> None:
    with pytest.raises(InvalidParametersError) as caught:
        harness.chat(HELLO, byok_api_key="sk-own\ud83d")
    assert str(caught.value).startswith("byok_api_key: expected text")
    assert "sk-own" not in str(caught.value)


def test_a_text_file_is_no_audio(harness: Harness) -> None:
    with pytest.raises(InvalidParametersError, match=r"file.*'rb'"):
        harness.speech_to_text(io.StringIO("text"))


@pytest.mark.parametrize(
    ("method", "arguments", "near"),
    [  # the nearest name, as far as it is one of an argument
        ("list_video_jobs", {"limt": 3}, "did you mean 'limit'"),
        ("trending_models", {"day": 3}, "did you mean 'days'"),
        ("get_usage", {"start": "2026-01-01"}, "did you mean 'start_date'"),
        ("speech_to_text", {"file": WAV, "languages": "en"}, "did you mean 'language'"),
        ("get_user_info", {"verbose": True}, "it takes none"),
        ("models", {"verbose": True}, "models"),
        ("get_model_info", {"provider": "a", "model": "b", "modle": "c"}, "did you mean 'model'"),
    ],
)
def test_an_unknown_keyword_is_refused_with_near_matches(
    harness: Harness, method: str, arguments: dict[str, Any], near: str
) -> None:
    before = len(harness.mock.requests)
    near = re.sub("'(\\w+)'", lambda found: repr(present_argument(method, found[1])), near)
    with pytest.raises(InvalidParametersError, match=near) as caught:
        getattr(harness, method)(**arguments)
    assert caught.value.argument is not None
    assert "no such argument" in caught.value.message
    assert len(harness.mock.requests) == before


def test_a_parameter_given_twice_is_refused(harness: Harness) -> None:
    with pytest.raises(InvalidParametersError, match=r"house_style.*additional_params"):
        harness.chat(HELLO, house_style=1, additional_params={"house_style": 2})


def test_every_problem_of_a_request_is_told_at_once(harness: Harness) -> None:
    data = {
        "messages": [{"role": 3, "content": "x"}, {"role": "user"}],
        "temperature": -1,
        "max_tokens": 0,
        "temprature": 0.5,
    }
    report = harness.client.diagnose_request(CHAT, data)
    assert [issue.partition(":")[0] for issue in report["issues"]] == [
        "messages[0].role",
        "messages[1].content",
        "temperature",
        "max_tokens",
    ]
    (warning,) = report["warnings"]
    assert "additional_params" in warning
    assert "'temperature'" in warning


def test_a_good_request_is_valid(harness: Harness) -> None:
    report = harness.client.diagnose_request(CHAT, {"messages": HELLO, "model": "openai/gpt-4o-mini"})
    assert report == {
        "endpoint": CHAT,
        "method": "POST",
        "path": CHAT,
        "issues": [],
        "warnings": [],
        "is_valid": True,
        "data": {"messages": HELLO, "model": "openai/gpt-4o-mini"},
    }


@pytest.mark.parametrize(
    ("endpoint", "method"),
    [
        (CHAT.strip("/"), "chat"),
        (f"{CHAT}/", "chat"),
        (f"https://api.indoxrouter.com/api/v1{CHAT}", "chat"),
        (path_of("get_video_job_status", job_id="job_1"), "get_video_job_status"),
        (
            path_of("get_model_info", provider_id="openai", model_id="meta/llama:70b"),
            "get_model_info",
        ),
        (path_of("models_by_capability", provider_id="openai"), "models_by_capability"),
        (operation_of("trending_models")["path"], "trending_models"),
        (operation_of("models")["path"].strip("/"), "models"),
        ("chat", "chat"),
        ("get_usage", "get_usage"),
    ],
)
def test_an_endpoint_is_found_however_it_is_written(harness: Harness, endpoint: str, method: str) -> None:
    report = harness.client.diagnose_request(endpoint, {"messages": HELLO} if method == "chat" else None)
    assert report["path"].rstrip("/") == operation_of(method)["path"].rstrip("/")
    assert report["is_valid"], report["issues"]


class Hostile(dict[str, Any]):
    def __iter__(self) -> Any:
        raise RuntimeError("no")

    def keys(self) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "endpoint", ["chat/completion", "", None, 3, "a/b/c/d", "videos/jobs/a/b/c", "http://["]
)
def test_an_endpoint_that_does_not_exist_is_an_issue(harness: Harness, endpoint: Any) -> None:
    report = harness.client.diagnose_request(endpoint, {})
    assert report["is_valid"] is False
    assert report["issues"]


@pytest.mark.parametrize(
    "data", [3, "text", [1], Hostile(messages=1), {1: 2}, {"messages": [[]]}, {"messages": {"a": 1}}]
)
def test_a_diagnosis_never_raises(harness: Harness, data: Any) -> None:
    assert harness.client.diagnose_request(CHAT, data)["is_valid"] is False


def endless(kind: str) -> Any:
    """A value that contains itself, or nests too deeply."""
    if kind == "list":
        items: list[Any] = [1]
        items.append(items)
        return items
    if kind == "dict":
        fields: dict[str, Any] = {}
        fields["inner"] = {"outer": fields}
        return fields
    if kind == "model":
        message = models.ChatMessage("user", "Hi")
        message.content = [message]  # type: ignore[list-item]  # pyright: ignore[reportAttributeAccessIssue]
        return message
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    return deep


ENDLESS = {"list": "[1]", "dict": ".inner.outer", "model": ".content[0]", "deep": ""}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_value_that_contains_itself_is_named_by_its_place(harness: Harness, kind: str) -> None:
    value = endless(kind)
    places = {
        f"additional_params.custom{ENDLESS[kind]}": {"custom": value},
        f"additional_params.a[0]{ENDLESS[kind]}": {"additional_params": {"a": [value]}},
    }
    for place, arguments in places.items():
        place = place if kind != "deep" else place.removesuffix("[0]")
        expected = f"{place}: expected a value that does not {'nest' if kind == 'deep' else 'contain itself'}"
        with pytest.raises(InvalidParametersError) as caught:
            harness.chat(messages=HELLO, **arguments)
        assert str(caught.value).startswith(expected)
        report = harness.client.diagnose_request(CHAT, {"messages": HELLO, **arguments})
        [issue] = report["issues"]
        assert issue.startswith(expected.partition(":")[0] if kind == "deep" else expected)
    with pytest.raises(ValueError, match=r"^timeout: expected"):
        harness.chat(messages=HELLO, timeout=value)


def test_deep_values_are_named_also_where_they_hold_a_lone_surrogate_or_occur_twice(harness: Harness) -> None:
    text: Any = "\ud83d"
    for _ in range(450):  # about as deep as can be encoded
        text = [text]
    twice: Any = 1
    for _ in range(5000):
        twice = [twice, twice]
    for value, expected in ((text, "no lone surrogates"), (twice, "does not nest so deeply")):
        with pytest.raises(InvalidParametersError, match=expected) as caught:
            harness.chat(messages=HELLO, additional_params={"a": value})
        assert str(caught.value).startswith("additional_params.a")


def test_a_diagnosis_checks_what_is_sent_to_the_provider(harness: Harness) -> None:
    data = {"messages": HELLO, "top_k": object(), "additional_params": {"top_k": 1}}
    assert [issue.partition(":")[0] for issue in harness.client.diagnose_request(CHAT, data)["issues"]] == [
        "top_k"
    ]
    del data["additional_params"]
    [issue] = harness.client.diagnose_request(CHAT, data)["issues"]
    assert issue.startswith("additional_params.top_k: expected a JSON value")


def test_a_diagnosis_takes_former_names_as_the_methods_do(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Renamed(Model):
        _schema_: ClassVar[Schema] = Schema(
            "ImageRequest",
            (Field("prompt", STRING, required=True), Field("n", integer(minimum=1))),
            renamed={"pieces": "n"},
        )

    name = operation_of("images")["operationId"]
    operation = load_operation(name)
    bodies = tuple(body._replace(codec=reference(Renamed)) for body in operation.bodies)
    monkeypatch.setattr(
        f"indoxrouter.api.{'.'.join(OPERATIONS[name])}.OPERATION", operation._replace(bodies=bodies)
    )
    data = {"prompt": "x", "pieces": 0}
    report = harness.client.diagnose_request(IMAGES, data)
    assert [issue.partition(":")[0] for issue in report["issues"]] == ["n"]
    assert report["warnings"] == ["pieces: is now called n"]
    assert harness.client.diagnose_request(IMAGES, {**data, "n": 1})["is_valid"]


def test_a_diagnosis_takes_former_names_of_parameters(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = operation_of("trending_models")["operationId"]
    operation = load_operation(name)
    parameter, *others = operation.parameters
    renamed = operation._replace(parameters=(parameter._replace(former=("period",)), *others))
    monkeypatch.setattr(f"indoxrouter.api.{'.'.join(OPERATIONS[name])}.OPERATION", renamed)
    report = harness.client.diagnose_request("trending_models", {"period": 0})
    assert [issue.partition(":")[0] for issue in report["issues"]] == [parameter.wire]
    assert report["warnings"] == [f"period: is now called {parameter.wire}"]


def test_a_diagnosis_shows_no_secret(harness: Harness) -> None:
    data = {"messages": HELLO, "byok_api_key": "sk-very-secret-value", "temperature": 9}
    report = harness.client.diagnose_request(CHAT, data)
    assert "sk-very-secret-value" not in str(report)
    assert data["byok_api_key"] == "sk-very-secret-value"
    wrong = harness.client.diagnose_request(
        CHAT, {"messages": HELLO, "byok_api_key": ["sk-very-secret-value"]}
    )
    assert "sk-very-secret-value" not in str(wrong)


def test_provider_rules_are_reported_as_warnings(harness: Harness) -> None:
    data = {"prompt": "x", "model": "google/imagen-3", "size": "1024x1024"}
    report = harness.client.diagnose_request(IMAGES, data)
    assert report["is_valid"]
    assert report["warnings"] == ["size: this provider has no such field; aspect_ratio='1:1' is sent instead"]
