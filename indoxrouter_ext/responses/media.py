"""Answers made of files: images, speech and transcripts, videos. Asynchronous clients save them with `await`."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from indoxrouter._runtime.values.type_guards import is_list, is_object
from indoxrouter.errors import APIError
from indoxrouter.models import AudioResponse as _AudioResponse
from indoxrouter.models import GeneratedImage as _GeneratedImage
from indoxrouter.models import ImageResponse as _ImageResponse
from indoxrouter.models import VideoResponse as _VideoResponse

from ..files.savable import AsyncSavable, Savable, Source, inline_bytes, name_of
from .base import Response

if TYPE_CHECKING:
    from ..videos.job_handle import AsyncVideoJobHandle, VideoJobHandle
    from .usage import Usage

__all__ = [
    "AsyncAudioResponse",
    "AsyncImage",
    "AsyncImageResponse",
    "AsyncVideoResponse",
    "AudioResponse",
    "Image",
    "ImageResponse",
    "VideoResponse",
]


class _ImageFile(_GeneratedImage):
    def _source_(self) -> Source:
        url, data = _text(self.url), _text(self.b64_json)
        return Source(url, data, name_of(url, f"image.{_image_kind(data)}"))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        from .notebook import image_bundle

        source = self._source_()
        data: bytes | None = None
        if source.data or (source.url or "").startswith("data:"):
            with contextlib.suppress(APIError):  # what cannot be decoded cannot be shown
                data = inline_bytes(source)
        return image_bundle(data, source.url, repr(self))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _image_kind(data: str | None) -> str:
    """png, jpeg, gif or webp, from the first bytes of inline data; png where they do not tell."""
    from ..files.image_input import media_type_of

    head = b""
    if data:
        with contextlib.suppress(ValueError):
            head = base64.b64decode(data[:32])
    return (media_type_of(head) or "image/png").partition("/")[2]


class Image(_ImageFile, Savable):
    """An image of an answer, inline or behind a URL. `read()` gives its bytes, `save(path)` writes it to
    disk.

    Attributes:
        url: where it is, or None.
        b64_json: the bytes as base64, or None.
        revised_prompt: the prompt as the provider changed it, or None.
    """


class AsyncImage(_ImageFile, AsyncSavable):
    """The form of `Image` in answers of an asynchronous client: `await image.save(path)`."""


def images_of(items: Any, client: Any, *, texts: bool = False) -> Any:
    """Objects as images that can be saved, and with `texts` URLs and base64 as well; other things as they are."""
    if not is_list(items):
        return items
    kind: Any = AsyncImage if getattr(client, "_asynchronous", False) else Image
    found: list[Any] = []
    for item in items:
        if texts and isinstance(item, str):
            item = (
                {"url": item}
                if item.startswith(("http://", "https://", "data:", "/"))
                else {"b64_json": item}
            )
        if is_object(item):
            item = kind._from_wire_(item)
            if client is not None:
                item.__dict__["_client_"] = client
        found.append(item)
    return found


class ImageResponse(Response, _ImageResponse):
    """Generated images.

    Attributes:
        data: what came for each image: `data[0].url`, `data[0]["b64_json"]`.
        images: the same as `Image`, whatever form they came in; `images[0].save("cat.png")`.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    if TYPE_CHECKING:
        data: list[Image]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]  # what is read
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # what is read

    def _friendly_(self, name: str, value: Any) -> Any:
        if name == "data" and is_list(value):
            return images_of(value, self.__dict__.get("_client_"))
        return super()._friendly_(name, value)

    @property
    def images(self) -> list[Image]:
        """The images, each of which can be read and saved; URLs and base64 in plain text are wrapped as well."""
        found: Any = images_of(self.data, self.__dict__.get("_client_"), texts=True)
        images: list[Any] = [item for item in found if isinstance(item, _ImageFile)] if is_list(found) else []
        return images

    def _own_parts_(self) -> Iterator[str]:
        yield f"images={self.images!r}"

    def _repr_html_(self) -> str:
        from .notebook import gallery

        return gallery(self.images)


class AsyncImageResponse(ImageResponse):
    """The form of `ImageResponse` in an asynchronous client: `await response.images[0].save(path)`."""

    if TYPE_CHECKING:
        data: list[AsyncImage]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]  # awaited

    @property
    def images(self) -> list[AsyncImage]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # awaited
        """The images, each of which can be read and saved."""
        found: Any = super().images
        return found  # type: ignore[no-any-return]  # in the form for the client


