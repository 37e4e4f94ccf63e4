"""Image inputs: from a path, bytes or a URL to the documented message part, within the documented limits."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Union

from indoxrouter import models
from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter._runtime.codecs.multipart import Upload
from indoxrouter._runtime.models.model import Model
from indoxrouter._runtime.operations.named import names_arguments
from indoxrouter._runtime.values.introspection import UNCHECKED
from indoxrouter._runtime.values.json import is_mapping
from indoxrouter.about import MEDIA_LIMITS
from indoxrouter.errors import InvalidParametersError

if TYPE_CHECKING:
    from indoxrouter._runtime.operations.operation import Call

ImageInput = Annotated[Union[str, "os.PathLike[str]", bytes, bytearray], UNCHECKED]
"""A path, the bytes of an image, or a URL (`https:`, `http:` or `data:`)."""

_URL_SCHEMES = ("http://", "https://", "data:")


def media_type_of(data: bytes) -> str | None:
    """The media type of an image by its first bytes, or None if they are not those of an image.

    The file name is ignored: providers refuse a PNG that is named `photo.jpg` and declared as JPEG.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


@names_arguments
def image_part(source: ImageInput) -> models.ImagePart:
    """A message part with an image.

    Args:
        source: a path, the bytes of a JPEG, PNG, WebP or GIF image, or a URL. A URL is sent, not fetched.

    Returns:
        The documented part for the `content` of a message, with the data and its detected type or with the URL.

    Raises:
        InvalidParametersError: for a missing or empty file, a directory, an unsupported type, or a file over the
            documented limit.

    Example:
        `{"role": "user", "content": [{"type": "text", "text": "What is this?"}, image_part("cat.png")]}`
    """
    if isinstance(source, str) and source.startswith(_URL_SCHEMES):
        if source.startswith("data:"):
            _check_data_url(source, "image")
        return models.ImagePart(image=models.LinkedImage(url=source))
    given: Any = source
    if not isinstance(given, (str, os.PathLike, bytes, bytearray)):
        raise_invalid_argument("image", source, "a path, the bytes of an image, or a URL")
    upload = Upload(source, argument="image")
    _check_size(upload.size, "image")
    data = upload.read()
    media_type = media_type_of(data)
    if media_type is None:
        raise_invalid_argument("image", source, "a JPEG, PNG, WebP or GIF image")
    text = base64.b64encode(data).decode("ascii")
    return models.ImagePart(image=models.InlineImage(data=text, media_type=media_type))


def _megabytes(size: int) -> str:
    return f"{size / 1048576:.1f}".removesuffix(".0") + " MB"


def _check_size(size: int, path: str, kind: str = "image") -> None:
    limit = MEDIA_LIMITS[f"{kind}_bytes"]
    if size > limit:
        sizes = f"{_megabytes(limit)}, got {_megabytes(size)} ({size} bytes)"
        article = "an" if kind == "image" else "a"
        raise InvalidParametersError(f"{path}: expected {article} {kind} of at most {sizes}", argument=path)


def _check_base64(text: str, path: str) -> None:
    # Four characters encode three bytes. Decoding 27 MB to measure it would take longer than sending it.
    _check_size((len(text) - text[-2:].count("=")) * 3 // 4, path)


def _check_data_url(url: str, path: str) -> None:
    head, _, payload = url.partition(",")
    if head.lower().endswith(";base64"):
        _check_base64(payload, path)


def check_images(parts: Sequence[Any], path: str) -> None:
    """Check the size of the inline images among the parts of a message, which are models or dicts.

    Raises:
        InvalidParametersError: for an image over the documented limit; names its position, its size and the limit.
    """
    for position, part in enumerate(parts):
        for holder in ("image", "image_url"):
            image = _member(part, holder)
            data, url = _member(image, "data"), _member(image, "url")
            if isinstance(data, str):
                _check_base64(data, f"{path}[{position}].{holder}.data")
            if isinstance(url, str) and url.startswith("data:"):
                _check_data_url(url, f"{path}[{position}].{holder}.url")


def _member(value: Any, name: str) -> Any:
    if is_mapping(value):
        return value.get(name)
    return value.get(name) if isinstance(value, Model) else None


def check_request_size(call: Call[Any]) -> None:
    """Check the size of a request.

    Raises:
        InvalidParametersError: for a body over the documented limit; names its size and the limit.
    """
    _check_size(len(call.content) if call.content is not None else 0, "body", "request")
