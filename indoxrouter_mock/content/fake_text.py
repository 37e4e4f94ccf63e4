"""Text that depends on the prompt and the seed and on nothing else."""

from __future__ import annotations

import hashlib
import random
import re
from functools import lru_cache

_PIECE = re.compile(r"\s*\S{1,10}|\s+$")

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


def pieces(text: str) -> list[str]:
    """A text cut into tokens, which joined give the text again: words with the space before them, long ones cut."""
    return _PIECE.findall(text)


def count(text: str) -> int:
    """How many tokens a text is billed as."""
    return len(_PIECE.findall(text))


def generator(*parts: object) -> random.Random:
    """A random generator that the given parts determine."""
    digest = hashlib.sha256(
        "\x1f".join(str(part) for part in parts).encode("utf-8", "surrogatepass")
    ).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))


def sentence(rng: random.Random) -> str:
    return f"{rng.choice(SUBJECTS)} {rng.choice(VERBS)} {rng.choice(OBJECTS)}{rng.choice(ENDINGS)}."


def excerpt(prompt: str, length: int = 60) -> str:
    """The beginning of a prompt on one line."""
    line = " ".join(prompt[: 4 * length].split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


@lru_cache(maxsize=512)
def reply(prompt: str, model: str, seed: str, tokens: int | None = None) -> tuple[str, ...]:
    """The tokens of an answer: it names the prompt, then goes on for a few sentences, or to exactly `tokens` tokens."""
    rng = generator("reply", prompt, model, seed)
    text = f"You said: “{excerpt(prompt)}” " if prompt.strip() else ""
    text += " ".join(sentence(rng) for _ in range(rng.randint(2, 4)))
    found = pieces(text)
    if tokens is not None:
        while len(found) < tokens:
            found += pieces(" " + sentence(rng))
        del found[tokens:]
    return tuple(found)


@lru_cache(maxsize=512)
def continuation(prompt: str, model: str, seed: str, tokens: int | None = None) -> tuple[str, ...]:
    """The tokens with which a text completion goes on from its prompt."""
    rng = generator("continuation", prompt, model, seed)
    found = pieces(" " + " ".join(sentence(rng) for _ in range(rng.randint(2, 4))))
    while tokens is not None and len(found) < tokens:
        found += pieces(" " + sentence(rng))
    return tuple(found if tokens is None else found[:tokens])


def thoughts(prompt: str, model: str, seed: str) -> tuple[str, ...]:
    """The tokens of a reasoning model's thinking."""
    rng = generator("thoughts", prompt, model, seed)
    return tuple(
        pieces(f"The question is “{excerpt(prompt, 40)}”. " + " ".join(sentence(rng) for _ in range(2)))
    )


def digest(text: str) -> str:
    """A short fingerprint of a text of any length."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
