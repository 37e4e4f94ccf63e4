from __future__ import annotations

import base64
import io
import struct
import wave
import zlib

import httpx
import pytest

from indoxrouter_mock import MockServer
from indoxrouter_mock.content.mp4 import escaped
from tests.spec.document import present_arguments, present_field

from .reading import problems_of

RESULT = present_field("VideoJob", "result")


def png_size(content: bytes) -> tuple[int, int]:
    """Decode a PNG as far as it takes to believe it: checksums, and as many pixels as the header promises."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, data, size, depth = 8, b"", (0, 0), 0
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack_from(">I", content, at + 8 + length)[0]
        if kind == b"IHDR":
            size = struct.unpack_from(">II", body)
            depth = {2: 3, 6: 4}[body[9]]
        if kind == b"IDAT":
            data += body
        at += 12 + length
    assert len(zlib.decompress(data)) == size[1] * (1 + size[0] * depth)
    return size


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, (1024, 1024)),
        ({"size": "64x48"}, (64, 48)),
        ({"size": "1792x1024"}, (1792, 1024)),
        ({"model": "google/imagen-3.0-generate-002", "aspect_ratio": "16:9"}, (1792, 1024)),
        ({"model": "google/imagen-3.0-generate-002", "aspect_ratio": "5:1"}, (1536, 307)),
        ({"model": "google/imagen-4.0-generate-001", "size": "1K"}, (1024, 1024)),
        ({"size": "33x17", "background": "transparent"}, (33, 17)),
    ],
)
@pytest.mark.parametrize("form", ["url", "b64_json"])
def test_images_are_pngs_of_the_size_asked_for(
    http: httpx.Client, fields: dict[str, str], size: tuple[int, int], form: str
) -> None:
    answer = http.post(
        "/images/generations", json={"prompt": "a fox", "n": 2, "response_format": form, **fields}
    )
    assert answer.status_code == 200, answer.text
    images = answer.json()["data"]
    assert len(images) == 2
    for image in images:
        if form == "url":
            assert image["b64_json"] is None
            content = httpx.get(image["url"]).content
        else:
            assert image["url"] is None
            content = base64.b64decode(image["b64_json"])
        assert png_size(content) == size


def test_image_depends_on_prompt_and_seed(http: httpx.Client) -> None:
    def image(**fields: object) -> str:
        body = {"prompt": "a fox", "size": "32x32", "response_format": "b64_json", **fields}
        found: str = http.post("/images/generations", json=body).json()["data"][0]["b64_json"]
        return found

    assert image() == image()
    assert len({image(), image(prompt="a hen"), image(seed=2)}) == 3


def test_unknown_size_gets_the_default_and_says_so_while_an_absurd_one_is_refused(http: httpx.Client) -> None:
    odd = http.post("/images/generations", json={"prompt": "x", "size": "huge"}).json()
    assert "'huge' is not known" in odd["message"]
    refused = http.post("/images/generations", json={"prompt": "x", "size": "99999x1"})
    assert "body/size" in problems_of(refused)


def finished_job(http: httpx.Client, mock: MockServer, **fields: object) -> dict[str, object]:
    job = http.post("/videos/generations", json={"prompt": "a fox", **fields}).json()["data"]["job_id"]
    mock.clock.advance(10)
    found: dict[str, object] = http.get(f"/videos/jobs/{job}").json()
    return found


def test_video_job_moves_on_the_mocks_clock(http: httpx.Client, mock: MockServer) -> None:
    mock.clock.freeze()
    started = http.post("/videos/generations", json={"prompt": "a fox"}).json()
    job = started["data"]["job_id"]
    assert (started["data"]["status"], started["data"]["is_async"]) == ("queued", True)
    seen = []
    for _ in range(6):
        state = http.get(f"/videos/jobs/{job}").json()
        seen.append((state["status"], state["progress"]))
        mock.clock.advance(0.4)
    assert seen == [
        ("queued", 0),
        ("processing", 20),
        ("processing", 40),
        ("processing", 60),
        ("processing", 80),
        ("completed", 100),
    ]
    assert state["error"] is None
    assert state[RESULT]["video_url"] == state[RESULT]["data"][0]["url"]


def test_video_job_is_done_within_three_seconds_of_real_time(mock: MockServer) -> None:
    assert mock.app.options.video_seconds < 3


def test_video_is_an_mp4_of_the_size_and_length_asked_for(http: httpx.Client, mock: MockServer) -> None:
    state = finished_job(http, mock, size="320x180", duration=4, fps=10)
    file = state[RESULT]["data"][0]  # type: ignore[index]
    answer = httpx.get(file["url"])
    content = answer.content
    assert (answer.headers["content-type"], len(content)) == ("video/mp4", file["file_size"])
    boxes, at = [], 0
    while at < len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        boxes.append(kind)
        at += size
    assert (boxes, at) == ([b"ftyp", b"mdat", b"moov"], len(content))
    entry = content.index(b"avc1", content.index(b"moov"))
    assert struct.unpack_from(">HH", content, entry + 28) == (320, 180)
    header = content.index(b"mvhd")
    scale, length = struct.unpack_from(">II", content, header + 16)
    assert length / scale == pytest.approx(4)
    frames = content.index(b"stts") + 12
    assert struct.unpack_from(">I", content, frames)[0] == 40


def test_escaped_bytes_hold_no_start_code() -> None:
    for content in (b"\0\0\0", b"\0\0\1", b"a\0\0\2b\0\0\3", b"\0\0\0\0\0\0", b"plain"):
        found = escaped(content)
        assert not any(b"\0\0" + bytes([following]) in found for following in (0, 1, 2))
        assert found.replace(b"\0\0\3", b"\0\0") == content


@pytest.mark.parametrize(
    ("header", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=5-5", 206, slice(5, 6)),
        ("bytes=0-1,3-4", 200, slice(None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=" + "9" * 20 + "-", 416, slice(0, 0)),
        pytest.param("bytes=" + "9" * 5000 + "-", 200, slice(None), id="a long start"),
        pytest.param("bytes=-" + "9" * 5000, 200, slice(None), id="a long length"),
        ("lines=1-2", 200, slice(None)),
    ],
)
def test_file_can_be_fetched_in_parts(
    http: httpx.Client, mock: MockServer, header: str, status: int, part: slice
) -> None:
    url = finished_job(http, mock, size="64x64", duration=1)[RESULT]["video_url"]  # type: ignore[index]
    whole = httpx.get(url).content
    answer = httpx.get(url, headers={"Range": header})
    assert (answer.status_code, answer.content) == (status, whole[part])
    if status == 206:
        start = part.start % len(whole) if part.start is not None else 0
        assert (
            answer.headers["content-range"] == f"bytes {start}-{start + len(answer.content) - 1}/{len(whole)}"
        )
    head = httpx.head(url)
    assert (head.headers["content-length"], head.content, head.headers["accept-ranges"]) == (
        str(len(whole)),
        b"",
        "bytes",
    )


def test_cancelled_job_stays_cancelled_and_finished_one_cannot_be(
    http: httpx.Client, mock: MockServer
) -> None:
    job = http.post("/videos/generations", json={"prompt": "a fox"}).json()["data"]["job_id"]
    assert http.post(f"/videos/jobs/{job}/cancel").json()["status"] == "cancelled"
    mock.clock.advance(100)
    assert http.get(f"/videos/jobs/{job}").json()["status"] == "cancelled"
    assert http.post(f"/videos/jobs/{job}/cancel").status_code == 409
    done = finished_job(http, mock)["job_id"]
    assert http.post(f"/videos/jobs/{done}/cancel").status_code == 409
    assert http.get("/videos/jobs/none").status_code == 404


def test_jobs_are_listed_newest_first_in_pages(http: httpx.Client) -> None:
    jobs = [
        http.post("/videos/generations", json={"prompt": str(index)}).json()["data"]["job_id"]
        for index in range(5)
    ]
    page = http.get(
        "/videos/jobs", params=present_arguments("list_video_jobs", {"limit": 2, "skip": 1})
    ).json()
    assert [job["job_id"] for job in page["jobs"]] == [jobs[3], jobs[2]]
    assert tuple(page[present_field("VideoJobList", name)] for name in ("total", "limit", "skip")) == (
        5,
        2,
        1,
    )


def speak(http: httpx.Client, **fields: object) -> httpx.Response:
    answer = http.post("/audio/tts/generations", json={"input": "Good morning to all of you", **fields})
    assert answer.status_code == 200, answer.text
    return httpx.get(answer.json()["data"]["url"])


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_speech_is_a_wav_that_sounds_and_lasts_by_the_speed(http: httpx.Client, speed: float) -> None:
    answer = speak(http, speed=speed)
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as sound:
        samples = sound.readframes(sound.getnframes())
        seconds = sound.getnframes() / sound.getframerate()
    assert seconds == pytest.approx(6 * 0.36 / speed, rel=0.01)
    assert max(struct.unpack(f"<{len(samples) // 2}h", samples)) > 5000


@pytest.mark.parametrize(
    ("form", "magic"),
    [("mp3", b"\xff\xf3"), ("opus", b"OggS"), ("aac", b"\xff\xf1"), ("flac", b"fLaC"), ("wav", b"RIFF")],
)
def test_speech_of_every_format_is_understood_again(http: httpx.Client, form: str, magic: bytes) -> None:
    content = speak(http, response_format=form).content
    assert content.startswith(magic)
    body = http.post(
        "/audio/stt/transcriptions",
        files={"file": ("speech", content)},
        data={"response_format": "verbose_json", "language": "en"},
    ).json()
    assert body["text"] == "Good morning to all of you"
    assert (body["data"]["format"], body["data"]["duration_exact"]) == (form, True)
    assert body["data"]["duration"] == pytest.approx(2.16, abs=0.07)


def test_speech_may_come_inline(http: httpx.Client) -> None:
    answer = http.post("/audio/tts/generations", json={"input": "Hello"}, headers={"X-Mock-Speech": "inline"})
    data = answer.json()["data"]
    assert base64.b64decode(data["audio"]).startswith(b"RIFF")
    assert (data["format"], data["character_count"]) == ("wav", 5)


def test_unknown_speech_format_is_refused(http: httpx.Client) -> None:
    answer = http.post("/audio/tts/generations", json={"input": "x", "response_format": "midi"})
    assert "wav" in problems_of(answer)["body/response_format"]


def recording(seconds: float) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\1\2\3\4" * int(8000 * seconds))
    return content.getvalue()


def transcribe(http: httpx.Client, path: str = "transcriptions", **fields: str) -> dict[str, object]:
    answer = http.post(f"/audio/stt/{path}", files={"file": ("talk.wav", recording(8))}, data=fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_transcription_reads_the_uploaded_file_in_five_formats(http: httpx.Client) -> None:
    text = str(transcribe(http)["text"])
    assert len(text.split()) == 20
    assert transcribe(http)["data"] == {"text": text, "language": "en", "duration": 8.0}
    assert transcribe(http, response_format="text")["data"] == text
    srt = str(transcribe(http, response_format="srt")["data"])
    assert srt.startswith("1\n00:00:00,000 --> 00:00:0")
    assert "--> 00:00:08,000" in srt
    vtt = str(transcribe(http, response_format="vtt")["data"])
    assert vtt.startswith("WEBVTT\n\n00:00:00.000 --> ")
    verbose = transcribe(http, response_format="verbose_json", timestamp_granularities='["word", "segment"]')[
        "data"
    ]
    assert isinstance(verbose, dict)
    assert (verbose["format"], verbose["sample_rate"], verbose["channels"], verbose["duration"]) == (
        "wav",
        8000,
        2,
        8.0,
    )
    assert [word["word"] for word in verbose["words"]] == text.split()
    assert verbose["segments"][-1]["end"] == verbose["words"][-1]["end"] == 8.0


def test_translation_is_english_and_transcription_keeps_its_language(http: httpx.Client) -> None:
    assert transcribe(http, language="de")["language"] == "de"
    assert transcribe(http, "translations")["language"] == "en"


def test_upload_is_checked_field_by_field(http: httpx.Client) -> None:
    missing = http.post("/audio/stt/transcriptions", files={"other": b"x"})
    assert problems_of(missing) == {"body/file": "is required"}
    wrong = http.post(
        "/audio/stt/transcriptions", files={"file": b"x"}, data={"temperature": "7", "response_format": "pdf"}
    )
    assert set(problems_of(wrong)) == {"body/temperature", "body/response_format"}
    assert http.post("/audio/stt/transcriptions", files={"file": ("a.wav", b"")}).status_code == 422
    broken = http.post(
        "/audio/stt/transcriptions",
        content=b"--b\r\nno end",
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert broken.status_code in (400, 422)
    made_up = http.post("/audio/stt/transcriptions", files={"file": ("a.wav", b"made up bytes")})
    assert (made_up.status_code, set(problems_of(made_up))) == (422, {"body/file"})


def test_embeddings_are_unit_vectors_that_the_text_determines(http: httpx.Client) -> None:
    def vectors(model: str, *texts: str, **more: object) -> list[list[float]]:
        body = http.post("/embeddings", json={"text": list(texts), "model": model, **more}).json()
        assert {len(vector) for vector in body["data"]} == {
            body[present_field("EmbeddingResponse", "dimensions")]
        }
        found: list[list[float]] = body["data"]
        return found

    cat, again, hat, other = vectors(
        "openai/text-embedding-3-small", "a small cat", "a small cat", "a small hat", "quantum theory"
    )
    assert (len(cat), cat) == (1536, again)
    assert sum(value * value for value in cat) == pytest.approx(1)

    def likeness(left: list[float], right: list[float]) -> float:
        return sum(a * b for a, b in zip(left, right, strict=True))

    assert likeness(cat, hat) > likeness(cat, other) + 0.3
    assert len(vectors("openai/text-embedding-3-large", "x")[0]) == 3072
    assert len(vectors("openai/text-embedding-3-large", "x", additional_params={"dimensions": 256})[0]) == 256


def test_embeddings_come_in_both_wire_forms(http: httpx.Client) -> None:
    lists = http.post("/embeddings", json={"text": "x"}).json()["data"]
    objects = http.post("/embeddings", json={"text": "x"}, headers={"X-Mock-Embeddings": "objects"}).json()[
        "data"
    ]
    assert objects == [{"embedding": lists[0], "index": 0}]
    flat = http.post("/embeddings", json={"text": "x"}, headers={"X-Mock-Embeddings": "flat"}).json()["data"]
    assert flat == lists[0]
