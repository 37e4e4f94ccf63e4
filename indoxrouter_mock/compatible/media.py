"""Images, sound and moderations in OpenAI's shapes."""

from __future__ import annotations

from typing import Any

from ..base.json import is_list, is_object
from ..base.reply import Reply
from ..operations.audio import create_transcription, create_translation, speak
from ..operations.images import draw
from ..request.call import Call
from ..request.limits import MOST_TEXTS, check_length, check_most
from ..spec.errors import ApiError, invalid_value
from .text import body_of

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
FLAGGED = {"kill": "violence", "murder": "violence", "hate": "hate", "suicide": "self-harm"}
"""Words that are flagged, so that a test can have either outcome."""


def images(call: Call) -> dict[str, Any]:
    """PNG images, by URL or in base64."""
    prompt = body_of(call, "prompt")["prompt"]
    if not isinstance(prompt, str):
        raise invalid_value("body/prompt", "a text is expected")
    if call.body.get("stream"):
        raise ApiError(501, "streams of images are not mocked: send stream=false")
    _, found, _ = draw(call)
    return {
        "created": int(call.started),
        "data": [{name: value for name, value in image.items() if value is not None} for image in found],
    }


def speech(call: Call) -> Reply:
    """The bytes of a sound file: `mp3` unless another format is asked for."""
    text = body_of(call, "input", "model")["input"]
    if not isinstance(text, str):
        raise invalid_value("body/input", "a text is expected")
    spoken = speak(call, "mp3")
    return Reply(content=spoken.content, media_type=spoken.media_type)


def transcription(call: Call) -> Reply | dict[str, Any]:
    """The text of a recording, in the format asked for."""
    if not is_object(call.body) or "file" not in call.files:
        raise invalid_value("body/file", "is required")
    call.body["byok_api_key"] = call.body.get("byok_api_key")
    if str(call.field("stream", False)).lower() in ("true", "1"):
        raise ApiError(501, "streams of transcriptions are not mocked: send stream=false")
    form = call.text("response_format", "json")
    make = create_translation if call.operation.id == "createTranslation" else create_transcription
    body: Any = make(call)
    if form in ("text", "srt", "vtt"):
        return Reply(content=f"{body['data']}\n".encode(), media_type="text/plain; charset=utf-8")
    if form == "verbose_json":
        found: dict[str, Any] = body["data"]
        return found
    return {"text": body["text"], "usage": {"type": "duration", "seconds": round(body["data"]["duration"])}}


def moderate(call: Call) -> dict[str, Any]:
    """Nothing is flagged but texts with one of a few words."""
    given = body_of(call, "input")["input"]
    texts = _moderated(given if is_list(given) else [given])
    check_most("body/input", "texts", len(texts), MOST_TEXTS)
    check_length("body/input", sum(map(len, texts)))
    return {
        "id": f"modr-{call.request_id}",
        "model": call.text("model", "omni-moderation-latest"),
        "results": [_moderation(text) for text in texts],
    }


def _moderated(given: list[Any]) -> list[str]:
    found: list[str] = []
    for index, item in enumerate(given):
        text = item.get("text", "") if is_object(item) else item
        if not isinstance(text, str):
            raise invalid_value(f"body/input/{index}", "a text is expected")
        found.append(text)
    return found


def _moderation(text: str) -> dict[str, Any]:
    words = text.lower().split()
    hit = {category for word, category in FLAGGED.items() if word in words}
    return {
        "flagged": bool(hit),
        "categories": {name: name in hit for name in CATEGORIES},
        "category_scores": {name: 0.97 if name in hit else 0.001 for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }
