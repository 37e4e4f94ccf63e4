"""The settings of a mock server: one frozen record, shared by the command line, the fixtures and `asgi_app`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
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
UNKNOWN = ("error", "mock", "upstream", "record")
"""What happens to a request that is not on the tape."""


MOST_TOKENS = 200_000
"""Tokens of an answer, over all its choices."""
MOST_RECORDED = 100_000
"""Requests that can be kept in the request log."""


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
    """Settings of one mock server. Raises ValueError, naming the setting and the value, when a value is invalid.

    Attributes:
        api_key: API key of the demo account.
        tier: rate limits of the demo account: `unlimited`, `free`, `standard` or `enterprise`.
        credits: credits of the demo account in US dollars.
        seed: makes texts, vectors and identifiers repeatable.
        latency: seconds to wait before each answer.
        chunk_delay: seconds between the events of a stream.
        shape: shape of chat and completion answers: `envelope`, `openai` or `output`.
        events: family of a stream's events: `chunks` or `typed`.
        embeddings: wire form of embeddings: `lists`, `objects` or `flat`.
        token_lifetime: seconds for which a token is valid.
        video_seconds: seconds that a video job takes.
        reply_tokens: length of every answer in tokens; None lets it vary.
        frozen_clock: whether the mock's clock only moves when it is advanced.
        journal_size: the number of requests that are kept with their answers.
        any_model: whether models that are not in the catalog are accepted, at no cost.
        answers: scripted answers: a list, or the path of a YAML or JSON file.
        spec: path of the OpenAPI document; None for the one that the package contains.
        admin_token: token that the admin endpoints require; None for no token.
        allowed_hosts: further host names under which the admin endpoints can be reached.
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
    any_model: bool = False
    answers: Path | str | Sequence[Mapping[str, Any]] | None = None
    spec: Path | str | None = None
    admin_token: str | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, (types, expected) in _TYPES.items():
            value = getattr(self, name)
            if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                raise ValueError(f"{name} is {value!r}; {expected} was expected")
        _one_of("tier", self.tier, tuple(TIERS))
        _one_of("shape", self.shape, SHAPES)
        _one_of("events", self.events, EVENT_FAMILIES)
        _one_of("embeddings", self.embeddings, EMBEDDING_FORMS)
        for name, most in (
            ("credits", 1e12),
            ("latency", 3600.0),
            ("chunk_delay", 3600.0),
            ("video_seconds", 1e9),
        ):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise ValueError(f"{name} is {value!r}; a number from 0 to {most:,.0f} was expected")
        if not 0 < self.token_lifetime <= 1e9:
            raise ValueError(
                f"token_lifetime is {self.token_lifetime!r}; a number of seconds above 0, up to 1e9, was expected"
            )
        if self.reply_tokens is not None and not 1 <= self.reply_tokens <= MOST_TOKENS:
            raise ValueError(
                f"reply_tokens is {self.reply_tokens!r}; a count from 1 to {MOST_TOKENS} was expected"
            )
        if not 1 <= self.journal_size <= MOST_RECORDED:
            raise ValueError(
                f"journal_size is {self.journal_size!r}; a count from 1 to {MOST_RECORDED} was expected"
            )
        hosts: Any = self.allowed_hosts  # a program may give anything
        if not all(isinstance(host, str) for host in hosts):
            raise ValueError(f"allowed_hosts is {hosts!r}; a tuple of host names was expected")
        _visible("api_key", self.api_key)
        if self.admin_token is not None:
            _visible("admin_token", self.admin_token)

    def changed(self, **changes: Any) -> MockOptions:
        """A copy with some settings replaced; an unknown name is a TypeError that lists the known ones."""
        known = {each.name for each in fields(self)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise TypeError(f"unknown mock setting {unknown[0]!r}; known ones are {', '.join(sorted(known))}")
        return MockOptions(**{name: changes.get(name, getattr(self, name)) for name in known})


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeOptions:
    """How a tape is used. Raises ValueError, naming the setting, when a value is invalid.

    `replay` answers from `tapes`; `unknown` determines what happens to a request that is not there: `error` refuses it,
    `mock` answers it as the mock does, `upstream` passes it on, `record` passes it on and adds it to the tape. Without
    `replay`, everything is recorded. `pace` multiplies the recorded waits; `ignore` names members that may differ.
    """

    tapes: Path | str
    replay: bool = True
    unknown: str = "error"
    upstream: str | None = None
    pace: float = 1.0
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.unknown not in UNKNOWN:
            raise ValueError(f"unknown is {self.unknown!r}; one of {', '.join(UNKNOWN)} was expected")
        try:
            known = 0 <= self.pace <= 100
        except TypeError:  # a text, from a marker or the command line
            known = False
        if not known:
            raise ValueError(f"pace is {self.pace!r}; a number from 0 to 100 was expected")
        if self.upstream is None and (not self.replay or self.unknown in ("upstream", "record")):
            raise ValueError("upstream is missing; the URL of the server to pass requests on to was expected")


_NUMBER: tuple[tuple[type, ...], str] = ((int, float), "a number")
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "api_key": ((str,), "a text"),
    "credits": _NUMBER,
    "seed": ((int,), "a whole number"),
    "latency": _NUMBER,
    "chunk_delay": _NUMBER,
    "token_lifetime": _NUMBER,
    "video_seconds": _NUMBER,
    "reply_tokens": ((int, type(None)), "a whole number or none"),
    "frozen_clock": ((bool,), "true or false"),
    "journal_size": ((int,), "a whole number"),
    "any_model": ((bool,), "true or false"),
    "answers": ((str, Path, tuple, list, type(None)), "a file or a list of scripted answers"),
    "spec": ((str, Path, type(None)), "the path of a file"),
    "admin_token": ((str, type(None)), "a text"),
    "allowed_hosts": ((tuple,), "a tuple of host names"),
}


def _visible(name: str, value: str) -> None:
    if not 0 < len(value) <= 200 or not all("!" <= character <= "~" for character in value):
        raise ValueError(f"{name} must be 1 to 200 visible ASCII characters without spaces")


def _one_of(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; one of {', '.join(allowed)} was expected")
