"""What the tours share. A tour runs in the environment of a client, so only the standard library is used.

Each function with `@call` is one call of the tour; it fails by an exception. A line of JSON is printed for each.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import time
import traceback
import urllib.request
from collections.abc import Callable
from typing import Any

URL = os.environ["MOCK_URL"]
KEY = os.environ["MOCK_KEY"]
V1 = f"{URL}/v1"

_calls: list[Callable[[], Any]] = []


def call(function: Callable[[], Any]) -> Callable[[], Any]:
    """Add a function to the tour; it may be a coroutine function."""
    _calls.append(function)
    return function


def admin(method: str, path: str, body: Any = None) -> Any:
    """A request to an admin endpoint of the mock."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/__mock__{path}", content, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def script(**fields: Any) -> None:
    """Script the next answer of the model."""
    admin("POST", "/answers", fields)


def fetch(url: str) -> bytes:
    """The bytes of a file that an answer points to."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bytes(answer.read())


def report(name: str, problem: str | None = None, skipped: str | None = None) -> None:
    """Print the outcome of one call."""
    print(json.dumps({"call": name, "problem": problem, "skipped": skipped}), flush=True)


def main() -> None:
    """Make all calls, each with a fresh state of the mock."""
    for function in _calls:
        admin("POST", "/reset", {})
        name = function.__name__.replace("_", " ")
        started = time.monotonic()
        try:
            made = function()
            if inspect.iscoroutine(made):
                asyncio.run(made)
        except Exception as error:  # noqa: BLE001  # whatever a client raises is the outcome of the call
            where = traceback.extract_tb(error.__traceback__)[-1].lineno if error.__traceback__ else 0
            lines = [
                entry.lineno
                for entry in traceback.extract_tb(error.__traceback__)
                if entry.name == function.__name__
            ]
            text = f"line {(lines or [where])[-1]}: {type(error).__name__}: {str(error)[:600]}"
            report(name, text)
        else:
            seconds = time.monotonic() - started
            report(name, f"took {seconds:.0f} s" if seconds > 60 else None)
