"""Speech as files that play, and transcriptions that have looked at the file."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

from ..answers.billing import envelope, find_model, record_usage, require_credit, usage
from ..base.json import DecodeError, is_list, loads
from ..base.options import SPEECH_FORMS
from ..content import fake_text
from ..content.audio import FORMATS, speech_samples, speech_seconds
from ..content.uploads import AudioInfo, read_audio
from ..request.call import Call, operation
from ..request.limits import LONGEST_SPEECH, check_length, check_most
from ..spec.errors import invalid_value
from ..state.models import Model

SPOKEN_KEPT = 200
SEGMENT_WORDS = 8
LONGEST_INPUT = 20_000
SLOWEST, FASTEST = 0.25, 4.0


@dataclass(slots=True)
class Spoken:
    """Speech: its bytes, what it is, the model, and the usage, which has been billed."""

    content: bytes
    media_type: str
    form: str
    seconds: float
    model: Model
    used: dict[str, Any]


def speak(call: Call, usual_form: str) -> Spoken:
    """The speech that a request asks for, billed. Raises ApiError 400, 402 or 404."""
    text = call.body["input"]
    if len(text) > LONGEST_INPUT:
        raise invalid_value(
            "body/input", f"the text has {len(text)} characters; at most {LONGEST_INPUT} can be spoken"
        )
    model = find_model(call, "tts")
    form = call.text("response_format", usual_form)
    if form not in FORMATS:
        raise invalid_value("body/response_format", f"{form!r} is not one of {', '.join(FORMATS)}")
    speed = float(call.field("speed", 1.0))
    if not SLOWEST <= speed <= FASTEST:
        raise invalid_value("body/speed", f"{speed!r} is not a speed from {SLOWEST} to {FASTEST}")
    seconds = speech_seconds(text, speed)
    check_most("body/input", "seconds of speech", seconds, LONGEST_SPEECH)
    tokens = fake_text.count_tokens(text)
    used = usage(call, model, tokens, 0, fixed=model.unit * len(text) / 1000)
    require_credit(call, used["cost"])
    media_type, make = FORMATS[form]
    content = make(speech_samples(text, call.text("voice", "alloy"), speed), seconds)
    spoken = call.state.speech_texts
    while len(spoken) >= SPOKEN_KEPT:
        del spoken[next(iter(spoken))]
    spoken[hashlib.sha256(content).hexdigest()] = text
    record_usage(call, model, used, prompt=text)
    return Spoken(content, media_type, form, seconds, model, used)


@operation("createSpeech")
def create_speech(call: Call) -> dict[str, Any]:
    """A URL of this server with the speech: WAV unless another format is asked for."""
    spoken = speak(call, "wav")
    content, form, model, used = spoken.content, spoken.form, spoken.model, spoken.used
    if call.header_choice("x-mock-speech", "url", SPEECH_FORMS) == "inline":
        inline = {
            "audio": base64.b64encode(content).decode(),
            "format": form,
            "voice": call.text("voice", "alloy"),
            "speed": float(call.field("speed", 1.0)),
            "character_count": len(call.body["input"]),
        }
        return envelope(call, model, inline, used)
    url = call.url(call.state.store_file(content, spoken.media_type, "ogg" if form == "opus" else form))
    return envelope(call, model, {"url": url}, used)


@operation("createTranscription")
def create_transcription(call: Call) -> dict[str, Any]:
    """The text of an uploaded recording, in the language asked for."""
    return _written(call, call.text("language", "en"), task="transcribe")


@operation("createTranslation")
def create_translation(call: Call) -> dict[str, Any]:
    """The text of an uploaded recording, in English."""
    return _written(call, "en", task="translate")


def _written(call: Call, language: str, *, task: str) -> dict[str, Any]:
    upload = call.files["file"]
    check_length("body/prompt", len(str(call.field("prompt", ""))))
    if not upload.content:
        raise invalid_value(
            "body/file", "the file is empty", status=call.contract.operation.status_or(422, 400)
        )
    model = find_model(call, "stt")
    recording = read_audio(upload.content)
    if recording.format == "unknown":
        raise invalid_value(
            "body/file",
            "the file is not a recording that is known here: WAV, MP3, FLAC, Ogg, AAC, M4A or WebM is expected",
            status=call.contract.operation.status_or(422, 400),
        )
    scripted = call.state.answers.find(
        call.operation.id, f"{model.provider}/{model.id}", upload.filename, call.owner.username
    )
    # What this server spoke itself it understands; of anything else it makes up a text that fits the length.
    text = scripted.text if scripted is not None else None
    text = (
        text
        or call.state.speech_texts.get(hashlib.sha256(upload.content).hexdigest())
        or _made_up(call, upload.content, recording.seconds)
    )
    tokens = fake_text.count_tokens(text)
    used = usage(call, model, 0, tokens, fixed=model.unit * recording.seconds / 60)
    require_credit(call, used["cost"])
    if scripted is not None:
        call.state.answers.use(scripted)
    record_usage(call, model, used, prompt=upload.filename, reply=text)
    form = call.text("response_format", "json")
    body = envelope(call, model, _formed(call, form, text, language, recording, task), used)
    body["text"] = text
    body["language"] = language
    return body


def _made_up(call: Call, content: bytes, seconds: float) -> str:
    rng = fake_text.seeded_random(
        "transcription", hashlib.sha256(content).hexdigest(), call.state.seed, call.field("prompt", "")
    )
    words: list[str] = []
    wanted = max(1, min(2000, round(seconds * 2.5)))
    while len(words) < wanted:
        words += fake_text.sentence(rng).split()
    return " ".join(words[:wanted])


def _formed(call: Call, form: str, text: str, language: str, recording: AudioInfo, task: str) -> Any:
    if form == "text":
        return text
    segments = _segments(text, recording.seconds)
    if form == "srt":
        return "\n".join(
            f"{number}\n{_time(start, ',')} --> {_time(end, ',')}\n{words}\n"
            for number, (start, end, words) in enumerate(segments, 1)
        )
    if form == "vtt":
        return "WEBVTT\n\n" + "\n".join(
            f"{_time(start, '.')} --> {_time(end, '.')}\n{words}\n" for start, end, words in segments
        )
    data: dict[str, Any] = {"text": text, "language": language, "duration": recording.seconds}
    if form == "verbose_json":
        wanted = _granularities(call.field("timestamp_granularities"))
        data.update(
            task=task,
            format=recording.format,
            duration_exact=recording.exact,
            sample_rate=recording.rate,
            channels=recording.channels,
        )
        if "segment" in wanted:
            data["segments"] = [
                {
                    "id": number,
                    "start": start,
                    "end": end,
                    "text": words,
                    "tokens": fake_text.count_tokens(words),
                    "temperature": call.field("temperature", 0.0),
                }
                for number, (start, end, words) in enumerate(segments)
            ]
        if "word" in wanted:
            data["words"] = _words(text, recording.seconds)
    return data


def _granularities(given: Any) -> set[str]:
    """A JSON array written as a text, as the API takes it; a bare word or a list with commas is understood as well."""
    if not given:
        return {"segment"}
    try:
        found = loads(given.encode()) if isinstance(given, str) else given
    except DecodeError:
        found = [piece.strip() for piece in str(given).split(",")]
    return {str(item) for item in found} if is_list(found) else {str(found)}


def _words(text: str, seconds: float) -> list[dict[str, Any]]:
    """Each word with the time it takes, longer words taking longer."""
    words = text.split()
    total = sum(len(word) + 1 for word in words) or 1
    found: list[dict[str, Any]] = []
    at = 0
    for word in words:
        start, at = at, at + len(word) + 1
        found.append(
            {"word": word, "start": round(seconds * start / total, 3), "end": round(seconds * at / total, 3)}
        )
    return found


def _segments(text: str, seconds: float) -> list[tuple[float, float, str]]:
    words = _words(text, seconds)
    groups = [words[start : start + SEGMENT_WORDS] for start in range(0, len(words), SEGMENT_WORDS)]
    return [
        (group[0]["start"], group[-1]["end"], " ".join(word["word"] for word in group)) for group in groups
    ]


def _time(seconds: float, mark: str) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"
