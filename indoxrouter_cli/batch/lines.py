"""Lines of a batch: the request in each, and the key that identifies it across runs."""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from ..base.errors import CommandError, describe_json_error

__all__ = ["METHODS", "InvalidLine", "Line", "detect_method", "open_input", "read_lines"]

METHODS = ("chat", "embeddings", "completion")

_MAX_MEMORY = 16 * 1024 * 1024  # bytes of a pipe that are kept in memory


class Line(NamedTuple):
    """A request.

    Attributes:
        number: of the line, from 1.
        id: the id in the line, else its number.
        key: the same for the same line in every run: a digest of its request, and the number
            of equal requests before it.
        arguments: of the method.
    """

    number: int
    id: Any
    key: str
    arguments: dict[str, Any]


class InvalidLine(NamedTuple):
    """A line that is not a request, and why."""

    number: int
    reason: str
    text: str


@contextmanager
def open_input(path: Path) -> Generator[IO[bytes], None, None]:
    """The input as a file that can be read twice; `-` is the standard input.

    Raises:
        CommandError: when there is no such file, or it cannot be read.
    """
    if str(path) == "-":
        if sys.stdin.isatty():
            raise CommandError("No input.", "Name a file of JSON lines, or pipe one in.")
        with tempfile.SpooledTemporaryFile(max_size=_MAX_MEMORY) as spool:
            while piece := sys.stdin.buffer.read(1024 * 1024):
                spool.write(piece)
            yield spool
        return
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise CommandError(f"{path}: no such file") from None
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    with file:
        yield file


def read_lines(file: IO[bytes], method: str, salt: str = "") -> Iterator[Line | InvalidLine]:
    """Every line that is not blank, from the beginning of the file.

    Args:
        method: of the client that the lines are for.
        salt: the options that a request depends on; it is part of each key.
    """
    file.seek(0)
    seen: Counter[bytes] = Counter()
    for number, raw in enumerate(file, 1):
        text = raw.strip()
        if number == 1:
            text = text.removeprefix(b"\xef\xbb\xbf")
        if not text:
            continue
        parsed = _parse(text, method)
        if isinstance(parsed, str):
            yield InvalidLine(number, parsed, text[:500].decode("utf-8", "replace"))
            continue
        given, arguments = parsed
        digest = sha256(salt.encode() + b"\0" + text).digest()[:12]
        seen[digest] += 1
        yield Line(number, number if given is None else given, f"{digest.hex()}-{seen[digest]}", arguments)


def detect_method(file: IO[bytes]) -> str:
    """The method for the first readable line; chat if no line determines it."""
    file.seek(0)
    for raw in file:
        try:
            row: Any = json.loads(raw)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            row = cast("dict[str, Any]", row)
            row = row.get("body", row)
            return "embeddings" if "messages" not in row and ("text" in row or "input" in row) else "chat"
        if isinstance(row, str):
            break
    return "chat"


def _parse(text: bytes, method: str) -> tuple[Any, dict[str, Any]] | str:
    """The line's id and the arguments, or the reason why it is invalid."""
    try:
        value: Any = json.loads(text)
    except UnicodeDecodeError:
        return "not UTF-8"
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        return describe_json_error(error)
    if isinstance(value, str):
        value = {"prompt": value} if method != "embeddings" else {"text": value}
    if not isinstance(value, dict):
        return f"expected an object or a string, got {type(value).__name__}"
    row = cast("dict[str, Any]", value)
    given = row.pop("custom_id", None)
    given = row.pop("id", given)
    if isinstance(given, (dict, list)):
        return "the id must be a string or a number"
    if isinstance(
        row.get("body"), dict
    ):  # the format of OpenAI's batches: `method` and `url` are redundant here
        row = row["body"]
    return _arguments(given, row, method)


def _arguments(given: Any, row: dict[str, Any], method: str) -> tuple[Any, dict[str, Any]] | str:
    if row.pop("stream", False):
        return "`stream` is not supported in a batch"
    wanted = {"chat": "messages", "embeddings": "text", "completion": "prompt"}[method]
    if method == "embeddings" and "text" not in row and "input" in row:
        row["text"] = row.pop("input")
    if method == "chat" and "messages" not in row and isinstance(row.get("prompt"), str):
        system = row.pop("system", None)
        row["messages"] = [
            *([{"role": "system", "content": system}] if isinstance(system, str) else []),
            {"role": "user", "content": row.pop("prompt")},
        ]
    if wanted not in row:
        return f"missing `{wanted}`" + (" or `prompt`" if method == "chat" else "")
    return given, row
