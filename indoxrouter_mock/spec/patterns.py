"""A text that matches a regular expression, for schemas with `pattern`."""

from __future__ import annotations

import random
import re
import string
import sys
from typing import Any

if sys.version_info >= (3, 11):
    from re import _constants as constants  # type: ignore[attr-defined]  # not in typeshed; the parser moved here in 3.11
    from re import _parser as parser  # type: ignore[attr-defined]  # likewise
else:
    import sre_constants as constants
    import sre_parse as parser

PRINTABLE = string.ascii_letters + string.digits
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


def text_matching(pattern: str, rng: random.Random, least: int = 0, most: int | None = None) -> str:
    """A text that `re.search(pattern, text)` finds, of `least` to `most` characters.

    Raises ValueError when the pattern can't be read, or no text of that length came up.
    """
    try:
        parsed = parser.parse(pattern)
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the pattern {pattern!r} is not a regular expression: {error}") from error
    for attempt in range(60):
        text = _sequence(parsed, rng, REPEATS + attempt, {})
        if len(text) < least and not pattern.endswith("$"):
            text += "".join(rng.choice(PRINTABLE) for _ in range(least - len(text)))
        if len(text) >= least and (most is None or len(text) <= most) and compiled.search(text):
            return text
    raise ValueError(f"no text of {least} to {most} characters was found for the pattern {pattern!r}")


def _sequence(parts: Any, rng: random.Random, repeats: int, groups: dict[int, str]) -> str:
    return "".join(_one(operator, value, rng, repeats, groups) for operator, value in parts)


def _one(operator: Any, value: Any, rng: random.Random, repeats: int, groups: dict[int, str]) -> str:
    if operator is constants.LITERAL:
        return chr(value)
    if operator is constants.NOT_LITERAL:
        return next(character for character in PRINTABLE if ord(character) != value)
    if operator is constants.ANY:
        return rng.choice(PRINTABLE)
    if operator is constants.IN:
        return rng.choice(_members(value))
    if operator is constants.BRANCH:
        return _sequence(rng.choice(value[1]), rng, repeats, groups)
    if operator is constants.SUBPATTERN:
        groups[value[0]] = text = _sequence(value[3], rng, repeats, groups)
        return text
    if operator is constants.GROUPREF:
        return groups.get(value, "")
    if operator in (constants.MAX_REPEAT, constants.MIN_REPEAT) or str(operator) == "POSSESSIVE_REPEAT":
        low, high, inner = value
        count = rng.randint(low, min(high, low + repeats))
        return "".join(_sequence(inner, rng, repeats, groups) for _ in range(count))
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
