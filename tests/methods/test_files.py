"""Files of answers: inline or behind a URL, saved in one step, continued after a break, with secrets kept at home."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from indoxrouter import (
    APIError,
    AsyncImageResponse,
    AudioResponse,
    Image,
    ImageResponse,
    InvalidParametersError,
    NetworkError,
    NotFoundError,
    RequestError,
)

from indoxrouter_ext.responses.media import images_of
from tests.methods.harness import Harness
from tests.methods.server import FileRequest, FileServer, serving

BODY = bytes(range(256)) * 4096


@pytest.fixture
def files() -> Iterator[FileServer]:
    with serving() as server:
        yield server


def image_at(harness: Harness, url: str | None, data: str | None = None) -> Any:
    """An image as the client of the harness would have received it."""
    (image,) = images_of([{"url": url, "b64_json": data}], harness.client)
    return image


def leftovers(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_generated_images_are_saved_and_read(harness: Harness, tmp_path: Path) -> None:
    response = harness.image("a cat", size="256x256")
    assert isinstance(response, ImageResponse)
    assert isinstance(response, AsyncImageResponse) == (harness.kind == "async")
    (image,) = response.images
    assert response.data[0] is image
    target = harness(image.save, tmp_path / "cat.png")
    assert target.read_bytes().startswith(b"\x89PNG")
    assert harness(image.read) == target.read_bytes()
    assert leftovers(tmp_path) == {"cat.png"}


def test_inline_images_are_saved_without_a_request(harness: Harness, tmp_path: Path) -> None:
    (image,) = harness.images("a cat", response_format="b64_json").images
    before = len(harness.mock.requests)
    told: list[tuple[int, int | None]] = []
    target = harness(
        image.download, tmp_path / "cat.png", on_progress=lambda done, total: told.append((done, total))
    )
    assert target.read_bytes() == base64.b64decode(image.b64_json)
    assert told == [(len(target.read_bytes()), len(target.read_bytes()))]
    assert len(harness.mock.requests) == before


def test_speech_is_saved_under_the_name_that_the_server_gave(harness: Harness, tmp_path: Path) -> None:
    response = harness.text_to_speech("Hello there", response_format="wav")
    assert isinstance(response, AudioResponse)
    assert response["data"]["url"] == response.url
    target = harness(response.save, tmp_path)
    assert target.parent == tmp_path
    assert target.suffix == f".{response.format}"
    assert target.read_bytes()[:4] == b"RIFF"


def test_inline_speech_is_saved_too(harness: Harness, tmp_path: Path) -> None:
    response = harness.text_to_speech("x")
    kind = type(response)
    inline = kind.from_dict({"data": {"audio": base64.b64encode(b"ID3sound").decode(), "format": "mp3"}})
    assert harness(inline.save, tmp_path).name == "speech.mp3"
    assert harness(inline.read) == b"ID3sound"
    assert inline.url is None


def test_progress_is_told_as_bytes_arrive(harness: Harness, files: FileServer, tmp_path: Path) -> None:
    image = image_at(harness, files.file("/a.bin", BODY))
    told: list[tuple[int, int | None]] = []
    harness(image.save, tmp_path / "a.bin", on_progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_no_secret_reaches_another_host(harness: Harness, files: FileServer, tmp_path: Path) -> None:
    harness(image_at(harness, files.file("/a.bin", BODY)).save, tmp_path / "a.bin")
    ((_, headers),) = files.requests
    assert "authorization" not in headers
    assert harness.mock.api_key not in str(headers)
    assert "cookie" not in headers


def test_the_clients_own_server_gets_the_token(harness: Harness, files: FileServer, tmp_path: Path) -> None:
    url = harness.image("a cat").images[0].url
    harness(image_at(harness, url).save, tmp_path / "cat.png")
    assert (
        harness.last_request["path"].startswith("/files/")
        or "authorization" in harness.last_request["headers"]
    )


def test_redirects_are_followed_a_few_times_without_secrets(
    harness: Harness, files: FileServer, tmp_path: Path
) -> None:
    files.file("/end.bin", BODY)
    files.scripts["/start"] = lambda request: request.answer(302, b"", {"Location": "/end.bin"})
    assert harness(image_at(harness, files.url + "/start").save, tmp_path / "a").read_bytes() == BODY
    files.scripts["/loop"] = lambda request: request.answer(302, b"", {"Location": "/loop"})
    files.requests.clear()
    with pytest.raises(APIError, match="redirected more than"):
        harness(image_at(harness, files.url + "/loop").save, tmp_path / "b")
    assert len(files.requests) == 6
    assert leftovers(tmp_path) == {"a"}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://files.example/a", "of scheme 'ftp'"),
        ("https:///a", "whose host or port cannot be read"),
        ("https://files.example:0/a", "whose host or port cannot be read"),
        ("https://files.example:x/a", "whose host or port cannot be read"),
        ("https://[files/a", "whose host or port cannot be read"),
    ],
)
def test_the_error_for_a_url_says_what_is_wrong_with_it(harness: Harness, url: str, reason: str) -> None:
    with pytest.raises(InvalidParametersError, match=reason):
        harness(image_at(harness, url).read)


def test_a_redirect_may_not_lead_out_of_http(harness: Harness, files: FileServer, tmp_path: Path) -> None:
    files.scripts["/a"] = lambda request: request.answer(302, b"", {"Location": "file:///etc/passwd"})
    with pytest.raises(InvalidParametersError, match="http"):
        harness(image_at(harness, files.url + "/a").save, tmp_path / "a")
    assert leftovers(tmp_path) == set()


def breaking(files: FileServer, *, tag: str | None, cut: int) -> str:
    """A file whose first answer breaks after `cut` bytes; later ones honour ranges of the same version."""

    def script(request: FileRequest) -> None:
        headers = {"ETag": tag} if tag else {}
        start = request.headers.get("Range", "").removeprefix("bytes=").partition("-")[0]
        if start and request.headers.get("If-Range") == tag:
            span = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
            request.answer(206, BODY[int(start) :], {**headers, "Content-Range": span})
        elif len(files.requests) == 1:
            request.answer(200, BODY[:cut], headers, length=len(BODY))
        else:
            request.answer(200, BODY, headers)

    files.scripts["/big.bin"] = script
    return files.url + "/big.bin"


def test_a_download_that_broke_off_goes_on_where_it_stopped(
    harness: Harness, files: FileServer, tmp_path: Path
) -> None:
    url = breaking(files, tag='"v1"', cut=300_000)
    assert harness(image_at(harness, url).save, tmp_path / "big.bin").read_bytes() == BODY
    (_, first), (_, second) = files.requests
    assert "range" not in first
    assert second["range"] == "bytes=300000-"
    assert second["if-range"] == '"v1"'
    assert leftovers(tmp_path) == {"big.bin"}


def test_without_a_version_it_starts_over(harness: Harness, files: FileServer, tmp_path: Path) -> None:
    url = breaking(files, tag=None, cut=300_000)
    assert harness(image_at(harness, url).save, tmp_path / "big.bin").read_bytes() == BODY
    assert ["range" in headers for _, headers in files.requests] == [False, False]


def test_another_version_replaces_what_had_come(harness: Harness, files: FileServer, tmp_path: Path) -> None:
    other = BODY[::-1]

    def script(request: FileRequest) -> None:
        if len(files.requests) == 1:
            request.answer(200, BODY[:1000], {"ETag": '"v1"'}, length=len(BODY))
        else:
            request.answer(200, other, {"ETag": '"v2"'})

    files.scripts["/a"] = script
    assert harness(image_at(harness, files.url + "/a").save, tmp_path / "a").read_bytes() == other


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(
    harness: Harness, files: FileServer, tmp_path: Path
) -> None:
    url = breaking(files, tag='"v1"', cut=200_000)
    once = harness.another(max_retries=0)
    target = tmp_path / "big.bin"
    with pytest.raises(NetworkError):
        harness(image_at(once, url).save, target)
    assert not target.exists()
    assert leftovers(tmp_path) == {".big.bin.part", ".big.bin.part.tag"}
    assert harness(image_at(once, url).save, target).read_bytes() == BODY
    assert files.requests[-1][1]["range"] == "bytes=200000-"
    assert leftovers(tmp_path) == {"big.bin"}
    once.wait(once.client.close)


def test_a_url_that_cannot_be_fetched_leaves_an_earlier_download_as_it_was(
    harness: Harness, tmp_path: Path
) -> None:
    (tmp_path / ".a.part").write_bytes(b"half")
    (tmp_path / ".a.part.tag").write_text('"v1"')
    with pytest.raises(InvalidParametersError, match="http or https"):
        harness(image_at(harness, "ftp://files.test/a").save, tmp_path / "a")
    assert (tmp_path / ".a.part").read_bytes() == b"half"
    assert leftovers(tmp_path) == {".a.part", ".a.part.tag"}


def test_ranges_may_come_in_portions(harness: Harness, files: FileServer, tmp_path: Path) -> None:
    def script(request: FileRequest) -> None:
        start = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        if not start:
            request.answer(200, BODY[:1000], {"ETag": '"v1"'}, length=len(BODY))
        else:
            piece = BODY[start : start + 200_000]
            span = f"bytes {start}-{start + len(piece) - 1}/{len(BODY)}"
            request.answer(206, piece, {"ETag": '"v1"', "Content-Range": span})

    files.scripts["/a"] = script
    assert harness(image_at(harness, files.url + "/a").save, tmp_path / "a").read_bytes() == BODY
    assert len(files.requests) == 7


def test_resuming_can_be_declined(harness: Harness, files: FileServer, tmp_path: Path) -> None:
    url = breaking(files, tag='"v1"', cut=200_000)
    once = harness.another(max_retries=0)
    with pytest.raises(NetworkError):
        harness(image_at(once, url).save, tmp_path / "a", resume=False)
    assert leftovers(tmp_path) == set()
    once.wait(once.client.close)


def test_what_was_there_before_stays_until_the_new_file_is_complete(
    harness: Harness, files: FileServer, tmp_path: Path
) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    files.scripts["/a"] = lambda request: request.answer(
        404, b'{"detail": "gone"}', {"Content-Type": "application/json"}
    )
    with pytest.raises(NotFoundError, match="gone"):
        harness(image_at(harness, files.url + "/a").save, target)
    assert target.read_bytes() == b"old"
    assert leftovers(tmp_path) == {"a.bin"}
    files.file("/a", BODY)
    harness(image_at(harness, files.url + "/a").save, target)
    assert target.read_bytes() == BODY


def test_an_interrupted_callback_leaves_no_half_file(
    harness: Harness, files: FileServer, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        harness(image_at(harness, files.file("/a.bin", BODY)).save, tmp_path / "a.bin", on_progress=interrupt)
    assert leftovers(tmp_path) == set()


def test_a_server_that_is_down_for_a_moment_is_asked_again(
    harness: Harness, files: FileServer, tmp_path: Path
) -> None:
    def script(request: FileRequest) -> None:
        if len(files.requests) == 1:
            request.answer(503, b"busy", {"Retry-After": "0"})
        else:
            request.answer(200, BODY)

    files.scripts["/a"] = script
    assert harness(image_at(harness, files.url + "/a").save, tmp_path / "a").read_bytes() == BODY


def test_a_part_that_was_not_requested_is_an_error(
    harness: Harness, files: FileServer, tmp_path: Path
) -> None:
    files.scripts["/a"] = lambda request: request.answer(206, b"xyz", {"Content-Range": "bytes 5-7/10"})
    with pytest.raises(APIError, match="was not requested"):
        harness(image_at(harness, files.url + "/a").save, tmp_path / "a")


def test_a_directory_gets_a_name_that_stays_in_it(
    harness: Harness, files: FileServer, tmp_path: Path
) -> None:
    files.file("/%2e%2e%2fevil.png", BODY)
    target = harness(image_at(harness, files.url + "/%2e%2e%2fevil.png").save, tmp_path)
    assert target.parent == tmp_path
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("path", ["missing/dir/a.png", "", 3])
def test_a_path_that_cannot_be_written_is_refused_before_any_request(
    harness: Harness, files: FileServer, tmp_path: Path, path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidParametersError, match="path"):
        harness(image_at(harness, files.url + "/a").save, path)
    assert files.requests == []


@pytest.mark.parametrize("url", ["ftp://example.com/a.png", "file:///etc/passwd", "javascript:alert(1)"])
def test_only_http_is_fetched(harness: Harness, tmp_path: Path, url: str) -> None:
    with pytest.raises(InvalidParametersError, match="http"):
        harness(image_at(harness, url).save, tmp_path / "a")
    assert leftovers(tmp_path) == set()


def test_data_urls_are_decoded_in_place(harness: Harness) -> None:
    assert harness(image_at(harness, "data:image/png;base64,aGk=").read) == b"hi"
    assert harness(image_at(harness, "data:text/plain,hi%20there").read) == b"hi there"


@pytest.mark.parametrize(
    "text",
    [
        "-_8=",
        "-_8",
        "+/8=",
        "+/8",
        " +/\n8= ",
        "data:image/png;base64,-_8",
        "DATA:image/png;BASE64,%2B%2F8%3D",
    ],
)
def test_base64_of_either_alphabet_is_decoded_with_and_without_padding(harness: Harness, text: str) -> None:
    assert harness(image_at(harness, None, text).read) == b"\xfb\xff"
    if text.lower().startswith("data:"):
        assert harness(image_at(harness, text).read) == b"\xfb\xff"


def test_a_file_is_named_by_the_bytes_of_either_alphabet(harness: Harness, tmp_path: Path) -> None:
    data = base64.urlsafe_b64encode(b"\xff\xd8\xff\xe0" + bytes(30)).decode().rstrip("=")
    assert harness(image_at(harness, None, data).save, tmp_path).name == "image.jpeg"


def test_broken_base64_and_nothing_at_all_are_typed_errors(harness: Harness) -> None:
    with pytest.raises(APIError, match="base64"):
        harness(image_at(harness, None, "%%%").read)
    with pytest.raises(APIError, match="neither a URL nor data"):
        harness(image_at(harness, None).read)


def test_an_image_without_a_client_cannot_be_fetched() -> None:
    with pytest.raises(RequestError, match="not received by a client"):
        Image.from_dict({"url": "https://example.com/a.png"}).read()


def test_files_in_memory_have_a_limit(harness: Harness, files: FileServer) -> None:
    small = harness.another(max_response_bytes=1000)
    with pytest.raises(APIError, match="larger than 1,000 bytes"):
        harness(image_at(small, files.file("/a", BODY)).read)
    small.wait(small.client.close)


@pytest.mark.parametrize(
    "item", ["https://example.com/a.png", {"url": "https://example.com/a.png"}, {"b64_json": "aGk="}, "aGk="]
)
def test_images_come_as_urls_or_base64_in_text_or_objects(item: Any) -> None:
    response = ImageResponse.from_dict({"data": [item]})
    (image,) = response.images
    assert (image.url == "https://example.com/a.png") or (image.read() == b"hi")
    assert response.to_dict() == {"data": [item]}
