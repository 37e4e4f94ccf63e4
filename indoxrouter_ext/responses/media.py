"""Responses with files: images, speech and transcripts. Asynchronous clients save them with `await`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from indoxrouter._runtime.models.model import short
from indoxrouter._runtime.values.json import as_text, is_list, is_object
from indoxrouter.models.audio import AudioResponse as _AudioResponse
from indoxrouter.models.images import GeneratedImage as _GeneratedImage
from indoxrouter.models.images import ImageResponse as _ImageResponse

from ..files.image_input import media_type_of
from ..files.savable import AsyncSavable, Savable, Source, decode_base64, name_of
from .base import ReceivedResponse

if TYPE_CHECKING:
    from .usage import Usage


class _ImageFile(_GeneratedImage):
    _other_names_: ClassVar[dict[str, str]] = {"content": "read()", "b64": "b64_json"}

    __getstate__ = ReceivedResponse.__getstate__

    def _file_(self) -> Source:
        url, data = as_text(self.url), as_text(self.b64_json)
        return Source(url, data, name_of(url, f"image.{_image_kind(data)}"))


def _is_link(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _image_kind(data: str | None) -> str:
    """png, jpeg, gif or webp by the first bytes of inline data; png if they are unknown."""
    start = (data or "")[:200]
    head = start.partition(",")[2] if start[:5].lower() == "data:" else start
    return (media_type_of(decode_base64(head[:32]) or b"") or "image/png").partition("/")[2]


class Image(_ImageFile, Savable):
    """An image of an answer, inline or behind a URL. `read()` returns its bytes, `save(path)` writes it to disk.

    Attributes:
        url: URL of the image, or None.
        b64_json: the bytes as base64, or None.
        revised_prompt: the prompt as the provider changed it, or None.
    """


class AsyncImage(_ImageFile, AsyncSavable):
    """The form of `Image` in answers of an asynchronous client: `await image.save(path)`."""


def images_of(items: Any, client: Any, *, texts: bool = False) -> Any:
    """Wrap objects, and with `texts` also URLs and base64, as images; other values are unchanged."""
    if not is_list(items):
        return items
    kind: Any = AsyncImage if getattr(client, "_asynchronous", False) else Image
    found: list[Any] = []
    for item in items:
        if texts and isinstance(item, str):
            item = {"url" if item.startswith(("http://", "https://", "data:", "/")) else "b64_json": item}
        if is_object(item):
            item = kind._from_wire_(item)
            if client is not None:
                item.__dict__["_client_"] = client
        found.append(item)
    return found


class ImageResponse(ReceivedResponse, _ImageResponse):
    """Generated images.

    Attributes:
        data: the images as received: `data[0].url`, `data[0]["b64_json"]`.
        images: the same as `Image` objects, whichever form the server sent; `images[0].save("cat.png")`.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    _other_names_: ClassVar[dict[str, str]] = {
        **{name: f"images[0].{name}(…)" for name in ("save", "download", "read")},
        **{name: f"images[0].{name}" for name in ("url", "b64_json", "revised_prompt")},
        "[…]": "images[0]",
    }

    if TYPE_CHECKING:
        data: list[Image]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]  # more specific
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # more specific

    def _convert_field_(self, name: str, value: Any) -> Any:
        if name == "data" and is_list(value):
            return images_of(value, self.__dict__.get("_client_"))
        return super()._convert_field_(name, value)

    @property
    def images(self) -> list[Image]:
        """The images, to be read or saved; plain URLs and base64 are wrapped as well."""
        found: Any = images_of(self.data, self.__dict__.get("_client_"), texts=True)
        images: list[Any] = [item for item in found if isinstance(item, _ImageFile)] if is_list(found) else []
        return images

    def _own_parts_(self) -> Iterator[str]:
        yield f"images={self.images!r}"


class AsyncImageResponse(ImageResponse):
    """The form of `ImageResponse` in an asynchronous client: `await response.images[0].save(path)`."""

    if TYPE_CHECKING:
        data: list[AsyncImage]  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleVariableOverride]  # awaited

    @property
    def images(self) -> list[AsyncImage]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]  # awaited
        """The images, to be read or saved."""
        found: Any = super().images
        return found  # type: ignore[no-any-return]  # in the form for the client


class AudioResponse(ReceivedResponse, _AudioResponse, Savable):
    """Speech, or the text of a recording.

    Attributes:
        text: the transcription or translation, in the requested format; None for speech.
        language: the recognized language, or None.
        url: URL of the speech, or None; `save(path)` writes it to disk, inline or not.
        data: as received.
        usage, cost: tokens, and USD.
        provider, model, request_id, created_at, duration_ms, success, message, raw_response: as documented.
        http: status, headers, attempts of the call.
    """

    if TYPE_CHECKING:
        usage: Usage | None  # pyright: ignore[reportIncompatibleVariableOverride]  # more specific

    _other_names_: ClassVar[dict[str, str]] = {"content": "read()", "stream_to_file": "save(path)"}

    def _member_(self, name: str) -> Any:
        data = self._wire_().get("data")
        return data.get(name) if is_object(data) else None

    def _derive_field_(self, wire: str) -> Any:
        value = self._member_(wire) if wire in ("text", "language") else None
        data = self._wire_().get("data")
        if value is None and wire == "text" and isinstance(data, str) and not _is_link(data):
            value = data
        return super()._derive_field_(wire) if value is None else value

    @property
    def url(self) -> str | None:
        """URL of the speech, or None if it is inline or this is a transcript."""
        data = self._wire_().get("data")
        return data if isinstance(data, str) and _is_link(data) else as_text(self._member_("url"))

    @property
    def format(self) -> str | None:
        """The format of the speech, such as mp3, from the answer or its URL; None if unknown."""
        reported = self._member_("format")
        if isinstance(reported, str):
            return reported
        name = name_of(self.url, "")
        return name.rpartition(".")[2] or None

    def _file_(self) -> Source:
        data = as_text(self._member_("audio"))
        name = name_of(self.url, f"speech.{self.format or 'mp3'}")
        return Source(self.url, data, name)

    def _own_parts_(self) -> Iterator[str]:
        if self.text is not None:
            yield f"text={short(self.text)}"
        elif self.url is not None:
            yield f"url={short(self.url)}"
        else:
            yield f"audio=<{self.format or 'inline'}>"


class AsyncAudioResponse(AsyncSavable, AudioResponse):  # type: ignore[misc]  # pyright: ignore[reportIncompatibleMethodOverride]  # awaited
    """The form of `AudioResponse` in an asynchronous client: `await response.save(path)`."""
