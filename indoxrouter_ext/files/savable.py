"""Files in answers, inline or behind a URL: read into memory or saved to disk on request."""

from __future__ import annotations

import base64
import binascii
import inspect
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from indoxrouter._runtime.codecs.base import raise_invalid_argument
from indoxrouter._runtime.operations.named import names_arguments
from indoxrouter.errors import APIError, RequestError

from .destinations import FileDestination, MemoryDestination, target_path

if TYPE_CHECKING:
    from .downloads import Progress


class Source(NamedTuple):
    """The location of a file.

    Attributes:
        url: URL of the file, or None.
        data: the bytes as base64 text, or None.
        name: name of the file, for a caller who passes a directory.
    """

    url: str | None
    data: str | None
    name: str


def inline_bytes(source: Source) -> bytes | None:
    """The bytes of an inline file, from base64 or a `data:` URL; None for a file that has to be fetched.

    Raises:
        APIError: for malformed base64, or when there is neither data nor a URL.
    """
    text = source.data
    if text is None and source.url is not None and source.url[:5].lower() == "data:":
        head, _, payload = source.url.partition(",")
        if not head.lower().endswith(";base64"):
            return unquote_to_bytes(payload)
        text = source.url
    if text is not None:
        found = decode_base64(text)
        if found is not None:
            return found
        raise APIError("The server sent a file as base64 that cannot be decoded")
    if source.url is None:
        raise APIError("The server sent neither a URL nor data for this file")
    return None


def decode_base64(text: str) -> bytes | None:
    """The bytes of base64, in either alphabet and with or without padding, or of a `data:` URL; else None."""
    if text[:5].lower() == "data:":
        text = unquote(text.partition(",")[2])
    text = "".join(text.split()).translate(_USUAL_ALPHABET).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


_USUAL_ALPHABET = str.maketrans("-_", "+/")


def name_of(url: str | None, fallback: str) -> str:
    """The last part of a URL's path if it looks like a file name, else `fallback`."""
    name = ""
    with suppress(ValueError):  # of a URL that cannot be read, which the download refuses
        name = os.path.basename(urlsplit(url).path) if url and not url.startswith("data:") else ""
    return name if "." in name else fallback


class _HasFile:
    """A model with the location of a file and the client that received it. A mixin."""

    def _file_(self) -> Source:
        raise TypeError(f"{type(self).__name__} holds no file")

    def _receiver_(self) -> Any:
        client = self.__dict__.get("_client_")
        if client is None:
            raise RequestError(
                f"This {type(self).__name__} was not received by a client, so nothing can fetch its URL"
            )
        return client


def check_callback(name: str, callback: object, expected: str) -> None:
    """Raise `InvalidParametersError` for what is neither None nor a function that can be called without `await`."""
    if callback is not None and (not callable(callback) or inspect.iscoroutinefunction(callback)):
        raise_invalid_argument(name, callback, expected)


def _check_saving(path: Any, on_progress: object) -> None:
    """Refuse a wrong path or function before anything is waited for; raises as `Savable.save` does."""
    check_callback("on_progress", on_progress, "a plain function of the bytes received and the total")
    target_path(path, "file")


def _write(data: bytes, target: Path, on_progress: Progress | None) -> Path:
    destination = FileDestination(target, resume=False)
    try:
        destination.start(0, None)
        destination.write(data)
        destination.finish()
    except BaseException:
        destination.abandon()
        raise
    if on_progress is not None:
        on_progress(len(data), len(data))
    return target


class Savable(_HasFile):
    """A file of an answer. It is fetched when one of these methods is called."""

    def _source_(self) -> Source:
        return self._file_()

    def read(self) -> bytes:
        """The content of the file.

        Raises:
            NetworkError, APIError, …: as API calls do, when the file cannot be fetched.
        """
        source = self._source_()
        data = inline_bytes(source)
        if data is not None:
            return data
        client = self._receiver_()
        destination = MemoryDestination(client._settings.max_response_bytes)
        client._fetch(source.url, destination, None)
        return destination.content

    @names_arguments
    def save(
        self,
        path: str | os.PathLike[str],
        *,
        on_progress: Callable[[int, int | None], object] | None = None,
        resume: bool = True,
    ) -> Path:
        """Write the file to disk. It appears under its name when it is complete, and replaces an existing file.

        Args:
            path: path of the file, or of a directory, in which it gets the name that the server suggests.
            on_progress: called with the bytes received so far and the total, which may be None.
            resume: continue an interrupted download, if the file on the server has not changed.

        Returns:
            The path of the file.

        Raises:
            InvalidParametersError: when the directory does not exist.
            NetworkError, APIError, …: as API calls do. The bytes received are kept for the next attempt.
        """
        _check_saving(path, on_progress)
        source = self._source_()
        target = target_path(path, source.name)
        data = inline_bytes(source)
        if data is not None:
            return _write(data, target, on_progress)
        self._receiver_()._fetch(source.url, FileDestination(target, resume=resume), on_progress)
        return target

    download = save
    """The same as `save`."""


class AsyncSavable(_HasFile):
    """The asynchronous form of `Savable`."""

    async def _source_(self) -> Source:
        return self._file_()

    async def read(self) -> bytes:
        """The content of the file; see `Savable.read`."""
        source = await self._source_()
        data = inline_bytes(source)
        if data is not None:
            return data
        client = self._receiver_()
        destination = MemoryDestination(client._settings.max_response_bytes)
        await client._fetch(source.url, destination, None)
        return destination.content

    @names_arguments
    async def save(
        self,
        path: str | os.PathLike[str],
        *,
        on_progress: Callable[[int, int | None], object] | None = None,
        resume: bool = True,
    ) -> Path:
        """Write the file to disk; see `Savable.save`."""
        _check_saving(path, on_progress)
        source = await self._source_()
        target = target_path(path, source.name)
        data = inline_bytes(source)
        if data is not None:
            return _write(data, target, on_progress)
        await self._receiver_()._fetch(source.url, FileDestination(target, resume=resume), on_progress)
        return target

    download = save
    """The same as `save`."""