class AudioResponse(Response, _AudioResponse, Savable):
    """Speech, or the text of a recording.

    Attributes:
        text: of a transcription or translation, in the format that was asked for; None for speech.
        language: that was heard, or None.
        url: where the speech is, or None; `save(path)` writes it to disk, inline or not.
        data: as it came.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    if TYPE_CHECKING:
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # what is read

    def _member_(self, name: str) -> Any:
        data = self._wire_().get("data")
        return data.get(name) if is_object(data) else None

    def _elsewhere_(self, wire: str) -> Any:
        if wire in ("text", "language"):
            value = self._member_(wire)
            data = self._wire_().get("data")
            if (
                value is None
                and wire == "text"
                and isinstance(data, str)
                and not data.startswith(("http://", "https://"))
            ):
                value = data
            if value is not None:
                return value
        return super()._elsewhere_(wire)

    @property
    def url(self) -> str | None:
        """Where the speech is, or None when it came inline or this is a transcript."""
        data = self._wire_().get("data")
        url = (
            data
            if isinstance(data, str) and data.startswith(("http://", "https://"))
            else self._member_("url")
        )
        return url if isinstance(url, str) else None

    @property
    def format(self) -> str | None:
        """The format of the speech, such as mp3, if the server said or the URL tells."""
        given = self._member_("format")
        if isinstance(given, str):
            return given
        name = name_of(self.url, "")
        return name.rpartition(".")[2] or None

    def _source_(self) -> Source:
        data = _text(self._member_("audio"))
        name = name_of(self.url, f"speech.{self.format or 'mp3'}")
        return Source(self.url, data, name)

    def _own_parts_(self) -> Iterator[str]:
        from indoxrouter._runtime.models.model import short

        if self.text is not None:
            yield f"text={short(self.text)}"
        elif self.url is not None:
            yield f"url={short(self.url)}"
        else:
            yield f"audio=<{self.format or 'inline'}>"

    def _repr_html_(self) -> str:
        from .notebook import audio

        source = self._source_()
        data: bytes | None = None
        if source.data:
            with contextlib.suppress(APIError):
                data = inline_bytes(source)
        return audio(data, source.url, self.format, _text(self.text))


class AsyncAudioResponse(AsyncSavable, AudioResponse):  # type: ignore[misc]  # pyright: ignore[reportIncompatibleMethodOverride]  # awaited
    """The form of `AudioResponse` in an asynchronous client: `await response.save(path)`."""


class VideoResponse(Response, _VideoResponse):
    """A video that is being made. `job` is the handle: wait for it, cancel it, download the result.

    Attributes:
        data: the job's id and state, as they came.
        job: the handle.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    if TYPE_CHECKING:
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # what is read

    @property
    def job(self) -> VideoJobHandle:
        """The handle of the job.

        Raises:
            APIError: when the server named no job.
            RequestError: for a response that no client received.
        """
        handle = self.__dict__.get("_handle_")
        if handle is None:
            handle = self.__dict__["_handle_"] = self._make_handle_()
        return handle  # type: ignore[no-any-return]  # of the client's kind

    def _make_handle_(self) -> Any:
        from indoxrouter.errors import APIError, RequestError

        data: Any = self.data
        job_id = getattr(data, "job_id", None)
        if not isinstance(job_id, str):
            raise APIError("The server answered without the id of a job")
        client = self.__dict__.get("_client_")
        if client is None:
            raise RequestError(
                f"This response was not received by a client; pick the job up with client.video_job({job_id!r})"
            )
        return client.video_job(job_id, data.status)

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in super().__getstate__().items() if key != "_handle_"}

    def _own_parts_(self) -> Iterator[str]:
        data: Any = self.data
        yield f"job_id={getattr(data, 'job_id', None)!r}"
        yield f"status={getattr(data, 'status', None)!r}"


class AsyncVideoResponse(VideoResponse):
    """The form of `VideoResponse` in an asynchronous client: `await response.job.wait()`."""

    if TYPE_CHECKING:

        @property
        def job(self) -> AsyncVideoJobHandle:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # awaited
            """The handle of the job."""
            ...
