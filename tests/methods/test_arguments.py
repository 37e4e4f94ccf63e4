"""Where arguments go: documented defaults, unknown keywords, None, provider rules, own keys, uploads of every form."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy
import pytest
from indoxrouter import ChatMessage, InvalidParametersError

from tests.methods.harness import Harness
from tests.spec.document import SPEC

HELLO = [{"role": "user", "content": "Hello"}]
RULES = SPEC["paths"]["/images/generations"]["post"]["x-provider-rules"]


def sent(harness: Harness) -> dict[str, Any]:
    body: dict[str, Any] = harness.last_request["body"]
    return body


class Words(str):
    """Text as NumPy, MarkupSafe and Beautiful Soup have it: of a class derived from `str`."""


def test_text_and_numbers_of_derived_classes_are_sent_as_plain_ones(harness: Harness) -> None:
    # Both encoders: the standard library's for the first small documents, msgspec for later and larger ones.
    for padding in ("", "x" * 20_000):
        content = Words(f"Hello{padding}")
        harness.chat(
            [{"role": Words("user"), "content": [{"type": Words("text"), "text": content}]}],
            temperature=numpy.float64(0.5),
            max_tokens=numpy.int64(5),
            stop=[numpy.str_("q")],
        )
        body = sent(harness)
        assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": content}]}]
        assert (body["temperature"], body["max_tokens"]) == (0.5, 5)
        assert body["additional_params"] == {"stop": ["q"]}
    with pytest.raises(InvalidParametersError, match=r"stream: expected True or False, got .*numpy\.bool"):
        harness.chat(HELLO, stream=numpy.bool_(True))


def test_the_documented_defaults_are_sent(harness: Harness) -> None:
    harness.chat(HELLO)
    assert sent(harness) == {
        "messages": HELLO,
        "model": "openai/gpt-4o-mini",
        "temperature": 0.7,
        "stream": False,
    }
    harness.images("x")
    images = {"size": "1024x1024", "n": 1, "quality": "standard", "style": "vivid"}
    assert sent(harness) == {"prompt": "x", "model": "openai/dall-e-3", **images}
    harness.image("x")
    assert sent(harness) == {"prompt": "x", "model": "openai/dall-e-3", "size": "512x512"}
    harness.text_to_speech("x")
    assert sent(harness) == {"input": "x", "model": "openai/tts-1"}


def test_none_says_nothing(harness: Harness) -> None:
    harness.chat(HELLO, model=None, temperature=None, max_tokens=None, byok_api_key=None, house_style=None)
    assert sent(harness) == {"messages": HELLO, "stream": False}


def test_unknown_keywords_go_to_the_provider(harness: Harness) -> None:
    harness.chat(HELLO, house_style=7, house_rules=["none"], house_colours={"50256": -100})
    assert sent(harness)["additional_params"] == {
        "house_style": 7,
        "house_rules": ["none"],
        "house_colours": {"50256": -100},
    }
    harness.completion("x", additional_params={"a": 1}, b=2)
    assert sent(harness)["additional_params"] == {"a": 1, "b": 2}
    harness.embeddings("x", house_size=256)
    assert sent(harness)["additional_params"] == {"house_size": 256}


def test_known_keywords_go_to_their_fields(harness: Harness) -> None:
    harness.chat(HELLO, top_p=0.5, provider="openai", model="gpt-4o-mini")
    body = sent(harness)
    assert (body["top_p"], body["provider"], body["model"]) == (0.5, "openai", "gpt-4o-mini")
    assert "additional_params" not in body


def test_the_callers_own_dict_is_left_alone(harness: Harness) -> None:
    mine = {"a": 1}
    harness.chat(HELLO, additional_params=mine, b=2)
    assert mine == {"a": 1}


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "Hello"},
        ChatMessage(role="user", content="Hello"),
        ChatMessage("user", "Hello"),
    ],
)
def test_messages_are_dicts_or_models(harness: Harness, message: Any) -> None:
    harness.chat([message])
    assert sent(harness)["messages"] == HELLO
    harness.chat((message,))
    assert sent(harness)["messages"] == HELLO


@pytest.mark.parametrize(("size", "ratio"), RULES["google"]["replace"]["size"]["values"].items())
def test_google_image_models_take_an_aspect_ratio(harness: Harness, size: str, ratio: str) -> None:
    harness.images("x", model="google/imagen-3.0-generate-002", size=size)
    body = sent(harness)
    assert body["aspect_ratio"] == ratio
    assert not {"size", "quality", "style"} & body.keys()


def test_an_aspect_ratio_of_the_caller_is_kept(harness: Harness) -> None:
    harness.images("x", model="google/imagen-3.0-generate-002", aspect_ratio="3:4")
    assert sent(harness)["aspect_ratio"] == "3:4"
    harness.images("x", provider="google", model="imagen-3.0-generate-002", size="333x444")
    assert sent(harness)["aspect_ratio"] == "333x444"


def test_xai_image_models_take_neither(harness: Harness) -> None:
    harness.images("x", model="xai/grok-2-image", aspect_ratio="3:4", n=2)
    assert sent(harness) == {"prompt": "x", "model": "xai/grok-2-image", "n": 2}


def test_other_providers_get_what_was_said(harness: Harness) -> None:
    harness.images("x", model="openai/dall-e-3", size="1792x1024", quality="hd")
    assert (sent(harness)["size"], sent(harness)["quality"]) == ("1792x1024", "hd")


KEY = "sk-of-my-own-0123456789"


@pytest.fixture
def recording(harness: Harness) -> bytes:
    data: bytes = harness(harness.text_to_speech("Good morning everyone.", response_format="wav").read)
    return data


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("chat", {"messages": HELLO}),
        ("completion", {"prompt": "x"}),
        ("completions", {"prompt": "x"}),
        ("embeddings", {"text": "x"}),
        ("images", {"prompt": "x"}),
        ("image", {"prompt": "x"}),
        ("videos", {"prompt": "x"}),
        ("text_to_speech", {"input": "x"}),
        ("speech_to_text", {}),
        ("translate_audio", {}),
    ],
)
def test_a_key_of_ones_own_goes_with_every_generation_and_costs_nothing(
    harness: Harness, recording: bytes, method: str, arguments: dict[str, Any]
) -> None:
    if not arguments:
        arguments = {"file": recording}
    before = harness.mock.credits
    response = getattr(harness, method)(**arguments, byok_api_key=KEY)
    assert harness.mock.credits == before
    assert response.byok_api_key is True
    assert KEY not in repr(response)
    assert KEY not in str(harness.client.__dict__)


def test_a_stream_carries_it_too(harness: Harness) -> None:
    before = harness.mock.credits
    harness(harness.chat(HELLO, stream=True, byok_api_key=KEY).until_done)
    assert harness.mock.credits == before


@pytest.mark.parametrize("form", ["path", "text path", "bytes", "file", "named", "named and typed", "pipe"])
def test_audio_is_a_path_bytes_or_a_file(
    harness: Harness, recording: bytes, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "speech.wav"
    path.write_bytes(recording)
    pipe = io.BufferedReader(_Pipe(recording))  # type: ignore[arg-type]  # as much of a raw stream as is needed
    with path.open("rb") as file:
        source: Any = {
            "path": path,
            "text path": str(path),
            "bytes": recording,
            "file": file,
            "named": ("talk.wav", recording),
            "named and typed": ("talk.wav", recording, "audio/wav"),
            "pipe": pipe,
        }[form]
        response = harness.speech_to_text(source, language="en")
    assert response.text
    assert response["data"]["text"] == response.text
    assert response.language == "en"


class _Pipe(io.RawIOBase):
    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._data.readinto(buffer)


@pytest.mark.parametrize("wanted", ["json", "text", "srt", "verbose_json", "vtt"])
@pytest.mark.parametrize("method", ["speech_to_text", "translate_audio"])
def test_transcripts_come_in_every_documented_format(
    harness: Harness, recording: bytes, method: str, wanted: str
) -> None:
    response = getattr(harness, method)(recording, response_format=wanted)
    assert "Good morning" in response.text
    if wanted in ("srt", "vtt"):  # the text is the text in every format; the document is the data
        assert "-->" in response.data
        assert response["data"] == response.data


def test_timestamp_granularities_are_a_list_or_its_json(harness: Harness, recording: bytes) -> None:
    for given in (["word", "segment"], '["word", "segment"]'):
        options = {"response_format": "verbose_json", "timestamp_granularities": given}
        assert harness.speech_to_text(recording, **options).text
