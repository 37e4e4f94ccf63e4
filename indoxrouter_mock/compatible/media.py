"""Audio and moderations in OpenAI's shapes."""

from __future__ import annotations

import base64
import re
from typing import Any

from ..answers.reply import delay_of
from ..base.json import dumps, is_list, is_object
from ..base.reply import Reply, Stream
from ..operations.audio import create_transcription, create_translation, speak
from ..request.call import Call
from ..request.limits import MOST_TEXTS, check_length, check_most

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
PIECE = 8192
"""Bytes of audio in one event."""
NEVER_STREAMED = "whisper"
"""Models of this name give the whole text, whatever is asked for."""


def speech(call: Call) -> Reply:
    """An audio file, as MP3 unless another format is asked for. `stream_format: sse` sends them as events."""
    voice = call.body.get("voice")
    if is_object(voice):
        call.change("voice", voice["id"])
    spoken = speak(call, "mp3")
    if call.body.get("stream_format") != "sse":
        return Reply(content=spoken.content, media_type=spoken.media_type)
    pieces = [spoken.content[at : at + PIECE] for at in range(0, len(spoken.content), PIECE)]
    tokens = spoken.used["tokens_prompt"]
    usage = {"input_tokens": tokens, "output_tokens": 0, "total_tokens": tokens}
    events: list[dict[str, Any]] = [
        {"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()} for piece in pieces
    ]
    return _stream(call, [*events, {"type": "speech.audio.done", "usage": usage}])


def transcription(call: Call) -> Reply | dict[str, Any]:
    """The text of a recording, in the format asked for, whole or as events."""
    call.change("timestamp_granularities", call.body.pop("timestamp_granularities[]", None))
    form = call.text("response_format", "json")
    make = create_translation if call.operation.id == "createTranslation" else create_transcription
    body: Any = make(call)
    if call.body.get("stream") is True and not body["model"].startswith(NEVER_STREAMED):
        words: list[str] = re.findall(r"\s*\S+", body["text"])
        events = [{"type": "transcript.text.delta", "delta": word} for word in words]
        return _stream(call, [*events, {"type": "transcript.text.done", "text": body["text"]}])
    if form in ("text", "srt", "vtt"):
        return Reply(content=f"{body['data']}\n".encode(), media_type="text/plain; charset=utf-8")
    if form == "verbose_json":
        return _verbose(body["data"])
    return {"text": body["text"], "usage": {"type": "duration", "seconds": round(body["data"]["duration"])}}


def _verbose(data: dict[str, Any]) -> dict[str, Any]:
    found = {name: data[name] for name in ("task", "language", "duration", "text")}
    if "words" in data:
        found["words"] = data["words"]
    if "segments" in data:
        # Figures of a decoder that the mock does not have are those of a recording that is understood well.
        unknown = {"avg_logprob": -0.2, "compression_ratio": 1.0, "no_speech_prob": 0.01}
        found["segments"] = [
            {**segment, "seek": 0, "tokens": list(range(segment["tokens"])), **unknown}
            for segment in data["segments"]
        ]
    return found


def _stream(call: Call, events: list[dict[str, Any]]) -> Reply:
    return Reply(
        stream=Stream(
            id=f"audio_{call.request_id}",
            events=lambda: iter(events),
            close=lambda: None,  # it was billed when it was made
            stop=lambda: None,
            delay=delay_of(call),
            held=sum(map(len, map(dumps, events))),
        )
    )


def moderate(call: Call) -> dict[str, Any]:
    """Nothing is flagged but texts with one of a few words."""
    given = call.body["input"]
    texts = [
        item.get("text", "") if is_object(item) else item for item in (given if is_list(given) else [given])
    ]
    check_most("body/input", "texts", len(texts), MOST_TEXTS)
    check_length("body/input", sum(map(len, texts)))
    return {
        "id": f"modr-{call.request_id}",
        "model": call.text("model", "omni-moderation-latest"),
        "results": [_moderation(text) for text in texts],
    }


def _moderation(text: str) -> dict[str, Any]:
    words = text.lower().split()
    hit = {category for word, category in FLAGGED.items() if word in words}
    return {
        "flagged": bool(hit),
        "categories": {name: name in hit for name in CATEGORIES},
        "category_scores": {name: 0.97 if name in hit else 0.001 for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }
