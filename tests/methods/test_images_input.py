"""Images for messages: a path, bytes or a URL becomes the documented part, within the documented limits."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from indoxrouter import ChatMessage, InvalidParametersError, image_part
from indoxrouter import models as generated

from tests.methods.harness import Harness

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 16
GIF = b"GIF89a" + b"\0" * 16
WEBP = b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 16


@pytest.mark.parametrize(
    ("data", "media_type"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (GIF, "image/gif"), (WEBP, "image/webp")],
)
def test_the_type_is_told_by_the_bytes_not_by_the_name(data: bytes, media_type: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.bmp"
    path.write_bytes(data)
    documented = {
        "type": "image",
        "image": {"data": base64.b64encode(data).decode(), "media_type": media_type},
    }
    for source in (data, bytearray(data), path, str(path)):
        part = image_part(source)
        assert isinstance(part, generated.ImagePart)
        assert part.to_dict() == documented


@pytest.mark.parametrize(
    "url", ["https://example.com/a.png", "http://example.com/a", "data:image/png;base64,aGk="]
)
def test_a_url_is_passed_on_and_not_fetched(url: str) -> None:
    assert image_part(url).to_dict() == {"type": "image", "image": {"url": url}}


def test_models_and_dicts_are_interchangeable_in_a_message(harness: Harness) -> None:
    text = {"type": "text", "text": "What is this?"}
    image = image_part(PNG)
    sent = []
    for message in (
        {"role": "user", "content": [text, image]},
        {"role": "user", "content": [generated.TextPart(text="What is this?"), image.to_dict()]},
        ChatMessage(role="user", content=[generated.TextPart(text="What is this?"), image]),
        ChatMessage.from_dict({"role": "user", "content": [text, image.to_dict()]}),
    ):
        assert harness.chat([message]).text
        sent.append(harness.last_request["body"]["messages"])
    assert all(messages == [{"role": "user", "content": [text, image.to_dict()]}] for messages in sent)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda at: at / "missing.png", "image: expected a file that can be read"),
        (lambda at: at, "directory"),
        (lambda at: b"", "not empty"),
        (lambda at: b"BM not supported", "JPEG, PNG, WebP or GIF"),
        (lambda at: "ftp://example.com/a.png", "image"),
        (lambda at: 3, "a path, the bytes of an image, or a URL"),
        (lambda at: None, "a path, the bytes of an image, or a URL"),
    ],
)
def test_what_is_no_image_is_refused_by_name(make: Any, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidParametersError, match=reason) as caught:
        image_part(make(tmp_path))
    assert caught.value.argument == "image"


LIMIT = 20 * 1024 * 1024


def test_an_image_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.png"
    with path.open("wb") as file:
        file.write(PNG)
        file.truncate(LIMIT + 1)
    with pytest.raises(InvalidParametersError, match=r"at most 20 MB, got 20 MB \(20971521 bytes\)"):
        image_part(path)


def test_an_image_at_the_limit_passes() -> None:
    assert len(image_part(PNG + b"\0" * (LIMIT - len(PNG))).to_dict()["image"]["data"]) == -(-LIMIT // 3) * 4


@pytest.fixture(scope="module")
def oversized() -> str:
    return base64.b64encode(b"\0" * (LIMIT + 1)).decode()


@pytest.mark.parametrize("form", ["inline", "data URL", "model"])
def test_a_message_with_an_image_over_the_limit_is_refused_before_any_request(
    harness: Harness, oversized: str, form: str
) -> None:
    parts: dict[str, Any] = {
        "inline": {"type": "image", "image": {"data": oversized, "media_type": "image/png"}},
        "data URL": {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{oversized}"}},
        "model": generated.ImagePart(image=generated.InlineImage(data=oversized, media_type="image/png")),
    }
    before = len(harness.mock.requests)
    messages = [{"role": "system", "content": "x"}, {"role": "user", "content": [parts[form]]}]
    with pytest.raises(InvalidParametersError, match=r"messages\[1\]\.content\[0\].*at most 20 MB"):
        harness.chat(messages)
    assert len(harness.mock.requests) == before
    report = harness.client.diagnose_request("chat/completions", {"messages": messages})
    assert any("at most 20 MB" in issue for issue in report["issues"])


def test_a_request_over_the_limit_is_refused_before_it_is_sent(harness: Harness) -> None:
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match="at most 100 MB"):
        harness.chat([{"role": "user", "content": "x" * (100 * 1024 * 1024)}])
    with pytest.raises(InvalidParametersError, match="at most 100 MB"):
        harness(harness.client.api.audio.create_transcription, file=b"x" * (100 * 1024 * 1024))
    assert len(harness.mock.requests) == before


def test_an_unsupported_type_in_a_dict_is_refused_before_any_request(harness: Harness) -> None:
    part = {"type": "image", "image": {"data": "aGk=", "media_type": "image/tiff"}}
    before = len(harness.mock.requests)
    with pytest.raises(InvalidParametersError, match=r"media_type.*image/jpeg"):
        harness.chat([{"role": "user", "content": [part]}])
    assert len(harness.mock.requests) == before
