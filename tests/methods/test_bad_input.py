"""Bad input: one clear typed error that names the argument, before any request; a diagnosis tells the same."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from indoxrouter import InvalidParametersError, models

from tests.methods.harness import Harness
from tests.spec.document import present_name

HELLO = [{"role": "user", "content": "Hello"}]
WAV = b"RIFF\x24\0\0\0WAVEfmt " + b"\0" * 32

# What is called, the argument that the error names, the words it holds; then the same for `diagnose_request`.
CASES: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("chat", {"messages": []}, "messages", "not empty", "chat/completions"),
    ("chat", {"messages": "Hello"}, "messages", "a list", "chat/completions"),
    ("chat", {"messages": [{"content": "x"}]}, "messages[0].role", "required", "chat/completions"),
    ("chat", {"messages": [{"role": "user"}]}, "messages[0].content", "required", "chat/completions"),
    ("chat", {"messages": [3]}, "messages[0]", "ChatMessage", "chat/completions"),
    ("chat", {"messages": HELLO, "model": 3}, "model", "text, got int 3", "chat/completions"),
    ("chat", {"messages": HELLO, "model": ""}, "model", "not empty", "chat/completions"),
    ("chat", {"messages": HELLO, "temperature": 9}, "temperature", "<= 2", "chat/completions"),
    ("chat", {"messages": HELLO, "temperature": float("nan")}, "temperature", "finite", "chat/completions"),
    (
        "chat",
        {"messages": HELLO, "temperature": "hot"},
        "temperature",
        "number >= 0 and <= 2, got str 'hot'",
        "chat/completions",
    ),
    ("chat", {"messages": HELLO, "max_tokens": -1}, "max_tokens", ">= 1", "chat/completions"),
    ("chat", {"messages": HELLO, "max_tokens": 1.5}, "max_tokens", "whole number", "chat/completions"),
    ("chat", {"messages": HELLO, "top_p": 2}, "top_p", "<= 1", "chat/completions"),
    ("chat", {"messages": HELLO, "stream": "yes"}, "stream", "True or False", "chat/completions"),
    ("completion", {"prompt": ""}, "prompt", "not empty", "completions"),
    ("completion", {"prompt": None}, "prompt", "required", "completions"),
    ("completions", {"prompt": "x", "presence_penalty": 3}, "presence_penalty", "<= 2", "completions"),
    ("embeddings", {"text": ""}, "text", "not empty", "embeddings"),
    ("embeddings", {"text": []}, "text", "not empty", "embeddings"),
    ("embeddings", {"text": ["a", 3]}, "text[1]", "text", "embeddings"),
    ("images", {"prompt": "x", "n": 0}, "n", ">= 1", "images/generations"),
    ("image", {"prompt": "x", "n": 11}, "n", "<= 10", "images/generations"),
    (
        "images",
        {"prompt": "x", "output_compression": 101},
        "output_compression",
        "<= 100",
        "images/generations",
    ),
    ("images", {"prompt": "x", "response_format": "bmp"}, "response_format", "'url'", "images/generations"),
    ("videos", {"prompt": "x", "fps": 0}, "fps", ">= 1", "videos/generations"),
    ("text_to_speech", {"input": "x", "speed": 9}, "speed", "<= 4", "audio/tts/generations"),
    ("text_to_speech", {"input": "x", "speed": 0.1}, "speed", ">= 0.25", "audio/tts/generations"),
    ("speech_to_text", {"file": "missing.wav"}, "file", "No such file", "audio/stt/transcriptions"),
    ("speech_to_text", {"file": "."}, "file", "directory", "audio/stt/transcriptions"),
    ("speech_to_text", {"file": "empty.wav"}, "file", "not empty", "audio/stt/transcriptions"),
    ("speech_to_text", {"file": b""}, "file", "not empty", "audio/stt/transcriptions"),
    ("speech_to_text", {"file": 3}, "file", "a path, bytes, or a file", "audio/stt/transcriptions"),
    ("speech_to_text", {"file": ("x.wav",)}, "file", "filename", "audio/stt/transcriptions"),
    (
        "speech_to_text",
        {"file": WAV, "response_format": "mp3"},
        "response_format",
        "'srt'",
        "audio/stt/transcriptions",
    ),
    ("translate_audio", {"file": WAV, "temperature": 2}, "temperature", "<= 1", "audio/stt/translations"),
    ("translate_audio", {"file": "missing.wav"}, "file", "No such file", "audio/stt/translations"),
    ("create_api_key", {"name": "x", "expiration_time": 0}, "expiration_time", ">= 1", "user/api-keys"),
    ("list_video_jobs", {"limit": 0}, "limit", ">= 1", "videos/jobs"),
    ("trending_models", {"days": 0}, "days", ">= 1", "models/trending"),
]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.wav").touch()


@pytest.mark.parametrize(("method", "arguments", "argument", "words", "endpoint"), CASES)
def test_one_clear_error_before_any_request(
    harness: Harness, method: str, arguments: dict[str, Any], argument: str, words: str, endpoint: str
) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError) as caught:
        getattr(harness, method)(**arguments)
    assert len(harness.mock.requests) == before
    error = caught.value
    argument = present_name(argument)
    assert isinstance(error, ValueError)
    assert error.argument == argument
    assert error.message.startswith(f"{argument}:")
    assert words in error.message
    assert error.__cause__ is None


@pytest.mark.parametrize(("method", "arguments", "argument", "words", "endpoint"), CASES)
def test_a_diagnosis_tells_the_same_without_raising(
    harness: Harness, method: str, arguments: dict[str, Any], argument: str, words: str, endpoint: str
) -> None:
    before = len(harness.mock.requests)
    report = harness.client.diagnose_request(endpoint, arguments)
    assert len(harness.mock.requests) == before
    argument = present_name(argument)
    assert report["is_valid"] is False
    assert any(issue.startswith(f"{argument}:") and words in issue for issue in report["issues"]), report[
        "issues"
    ]
    assert report["endpoint"] == endpoint
    assert report["data"] is arguments or report["data"] == arguments


def test_a_text_file_is_no_audio(harness: Harness) -> None:
    with pytest.raises(InvalidParametersError, match=r"file.*'rb'"):
        harness.speech_to_text(io.StringIO("text"))


@pytest.mark.parametrize(
    ("method", "arguments", "near"),
    [
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
    report = harness.client.diagnose_request("/chat/completions", data)
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
    report = harness.client.diagnose_request(
        "chat/completions", {"messages": HELLO, "model": "openai/gpt-4o-mini"}
    )
    assert report == {
        "endpoint": "chat/completions",
        "method": "POST",
        "path": "/chat/completions",
        "issues": [],
        "warnings": [],
        "is_valid": True,
        "data": {"messages": HELLO, "model": "openai/gpt-4o-mini"},
    }


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("chat/completions", "/chat/completions"),
        ("/chat/completions/", "/chat/completions"),
        ("https://api.indoxrouter.com/api/v1/chat/completions", "/chat/completions"),
        ("videos/jobs/job_1", "/videos/jobs/{job_id}"),
        ("models/openai/meta/llama:70b", "/models/{provider_id}/{model_id}"),
        ("models/openai/embeddings", "/models/{provider_id}/embeddings"),
        ("models/trending", "/models/trending"),
        ("models", "/models/"),
        ("chat", "/chat/completions"),
        ("get_usage", "/user/usage"),
    ],
)
def test_an_endpoint_is_found_however_it_is_written(harness: Harness, endpoint: str, path: str) -> None:
    report = harness.client.diagnose_request(endpoint, {"messages": HELLO} if "chat" in endpoint else None)
    assert report["path"].rstrip("/") == path.rstrip("/")
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
    assert harness.client.diagnose_request("chat/completions", data)["is_valid"] is False


def test_a_diagnosis_takes_former_names_as_the_methods_do(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(models.ImageRequest._schema_.renamed, "pieces", "n")  # pyright: ignore[reportPrivateUsage]
    data = {"prompt": "x", "pieces": 0}
    report = harness.client.diagnose_request("images/generations", data)
    assert [issue.partition(":")[0] for issue in report["issues"]] == ["n"]
    assert report["warnings"] == ["pieces: is now called n"]
    assert harness.client.diagnose_request("images/generations", {**data, "n": 1})["is_valid"]


def test_a_diagnosis_shows_no_secret(harness: Harness) -> None:
    data = {"messages": HELLO, "byok_api_key": "sk-very-secret-value", "temperature": 9}
    report = harness.client.diagnose_request("chat/completions", data)
    assert "sk-very-secret-value" not in str(report)
    assert data["byok_api_key"] == "sk-very-secret-value"
    wrong = harness.client.diagnose_request(
        "chat/completions", {"messages": HELLO, "byok_api_key": ["sk-very-secret-value"]}
    )
    assert "sk-very-secret-value" not in str(wrong)


def test_provider_rules_are_reported_as_warnings(harness: Harness) -> None:
    data = {"prompt": "x", "model": "google/imagen-3", "size": "1024x1024"}
    report = harness.client.diagnose_request("images/generations", data)
    assert report["is_valid"]
    assert report["warnings"] == ["size: this provider has no such field; aspect_ratio='1:1' is sent instead"]
