"""How mistakes are made: what the rows of the tables call, with a client and a folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from indoxrouter import image_part, run_tools

from tests.methods.harness import Harness
from tests.spec.document import fields, operation_of

HELLO = [{"role": "user", "content": "Hello"}]
KEY = "indox-" + "0" * 32
ENV = "http://127.0.0.1:9"
"""A port on which no server listens."""
MOST_IMAGES: int = fields(operation_of("images"))["n"]["maximum"]


class Mistake(NamedTuple):
    """A mistake: `call` makes it, with a client and a folder; `answer` is part of the sentence that answers it."""

    name: str
    grade: str
    call: Callable[[Harness, Path], Any]
    answer: str


@dataclasses.dataclass
class City:
    name: str
    population: int


class Plain:
    x: int


def bare(x):  # type: ignore[no-untyped-def]  # the mistake
    return x


def look_up(city: str) -> str:
    """Look a city up."""
    raise KeyError(f"no {city}")


def other(city: str) -> str:
    """Another function."""
    return city


def script(folder: Path) -> Path:
    path = folder / "env.sh"
    path.write_text("export A=1")
    return path


def picture(folder: Path) -> str:
    path = folder / "lighthouse.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    return str(path)


def made(c: Harness, **options: Any) -> Any:
    """A client with these settings, after its first call. The asynchronous one authenticates then."""
    other = c.another(**options)
    try:
        return other.get_user_info()
    finally:
        other.wait(other.client.close)


def with_fault(c: Harness, fault: str) -> Any:
    return c.with_headers(X_Mock_Fault=fault).chat(HELLO)


def with_stream(c: Harness, use: Callable[[Any], Any]) -> Any:
    stream = c.chat(HELLO, stream=True)
    try:
        return use(stream)
    finally:
        c.wait(stream.close)


def read_twice(c: Harness) -> Any:
    stream = c.chat(HELLO, stream=True)
    return c.collect(stream), c.collect(stream)


def read_closed(c: Harness) -> Any:
    stream = c.chat(HELLO, stream=True)
    c.wait(stream.close)
    return c.collect(stream)


def closed(c: Harness) -> Any:
    own = c.another()
    own.wait(own.client.close)
    return own.chat(HELLO)


def in_text_mode(c: Harness, path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return c.speech_to_text(file)


def image_in(c: Harness, path: str, **keywords: Any) -> Any:
    return c.chat([{"role": "user", "content": [image_part(path)]}], **keywords)


def saved(c: Harness, path: Path) -> Any:
    return c.wait(c.images("x").images[0].save, str(path))


def called(c: Harness, *functions: Callable[..., Any]) -> Any:
    return run_tools(c.chat(HELLO, tools=[look_up]).tool_calls, functions)
