"""Reading answers in the mock's tests."""

from __future__ import annotations

import json
from typing import Any

import httpx


def events_of(response: httpx.Response) -> list[Any]:
    """The events of a stream that was read whole, without its terminator, which has to be there."""
    assert response.headers["content-type"].startswith("text/event-stream"), response.text
    frames = [frame for frame in response.text.split("\n\n") if frame]
    assert frames[-1] == "data: [DONE]"
    return [json.loads(frame.removeprefix("data: ")) for frame in frames[:-1]]


def text_of(events: list[Any]) -> str:
    """The text that the events of either family add up to."""
    found = ""
    for event in events:
        if event.get("type") == "response.content_part.delta":
            found += event["delta"]
        for choice in event.get("choices", []):
            found += (choice["delta"].get("content") if "delta" in choice else choice["text"]) or ""
    return found


def problems_of(response: httpx.Response) -> dict[str, str]:
    """The problems of a refused request: path to message."""
    body = response.json()
    assert body["status_code"] == response.status_code
    return {problem["path"]: problem["message"] for problem in body["details"]["problems"]}


def sound(seed: int = 0, size: int = 64_000) -> bytes:
    """A file that is recognised as MP3."""
    return b"ID3" + bytes([0, 0, 0, 0, 0, 0, 0, seed]) + bytes(size - 11)
