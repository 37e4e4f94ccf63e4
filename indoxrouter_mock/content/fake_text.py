"""Text that depends on the prompt and the seed only."""

from __future__ import annotations

import hashlib
import random
import re
import sys
from functools import lru_cache
from typing import NamedTuple

_PIECE = re.compile(r"\s*\S{1,10}|\s+$")

CACHED_TOKENS = 5_000
"""Texts up to this length are kept, since tests ask for the same ones again."""

SUBJECTS = (
    "The harbour",
    "A quiet signal",
    "The northern garden",
    "An old lantern",
    "The copper bridge",
    "Every river",
    "The second answer",
    "A patient reader",
    "The winter market",
    "Our small model",
    "The open window",
    "A careful plan",
)
VERBS = (
    "keeps",
    "follows",
    "reveals",
    "crosses",
    "remembers",
    "gathers",
    "measures",
    "repeats",
    "explains",
    "carries",
    "balances",
    "returns",
)
OBJECTS = (
    "the morning light",
    "a simple rule",
    "three good reasons",
    "what was asked",
    "the long way home",
    "a chain of tokens",
    "an even rhythm",
    "the same result",
    "every second word",
    "a map of the coast",
    "the shape of the question",
    "a clear outline",
)
ENDINGS = (
    "",
    " again",
    " with care",
    " before noon",
    " at no cost",
    " without a sound",
    " as expected",
    " in plain sight",
)


class Tokens(NamedTuple):
    """A text and its tokens, which joined give the text again: words with the space before them, long ones cut."""

    text: str
    pieces: tuple[str, ...]


def split_tokens(text: str) -> Tokens:
    """A text with its tokens."""
    return Tokens(text, tuple(_PIECE.findall(text)))


def joined(pieces: tuple[str, ...]) -> Tokens:
    """Tokens with their text."""
    return Tokens("".join(pieces), pieces)


def count_tokens(text: str) -> int:
    """How many tokens a text is billed as."""
    return len(_PIECE.findall(text))


def seeded_random(*parts: object) -> random.Random:
    """A random generator that the given parts determine."""
    digest = hashlib.sha256(
        "\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass")
    ).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))


def sentence(rng: random.Random) -> str:
    """One made-up sentence."""
    return f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)}{rng.choice(ENDINGS)}."


def excerpt(prompt: str, length: int = 60) -> str:
    """The beginning of a prompt on one line."""
    line = " ".join(prompt[: 4 * length].split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def answer_tokens(prompt: str, model: str, seed: str, tokens: int | None = None) -> Tokens:
    """The tokens of an answer: it quotes the prompt and adds a few sentences, or continues up to `tokens` tokens."""
    make = _answer_tokens if (tokens or 0) > CACHED_TOKENS else _cached_answer_tokens
    return make(prompt, model, seed, tokens)


def _answer_tokens(prompt: str, model: str, seed: str, tokens: int | None = None) -> Tokens:
    rng = seeded_random("reply", prompt, model, seed)
    text = f"You said: “{excerpt(prompt)}” " if prompt.strip() else ""
    text += " ".join(sentence(rng) for _ in range(rng.randint(2, 4)))
    return _of_length(text, tokens, rng)


_cached_answer_tokens = lru_cache(maxsize=512)(_answer_tokens)


def continuation_tokens(prompt: str, model: str, seed: str, tokens: int | None = None) -> Tokens:
    """The tokens of a text completion, which continue its prompt."""
    make = _continuation_tokens if (tokens or 0) > CACHED_TOKENS else _cached_continuation_tokens
    return make(prompt, model, seed, tokens)


def _continuation_tokens(prompt: str, model: str, seed: str, tokens: int | None = None) -> Tokens:
    rng = seeded_random("continuation", prompt, model, seed)
    return _of_length(" " + " ".join(sentence(rng) for _ in range(rng.randint(2, 4))), tokens, rng)


def _of_length(text: str, tokens: int | None, rng: random.Random) -> Tokens:
    """A text continued, or cut, to so many tokens; as it is when no length is asked for."""
    found = split_tokens(text)
    if tokens is None:
        return found
    pieces = list(found.pieces)
    while len(pieces) < tokens:
        # The words are few: interned, each of them is held once, however long the text is.
        pieces += map(sys.intern, split_tokens(" " + sentence(rng)).pieces)
    return joined(tuple(pieces[:tokens]))


_cached_continuation_tokens = lru_cache(maxsize=512)(_continuation_tokens)


def reasoning_tokens(prompt: str, model: str, seed: str) -> tuple[str, ...]:
    """The tokens of a reasoning model's thinking."""
    rng = seeded_random("thoughts", prompt, model, seed)
    thoughts = " ".join(sentence(rng) for _ in range(2))
    return split_tokens(f"The question is “{excerpt(prompt, 40)}”. {thoughts}").pieces


def digest(text: str) -> str:
    """A short fingerprint of a text of any length."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
