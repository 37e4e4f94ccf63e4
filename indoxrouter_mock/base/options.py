"""What a mock server can be told when it starts: one frozen record, shared by the command line, the fixtures and
`asgi_app`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

DEMO_API_KEY = "indox-" + "mock" * 8
"""The key that the demo account answers to unless another is given: `indox-` and 32 characters, as real ones look."""

SHAPES = ("envelope", "openai", "output")
EVENT_FAMILIES = ("chunks", "typed")
EMBEDDING_FORMS = ("lists", "objects", "flat")
"""A list of vectors, a list of objects, and, for a single text, the vector alone: servers have been seen to send
each.
"""
SPEECH_FORMS = ("url", "inline")


@dataclass(frozen=True, slots=True)
class Tier:
    """An account tier's documented limits; None means that nothing is limited."""

    name: str
    requests_per_minute: int | None
    tokens_per_hour: int | None


TIERS = {
    "unlimited": Tier("enterprise", None, None),
    "free": Tier("free", 10, 10_000),
    "standard": Tier("standard", 60, 100_000),
    "enterprise": Tier("enterprise", 500, 1_000_000),
}
"""By the name given on the command line. `unlimited` is the friendly default: an enterprise account that is never
held back.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MockOptions:
    """Settings of one mock server. Times are in seconds, credits in US dollars.

    Raises ValueError, naming the setting and what came, when a value makes no sense.
    """

    api_key: str = DEMO_API_KEY
    tier: str = "unlimited"
    credits: float = 1_000_000.0
    seed: int = 0
    latency: float = 0.0
    chunk_delay: float = 0.0
    shape: str = "envelope"
    events: str = "chunks"
    embeddings: str = "lists"
    token_lifetime: float = 3600.0
    video_seconds: float = 2.0
    reply_tokens: int | None = None
    frozen_clock: bool = False
    journal_size: int = 1000
    spec: Path | str | None = None

    def __post_init__(self) -> None:
        _one_of("tier", self.tier, tuple(TIERS))
        _one_of("shape", self.shape, SHAPES)
        _one_of("events", self.events, EVENT_FAMILIES)
        _one_of("embeddings", self.embeddings, EMBEDDING_FORMS)
        for name in ("credits", "latency", "chunk_delay", "video_seconds"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise ValueError(f"{name} is {value!r}; a number from 0 upwards was expected")
        if not 0 < self.token_lifetime < float("inf"):
            raise ValueError(
                f"token_lifetime is {self.token_lifetime!r}; a number of seconds above 0 was expected"
            )
        if self.reply_tokens is not None and self.reply_tokens < 1:
            raise ValueError(f"reply_tokens is {self.reply_tokens!r}; a count from 1 upwards was expected")
        if self.journal_size < 1:
            raise ValueError(f"journal_size is {self.journal_size!r}; a count from 1 upwards was expected")
        if not self.api_key or not all("!" <= character <= "~" for character in self.api_key):
            raise ValueError("api_key must be visible ASCII characters without spaces")

    def changed(self, **changes: Any) -> MockOptions:
        """A copy with some settings replaced; an unknown name is a TypeError that lists the known ones."""
        known = {field.name for field in fields(self)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise TypeError(f"unknown mock setting {unknown[0]!r}; known ones are {', '.join(sorted(known))}")
        return MockOptions(**{name: changes.get(name, getattr(self, name)) for name in known})


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; one of {', '.join(allowed)} was expected")
