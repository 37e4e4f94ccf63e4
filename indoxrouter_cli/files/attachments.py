"""Files that are attached to a question: images as images, everything else as text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from ..base.errors import CommandError

_IMAGE_HEAD = 16  # bytes from which an image format is recognised


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        CommandError: when it is missing, cannot be read, or is not UTF-8.
    """
    return _decode(_read(path), str(path))


def read_stdin() -> str | None:
    """The piped input, or None at a terminal or for a closed or empty pipe."""
    if sys.stdin is None or sys.stdin.isatty():
        return None
    return _decode(sys.stdin.buffer.read(), "the standard input") or None


def build_content(text: str, files: tuple[Path, ...]) -> Any:
    """The content of a message: the text, text files in named code fences, images as content parts.

    Raises:
        CommandError: for a file that is missing, empty, or neither text nor a supported image.
    """
    if not files:
        return text
    from indoxrouter_ext.files.image_input import image_part, media_type_of  # cost: loads the client

    images: list[Any] = []
    pieces: list[str] = []
    for path in files:
        data = _read(path)
        if not data.strip():
            raise CommandError(f"{path}: the file is empty")
        if media_type_of(data[:_IMAGE_HEAD]) is not None:
            images.append(image_part(data))
        else:
            # A file name may contain any bytes, a message may not.
            name = path.name.encode("utf-8", "replace").decode()
            pieces.append(_fenced(name, _decode(data, str(path))))
    whole = "\n\n".join([*pieces, text]) if text else "\n\n".join(pieces)
    if not images:
        return whole
    return [*([{"type": "text", "text": whole}] if whole else []), *images]


def _fenced(name: str, text: str) -> str:
    # The fence is longer than any in the text, so that the text cannot close it.
    longest = max((len(line) - len(line.lstrip("`")) for line in text.splitlines()), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{name}:\n{fence}\n{text.rstrip()}\n{fence}"


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CommandError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise CommandError(f"{path}: is a directory", "Name a file.") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CommandError(
            f"{name}: neither text in UTF-8 nor a JPEG, PNG, WebP or GIF image",
            "Convert it first.",
        ) from None
