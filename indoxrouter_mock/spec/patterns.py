"""A text that matches a regular expression, for schemas with `pattern`."""

from __future__ import annotations

import random
import re
import string
import sys
from collections.abc import Callable
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as constants  # type: ignore[attr-defined]  # not in typeshed; the parser moved here in 3.11
    from re import _parser as parser  # type: ignore[attr-defined]  # likewise
else:
    import sre_constants as constants
    import sre_parse as parser

PRINTABLE = string.ascii_letters + string.digits
ATTEMPTS = 60
REPEATS = 3
"""How many repetitions beyond the least an open-ended quantifier gets."""

_CATEGORIES = {
    constants.CATEGORY_DIGIT: string.digits,
    constants.CATEGORY_WORD: PRINTABLE + "_",
    constants.CATEGORY_SPACE: " ",
    constants.CATEGORY_NOT_DIGIT: string.ascii_letters,
    constants.CATEGORY_NOT_WORD: "-. ",
    constants.CATEGORY_NOT_SPACE: PRINTABLE,
}


def searched(pattern: str, text: str) -> bool:
    """Whether Python's `re` finds the pattern in a text. Its time may grow exponentially with the text."""
    return re.search(pattern, text) is not None


def text_matching(
    pattern: str,
    rng: random.Random,
    least: int = 0,
    most: int | None = None,
    *,
    matches: Callable[[str, str], bool] = searched,
    spend: Callable[[int], None] = lambda characters: None,
) -> str:
    """A text that matches a pattern, of `least` to `most` characters.

    Each attempt calls `spend` with the characters that it is about to make, which may raise; `matches` decides whether
    the text is right. Raises ValueError when the pattern can't be parsed, or no text of that length was found.
    """
    try:
        parsed = parser.parse(pattern)
    except (re.error, OverflowError) as error:
        raise ValueError(f"the pattern {pattern[:100]!r} is not a regular expression: {error}") from error
    for attempt in range(ATTEMPTS):
        text = _Writer(rng, REPEATS + attempt, spend).sequence(parsed)
        if len(text) < least and not pattern.endswith("$"):
            spend(least - len(text))
            text += "".join(rng.choice(PRINTABLE) for _ in range(least - len(text)))
        if len(text) >= least and (most is None or len(text) <= most) and matches(pattern, text):
            return text
    raise ValueError(f"no text of length {least} to {most} was found for the pattern {pattern[:100]!r}")


class _Writer:
    """Writes one text for a parsed pattern."""

    def __init__(self, rng: random.Random, repeats: int, spend: Callable[[int], None]) -> None:
        self._rng = rng
        self._repeats = repeats
        self._spend = spend
        self._groups: dict[int, str] = {}

    def sequence(self, parts: Any) -> str:
        return "".join(self._one(operator, value) for operator, value in parts)

    def _one(self, operator: Any, value: Any) -> str:
        self._spend(1)
        if operator is constants.LITERAL:
            return chr(value)
        if operator is constants.NOT_LITERAL:
            return next(character for character in PRINTABLE if ord(character) != value)
        if operator is constants.ANY:
            return self._rng.choice(PRINTABLE)
        if operator is constants.IN:
            return self._rng.choice(_members(value))
        if operator is constants.BRANCH:
            return self.sequence(self._rng.choice(value[1]))
        if operator is constants.SUBPATTERN:
            self._groups[value[0]] = text = self.sequence(value[3])
            return text
        if operator is constants.GROUPREF:
            text = self._groups.get(value, "")
            self._spend(len(text))
            return text
        if operator in (constants.MAX_REPEAT, constants.MIN_REPEAT) or str(operator) == "POSSESSIVE_REPEAT":
            low, high, inner = value
            self._spend(low)
            count = self._rng.randint(low, min(high, low + self._repeats))
            return "".join(self.sequence(inner) for _ in range(count))
        return ""  # anchors and look-arounds take no characters


def _members(entries: Any) -> str:
    negated = bool(entries) and entries[0][0] is constants.NEGATE
    found: list[str] = []
    for operator, value in entries:
        if operator is constants.LITERAL:
            found.append(chr(value))
        elif operator is constants.RANGE:
            found += [chr(code) for code in range(value[0], min(value[1], value[0] + 255) + 1)]
        elif operator is constants.CATEGORY:
            found += _CATEGORIES.get(value, PRINTABLE)
    if negated:
        refused = set(found)
        found = [character for character in PRINTABLE + "-_. " if character not in refused]
    return "".join(found) or "a"
